import type { Metadata } from 'next'
import { getLocale, getTranslations } from 'next-intl/server'
import { RecoverPage } from '@/components/patient-access/recover-page'
import { PageHeader } from '@/components/ui/card'
import { isLocale, pick } from '@/lib/messages/pick'

export async function generateMetadata(): Promise<Metadata> {
  const t = await getTranslations('devices.recover')
  return { title: t('title'), robots: { index: false } }
}

/** For who lost every device and has a passkey, or the printed page: its words, or its code, which the browser alone reads. */
export default async function Recover() {
  const [t, given] = await Promise.all([getTranslations('devices.recover'), getLocale()])
  const locale = isLocale(given) ? given : 'en'
  return (
    <div className="mx-auto max-w-2xl">
      <PageHeader title={t('title')} lead={t('lead')} />
      <RecoverPage locale={locale} messages={pick(locale, 'devices', 'keep', 'errors', 'common')} />
    </div>
  )
}
