import type { Metadata } from 'next'
import { cookies, headers } from 'next/headers'
import { notFound } from 'next/navigation'
import { getLocale, getTranslations } from 'next-intl/server'
import { FirstPaintScript } from '@/components/booking/first-paint'
import { Services } from '@/app/_booking/services'
import { SlotStep } from './slot-step'
import { Times } from '@/app/_booking/times'
import { PageHeader } from '@/components/ui/card'
import { readSlot } from '@/lib/slot/rules'
import { loadClinicPage } from '@/lib/clinic/flow'
import type { ServiceView } from '@/lib/clinic/rules'
import { clinicData } from '@/lib/clinic/linked-data'
import { env } from '@/lib/server/env'
import type { SiteView } from '@/lib/site/rules'
import { knownZone } from '@/lib/time'

type Query = Record<'service' | 'practitioner' | 'site' | 'day' | 'from' | 'slot' | 'recall', string | undefined>
interface Props {
  params: Promise<{ slug: string }>
  searchParams: Promise<Query>
}

/** However somebody came to it, search engines know one address of it. */
export async function generateMetadata({ params }: Props): Promise<Metadata> {
  const page = await loadClinicPage((await params).slug)
  if (!page) return {}
  const t = await getTranslations('booking')
  const { name, slug, about } = page.clinic
  const title = t('metaTitle', { clinic: name })
  const description = about || t('metaText', { clinic: name })
  const url = `${env().APP_ORIGIN}/c/${slug}`
  return {
    ...{ title, description },
    alternates: { canonical: url },
    openGraph: { title, description, url, type: 'website' },
  }
}

export default async function BookingPage({ params, searchParams }: Props) {
  const page = await loadClinicPage((await params).slug)
  if (!page) notFound()
  const query = await searchParams
  const t = await getTranslations('booking')
  const locale = await getLocale()
  const { clinic } = page
  const service = page.services.find((each) => each.id === query.service)
  const asked = (await cookies()).get('tz')?.value
  const hasBeen = (await cookies()).get('been')?.value === '1'
  const zone = knownZone(asked) ?? clinic.timeZone
  const slot = service && parseSlot(query.slot, service, page.sites)
  const common = { page, zone, locale, query, hasBeen }
  return (
    <>
      <FirstPaintScript
        clinicId={clinic.id}
        root={clinic.rootFingerprint}
        zone={zone}
        timed={Boolean(service)}
        nonce={(await headers()).get('x-nonce') ?? undefined}
      />
      {service ? (
        slot ? (
          <SlotStep {...common} service={service} slot={slot} />
        ) : (
          <Times {...common} service={service} waitlist={`/c/${clinic.slug}/waitlist`} />
        )
      ) : (
        <>
          <PageHeader eyebrow={t('eyebrow')} title={clinic.name} lead={clinic.about || undefined} />
          <Services page={page} locale={locale} recall={query.recall} hasBeen={hasBeen} />
          <script type="application/ld+json" dangerouslySetInnerHTML={{ __html: clinicData(page, env().APP_ORIGIN) }} />
        </>
      )}
    </>
  )
}

/** `<ISO start>~<member>` from a link that this page made, without a member where none is chosen; or anything at all from elsewhere. */
function parseSlot(text: string | undefined, { assignment, practitionerIds }: ServiceView, sites: readonly SiteView[]) {
  const { startsAt, memberId, siteId } = readSlot(text ?? '')
  const at = new Date(startsAt)
  const isPlace = siteId === null || sites.some(({ id }) => id === siteId)
  const isWho = assignment === 'choose' ? memberId !== null && practitionerIds.includes(memberId) : memberId === null
  return isPlace && isWho && !Number.isNaN(at.getTime()) ? { startsAt: at, memberId, siteId } : null
}
