import type { Metadata } from 'next'
import { getTranslations } from 'next-intl/server'
import { notFound } from 'next/navigation'
import { requireStaff } from '@/lib/access/current'
import { listStaff } from '@/lib/access/flow'
import { list as listSites } from '@/lib/site/flow'
import { Staff } from './staff'

export async function generateMetadata(): Promise<Metadata> {
  const t = await getTranslations('staff')
  return { title: t('team') }
}

export default async function StaffPage() {
  const actor = await requireStaff(['admin'])
  const now = new Date()
  const listed = await listStaff(actor, {}, { now, ip: '' })
  const sites = await listSites(actor, {}, { now })
  if (!listed.ok || !sites.ok) notFound()
  return <Staff start={listed.value} sites={sites.value.sites} />
}
