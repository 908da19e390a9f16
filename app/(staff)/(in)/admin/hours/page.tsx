import type { Metadata } from 'next'
import { getLocale, getTranslations } from 'next-intl/server'
import { notFound } from 'next/navigation'
import { requireStaff } from '@/lib/access/current'
import { loadSettings } from '@/lib/clinic/flow'
import { regionsOf } from '@/lib/schedule/holidays'
import { dayIn } from '@/lib/time'
import { Hours } from './hours'

export async function generateMetadata(): Promise<Metadata> {
  const t = await getTranslations('staff')
  return { title: t('hours') }
}

export default async function HoursPage() {
  const settings = await loadSettings(await requireStaff(['admin']))
  if (!settings.ok) notFound()
  const today = dayIn(settings.value.clinic.timeZone, new Date())
  return <Hours settings={settings.value} regions={regionsOf(await getLocale())} today={today} />
}
