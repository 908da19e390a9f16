import type { Metadata } from 'next'
import { getTranslations } from 'next-intl/server'
import { notFound } from 'next/navigation'
import { requireStaff } from '@/lib/access/current'
import { listStaff } from '@/lib/access/flow'
import { Staff } from './staff'

export async function generateMetadata(): Promise<Metadata> {
  const t = await getTranslations('staff')
  return { title: t('team') }
}

export default async function StaffPage() {
  const listed = await listStaff(await requireStaff(['admin']), {}, { now: new Date(), ip: '' })
  if (!listed.ok) notFound()
  return <Staff start={listed.value} />
}
