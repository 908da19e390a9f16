'use client'
import { useLocale, useTranslations } from 'next-intl'
import { useCallback, useEffect, useState } from 'react'
import { FreeTimesPicker } from '@/components/booking/free-times'
import { useReason } from '@/components/staff/use-reason'
import { Button } from '@/components/ui/button'
import { Checkbox } from '@/components/ui/choice'
import { Dialog } from '@/components/ui/dialog'
import { FieldError } from '@/components/ui/field'
import { Banner, Skeleton } from '@/components/ui/status'
import { Select, TextField } from '@/components/ui/text-field'
import { useToast } from '@/components/ui/toast'
import { useBusy } from '@/components/ui/use-busy'
import type { MoveTimes } from '@/lib/slot/rules'
import { call } from '@/lib/browser/api'
import type { DayRow } from '@/lib/encounter/rules'
import { Day } from '@/lib/day'
import { instantAt } from '@/lib/schedule/wall-clock'
import { dayIn, formatDay, formatTime } from '@/lib/time'
import { minuteOf } from './clock'

interface Props {
  visit: Pick<DayRow, 'appointmentId' | 'memberId'>
  /** Whose it is, or what is said of one whose name did not open. */
  name: string
  zone: string
  open: boolean
  onOpenChange: (open: boolean) => void
}

/** Another time, length or practitioner for an appointment: what is free to choose from, or what was agreed on the phone. */
export function MoveDialog({ name, open, onOpenChange, ...rest }: Props) {
  const t = useTranslations('move')
  const c = useTranslations('common')
  return (
    <Dialog
      wide
      title={t('title', { name })}
      description={t('lead')}
      closeLabel={c('close')}
      open={open}
      onOpenChange={onOpenChange}
    >
      {open ? <Fields {...rest} onClose={() => onOpenChange(false)} /> : null}
    </Dialog>
  )
}

const lengthOf = ({ startsAt, endsAt }: MoveTimes) => Math.round((Date.parse(endsAt) - Date.parse(startsAt)) / 60_000)

interface Form {
  /** The instant that was picked, until a day or a time is typed: in the hour that comes twice, a time alone is two. */
  at: Date | null
  day: string
  time: string
  minutes: string
}
const textOf = (at: Date, zone: string) => ({ at, day: dayIn(zone, at), time: formatTime(at, zone, 'en') })

