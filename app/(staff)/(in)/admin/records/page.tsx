import type { Metadata } from 'next'
import { getTranslations } from 'next-intl/server'
import { notFound } from 'next/navigation'
import { Records } from '@/components/retention/records'
import { requireStaff } from '@/lib/access/current'
import { overview } from '@/lib/retention/flow'

export async function generateMetadata(): Promise<Metadata> {
  const t = await getTranslations('retention')
  return { title: t('title') }
}

export default async function RecordsPage() {
  const found = await overview(await requireStaff(['admin']), {}, { now: new Date() })
  if (!found.ok) notFound()
  return <Records start={found.value} />
}
