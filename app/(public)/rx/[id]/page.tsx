import type { Metadata } from 'next'
import { NextIntlClientProvider } from 'next-intl'
import { getLocale, getTranslations } from 'next-intl/server'
import { pick } from '@/lib/messages/pick'
import { Pharmacist } from './pharmacist'

export async function generateMetadata(): Promise<Metadata> {
  const t = await getTranslations('prescription')
  return { title: t('rx.title'), robots: { index: false } }
}

/** No account and no session: the code on paper holds all that opens this. */
export default async function RxPage({ params }: { params: Promise<{ id: string }> }) {
  const [{ id }, locale] = [await params, await getLocale()]
  return (
    <div className="mx-auto max-w-3xl py-4">
      <NextIntlClientProvider locale={locale} messages={pick(locale, 'prescription', 'errors', 'common')}>
        <Pharmacist id={id} />
      </NextIntlClientProvider>
    </div>
  )
}
