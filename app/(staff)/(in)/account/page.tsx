import type { Metadata } from 'next'
import { getTranslations } from 'next-intl/server'
import { notFound } from 'next/navigation'
import { requireStaff } from '@/lib/access/current'
import { loadAccount } from '@/lib/account/flow'
import { loadBusy } from '@/lib/elsewhere/flow'
import { loadFeed } from '@/lib/feed/flow'
import { AccountPage } from './account'

export async function generateMetadata(): Promise<Metadata> {
  const t = await getTranslations('account')
  return { title: t('title') }
}

export default async function OwnAccountPage() {
  const actor = await requireStaff()
  const view = await loadAccount(actor, {}, { now: new Date(), ip: '' })
  if (!view.ok) notFound()
  const sees = actor.roles.includes('practitioner')
  const feed = sees ? await loadFeed(actor) : null
  const busy = sees ? await loadBusy(actor, { now: new Date() }) : null
  return <AccountPage start={view.value} feed={feed} busy={busy} />
}
