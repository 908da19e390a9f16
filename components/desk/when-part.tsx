import { useLocale, useTranslations } from 'next-intl'
import { useCallback, useEffect, useState } from 'react'
import { FreeTimesPicker } from '@/components/booking/free-times'
import { minuteOf } from '@/components/schedule/clock'
import { Button } from '@/components/ui/button'
import { Disclosure } from '@/components/ui/card'
import { Checkbox } from '@/components/ui/choice'
import { ClockIcon } from '@/components/ui/icons'
import { Banner } from '@/components/ui/status'
import { Select, TextField } from '@/components/ui/text-field'
import { call } from '@/lib/browser/api'
import { Day } from '@/lib/day'
import type { DeskOptions, DeskPlace, DeskService } from '@/lib/desk/rules'
import { instantAt } from '@/lib/schedule/wall-clock'
import { dayIn, formatDay, formatTime } from '@/lib/time'

/** A time with whom it is; where, and whether it can be had, is asked of the server. */
export interface Chosen {
  memberId: string
  startsAt: string
  siteId: string | null
  /** What the server says of it; null while it is asked. */
  place: DeskPlace | null
}
export interface Typed {
  day: string
  time: string
}

interface Props {
  options: DeskOptions
  service: DeskService
  memberId: string
  chosen: Chosen | null
  onChoose: (chosen: Chosen | null) => void
  typed: Typed
  onType: (typed: Typed) => void
  /** Free times are read again when this changes. */
  lost: number
  outside: boolean
  /** As a walk-in, beside others. */
  beside?: boolean
  /** None: it is no walk-in. */
  onBeside?: (beside: boolean) => void
  fault: string | null
  onRefused: (code: string) => void
}

export function WhenPart({
  options,
  service,
  memberId,
  chosen,
  onChoose,
  typed,
  onType,
  lost,
  outside,
  beside = false,
  onBeside,
  fault,
  onRefused,
}: Props) {
  const t = useTranslations('desk')
  const m = useTranslations('move')
  const c = useTranslations('common')
  const locale = useLocale()
  const { zone, today, sites, practitioners } = options
  // Where somebody pointed at a time, others are offered when they are asked for, or when it is lost.
  const [wasPointed] = useState(chosen !== null)
  const isOpen = !wasPointed || fault !== null
  const load = useCallback(
    (ask: { from: string; days: number }) =>
      call('desk/times', { serviceId: service.id, memberId: memberId || null, ...ask }, { retry: true }),
    [service.id, memberId],
  )
  // Where it would be, and what is in the way: before anything is typed for it.
  const asked = chosen && !chosen.place ? `${service.id} ${chosen.memberId} ${chosen.startsAt}` : null
  useEffect(() => {
    if (!asked || !chosen) return
    let late = false
    const { startsAt, memberId: who } = chosen
    void call('desk/place', { serviceId: service.id, memberId: who, startsAt }, { retry: true }).then((answer) => {
      if (late) return
      if (answer.ok) onChoose({ ...chosen, siteId: answer.value.siteId, place: answer.value })
      else onRefused(answer.code)
    })
    return () => {
      late = true
    }
  }, [asked])
  const at = (startsAt: string, who: string, siteId: string | null = null): Chosen => ({
    ...{ startsAt, memberId: who, siteId, place: null },
  })
  const type = (next: Typed) => {
    onType(next)
    const minute = minuteOf(next.time)
    const who = memberId || chosen?.memberId || service.practitionerIds[0]!
    const isTime = Day.safeParse(next.day).success && minute !== null
    onChoose(isTime ? at(instantAt(next.day, minute, zone).toISOString(), who) : null)
  }
  // Who stands at the desk came a moment ago: their visit begins with the five minutes that have begun.
  const typeNow = () => {
    const begun = new Date(Math.floor(Date.now() / 300_000) * 300_000)
    type({ day: dayIn(zone, begun), time: formatTime(begun, zone, 'en') })
    onBeside?.(true)
  }
  const begins = chosen && new Date(chosen.startsAt)
  const words = begins && {
    day: formatDay(begins, zone, locale),
    time: formatTime(begins, zone, locale),
    who: practitioners.find((each) => each.memberId === chosen.memberId)?.name ?? '',
  }
  const site = sites.find(({ id }) => id === chosen?.siteId)?.name
  return (
    <section aria-label={t('when')} className="flex flex-col gap-3">
      <p aria-live="polite" className="font-semibold">
        {words ? (site ? t('chosenAt', { ...words, site }) : t('chosen', words)) : t('noTime')}
      </p>
      {fault ? (
        <p role="alert" data-said className="text-danger">
          {fault}
        </p>
      ) : null}
      {onBeside && (beside || chosen?.place?.walkIns.most) ? (
        <Checkbox
          label={t('beside')}
          hint={chosen?.place ? t('besideLeft', chosen.place.walkIns) : undefined}
          checked={beside}
          onChange={(event) => onBeside(event.target.checked)}
        />
      ) : null}
      {outside ? (
        <div data-said>
          <Banner tone="warning" announce title={t('outsideTitle')}>
            {t('outside')}
          </Banner>
        </div>
      ) : null}
      {outside && sites.length && chosen ? (
        <Select
          label={t('where')}
          value={chosen.siteId ?? ''}
          onChange={(event) => onChoose({ ...chosen, siteId: event.target.value || null })}
          options={[{ value: '', label: t('nowhere') }, ...sites.map(({ id, name }) => ({ value: id, label: name }))]}
        />
      ) : null}
      <Disclosure summary={t('otherTimes')} open={isOpen}>
        <FreeTimesPicker
          {...{ load, zone, locale, today, onRefused }}
          of={`${service.id} ${memberId} ${lost}`}
          start={begins && dayIn(zone, begins) > today ? dayIn(zone, begins) : today}
          chosen={chosen?.startsAt ?? null}
          onPick={(slot) => {
            const begin = new Date(slot.startsAt)
            onType({ day: dayIn(zone, begin), time: formatTime(begin, zone, 'en') })
            // What is free is taken like by any other; what may be put in beside it is asked all the same.
            onBeside?.(false)
            onChoose(at(slot.startsAt, slot.memberId, slot.siteId))
          }}
          hintOf={(slot) =>
            [
              memberId ? null : practitioners.find((each) => each.memberId === slot.memberId)?.name,
              sites.find(({ id }) => id === slot.siteId)?.name,
            ]
              .filter(Boolean)
              .join(', ') || undefined
          }
          words={{
            ...{ days: m('days'), earlier: m('earlier'), later: m('later'), none: m('none'), loading: c('loading') },
            free: (count) => m('freeCount', { count }),
            next: (day) => m('next', { day }),
          }}
        />
      </Disclosure>
      <Disclosure summary={t('exactTime')}>
        <div className="grid gap-4 sm:grid-cols-2">
          <TextField
            type="date"
            label={t('day')}
            min={today}
            value={typed.day}
            onChange={(event) => type({ ...typed, day: event.target.value })}
          />
          <TextField
            type="time"
            label={t('time')}
            value={typed.time}
            onChange={(event) => type({ ...typed, time: event.target.value })}
          />
        </div>
        {options.walkIns && onBeside ? (
          <Button size="sm" className="mt-3" icon={<ClockIcon size={18} />} onClick={() => typeNow()}>
            {t('now')}
          </Button>
        ) : null}
      </Disclosure>
    </section>
  )
}
