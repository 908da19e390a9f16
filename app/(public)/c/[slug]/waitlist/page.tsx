import type { Metadata } from 'next'
import { cookies } from 'next/headers'
import { notFound } from 'next/navigation'
import { NextIntlClientProvider } from 'next-intl'
import { getLocale, getTranslations } from 'next-intl/server'
import { PageHeader } from '@/components/ui/card'
import { JoinForm } from '@/components/waitlist/join-form'
import { onlyKnown } from '@/lib/booking/offer'
import { loadClinicPage } from '@/lib/clinic/flow'
import { isId } from '@/lib/ids'
import { isLocale, pick } from '@/lib/messages/pick'
import { addDays, dayIn, knownZone } from '@/lib/time'

type Query = Record<'service' | 'practitioner' | 'site' | 'recall', string | undefined>
interface Props {
  params: Promise<{ slug: string }>
  searchParams: Promise<Query>
}

export async function generateMetadata({ params }: Props): Promise<Metadata> {
  const page = await loadClinicPage((await params).slug)
  const t = await getTranslations('waitlist.page')
  return page ? { title: t('meta', { clinic: page.clinic.name }), robots: { index: false } } : {}
}

/** For who finds no time that suits them: what they wait for was chosen on the page before. */
export default async function JoinPage({ params, searchParams }: Props) {
  const page = await loadClinicPage((await params).slug)
  const query = await searchParams
  const service = page?.services.find(({ id }) => id === query.service)
  if (!page || !service) notFound()
  const { clinic } = page
  const t = await getTranslations('waitlist.page')
  const given = await getLocale()
  const locale = isLocale(given) ? given : 'en'
  const zone = knownZone((await cookies()).get('tz')?.value) ?? clinic.timeZone
  const today = dayIn(zone, new Date())
  const memberId = service.practitionerIds.find((id) => id === query.practitioner) ?? ''
  const siteId = page.sites.find(({ id }) => id === query.site)?.id ?? ''
  const recallId = query.recall && isId(query.recall) ? query.recall : null
  const back = new URLSearchParams({
    service: service.id,
    ...(memberId && { practitioner: memberId }),
    ...(siteId && { site: siteId }),
    ...(recallId && { recall: recallId }),
  })
  return (
    <div className="mx-auto max-w-2xl">
      <PageHeader
        eyebrow={`${clinic.name}, ${service.name}`}
        title={t('title')}
        lead={t('lead', { minutes: clinic.waitlistMinutes })}
      />
      <NextIntlClientProvider locale={locale} messages={pick(locale, 'waitlist', 'errors', 'audience')}>
        <JoinForm
          {...{ clinicId: clinic.id, serviceId: service.id, zone, locale, today }}
          lastDay={addDays(today, Math.min(service.horizonDays ?? clinic.horizonDays, 60))}
          chosen={{ memberId, siteId }}
          practitioners={page.practitioners
            .filter(({ id }) => service.assignment === 'choose' && service.practitionerIds.includes(id))
            .map(({ id, displayName }) => ({ id, name: displayName }))}
          sites={page.sites.map(({ id, name }) => ({ id, name }))}
          back={`/c/${clinic.slug}?${back}`}
          slug={clinic.slug}
          recallId={recallId}
          onlyKnown={await onlyKnown(clinic, service, recallId)}
        />
      </NextIntlClientProvider>
    </div>
  )
}
