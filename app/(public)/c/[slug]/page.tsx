import type { Metadata } from 'next'
import { cookies, headers } from 'next/headers'
import { notFound } from 'next/navigation'
import { getLocale, getTranslations } from 'next-intl/server'
import { FirstPaintScript } from '@/components/booking/first-paint'
import { Services } from './services'
import { SlotStep } from './slot-step'
import { Times } from './times'
import { PageHeader } from '@/components/ui/card'
import { readSlot } from '@/lib/booking/rules'
import { loadClinicPage } from '@/lib/clinic/flow'
import type { SiteView } from '@/lib/site/rules'

type Query = Record<'service' | 'practitioner' | 'site' | 'day' | 'from' | 'slot' | 'recall', string | undefined>
interface Props {
  params: Promise<{ slug: string }>
  searchParams: Promise<Query>
}

export async function generateMetadata({ params }: Props): Promise<Metadata> {
  const page = await loadClinicPage((await params).slug)
  const t = await getTranslations('booking')
  return page ? { title: t('metaTitle', { clinic: page.clinic.name }) } : {}
}

function knownZone(name: string | undefined): string | null {
  try {
    return name ? new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone : null
  } catch {
    return null
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
  const zone = knownZone(asked) ?? clinic.timeZone
  const slot = service && parseSlot(query.slot, service.practitionerIds, page.sites)
  const common = { page, zone, locale, query }
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
          <Times {...common} service={service} />
        )
      ) : (
        <>
          <PageHeader eyebrow={t('eyebrow')} title={clinic.name} lead={clinic.about || undefined} />
          <Services page={page} locale={locale} recall={query.recall} />
        </>
      )}
    </>
  )
}

/** `<ISO start>~<member>` from a link that this page made, or anything at all from elsewhere. */
function parseSlot(text: string | undefined, memberIds: readonly string[], sites: readonly SiteView[]) {
  const { startsAt, memberId, siteId } = readSlot(text ?? '')
  const at = new Date(startsAt)
  const isPlace = siteId === null || sites.some(({ id }) => id === siteId)
  return isPlace && memberIds.includes(memberId) && !Number.isNaN(at.getTime())
    ? { startsAt: at, memberId, siteId }
    : null
}