function Fields({ visit, zone, onClose }: Omit<Props, 'name' | 'open' | 'onOpenChange'> & { onClose: () => void }) {
  const t = useTranslations('move')
  const c = useTranslations('common')
  const locale = useLocale()
  const reason = useReason()
  const toast = useToast()
  const id = visit.appointmentId
  const today = dayIn(zone, new Date())
  const [memberId, setMemberId] = useState(visit.memberId)
  const [form, setForm] = useState<Form>({ at: null, day: '', time: '', minutes: '' })
  // As whoever moves it sees it: paging through free times renews nothing of it, or a colleague's move would be undone unseen.
  const [facts, setFacts] = useState<MoveTimes | null>(null)
  const [fault, setFault] = useState<string | null>(null)
  const [outside, setOutside] = useState(false)
  const [beside, setBeside] = useState(false)
  const [lost, setLost] = useState(0)
  const set = (part: Partial<Form>) => {
    setFault(null)
    setOutside(false)
    setForm((all) => ({ ...all, ...part }))
  }
  const load = useCallback(
    (ask: { from: string; days: number }) => call('booking/move-times', { id, memberId, ...ask }, { retry: true }),
    [id, memberId],
  )
  const show = async () => {
    const answer = await load({ from: today, days: 1 })
    if (!answer.ok) return setFault(reason(answer.code))
    setFacts(answer.value)
    setMemberId(answer.value.memberId)
    setBeside(answer.value.walkIn)
    setForm({ ...textOf(new Date(answer.value.startsAt), zone), minutes: String(lengthOf(answer.value)) })
  }
  // Before there is anything to move, it is asked once whether it can be.
  useEffect(() => void show(), [])

  const minute = minuteOf(form.time)
  const minutes = Number(form.minutes)
  const isTime = Day.safeParse(form.day).success && minute !== null
  const startsAt = form.at ?? (isTime ? instantAt(form.day, minute, zone) : null)
  const [save, saving] = useBusy(async (anyway: boolean) => {
    if (!startsAt) return setFault(reason.field('required'))
    if (!Number.isInteger(minutes) || minutes < 5 || minutes > 480) return setFault(t('length'))
    if (!facts) return
    const endsAt = new Date(startsAt.getTime() + minutes * 60_000)
    const input = { id, memberId, sequence: facts.sequence, anyway, beside }
    const answer = await call(
      'booking/move',
      { ...input, startsAt: startsAt.toISOString(), endsAt: endsAt.toISOString() },
      { retry: true },
    )
    if (answer.ok) {
      const isElsewhere = +startsAt !== Date.parse(facts.startsAt) || minutes !== lengthOf(facts)
      const when = `${formatDay(startsAt, zone, locale)}, ${formatTime(startsAt, zone, locale)}`
      const who = facts.practitioners.find((each) => each.memberId === memberId)?.name ?? ''
      const isGiven = memberId !== facts.memberId
      toast(isElsewhere ? t('moved', { when }) : isGiven ? t('given', { name: who }) : t('kept'), 'success')
      return onClose()
    }
    if (answer.code === 'OUTSIDE_HOURS') return setOutside(true)
    if (answer.code === 'STALE') await show()
    const wrong = answer.fields?.startsAt
    const day = wrong && t(wrong === 'tooSmall' ? 'past' : 'far')
    setFault(day ?? (answer.code === 'SLOT_TAKEN' ? t('taken') : reason(answer.code)))
    setLost((count) => count + 1)
  })
  if (!facts) return fault ? <FieldError>{fault}</FieldError> : <Skeleton className="h-64 rounded-card" />
  const begins = new Date(facts.startsAt)
  const isSame =
    memberId === facts.memberId &&
    startsAt?.getTime() === +begins &&
    minutes === lengthOf(facts) &&
    beside === facts.walkIn
  return (
    <form
      noValidate
      className="flex flex-col gap-5"
      onSubmit={(event) => {
        event.preventDefault()
        void save(outside)
      }}
    >
      {facts.practitioners.length > 1 ? (
        <Select
          label={t('with')}
          value={memberId}
          onChange={(event) => {
            setFault(null)
            setOutside(false)
            setMemberId(event.target.value)
          }}
          options={facts.practitioners.map((each) => ({ value: each.memberId, label: each.name }))}
        />
      ) : null}
      <section aria-label={t('free')}>
        <h3 className="mb-2 font-semibold">{t('free')}</h3>
        <FreeTimesPicker
          {...{ load, zone, locale, today }}
          of={`${memberId} ${lost}`}
          start={begins.getTime() > Date.now() ? dayIn(zone, begins) : today}
          chosen={startsAt?.toISOString() ?? null}
          onPick={(slot) => {
            set(textOf(new Date(slot.startsAt), zone))
            // What is free is taken like by any other.
            setBeside(false)
          }}
          onRefused={(code) => setFault(reason(code))}
          hintOf={({ siteId }) => facts.sites.find((site) => site.id === siteId)?.name}
          words={{
            ...{ days: t('days'), earlier: t('earlier'), later: t('later'), none: t('none'), loading: c('loading') },
            free: (count) => t('freeCount', { count }),
            next: (day) => t('next', { day }),
          }}
        />
      </section>
      <fieldset>
        <legend className="mb-2 font-semibold">{t('to')}</legend>
        <div className="grid gap-4 sm:grid-cols-3">
          <TextField
            type="date"
            label={t('day')}
            min={today}
            value={form.day}
            onChange={(event) => set({ at: null, day: event.target.value })}
          />
          <TextField
            type="time"
            label={t('time')}
            value={form.time}
            onChange={(event) => set({ at: null, time: event.target.value })}
          />
          <TextField
            type="number"
            inputMode="numeric"
            label={t('minutes')}
            min={5}
            max={480}
            step={5}
            value={form.minutes}
            onChange={(event) => set({ minutes: event.target.value })}
          />
        </div>
      </fieldset>
      {facts.mayBeside || facts.walkIn ? (
        <Checkbox
          label={t('beside')}
          hint={t('besideHint')}
          checked={beside}
          onChange={(event) => {
            set({})
            setBeside(event.target.checked)
          }}
        />
      ) : null}
      {outside ? (
        <Banner tone="warning" announce title={t('outsideTitle')}>
          {t('outside')}
        </Banner>
      ) : null}
      {fault ? (
        <div role="alert">
          <FieldError>{fault}</FieldError>
        </div>
      ) : null}
      <p className="text-sm text-soft">{t('tells')}</p>
      <div className="flex flex-col-reverse gap-2.5 sm:flex-row sm:justify-end">
        <Button onClick={onClose}>{t('keep')}</Button>
        <Button type="submit" variant="primary" busy={saving} disabled={isSame}>
          {t(outside ? 'anyway' : 'move')}
        </Button>
      </div>
    </form>
  )
}
