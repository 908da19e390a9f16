import { useLocale, useTranslations } from 'next-intl'
import { cx } from '@/components/ui/cx'
import type { CalendarView } from '@/lib/calendar/rules'
import { formatPlainDay, formatTime } from '@/lib/time'
import { type Axis, hoursOf } from './axis'
import type { Band, Column } from './columns'
import { high, placeOf } from './place'

/** The id of what names a column. */
export const headOf = ({ key }: Column) => `head-${key.replace(' ', '-')}`

export function ColumnHead({ column, view, isWeek }: { column: Column; view: CalendarView; isWeek: boolean }) {
  const t = useTranslations('calendar')
  const locale = useLocale()
  const time = (at: Date) => formatTime(at, view.zone, locale)
  const hours = column.hours.map(({ from, until }) => t('open', { from: time(from), until: time(until) }))
  const none = column.isClosed ? t('closed') : t('noHours')
  const isToday = isWeek && column.day === view.today
  return (
    <div
      id={headOf(column)}
      className={cx(
        'sticky top-0 z-30 min-w-0 border-e border-b border-line bg-surface px-2.5 py-2 last-of-type:border-e-0',
        isToday && 'text-accent',
      )}
    >
      <p className="truncate font-semibold">
        {isWeek
          ? formatPlainDay(column.day, locale, { weekday: 'short', day: 'numeric', month: 'short' })
          : column.name}
      </p>
      <p className="figures truncate text-xs text-soft">
        {hours.length ? hours.join(', ') : none}
        {column.away.length ? ` · ${t('away')}` : ''}
        {column.elsewhere.length ? ` · ${t('elsewhere')}` : ''}
      </p>
    </div>
  )
}

export function Hours({
  axis,
  shown,
  now,
}: {
  axis: Axis
  shown: { from: number; until: number }
  now: number | null
}) {
  return (
    <div
      aria-hidden
      className="figures sticky start-0 z-30 border-e border-line bg-surface text-xs text-soft"
      style={{ height: high(shown.until - shown.from) }}
    >
      {hoursOf(axis)
        .filter(({ top }) => top >= shown.from && top < shown.until)
        .map(({ top, hour }) => (
          <span
            key={top}
            className={cx('absolute end-2', top > shown.from && '-translate-y-1/2')}
            style={{ top: high(top - shown.from) }}
          >
            {String(hour).padStart(2, '0')}:00
          </span>
        ))}
      {now === null ? null : (
        <span
          className="absolute end-0 size-2 -translate-y-1/2 rounded-full bg-danger"
          style={{ top: high(now - shown.from) }}
        />
      )}
    </div>
  )
}

/** What lies beneath the appointments: hours in the light, what is shut and what is taken in the shade. */
export function Ground({
  column,
  axis,
  words,
}: {
  column: Column
  axis: Axis
  words: Record<'taken' | 'elsewhere', string>
}) {
  const band = (each: Band, className: string) => (
    <div
      key={each.key}
      aria-hidden
      className={cx('absolute', className)}
      style={placeOf({ top: each.from, bottom: each.until })}
    />
  )
  return (
    <>
      {column.open.map((each) => band(each, 'bg-surface'))}
      {column.away.map((each) => band(each, 'hatched'))}
      {hoursOf(axis).map(({ top }) => (
        <div key={top} aria-hidden className="absolute inset-x-0 border-t border-line" style={{ top: high(top) }} />
      ))}
      {column.gaps.map((each) => band(each, 'bg-line'))}
      {(['elsewhere', 'taken'] as const).map((kind) =>
        column[kind].map((each) => (
          <div
            key={`${kind} ${each.key}`}
            className="hatched absolute overflow-hidden rounded-tag border border-line px-1.5 text-xs leading-[1.35rem] text-soft"
            style={placeOf({ top: each.from, bottom: each.until })}
          >
            {words[kind]}
          </div>
        )),
      )}
    </>
  )
}
