import { Facts } from '@/components/ui/card'
import { Badge, Banner, type Tone } from '@/components/ui/status'
import type { AppointmentView } from '@/lib/booking/rules'
import { ownZone } from '@/lib/browser/zone'
import { expectedAt } from '@/lib/late/rules'
import type { Messages } from '@/lib/messages/catalogue'
import { formatMoney } from '@/lib/money'
import { formatDate, formatPlainDay, formatTime, sameClock, zoneCity } from '@/lib/time'
import type { VoucherStanding } from '@/lib/voucher/rules'

/** The page's words come with it as plain text, so that no message code is loaded for them. */
export type Words = Omit<Messages['patient'], 'pdf'> & { payAway: string }
export const fill = (text: string, values: Record<string, string>) =>
  text.replace(/\{(\w+)\}/g, (_, name: string) => values[name] ?? '')

const tones: Partial<Record<AppointmentView['status'], Tone>> = {
  held: 'warning',
  booked: 'accent',
  arrived: 'info',
  in_consult: 'info',
  completed: 'success',
  cancelled: 'neutral',
  expired: 'neutral',
  no_show: 'danger',
}
/** On the telephone nobody waits in a room, and in person nobody's device says when it began. */
const stagesOf = {
  video: ['booked', 'arrived', 'in_consult', 'completed'],
  phone: ['booked', 'completed'],
  in_person: ['booked', 'arrived', 'completed'],
} as const satisfies Record<AppointmentView['way'], readonly AppointmentView['status'][]>

export function AppointmentFacts({ view, locale, words }: { view: AppointmentView; locale: string; words: Words }) {
  const at = new Date(view.startsAt)
  const zone = ownZone()
  const { clinic, practitioner, service, price } = view
  const both = !sameClock(zone, clinic.timeZone, at)
  const stages: readonly AppointmentView['status'][] = stagesOf[view.way]
  const stage = stages.indexOf(view.status)
  return (
    <>
      <div className="mb-5 flex flex-wrap items-center justify-between gap-3">
        <p className="eyebrow">{fill(words.eyebrow, { clinic: clinic.name })}</p>
        <span role="status">
          <Badge tone={tones[view.status] ?? 'neutral'}>{words.status[view.status]}</Badge>
        </span>
      </div>
      {stage >= 0 ? (
        <ol aria-label={words.line.label} className="mb-6 flex flex-wrap gap-1.5 sm:gap-3">
          {stages.map((each, index) => (
            <li
              key={each}
              aria-current={index === stage ? 'step' : undefined}
              className={`min-w-min flex-1 border-t-4 pt-2 text-xs sm:text-sm ${index <= stage ? 'border-accent' : 'border-line'} ${index === stage ? 'font-semibold' : 'text-soft'}`}
            >
              {words.line[each as keyof typeof words.line]}
            </li>
          ))}
        </ol>
      ) : null}
      <div role="status">
        {view.lateMinutes ? (
          <Banner tone="warning" className="mb-5" title={fill(words.late, { minutes: String(view.lateMinutes) })}>
            {fill(words.lateAt, { time: formatTime(expectedAt(at, view.lateMinutes), zone, locale) })}
          </Banner>
        ) : null}
      </div>
      <Facts
        items={[
          {
            label: words.when,
            value: (
              <>
                <span className="block first-letter:uppercase">{formatDate(at, zone, locale)}</span>
                <span className="figures">
                  {formatTime(at, zone, locale)}–{formatTime(new Date(view.endsAt), zone, locale)}
                </span>{' '}
                <span className="font-normal text-soft">({zoneCity(zone)})</span>
                {both ? (
                  <span className="figures block text-sm font-normal text-soft">
                    {fill(words.atClinic, {
                      time: formatTime(at, clinic.timeZone, locale),
                      zone: zoneCity(clinic.timeZone),
                    })}
                  </span>
                ) : null}
              </>
            ),
          },
          { label: words.service, value: service.name },
          { label: words.who, value: [practitioner.name, practitioner.title].filter(Boolean).join(', ') },
          {
            label: words.where,
            value: <Place view={view} words={words} />,
          },
          ...(price.minor > 0
            ? [
                {
                  label: words.price,
                  value: (
                    <>
                      {`${formatMoney(price.minor, price.currency, locale)} · ${words.pay[payWord(view)]}`}
                      <Costs {...{ view, locale, words }} />
                    </>
                  ),
                },
              ]
            : []),
        ]}
      />
    </>
  )
}

