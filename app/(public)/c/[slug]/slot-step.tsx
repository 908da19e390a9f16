import { getTranslations } from 'next-intl/server'
import { Card, Facts, PageHeader } from '@/components/ui/card'
import { LockIcon } from '@/components/ui/icons'
import { findOffer } from '@/lib/booking/offer'
import { formatDate, formatTime, sameClock, zoneCity } from '@/lib/time'
import { priceOf } from '@/app/_booking/services'
import { StartBooking } from '@/components/booking/start'
import { Where } from '@/components/booking/where'
import { offeredBy, type StepProps, whoever } from '@/app/_booking/times'

/** The chosen time, and the button that begins the form: only then is any of its code loaded. */
export async function SlotStep({
  page,
  service,
  zone,
  locale,
  query,
  slot,
}: StepProps & { slot: { startsAt: Date; memberId: string | null; siteId: string | null } }) {
  const t = await getTranslations('booking')
  const s = await getTranslations('sites')
  const common = await getTranslations('common')
  const { clinic } = page
  const site = page.sites.find(({ id }) => id === slot.siteId)
  const person = page.practitioners.find((each) => each.id === slot.memberId)
  const who = person ? [person.displayName, person.title].filter(Boolean).join(', ') : whoever(page, service, locale)
  const time = formatTime(slot.startsAt, zone, locale)
  const clinicTime = formatTime(slot.startsAt, clinic.timeZone, locale)
  const both = !sameClock(zone, clinic.timeZone, slot.startsAt)
  const again = new URLSearchParams({
    service: service.id,
    ...(query.practitioner && { practitioner: query.practitioner }),
    ...(query.site && { site: query.site }),
    ...(query.from && { from: query.from }),
    ...(query.day && { day: query.day }),
    ...(query.recall && { recall: query.recall }),
  })
  return (
    <div className="mx-auto max-w-2xl">
      <PageHeader eyebrow={clinic.name} title={t('slotTitle')} />
      <Card className="mb-6">
        <Facts
          items={[
            {
              label: t('when'),
              value: (
                <>
                  <span className="block first-letter:uppercase">{formatDate(slot.startsAt, zone, locale)}</span>
                  <span className="figures">{time}</span>{' '}
                  <span className="font-normal text-soft">({zoneCity(zone)})</span>
                  {both ? (
                    <span className="figures block text-sm font-normal text-soft">
                      {t('atClinic', { time: `${clinicTime} (${zoneCity(clinic.timeZone)})` })}
                    </span>
                  ) : null}
                  <a
                    className="mt-1 block w-fit py-1.5 text-sm font-semibold text-accent underline underline-offset-3"
                    href={`?${again}`}
                  >
                    {t('change')}
                  </a>
                </>
              ),
            },
            { label: t('service'), value: `${service.name}, ${common('minutes', { count: service.minutes })}` },
            { label: t('who'), value: who },
            { label: s('where'), value: <Where way={service.way} site={site} clinic={clinic} /> },
            { label: t('price'), value: priceOf(service, locale, t) },
          ]}
        />
      </Card>
      <StartBooking
        offer={await findOffer(
          clinic,
          service,
          slot,
          offeredBy(page, service).map(({ id, displayName }) => ({ id, name: displayName })),
          { zone, locale, recall: query.recall },
        )}
        words={{ start: t('start'), starting: t('starting'), failed: t('check.failed') }}
      />
      <p className="mt-5 flex gap-2.5 text-sm text-soft">
        <LockIcon size={18} className="mt-0.5 shrink-0" />
        {t('private')}
      </p>
      <noscript>
        <p className="mt-4 font-semibold">{t('noScript')}</p>
      </noscript>
    </div>
  )
}
