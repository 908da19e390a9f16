import type { Metadata } from 'next'
import { headers } from 'next/headers'
import { notFound } from 'next/navigation'
import { getLocale, getTranslations } from 'next-intl/server'
import { ServiceList } from '@/app/_booking/services'
import { Times } from '@/app/_booking/times'
import { WidgetFrameScript } from '@/components/booking/widget-frame'
import { loadClinicPage } from '@/lib/clinic/flow'
import { knownZone } from '@/lib/time'

type Query = Record<'service' | 'practitioner' | 'site' | 'day' | 'from' | 'tz', string | undefined>
interface Props {
  params: Promise<{ slug: string }>
  searchParams: Promise<Query>
}

/** Search engines read the clinic's page instead. */
export const metadata: Metadata = { robots: { index: false } }

/** A clinic's services and free times, for a frame on its own site. A chosen time opens the booking page on top, with the clinic's key. */
export default async function WidgetPage({ params, searchParams }: Props) {
  const page = await loadClinicPage((await params).slug)
  if (!page) notFound()
  const { tz, ...query } = await searchParams
  const t = await getTranslations('booking')
  const locale = await getLocale()
  const zone = knownZone(tz) ?? page.clinic.timeZone
  const service = page.services.find((each) => each.id === query.service)
  const carry: Record<string, string> = tz ? { tz } : {}
  return (
    <main id="main" className="mx-auto w-full max-w-page p-4 sm:p-5">
      {service ? (
        <Times
          page={page}
          service={service}
          zone={zone}
          locale={locale}
          query={{ ...query, recall: undefined }}
          carry={carry}
        />
      ) : (
        <>
          <h1 className="mb-4 text-2xl">{t('metaTitle', { clinic: page.clinic.name })}</h1>
          <h2 className="mb-3 text-xl">{t('chooseService')}</h2>
          <ServiceList page={page} locale={locale} carry={carry} />
        </>
      )}
      <WidgetFrameScript nonce={(await headers()).get('x-nonce') ?? undefined} />
    </main>
  )
}
