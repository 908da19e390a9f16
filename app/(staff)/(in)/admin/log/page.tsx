import type { Metadata } from 'next'
import { getTranslations } from 'next-intl/server'
import { requireStaff } from '@/lib/access/current'
import { Log } from './log'

export async function generateMetadata(): Promise<Metadata> {
  const t = await getTranslations('audit')
  return { title: t('title') }
}

/** The entries are asked for by the browser, which proves and opens them: the server draws none. */
export default async function LogPage() {
  await requireStaff(['admin'])
  return <Log />
}
