import type { Metadata } from 'next'
import { getTranslations } from 'next-intl/server'
import { notFound } from 'next/navigation'
import { requireStaff } from '@/lib/access/current'
import { loadSettings } from '@/lib/clinic/flow'
import { ClinicPage } from './clinic'

export async function generateMetadata(): Promise<Metadata> {
  const t = await getTranslations('staff')
  return { title: t('clinic') }
}

export default async function AdminClinicPage() {
  const settings = await loadSettings(await requireStaff(['admin']))
  if (!settings.ok) notFound()
  return <ClinicPage start={settings.value.clinic} />
}
