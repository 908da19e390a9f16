import { getTranslations } from 'next-intl/server'
import { LinkButton } from '@/components/ui/button'
import { PageHeader } from '@/components/ui/card'
import { ArrowLeftIcon, CalendarIcon, ChevronLeftIcon, ChevronRightIcon, ClockIcon } from '@/components/ui/icons'
import { FirstVisits, Phone } from '@/components/booking/first-visits'
import { Badge, EmptyState } from '@/components/ui/status'
import { DayStrip, SlotGrid } from '@/components/ui/times'
import { loadSlots } from '@/lib/booking/slots'
import { nextFree, slotName } from '@/lib/slot/rules'
import type { ClinicPage } from '@/lib/clinic/flow'
import type { ServiceView } from '@/lib/clinic/rules'
import { Day } from '@/lib/day'
import { addDays, dayIn, formatPlainDay, formatTime, sameClock, zoneCity } from '@/lib/time'
import { priceOf } from './services'

export interface StepProps {
  page: ClinicPage
  service: ServiceView
  /** The patient's, or the clinic's while that is not known. */
  zone: string
  locale: string
  query: Record<'practitioner' | 'site' | 'day' | 'from' | 'recall', string | undefined>
  /** Whether this browser has booked here. */
  hasBeen?: boolean
  /** Goes along in each link. */
  carry?: Record<string, string>
  /** Where somebody whom none of them suits asks to be told of others. */
  waitlist?: string
}

const isDay = (text: string | undefined): text is string => Day.safeParse(text).success
const daysShown = 7

