import type { Metadata } from 'next'
import { getTranslations } from 'next-intl/server'
import { notFound } from 'next/navigation'
import { requireStaff } from '@/lib/access/current'
import { loadSettings } from '@/lib/clinic/flow'
import { loadRoutes } from '@/lib/merchant/flow'
import { loadReminders } from '@/lib/reminder/choice'
import { ClinicPage } from './clinic'

export async function generateMetadata(): Promise<Metadata> {
  const t = await getTranslations('staff')
  return { title: t('clinic') }
}

export default async function AdminClinicPage() {
  const actor = await requireStaff(['admin'])
  const settings = await loadSettings(actor)
  if (!settings.ok) notFound()
  return (
    <ClinicPage
      start={settings.value.clinic}
      legal={settings.value.legal}
      payments={await loadRoutes(actor)}
      reminders={await loadReminders(actor, new Date())}
    />
  )
}
