import { getTranslations } from 'next-intl/server'
import { SkeletonPage } from '@/components/ui/status'

export default async function Loading() {
  const t = await getTranslations('common')
  return <SkeletonPage label={t('loading')} />
}
