import type { Metadata } from 'next'
import { notFound } from 'next/navigation'
import { NextIntlClientProvider } from 'next-intl'
import { getLocale, getTranslations } from 'next-intl/server'
import { PageHeader } from '@/components/ui/card'
import { ComeAlong } from '@/components/companion/answer'
import { isId } from '@/lib/ids'
import { isLocale, pick } from '@/lib/messages/pick'

export async function generateMetadata(): Promise<Metadata> {
  const t = await getTranslations('companion.page')
  return { title: t('meta'), robots: { index: false }, referrer: 'no-referrer' }
}

/** Tells nothing by itself, and opening it changes nothing: what the link's fragment opens, the browser asks for. */
export default async function AlongPage({ params }: { params: Promise<{ id: string }> }) {
  const { id } = await params
  if (!isId(id)) notFound()
  const t = await getTranslations('companion.page')
  const given = await getLocale()
  const locale = isLocale(given) ? given : 'en'
  return (
    <div className="mx-auto max-w-2xl">
      <PageHeader title={t('title')} />
      <NextIntlClientProvider locale={locale} messages={pick(locale, 'companion', 'errors', 'common')}>
        <ComeAlong id={id} />
      </NextIntlClientProvider>
    </div>
  )
}
