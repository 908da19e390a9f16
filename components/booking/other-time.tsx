'use client'
import { useEffect, useRef, useState } from 'react'
import { Button } from '@/components/ui/button'
import { FieldError } from '@/components/ui/field'
import { useBusy } from '@/components/ui/use-busy'
import type { AppointmentView } from '@/lib/booking/rules'
import type { SlotView } from '@/lib/slot/rules'
import { call } from '@/lib/browser/api'
import { ownZone } from '@/lib/browser/zone'
import { dayIn, formatDay, formatTime, sameClock, zoneCity } from '@/lib/time'
import { costLines, fill, type Words } from './appointment-facts'
import { FreeTimesPicker } from './free-times'

interface Props {
  view: AppointmentView
  secret: string
  locale: string
  words: Words
  /** `moved`: to this time. */
  onClose: (moved: string | null) => void
  /** It is not as this page shows it any more. */
  onStale: () => void
}

/** Another time for the same appointment: free ones to choose from, and a question before anything changes. */
export default function OtherTime({ view, secret, locale, words, onClose, onStale }: Props) {
  const [slot, setSlot] = useState<SlotView | null>(null)
  const [fault, setFault] = useState<string | null>(null)
  const [lost, setLost] = useState(0)
  const heading = useRef<HTMLHeadingElement>(null)
  const yes = useRef<HTMLButtonElement>(null)
  useEffect(() => heading.current?.focus(), [])
  useEffect(() => {
    if (slot) yes.current?.focus()
  }, [slot])
  const zone = ownZone()
  const t = words.move
  const when = (at: Date, of = zone) => `${formatDay(at, of, locale)}, ${formatTime(at, of, locale)}`
  const link = { id: view.id, secret }
  const refused = (code: string) => {
    const known = {
      SLOT_TAKEN: t.taken,
      SLOT_GONE: t.taken,
      STALE: t.changed,
      TOO_LATE: t.late,
      WRONG_STATE: t.changed,
      TOO_MANY: t.often,
    }
    setFault(fill(known[code as 'STALE'] ?? words.failed, { phone: view.clinic.phone }))
    if (code === 'STALE' || code === 'WRONG_STATE' || code === 'TOO_LATE') onStale()
  }
  const [move, moving] = useBusy(async ({ startsAt }: SlotView) => {
    const answer = await call('booking/reschedule', { ...link, sequence: view.sequence, startsAt }, { retry: true })
    if (answer.ok) return onClose(startsAt)
    refused(answer.code)
    setSlot(null)
    setLost((count) => count + 1)
  })
  const at = slot && new Date(slot.startsAt)
  /** What cancelling costs is the same at another time; until when it is free moves with it. */
  const costs = (start: Date) => {
    const { startsAt, cancelling } = view
    const notice = Date.parse(startsAt) - Date.parse(cancelling.freeUntil)
    const freeUntil = new Date(start.getTime() - notice).toISOString()
    return costLines({ ...view, cancelling: { ...cancelling, freeUntil } }, locale, words)
  }
  return (
    <section aria-labelledby="other-time" className="rounded-control border border-line p-4">
      <h2 id="other-time" ref={heading} tabIndex={-1} className="mb-1 text-xl outline-none">
        {t.title}
      </h2>
      <p className="mb-4 text-sm text-soft">{fill(t.text, { zone: zoneCity(zone) })}</p>
      {fault ? (
        <div className="mb-3">
          <FieldError>{fault}</FieldError>
        </div>
      ) : null}
      <FreeTimesPicker
        load={(ask) => call('booking/other-times', { ...link, ...ask }, { retry: true })}
        of={lost}
        start={dayIn(zone, new Date(view.now))}
        today={dayIn(zone, new Date(view.now))}
        {...{ zone, locale }}
        chosen={slot?.startsAt ?? null}
        onPick={(picked) => {
          setFault(null)
          setSlot(picked)
        }}
        onRefused={refused}
        hintOf={({ startsAt }) => {
          const theirs = view.clinic.timeZone
          if (sameClock(zone, theirs, new Date(startsAt))) return undefined
          return `${formatTime(new Date(startsAt), theirs, locale)} ${zoneCity(theirs)}`
        }}
        words={{
          ...{ days: t.days, earlier: t.earlier, later: t.later, none: fill(t.none, { phone: view.clinic.phone }) },
          loading: words.loading,
          free: (count) => fill(t.free, { count: String(count) }),
          next: (day) => fill(t.next, { day }),
        }}
      />
      <div className="mt-5 flex flex-col gap-3 border-t border-line pt-4">
        {at ? (
          <p role="status" className="font-semibold">
            {fill(t.sure, { from: when(new Date(view.startsAt)), to: when(at) })}
          </p>
        ) : null}
        {at && costs(at).length ? (
          <p role="status" className="text-sm">
            {costs(at).join(' ')}
          </p>
        ) : null}
        <div className="flex flex-wrap gap-2.5">
          {slot ? (
            <Button ref={yes} variant="primary" busy={moving} onClick={() => void move(slot)}>
              {t.yes}
            </Button>
          ) : null}
          <Button onClick={() => onClose(null)}>{t.keep}</Button>
        </div>
      </div>
    </section>
  )
}
