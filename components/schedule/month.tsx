'use client'
import { useLocale, useTranslations } from 'next-intl'
import { type KeyboardEvent, useRef, useState } from 'react'
import { IconButton } from '@/components/ui/button'
import { cx } from '@/components/ui/cx'
import { ChevronLeftIcon, ChevronRightIcon } from '@/components/ui/icons'
import { Skeleton } from '@/components/ui/status'
import { closedOn, rowsOn, type ScheduleView } from '@/lib/schedule/rules'
import { addDays, formatPlainDay, isoWeekday } from '@/lib/time'
import { startOfDay } from '@/lib/schedule/wall-clock'
import { clock } from './clock'

/** First and last day of the weeks that a month (2026-11) touches. */
export function weeksOf(month: string): { from: string; until: string } {
  const first = `${month}-01`
  const last = addDays(monthAfter(month) + '-01', -1)
  return { from: addDays(first, 1 - isoWeekday(first)), until: addDays(last, 7 - isoWeekday(last)) }
}
const monthAfter = (month: string) => addDays(`${month}-28`, 5).slice(0, 7)
const monthBefore = (month: string) => addDays(`${month}-01`, -1).slice(0, 7)

interface Props {
  month: string
  onMonth: (month: string) => void
  /** Null while it is read. */
  view: ScheduleView | null
  memberId: string
  zone: string
  /** Today there. */
  today: string
  /** Also of a month that is still read. */
  onDay: (day: string) => void
  label: string
}

const keys: Record<string, number> = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -7, ArrowDown: 7 }

