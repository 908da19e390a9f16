import type { Metadata } from 'next'
import { getTranslations } from 'next-intl/server'
import { notFound } from 'next/navigation'
import { requireStaff } from '@/lib/access/current'
import { list } from '@/lib/waitlist/desk'
import { Waitlist } from './waitlist'

export async function generateMetadata(): Promise<Metadata> {
  const t = await getTranslations('waitlist')
  return { title: t('title') }
}

export default async function WaitlistPage() {
  const actor = await requireStaff()
  const listed = await list(actor, {}, { now: new Date() })
  if (!listed.ok) notFound()
  return <Waitlist start={listed.value} sets={actor.roles.includes('admin')} />
}