const isGone = ({ status }: AppointmentView) => status === 'cancelled' || status === 'no_show'
/** A deposit is paid, and the rest is not. */
const isInPart = (view: AppointmentView) => !isGone(view) && view.paidMinor > 0 && view.askedMinor > 0

function payWord(view: AppointmentView): keyof Words['pay'] {
  if (view.payment.bounced) return 'bounced'
  if (view.voucher) return isGone(view) ? 'ended' : 'voucher'
  if (isGone(view) && view.ending.feeMinor > 0) return 'ended'
  return isInPart(view) ? 'part' : view.payment.status
}

/** What is paid of it, what it costs to change one's mind, and what it did cost. */
function Costs({ view, locale, words }: { view: AppointmentView; locale: string; words: Words }) {
  const { status, ending } = view
  const isToCome = ['held', 'booked', 'arrived'].includes(status)
  const ended = isGone(view) && (ending.feeMinor > 0 || view.voucher) ? endingLines(view, locale, words) : []
  const lines = [...paidLines(view, locale, words), ...(isToCome ? costLines(view, locale, words) : ended)]
  return lines.length ? <span className="block text-sm font-normal text-soft">{lines.join(' ')}</span> : null
}

function paidLines(view: AppointmentView, locale: string, { costs }: Words): string[] {
  const amount = (minor: number) => formatMoney(minor, view.price.currency, locale)
  const { askedMinor, paidMinor, price, status } = view
  if (isInPart(view)) return [fill(costs.depositPaid, { paid: amount(paidMinor), rest: amount(askedMinor) })]
  return status === 'held' && askedMinor > 0 && askedMinor < price.minor
    ? [fill(costs.deposit, { amount: amount(askedMinor) })]
    : []
}

/** What it costs to cancel, and not to come. */
export function costLines(
  { cancelling, now, price, voucher }: AppointmentView,
  locale: string,
  words: Words,
): string[] {
  const amount = (minor: number) => formatMoney(minor, price.currency, locale)
  const { lateMinor, missedMinor } = cancelling
  const until = new Date(cancelling.freeUntil)
  const zone = ownZone()
  const isFree = until > new Date(now)
  const when = `${formatDate(until, zone, locale)}, ${formatTime(until, zone, locale)}`
  const { costs } = words
  if (voucher)
    return [
      ...(lateMinor > 0 ? (isFree ? [fill(costs.voucherFree, { when }), costs.voucherLate] : [costs.voucherNow]) : []),
      ...(missedMinor > 0 ? [costs.voucherMissed] : []),
    ]
  return [
    ...(lateMinor > 0 && isFree ? [fill(words.costs.free, { when })] : []),
    ...(lateMinor > 0 ? [fill(isFree ? words.costs.late : words.costs.now, { amount: amount(lateMinor) })] : []),
    ...(missedMinor > 0 ? [fill(words.costs.missed, { amount: amount(missedMinor) })] : []),
  ]
}

/** What is kept, what goes back and what is owed: before cancelling, and after. */
export function endingLines(
  { price, ending, voucher, ...view }: AppointmentView,
  locale: string,
  words: Words,
): string[] {
  const { feeMinor, backMinor, owedMinor, isVoucher } = ending
  if (isVoucher) return [words.costs.voucher]
  if (voucher && ['cancelled', 'no_show'].includes(view.status))
    return voucher.is === 'used' ? [words.costs.voucher] : backLine(voucher, locale, words)
  const line = (text: string, minor: number) =>
    minor > 0 ? [fill(text, { amount: formatMoney(minor, price.currency, locale) })] : []
  return [
    ...line(words.costs.fee, feeMinor),
    ...line(words.costs.owed, owedMinor),
    ...line(words.costs.back, backMinor),
  ]
}

function Place({ view, words }: { view: AppointmentView; words: Words }) {
  const { site, clinic } = view
  const more = (text: string) => <span className="block text-sm font-normal text-soft">{text}</span>
  if (view.way === 'in_person') {
    const at = site ?? clinic
    return (
      <>
        {words.inPerson}
        {more([at.name, at.address].filter(Boolean).join(', '))}
      </>
    )
  }
  return (
    <>
      {view.way === 'phone' ? words.byPhone : words.byVideo}
      {site ? more(site.name) : null}
    </>
  )
}

const backLine = (voucher: VoucherStanding, locale: string, { costs }: Words): string[] =>
  voucher.is === 'back'
    ? [
        fill(costs.voucherBack, {
          day: formatPlainDay(voucher.lastDay, locale, { day: 'numeric', month: 'long', year: 'numeric' }),
        }),
      ]
    : []
