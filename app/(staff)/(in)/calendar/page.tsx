import type { Metadata } from 'next'
import { getTranslations } from 'next-intl/server'
import { notFound } from 'next/navigation'
import { requireStaff } from '@/lib/access/current'
import { loadCalendar } from '@/lib/calendar/flow'
import { CalendarInput } from '@/lib/calendar/rules'
import { Calendar } from './calendar'

export async function generateMetadata(): Promise<Metadata> {
  const t = await getTranslations('calendar')
  return { title: t('title') }
}

type Query = { day?: string; who?: string; span?: string }

/** A practitioner sees their own time first, everyone else the whole clinic's. */
export default async function CalendarPage({ searchParams }: { searchParams: Promise<Query> }) {
  const actor = await requireStaff()
  const { day, who, span = 'day' } = await searchParams
  const own = actor.roles.includes('practitioner') ? actor.memberId : undefined
  const input = CalendarInput.safeParse({ day, span, memberId: who === 'all' ? undefined : (who ?? own) })
  if (!input.success) notFound()
  const view = await loadCalendar(actor, input.data, { now: new Date() })
  if (!view.ok) notFound()
  return <Calendar key={`${view.value.day} ${span} ${input.data.memberId}`} start={view.value} input={input.data} />
}
