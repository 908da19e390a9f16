'use client'
import { useEffect, useState } from 'react'
import { Button } from '@/components/ui/button'
import { cx } from '@/components/ui/cx'
import { Skeleton } from '@/components/ui/status'
import { SlotGrid } from '@/components/ui/times'
import { type FreeTimes, nextFree, type SlotView } from '@/lib/slot/rules'
import type { Answer } from '@/lib/browser/api'
import { addDays, dayIn, formatPlainDay, formatTime } from '@/lib/time'

export interface TimesWords {
  days: string
  earlier: string
  later: string
  none: string
  loading: string
  free: (count: number) => string
  next: (day: string) => string
}
interface Props<S extends SlotView> {
  load: (ask: { from: string; days: number }) => Promise<Answer<FreeTimes<S>>>
  /** Read again when this changes: another practitioner, or a time that was lost. */
  of: string | number
  /** The day shown first, and the one before which there is none. */
  start: string
  today: string
  /** In which days and times are shown. */
  zone: string
  locale: string
  words: TimesWords
  chosen: string | null
  onPick: (slot: S) => void
  onRefused: (code: string) => void
  hintOf?: (slot: S) => string | undefined
}

const shown = 7
const largest = (a: string, b: string) => (a > b ? a : b)

/** A week of days, each with how many times are free, and the times of the one that is looked at. */
export function FreeTimesPicker<S extends SlotView>({
  load,
  of,
  start,
  today,
  zone,
  locale,
  words,
  chosen,
  onPick,
  onRefused,
  hintOf,
}: Props<S>) {
  const [from, setFrom] = useState(start)
  const [wish, setWish] = useState(start)
  const [read, setRead] = useState<{ from: string; of: string | number; free: FreeTimes<S> } | null>(null)
  useEffect(() => {
    let late = false
    // A day more at each end: whoever looks may live by another clock than the clinic's.
    void load({ from: addDays(from, -1), days: shown + 2 }).then((answer) => {
      if (late) return
      if (!answer.ok) onRefused(answer.code)
      setRead({ from, of, free: answer.ok ? answer.value : { slots: [], next: null } })
    })
    return () => {
      late = true
    }
    // The two functions are new at each drawing; what they ask is said by `of`.
  }, [from, of])
  const free = read?.from === from && read.of === of ? read.free : null
  const byDay = Map.groupBy(free?.slots ?? [], ({ startsAt }) => dayIn(zone, new Date(startsAt)))
  const days = Array.from({ length: shown }, (_, index) => addDays(from, index))
  const day = days.find((each) => each >= wish && byDay.has(each)) ?? days.find((each) => byDay.has(each))
  const next = free && nextFree(free, days.at(-1)!, zone)
  const long = (at: string) => formatPlainDay(at, locale, { weekday: 'long', day: 'numeric', month: 'long' })
  const go = (to: string) => {
    setFrom(to)
    setWish(to)
  }
  return (
    <div>
      <div className="mb-2 flex flex-wrap justify-between gap-2">
        <Button
          size="sm"
          variant="quiet"
          disabled={from <= today}
          onClick={() => go(largest(addDays(from, -shown), today))}
        >
          {words.earlier}
        </Button>
        <Button size="sm" variant="quiet" onClick={() => go(addDays(from, shown))}>
          {words.later}
        </Button>
      </div>
      <div role="group" aria-label={words.days} className="mb-4 grid grid-cols-7 gap-1">
        {days.map((each) => {
          const count = byDay.get(each)?.length ?? 0
          return (
            <button
              key={each}
              type="button"
              aria-pressed={each === day}
              disabled={!count}
              onClick={() => setWish(each)}
              className={cx(
                'flex min-h-16 flex-col items-center justify-center rounded-control border-[1.5px] py-1 leading-tight',
                each === day
                  ? 'border-accent bg-accent text-on-accent'
                  : count
                    ? 'border-edge bg-surface hover:border-accent hover:bg-wash'
                    : 'border-transparent bg-sunken text-faint',
              )}
            >
              <span className="sr-only">{`${long(each)}, ${words.free(count)}`}</span>
              <span aria-hidden className="text-xs">
                {formatPlainDay(each, locale, { weekday: 'short' })}
              </span>
              <span aria-hidden className="figures font-display text-lg">
                {formatPlainDay(each, locale, { day: 'numeric' })}
              </span>
            </button>
          )
        })}
      </div>
      <div aria-live="polite" aria-busy={!free}>
        {!free ? (
          <div role="status" aria-label={words.loading}>
            <Skeleton className="h-28 rounded-card" />
          </div>
        ) : day ? (
          <SlotGrid
            onPick={(value) => onPick(free.slots.find(({ startsAt }) => startsAt === value)!)}
            groups={[
              {
                label: long(day),
                slots: byDay.get(day)!.map((slot) => ({
                  value: slot.startsAt,
                  label: formatTime(new Date(slot.startsAt), zone, locale),
                  hint: hintOf?.(slot),
                  current: slot.startsAt === chosen,
                })),
              },
            ]}
          />
        ) : next ? (
          <Button size="sm" onClick={() => go(largest(next, today))}>
            {words.next(long(next))}
          </Button>
        ) : (
          <p className="text-soft">{words.none}</p>
        )}
      </div>
    </div>
  )
}
