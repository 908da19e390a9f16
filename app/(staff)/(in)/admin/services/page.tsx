import type { Metadata } from 'next'
import { getTranslations } from 'next-intl/server'
import { notFound } from 'next/navigation'
import { requireStaff } from '@/lib/access/current'
import { loadSettings } from '@/lib/clinic/flow'
import { Services } from './services'

export async function generateMetadata(): Promise<Metadata> {
  const t = await getTranslations('staff')
  return { title: t('services') }
}

export default async function ServicesPage() {
  const settings = await loadSettings(await requireStaff(['admin']))
  if (!settings.ok) notFound()
  return <Services start={settings.value} />
}