/** A month of one practitioner: when patients can book on each day, and why not. Arrow keys go from day to day. */
export function Month({ month, onMonth, view, memberId, zone, today, onDay, label }: Props) {
  const t = useTranslations('schedule')
  const locale = useLocale()
  const grid = useRef<HTMLTableElement>(null)
  const [at, setAt] = useState<string | null>(null)
  const { from, until } = weeksOf(month)
  const weeks: string[][] = []
  for (let day = from; day <= until; day = addDays(day, 7))
    weeks.push([0, 1, 2, 3, 4, 5, 6].map((index) => addDays(day, index)))
  const firstHere = today.startsWith(month) ? today : `${month}-01`
  const current = at?.startsWith(month) ? at : firstHere
  const name = (day: string, options: Intl.DateTimeFormatOptions) => formatPlainDay(day, locale, options)

  const go = (day: string) => {
    setAt(day)
    if (!day.startsWith(month)) onMonth(day.slice(0, 7))
    // It may be of a month that is drawn only now.
    requestAnimationFrame(() => grid.current?.querySelector<HTMLElement>(`[data-day="${day}"]`)?.focus())
  }
  const onKeyDown = (event: KeyboardEvent) => {
    const step = keys[event.key]
    const weekday = isoWeekday(current)
    const to = step
      ? addDays(current, step)
      : event.key === 'Home'
        ? addDays(current, 1 - weekday)
        : event.key === 'End'
          ? addDays(current, 7 - weekday)
          : event.key === 'PageDown'
            ? addDays(current, 28)
            : event.key === 'PageUp'
              ? addDays(current, -28)
              : null
    if (!to) return
    event.preventDefault()
    go(to)
  }

  const facts = view && dayFacts(view, memberId, zone)
  return (
    <div>
      <div className="mb-3 flex items-center justify-between gap-2">
        <IconButton label={t('earlier')} icon={<ChevronLeftIcon />} onClick={() => onMonth(monthBefore(month))} />
        <h3 aria-live="polite" className="text-lg first-letter:uppercase">
          {name(`${month}-01`, { month: 'long', year: 'numeric' })}
        </h3>
        <IconButton label={t('later')} icon={<ChevronRightIcon />} onClick={() => onMonth(monthAfter(month))} />
      </div>
      <table
        ref={grid}
        role="grid"
        aria-label={label}
        aria-busy={!view}
        className="table-fixed border-collapse max-sm:-mx-4 max-sm:w-[calc(100%+2rem)] sm:w-full"
      >
        <thead>
          <tr>
            {weeks[0]!.map((day) => (
              <th key={day} scope="col" className="pb-1 text-xs font-semibold text-soft">
                <span aria-hidden>{name(day, { weekday: 'short' })}</span>
                <span className="sr-only">{name(day, { weekday: 'long' })}</span>
              </th>
            ))}
          </tr>
        </thead>
        <tbody onKeyDown={onKeyDown}>
          {weeks.map((week) => (
            <tr key={week[0]}>
              {week.map((day) => {
                const fact = facts?.(day)
                const hours = fact?.rows.map((row) => `${clock(row.startMinute)}–${clock(row.endMinute)}`) ?? []
                const why = fact?.why && (fact.why.holiday ?? t(fact.why.state))
                const long = name(day, { weekday: 'long', day: 'numeric', month: 'long' })
                return (
                  <td key={day} role="gridcell" className="h-px p-px align-top sm:p-0.5">
                    <button
                      type="button"
                      data-day={day}
                      tabIndex={day === current ? 0 : -1}
                      aria-current={day === today ? 'date' : undefined}
                      onFocus={() => setAt(day)}
                      onClick={() => onDay(day)}
                      className={cx(
                        'flex h-full min-h-16 w-full flex-col gap-0.5 overflow-hidden rounded-tag border p-0.5 text-start text-[0.6875rem] transition-colors sm:min-h-20 sm:rounded-control sm:p-1.5 sm:text-sm',
                        fact?.special ? 'border-accent bg-wash' : 'border-line bg-surface',
                        'hover:border-accent',
                        day < today ? 'text-faint' : !day.startsWith(month) && 'text-soft',
                        !day.startsWith(month) && 'border-dashed',
                      )}
                    >
                      <span className="sr-only">
                        {[long, hours.join(', ') || t('noHours'), why].filter(Boolean).join(', ')}
                      </span>
                      <span
                        aria-hidden
                        className={cx(
                          'figures self-start font-semibold',
                          day === today && 'rounded-full bg-accent px-1.5 text-on-accent',
                        )}
                      >
                        {Number(day.slice(8))}
                      </span>
                      {view ? (
                        fact!.rows.map((row) => <Hours key={row.startMinute} row={row} />)
                      ) : (
                        <Skeleton className="h-3 w-full" />
                      )}
                      {why ? (
                        <span aria-hidden className="line-clamp-3 leading-tight text-soft hyphens-auto">
                          {why}
                        </span>
                      ) : null}
                    </button>
                  </td>
                )
              })}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}

/** On a phone a day is as wide as one time: full hours are said short, and a stretch breaks at its dash alone. */
const Hours = ({ row: { startMinute, endMinute } }: { row: { startMinute: number; endMinute: number } }) => (
  <span aria-hidden className="figures leading-tight">
    <span className="sm:hidden">
      <span className="inline-block">{clock(startMinute).replace(':00', '')}–</span>
      <span className="inline-block">{clock(endMinute).replace(':00', '')}</span>
    </span>
    <span className="max-sm:hidden">
      <span className="inline-block">{clock(startMinute)}–</span>
      <span className="inline-block">{clock(endMinute)}</span>
    </span>
  </span>
)

/** What there is to say of a day: the hours that hold, whether they are the day's own, and why there are none or fewer. */
function dayFacts(view: ScheduleView, memberId: string, zone: string) {
  const isTheirs = (row: { memberId: string }) => row.memberId === memberId
  const schedule = {
    weekly: view.weekly.filter(isTheirs),
    dates: view.dates.filter(isTheirs),
    isClosed: closedOn(view.clinicDays, view.holidays),
  }
  const away = view.absences.filter(isTheirs)
  return (day: string) => {
    const [begins, ends] = [startOfDay(day, zone).toISOString(), startOfDay(addDays(day, 1), zone).toISOString()]
    const isAway = away.some(({ startsAt, endsAt }) => startsAt <= begins && ends <= endsAt)
    const isPartly = away.some(({ startsAt, endsAt }) => startsAt < ends && begins < endsAt)
    const rows = isAway ? [] : rowsOn(schedule, day)
    const special = schedule.dates.some((each) => each.day === day)
    const holiday = view.holidays.find((each) => each.day === day)?.name
    const why = isAway
      ? { state: 'awayDay' as const }
      : !special && schedule.isClosed(day)
        ? { state: 'clinicClosed' as const, holiday }
        : special && !rows.length
          ? { state: 'closedThatDay' as const }
          : isPartly && rows.length
            ? { state: 'awayPart' as const }
            : null
    return { rows, special, why }
  }
}
