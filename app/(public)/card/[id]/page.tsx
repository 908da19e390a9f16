import type { Metadata } from 'next'
import { NextIntlClientProvider } from 'next-intl'
import { getLocale, getTranslations } from 'next-intl/server'
import { pick } from '@/lib/messages/pick'
import { Card } from './card'

export async function generateMetadata(): Promise<Metadata> {
  const t = await getTranslations('emergency')
  return { title: t('card.title'), robots: { index: false } }
}

/** No account and no session: the code on the card holds all that opens this. */
export default async function CardPage({ params }: { params: Promise<{ id: string }> }) {
  const [{ id }, locale] = [await params, await getLocale()]
  return (
    <div className="mx-auto max-w-2xl py-4">
      <NextIntlClientProvider locale={locale} messages={pick(locale, 'emergency')}>
        <Card id={id} />
      </NextIntlClientProvider>
    </div>
  )
}