/** Days and free times as plain links: it works before any script has loaded, and without. */
export async function Times({ page, service, zone, locale, query, hasBeen = false, carry = {}, waitlist }: StepProps) {
  const t = await getTranslations('booking')
  const s = await getTranslations('sites')
  const common = await getTranslations('common')
  const { clinic } = page
  const now = new Date()
  const today = dayIn(zone, now)
  const isChosen = service.assignment === 'choose'
  const memberId = isChosen ? service.practitionerIds.find((id) => id === query.practitioner) : undefined
  const site = page.sites.find(({ id }) => id === query.site)
  const placeOf = (id: string | null) =>
    page.sites.find((each) => each.id === id)?.name ?? (page.sites.length ? s('video') : null)
  const nameOf = (id: string) => page.practitioners.find((each) => each.id === id)?.displayName ?? ''
  const first = isDay(query.from) && query.from > today ? query.from : today
  // A day more at each end: the patient's days are not the clinic's.
  const ask = {
    clinicId: clinic.id,
    serviceId: service.id,
    ...{ memberId, siteId: site?.id },
    from: addDays(first, -1),
    days: daysShown + 2,
  }
  const answer = await loadSlots(ask, now)
  const all = answer.ok ? answer.value.slots : []
  const byDay = new Map<string, typeof all>()
  for (const slot of all) {
    const day = dayIn(zone, new Date(slot.startsAt))
    byDay.set(day, [...(byDay.get(day) ?? []), slot])
  }
  const days = Array.from({ length: daysShown }, (_, index) => addDays(first, index))
  const firstFree = days.find((day) => byDay.has(day))
  const day = isDay(query.day) && days.includes(query.day) ? query.day : (firstFree ?? days[0]!)
  const slots = byDay.get(day) ?? []
  const differs =
    slots.some((slot) => !sameClock(zone, clinic.timeZone, new Date(slot.startsAt))) ||
    !sameClock(zone, clinic.timeZone, now)
  const link = (change: Record<string, string | undefined>) => {
    const next = {
      service: service.id,
      practitioner: memberId,
      site: site?.id,
      from: query.from,
      day: query.day,
      recall: query.recall,
      ...carry,
      ...change,
    }
    return `?${new URLSearchParams(Object.entries(next).filter((pair): pair is [string, string] => Boolean(pair[1])))}`
  }
  const next = answer.ok ? nextFree(answer.value, days.at(-1)!, zone) : null
  const hour = (startsAt: string) => Number(formatTime(new Date(startsAt), zone, 'en').slice(0, 2))
  const group = (label: string, from: number, until: number) => ({
    label,
    slots: slots
      .filter((slot) => hour(slot.startsAt) >= from && hour(slot.startsAt) < until)
      .map((slot) => {
        const at = new Date(slot.startsAt)
        const time = formatTime(at, zone, locale)
        const clinicTime = differs ? `${formatTime(at, clinic.timeZone, locale)} ${zoneCity(clinic.timeZone)}` : null
        const who = !slot.memberId || memberId || service.practitionerIds.length < 2 ? null : nameOf(slot.memberId)
        return {
          value: slotName(slot),
          label: time,
          hint: [who, site ? null : placeOf(slot.siteId), clinicTime].filter(Boolean).join(' · ') || undefined,
          href: link({ slot: slotName(slot), day }),
        }
      }),
  })
  return (
    <>
      <PageHeader
        back={
          <LinkButton
            variant="quiet"
            size="sm"
            className="-ms-4"
            icon={<ArrowLeftIcon size={18} />}
            href={`?${new URLSearchParams({ ...(query.recall && { recall: query.recall }), ...carry })}`}
          >
            {t('back')}
          </LinkButton>
        }
        eyebrow={clinic.name}
        title={service.name}
        lead={[
          common('minutes', { count: service.minutes }),
          common(`way.${service.way}`),
          ...(service.places > 1 ? [common('inGroup', { places: service.places })] : []),
          priceOf(service, locale, t),
        ].join(' · ')}
      />
      <ForWhom {...{ page, service, hasBeen, carry }} isInvited={Boolean(query.recall)} />
      {isChosen ? null : (
        <p className="mb-6 max-w-prose">{t('withWhoever', { names: whoever(page, service, locale) })}</p>
      )}
      {isChosen && service.practitionerIds.length > 1 ? (
        <nav aria-label={t('practitioner')} className="mb-6">
          <p className="mb-2 text-sm text-soft" aria-hidden>
            {t('practitioner')}
          </p>
          <ul className="flex flex-wrap gap-2">
            {[undefined, ...service.practitionerIds].map((id) => (
              <li key={id ?? 'any'}>
                <LinkButton
                  size="sm"
                  variant={memberId === id ? 'primary' : 'secondary'}
                  aria-current={memberId === id || undefined}
                  href={link({ practitioner: id, day: undefined })}
                >
                  {id ? nameOf(id) : t('any')}
                </LinkButton>
              </li>
            ))}
          </ul>
        </nav>
      ) : null}
      {page.sites.length > 1 ? (
        <nav aria-label={s('where')} className="mb-6">
          <p className="mb-2 text-sm text-soft" aria-hidden>
            {s('where')}
          </p>
          <ul className="flex flex-wrap gap-2">
            {[undefined, ...page.sites].map((each) => (
              <li key={each?.id ?? 'any'}>
                <LinkButton
                  size="sm"
                  variant={site === each ? 'primary' : 'secondary'}
                  aria-current={site === each || undefined}
                  href={link({ site: each?.id, day: undefined })}
                >
                  {each ? each.name : s('anywhere')}
                </LinkButton>
              </li>
            ))}
          </ul>
          {site?.address ? <p className="mt-2 text-sm text-soft">{site.address}</p> : null}
        </nav>
      ) : null}
      <h2 className="mb-3 text-xl">{t('chooseTime')}</h2>
      <DayStrip
        label={t('days')}
        days={days.map((each) => ({
          href: link({ day: each }),
          name: `${formatPlainDay(each, locale, { weekday: 'long', day: 'numeric', month: 'long' })}, ${t('freeCount', { count: byDay.get(each)?.length ?? 0 })}`,
          weekday: formatPlainDay(each, locale, { weekday: 'short' }),
          day: formatPlainDay(each, locale, { day: 'numeric' }),
          note: t('freeCount', { count: byDay.get(each)?.length ?? 0 }),
          current: each === day,
          disabled: !byDay.has(each),
        }))}
      />
      <div className="mt-1 mb-6 flex justify-between">
        {first > today ? (
          <LinkButton
            variant="quiet"
            size="sm"
            icon={<ChevronLeftIcon size={18} />}
            href={link({ from: later(addDays(first, -daysShown), today), day: undefined })}
          >
            {t('earlier')}
          </LinkButton>
        ) : (
          <span />
        )}
        {first < addDays(today, clinic.horizonDays) ? (
          <LinkButton variant="quiet" size="sm" href={link({ from: addDays(first, daysShown), day: undefined })}>
            {t('laterDays')}
            <ChevronRightIcon size={18} />
          </LinkButton>
        ) : null}
      </div>
      {slots.length ? (
        <>
          <h3 className="mb-1 text-lg first-letter:uppercase">
            {formatPlainDay(day, locale, { weekday: 'long', day: 'numeric', month: 'long' })}
          </h3>
          <p className="mb-4 text-sm text-soft">
            {differs
              ? t('zoneBoth', { zone: zoneCity(zone), clinicZone: zoneCity(clinic.timeZone) })
              : t('zoneYours', { zone: zoneCity(zone) })}
          </p>
          <SlotGrid groups={[group(t('morning'), 0, 12), group(t('afternoon'), 12, 18), group(t('evening'), 18, 24)]} />
        </>
      ) : (
        <EmptyState
          icon={CalendarIcon}
          title={next || firstFree ? t('noneDay') : t('noneAtAll')}
          action={
            firstFree ? (
              <LinkButton variant="primary" href={link({ day: firstFree })}>
                {t('nextFree', {
                  day: formatPlainDay(firstFree, locale, { weekday: 'long', day: 'numeric', month: 'long' }),
                })}
              </LinkButton>
            ) : next ? (
              <LinkButton variant="primary" href={link({ from: later(next, today), day: undefined })}>
                {t('nextFree', {
                  day: formatPlainDay(next, locale, { weekday: 'long', day: 'numeric', month: 'long' }),
                })}
              </LinkButton>
            ) : null
          }
        >
          {next || firstFree ? null : t('noneText')}
        </EmptyState>
      )}
      {waitlist ? (
        <p className="mt-6 border-t border-line pt-5">
          <LinkButton
            className="max-sm:w-full"
            icon={<ClockIcon size={18} />}
            href={`${waitlist}${link({ from: undefined, day: undefined })}`}
          >
            {(await getTranslations('waitlist.page'))('link')}
          </LinkButton>
        </p>
      ) : null}
    </>
  )
}

