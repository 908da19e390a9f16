import type { Metadata } from 'next'
import { getTranslations } from 'next-intl/server'
import { notFound } from 'next/navigation'
import { requireStaff } from '@/lib/access/current'
import { loadMonth } from '@/lib/ledger/flow'
import { MonthInput } from '@/lib/ledger/month'
import { Money } from './money'

export async function generateMetadata(): Promise<Metadata> {
  const t = await getTranslations('money')
  return { title: t('title') }
}

export default async function MoneyPage({ searchParams }: { searchParams: Promise<{ month?: string | string[] }> }) {
  const actor = await requireStaff(['admin'])
  const asked = MonthInput.safeParse({ month: (await searchParams).month ?? null })
  const view = asked.success && (await loadMonth(actor, asked.data, { now: new Date() }))
  if (!view || !view.ok) notFound()
  return <Money key={view.value.month} start={view.value} />
}
