import type { Metadata } from 'next'
import { getTranslations } from 'next-intl/server'
import { notFound } from 'next/navigation'
import { requireStaff } from '@/lib/access/current'
import { list } from '@/lib/recall/flow'
import { Recalls } from './recalls'

export async function generateMetadata(): Promise<Metadata> {
  const t = await getTranslations('recall')
  return { title: t('title') }
}

export default async function RecallsPage() {
  const listed = await list(await requireStaff(['practitioner', 'frontdesk']), { status: 'open' }, { now: new Date() })
  if (!listed.ok) notFound()
  return <Recalls start={listed.value} />
}