/** What is for others than everybody says so, and where the others find theirs. */
async function ForWhom({
  page: { clinic, services },
  service: { audience },
  hasBeen,
  isInvited,
  carry,
}: Pick<StepProps, 'page' | 'service'> & { hasBeen: boolean; isInvited: boolean; carry: Record<string, string> }) {
  if (audience === 'anyone') return null
  const t = await getTranslations('audience')
  const others = services.filter((each) => each.audience === (audience === 'follow_up' ? 'first_visit' : 'follow_up'))
  const href = (service: string) => `?${new URLSearchParams({ service, ...carry })}`
  const mark = <Badge tone="accent">{t(audience)}</Badge>
  if (audience === 'first_visit')
    return (
      <div className="mb-6 flex max-w-prose flex-col gap-3">
        <p>
          {mark} {t('firstVisit.title')}
        </p>
        {hasBeen && others.length ? (
          <>
            <p>{t('firstVisit.text')}</p>
            <FirstVisits services={others} href={href} />
          </>
        ) : null}
      </div>
    )
  const isSure = hasBeen || isInvited
  return (
    <div className="mb-6 flex max-w-prose flex-col gap-3">
      <p>
        {mark} {t('followUp.title')}
      </p>
      {isSure ? null : (
        <>
          <p>{t('followUp.text')}</p>
          {others.length ? <p>{t('followUp.first')}</p> : clinic.phone ? null : <p>{t('followUp.ask')}</p>}
          <FirstVisits services={others} href={href} />
          {clinic.phone ? <Phone number={clinic.phone}>{t('followUp.call', { phone: clinic.phone })}</Phone> : null}
        </>
      )}
    </div>
  )
}

/** Those of this page who offer the service, as the clinic lists them. */
export const offeredBy = ({ practitioners }: ClinicPage, { practitionerIds }: ServiceView) =>
  practitioners.filter(({ id }) => practitionerIds.includes(id))

/** Who it may be, where that is not the patient's choice. */
export const whoever = (page: ClinicPage, service: ServiceView, locale: string) =>
  new Intl.ListFormat(locale, { type: 'disjunction' }).format(
    offeredBy(page, service).map(({ displayName }) => displayName),
  )

const later = (a: string, b: string) => (a > b ? a : b)
