import type { Metadata } from 'next'
import { getTranslations } from 'next-intl/server'
import { notFound } from 'next/navigation'
import { requireStaff } from '@/lib/access/current'
import { loadAccount } from '@/lib/account/flow'
import { AccountPage } from './account'

export async function generateMetadata(): Promise<Metadata> {
  const t = await getTranslations('account')
  return { title: t('title') }
}

export default async function OwnAccountPage() {
  const view = await loadAccount(await requireStaff(), {}, { now: new Date(), ip: '' })
  if (!view.ok) notFound()
  return <AccountPage start={view.value} />
}
