import type { Metadata } from 'next'
import { getTranslations } from 'next-intl/server'
import { notFound } from 'next/navigation'
import { requireStaff } from '@/lib/access/current'
import { loadDay } from '@/lib/encounter/flow'
import { DayInput } from '@/lib/encounter/rules'
import { Today } from './today'

export async function generateMetadata(): Promise<Metadata> {
  const t = await getTranslations('staff')
  return { title: t('today') }
}

type Query = { day?: string; who?: string }

/** A practitioner sees their own day first, everyone else the whole clinic's. */
export default async function TodayPage({ searchParams }: { searchParams: Promise<Query> }) {
  const actor = await requireStaff()
  const { day, who } = await searchParams
  const own = actor.roles.includes('practitioner') ? actor.memberId : undefined
  const input = DayInput.safeParse({ day, memberId: who === 'all' ? undefined : (who ?? own) })
  if (!input.success) notFound()
  const view = await loadDay(actor, input.data, { now: new Date() })
  if (!view.ok) notFound()
  return <Today key={`${view.value.day}.${input.data.memberId}`} start={view.value} input={input.data} />
}
