import type { Metadata } from 'next'
import { getTranslations } from 'next-intl/server'
import { notFound } from 'next/navigation'
import { Encounter } from '@/components/encounter/encounter'
import { requireStaff } from '@/lib/access/current'
import { openEncounter } from '@/lib/encounter/flow'
import { AppointmentInput } from '@/lib/encounter/rules'

export async function generateMetadata(): Promise<Metadata> {
  const t = await getTranslations('encounter')
  return { title: t('title') }
}

export default async function EncounterPage({ params }: { params: Promise<{ appointmentId: string }> }) {
  const actor = await requireStaff(['practitioner'])
  const input = AppointmentInput.safeParse(await params)
  const opened = input.success ? await openEncounter(actor, input.data, { now: new Date() }) : null
  if (!opened?.ok) notFound()
  return <Encounter key={opened.value.appointment.appointmentId} start={opened.value} />
}
