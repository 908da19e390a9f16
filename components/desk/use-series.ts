import { useEffect, useMemo, useState } from 'react'
import { call } from '@/lib/browser/api'
import { Day } from '@/lib/day'
import { seriesStarts } from '@/lib/desk/dates'
import { type CheckedDate, mayAnyway } from '@/lib/desk/rules'
import type { Chosen } from './when-part'

/** As it is chosen: `weeks` 0 is a single visit. */
export interface Repeat {
  weeks: number
  ends: 'count' | 'day'
  count: number
  until: string
}
const once: Repeat = { weeks: 0, ends: 'count', count: 6, until: '' }

/** One date of the series, and what was made of it. */
export interface SeriesDate {
  /** As the repetition has it: what was made of a date stays with it. */
  wanted: string
  startsAt: string
  isFirst: boolean
  isLeft: boolean
  /** To be booked although something is in the way that may be. */
  anyway: boolean
  /** Null while it is asked, and for what is left out. */
  checked: CheckedDate | null
}
export type DateChange = Partial<Pick<SeriesDate, 'startsAt' | 'isLeft' | 'anyway'>>

/** Whether it can be booked as it is. */
export const isFine = ({ isLeft, anyway, checked }: SeriesDate) =>
  isLeft || checked?.state === 'free' || (anyway && checked !== null && mayAnyway(checked.state))

interface Input {
  first: Chosen | null
  serviceId: string
  zone: string
  /** Looked at again when this changes: something was lost. */
  lost: number
  onRefused: (code: string) => void
}

/** The dates of a series, each held against the calendar before anything is booked. */
export function useSeries({ first, serviceId, zone, lost, onRefused }: Input) {
  const [repeat, setRepeat] = useState(once)
  const [changes, setChanges] = useState<Record<string, DateChange>>({})
  const [checked, setChecked] = useState<{ of: string; dates: Map<string, CheckedDate> }>({ of: '', dates: new Map() })
  const { weeks, ends, count, until } = repeat
  const startsAt = first?.startsAt
  const wanted = useMemo(() => {
    if (!startsAt || !weeks || (ends === 'day' && !Day.safeParse(until).success)) return []
    const rule = ends === 'count' ? { weeks, count } : { weeks, until }
    return seriesStarts(new Date(startsAt), zone, rule).map((each) => each.toISOString())
  }, [startsAt, weeks, ends, count, until, zone])

  const planned = wanted.map((each, index) => {
    const change = index ? changes[each] : { anyway: changes[each]?.anyway }
    return { wanted: each, startsAt: each, isFirst: index === 0, isLeft: false, anyway: false, ...change }
  })
  const starts = planned.filter(({ isLeft }) => !isLeft).map((each) => each.startsAt)
  const memberId = first?.memberId
  // Where the first is to be is known by the time that it was asked about.
  const asked =
    first?.place && wanted.length > 1 ? { serviceId, memberId: memberId!, siteId: first.siteId, starts } : null
  const of = asked ? JSON.stringify([asked, lost]) : ''
  useEffect(() => {
    if (!asked) return
    let late = false
    void call('desk/check', asked, { retry: true }).then((answer) => {
      if (late) return
      if (!answer.ok) return onRefused(answer.code)
      setChecked({ of, dates: new Map(answer.value.dates.map((each) => [each.startsAt, each])) })
    })
    return () => {
      late = true
    }
  }, [of])

  const dates: SeriesDate[] = planned.map((each) => ({
    ...each,
    anyway: each.anyway === true,
    // What was said before of the same time is shown until it is said anew.
    checked: each.isLeft ? null : (checked.dates.get(each.startsAt) ?? null),
  }))
  return {
    repeat,
    setRepeat,
    dates,
    /** Everything shown is as the calendar was last. */
    isChecked: of !== '' && checked.of === of,
    change: (date: SeriesDate, change: DateChange) =>
      setChanges((now) => ({ ...now, [date.wanted]: { ...now[date.wanted], ...change } })),
  }
}
export type Series = ReturnType<typeof useSeries>
