'use client'
import dynamic from 'next/dynamic'
import { useEffect, useRef, useState } from 'react'
import { flushSync } from 'react-dom'
import { Button, LinkButton } from '@/components/ui/button'
import { CalendarIcon, ClockIcon, VideoIcon } from '@/components/ui/icons'
import { useBusy } from '@/components/ui/use-busy'
import { useFocusKept } from '@/components/ui/use-focus-kept'
import type { AppointmentView } from '@/lib/booking/rules'
import { call } from '@/lib/browser/api'
import { ownZone } from '@/lib/browser/zone'
import { formatMoney } from '@/lib/money'
import { dayIn, formatDay, formatTime } from '@/lib/time'
import { endingLines, fill, type Words } from './appointment-facts'
import { Reminders } from './reminders'

const OtherTime = dynamic(() => import('./other-time'))

interface Props {
  view: AppointmentView
  secret: string
  /** On a shared computer the link is kept out of addresses, and so out of the history. */
  forgotten: boolean
  locale: string
  words: Words
  onChange: () => void
}

export function Actions({ view, secret, forgotten, locale, words, onChange }: Props) {
  /** What the question says: as it was when it was asked, whatever the page learns meanwhile. */
  const [asking, setAsking] = useState<AppointmentView['ending'] | null>(null)
  const [failed, setFailed] = useState<string | null>(null)
  const [moving, setMoving] = useState(false)
  const [moved, setMoved] = useState<string | null>(null)
  const opener = useRef<HTMLButtonElement>(null)
  const canceller = useRef<HTMLButtonElement>(null)
  // Once it is cancelled there is neither the button nor the question.
  const bar = useFocusKept<HTMLDivElement>(view.status)
  const link = { id: view.id, secret }
  const alive = ['booked', 'arrived', 'in_consult'].includes(view.status)
  const isAhead = view.status === 'booked' && new Date(view.startsAt) > new Date(view.now)
  const isMovable = isAhead && new Date(view.movableUntil) > new Date(view.now)

  const [pay, paying] = useBusy(async () => {
    const answer = await call('payment/checkout', link, { retry: true })
    setFailed(answer.ok ? null : answer.code === 'PAYMENT_UNAVAILABLE' ? words.payAway : words.failed)
    if (!answer.ok) return onChange()
    location.assign(answer.value.url)
    await new Promise((resolve) => setTimeout(resolve, 5000))
  })
  const [cancel, cancelling] = useBusy(async () => {
    const answer = await call('booking/cancel', { ...link, feeMinor: asking!.feeMinor }, { retry: true })
    // The time until which it was free has passed meanwhile: the question is asked anew, with what it costs now.
    const isOther = !answer.ok && answer.code === 'STALE'
    const fresh = isOther ? await call('booking/appointment', link, { retry: true }) : null
    setFailed(answer.ok ? null : isOther ? words.costs.changed : words.failed)
    setAsking(fresh?.ok ? fresh.value.ending : null)
    onChange()
  })
  const [saveEvent, saving] = useBusy(async () => {
    const answer = await fetch(`/api/appointments/${view.id}/calendar`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ secret }),
    }).catch(() => null)
    setFailed(answer?.ok ? null : words.failed)
    if (!answer?.ok) return
    const url = URL.createObjectURL(await answer.blob())
    Object.assign(document.createElement('a'), { href: url, download: 'appointment.ics' }).click()
    setTimeout(() => URL.revokeObjectURL(url), 10_000)
  })

  return (
    <div ref={bar} tabIndex={-1} className="mt-6 flex flex-col gap-4 border-t border-line pt-5 outline-none">
      {view.status === 'held' ? (
        <>
          {view.heldUntil ? (
            <p className="text-soft">
              {fill(words.payKept, { time: formatTime(new Date(view.heldUntil), ownZone(), locale) })}
            </p>
          ) : null}
          <Button variant="primary" size="lg" busy={paying} onClick={() => void pay()}>
            {fill(words.payNow, { price: formatMoney(view.askedMinor, view.price.currency, locale) })}
          </Button>
        </>
      ) : null}
      {alive && view.payable ? (
        <Button busy={paying} onClick={() => void pay()}>
          {fill(view.paidMinor > 0 ? words.payRest : words.payNow, {
            price: formatMoney(view.askedMinor, view.price.currency, locale),
          })}
        </Button>
      ) : null}
      {/* Whose appointment it is, is said first. */}
      {alive && !view.unclaimed && view.way === 'video' ? (
        <Join view={view} secret={secret} forgotten={forgotten} locale={locale} words={words} />
      ) : null}
      {['cancelled', 'expired', 'completed', 'no_show'].includes(view.status) ? (
        <LinkButton variant="primary" href={`/c/${view.clinic.slug}`}>
          {words.again}
        </LinkButton>
      ) : null}
      {alive || view.status === 'held' ? (
        <div className="flex flex-wrap gap-2.5">
          {alive ? (
            <Button icon={<CalendarIcon size={18} />} size="sm" busy={saving} onClick={() => void saveEvent()}>
              {words.calendar}
            </Button>
          ) : null}
          {isMovable && !moving ? (
            <Button ref={opener} icon={<ClockIcon size={18} />} size="sm" onClick={() => setMoving(true)}>
              {words.move.open}
            </Button>
          ) : null}
          {view.status !== 'in_consult' && new Date(view.startsAt) > new Date(view.now) && !asking ? (
            <Button ref={canceller} variant="quiet" size="sm" onClick={() => setAsking(view.ending)}>
              {words.cancel}
            </Button>
          ) : null}
        </div>
      ) : null}
      {isAhead && !isMovable && view.clinic.phone ? (
        <p className="text-soft">
          {fill(view.ending.feeMinor > 0 ? words.costs.near : words.move.near, { phone: view.clinic.phone })}
        </p>
      ) : null}
      <p role="status" className="font-semibold empty:hidden">
        {moved ? fill(words.move.done, { when: moved }) : ''}
      </p>
      {moving ? (
        <OtherTime
          {...{ view, secret, locale, words }}
          onStale={onChange}
          onClose={(startsAt) => {
            const [at, zone] = [startsAt && new Date(startsAt), ownZone()]
            setMoved(at && `${formatDay(at, zone, locale)}, ${formatTime(at, zone, locale)}`)
            setMoving(false)
            requestAnimationFrame(() => opener.current?.focus())
            if (at) onChange()
          }}
        />
      ) : null}
      {asking ? (
        <div
          role="group"
          aria-label={words.cancel}
          className="rounded-control border border-danger/40 bg-danger-wash p-4"
        >
          <p className="mb-3 font-semibold">
            {asking.feeMinor > 0 ? words.costs.sure : view.voucher ? words.costs.voucherSure : words.cancelSure}
          </p>
          {asking.feeMinor > 0 ? (
            <ul className="mb-4 list-disc ps-5">
              {endingLines({ ...view, ending: asking }, locale, words).map((line) => (
                <li key={line}>{line}</li>
              ))}
            </ul>
          ) : null}
          <div className="flex flex-wrap gap-2.5">
            <Button size="sm" variant="danger" busy={cancelling} onClick={() => void cancel()}>
              {words.cancelYes}
            </Button>
            <Button
              size="sm"
              autoFocus
              onClick={() => {
                flushSync(() => setAsking(null))
                canceller.current?.focus()
              }}
            >
              {words.cancelNo}
            </Button>
          </div>
        </div>
      ) : null}
      {isAhead && view.reminders !== null ? (
        <Reminders link={link} start={view.reminders} words={words} onFail={() => setFailed(words.failed)} />
      ) : null}
      {failed ? (
        <p role="alert" className="text-danger">
          {failed}
        </p>
      ) : null}
    </div>
  )
}

