import type { Metadata } from 'next'
import { getTranslations } from 'next-intl/server'
import { notFound } from 'next/navigation'
import { requireStaff } from '@/lib/access/current'
import { list } from '@/lib/site/flow'
import { Sites } from './sites'

export async function generateMetadata(): Promise<Metadata> {
  const t = await getTranslations('staff')
  return { title: t('sites') }
}

export default async function SitesPage() {
  const listed = await list(await requireStaff(['admin']), {}, { now: new Date() })
  if (!listed.ok) notFound()
  return <Sites start={listed.value.sites} />
}
