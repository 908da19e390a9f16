import type { Metadata } from 'next'
import { getLocale, getTranslations } from 'next-intl/server'
import { notFound } from 'next/navigation'
import { PageHeader } from '@/components/ui/card'
import { isLocale, pick } from '@/lib/messages/pick'
import { CallIsland } from './island'
import { isId } from '@/lib/ids'

export async function generateMetadata(): Promise<Metadata> {
  const t = await getTranslations('call')
  return { title: t('meta'), robots: { index: false } }
}

/** Tells nothing about the appointment: what the link's fragment opens, the browser asks for itself. */
export default async function CallPage({ params }: { params: Promise<{ id: string }> }) {
  const { id } = await params
  if (!isId(id)) notFound()
  const [t, locale] = await Promise.all([getTranslations('call'), getLocale()])
  const messages = pick(isLocale(locale) ? locale : 'en', 'call', 'errors', 'common')
  return (
    <CallIsland
      appointmentId={id}
      locale={isLocale(locale) ? locale : 'en'}
      messages={messages}
      label={t('check.ask')}
      wait={t('opening')}
    >
      <PageHeader title={t('check.title')} lead={t('check.lead')} />
    </CallIsland>
  )
}
