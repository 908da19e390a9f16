import type { Metadata } from 'next'
import { getLocale, getTranslations } from 'next-intl/server'
import { PairPage } from '@/components/patient-access/pair-page'
import { isLocale, pick } from '@/lib/messages/pick'

export async function generateMetadata(): Promise<Metadata> {
  const t = await getTranslations('devices.pair')
  return { title: t('pageTitle'), robots: { index: false } }
}

/** Where a code of another device leads: what is in the link's fragment, the browser alone reads. */
export default async function Pair() {
  const given = await getLocale()
  const locale = isLocale(given) ? given : 'en'
  return (
    <div className="mx-auto max-w-2xl">
      <PairPage locale={locale} messages={pick(locale, 'care', 'devices', 'errors', 'common')} />
    </div>
  )
}
