import { getTranslations } from 'next-intl/server'
import { PublicShell } from '@/components/shell/public-shell'
import { LinkButton } from '@/components/ui/button'
import { PageHeader } from '@/components/ui/card'

/** The same for what never was and for what this visitor may not see. */
export default async function NotFound() {
  const t = await getTranslations('common')
  return (
    <PublicShell>
      <title>{t('notFoundTitle')}</title>
      <PageHeader title={t('notFoundTitle')} lead={t('notFoundText')} />
      <LinkButton href="/">{t('notFoundHome')}</LinkButton>
    </PublicShell>
  )
}