/** Open within the clinic's window, by the server's clock: the page's own only measures. */
function Join({ view, secret, forgotten, locale, words }: Omit<Props, 'onChange'>) {
  const [now, setNow] = useState(() => new Date(view.now).getTime())
  useEffect(() => {
    const base = new Date(view.now).getTime()
    const begun = performance.now()
    const look = () => setNow(base + performance.now() - begun)
    look()
    const timer = setInterval(look, 1000)
    return () => clearInterval(timer)
  }, [view.now])
  const from = new Date(view.joinFrom)
  if (now > new Date(view.joinUntil).getTime())
    return <p className="text-soft">{fill(words.joinOver, { phone: view.clinic.phone })}</p>
  if (now >= from.getTime())
    return (
      <LinkButton
        variant="primary"
        size="lg"
        icon={<VideoIcon />}
        href={`/a/${view.id}/call${forgotten ? '' : `#s=${secret}`}`}
      >
        {words.join}
      </LinkButton>
    )
  const zone = ownZone()
  const time = formatTime(from, zone, locale)
  const today = dayIn(zone, new Date(now)) === dayIn(zone, from)
  return (
    <p className="text-soft">
      {today ? fill(words.joinFrom, { time }) : fill(words.joinDay, { day: formatDay(from, zone, locale), time })}
    </p>
  )
}
