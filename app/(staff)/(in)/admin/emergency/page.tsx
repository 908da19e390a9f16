import type { Metadata } from 'next'
import { getTranslations } from 'next-intl/server'
import { Officers } from '@/components/emergency/officers'
import { PageHeader } from '@/components/ui/card'
import { requireStaff } from '@/lib/access/current'

export async function generateMetadata(): Promise<Metadata> {
  const t = await getTranslations('emergency')
  return { title: t('officers.title') }
}

export default async function AdminEmergencyPage() {
  await requireStaff(['admin'])
  const t = await getTranslations('emergency')
  return (
    <>
      <PageHeader title={t('officers.title')} lead={t('officers.lead')} />
      <Officers />
    </>
  )
}
