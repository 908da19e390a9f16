import type { Metadata } from 'next'
import { notFound } from 'next/navigation'
import { getLocale, getTranslations } from 'next-intl/server'
import { AppointmentIsland } from '@/components/booking/appointment'
import { PageHeader } from '@/components/ui/card'
import { catalogue } from '@/lib/messages/catalogue'
import { isLocale } from '@/lib/messages/pick'
import { isId } from '@/lib/ids'

export async function generateMetadata(): Promise<Metadata> {
  const t = await getTranslations('patient')
  return { title: t('meta'), robots: { index: false } }
}

/** Tells nothing by itself: what the link's fragment opens, the browser asks for. Opening it changes nothing. */
export default async function AppointmentPage({ params }: { params: Promise<{ id: string }> }) {
  const { id } = await params
  if (!isId(id)) notFound()
  const given = await getLocale()
  const locale = isLocale(given) ? given : 'en'
  const t = await getTranslations('patient')
  const { pdf: _, ...patient } = catalogue[locale].patient
  const words = { ...patient, payAway: catalogue[locale].errors.PAYMENT_UNAVAILABLE }
  return (
    <div className="mx-auto max-w-3xl">
      <PageHeader title={t('title')} />
      <AppointmentIsland id={id} locale={locale} words={words} />
    </div>
  )
}
