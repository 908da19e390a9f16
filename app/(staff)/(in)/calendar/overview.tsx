import { useFormatter, useLocale, useTranslations } from 'next-intl'
import Link from 'next/link'
import { useMemo } from 'react'
import { cx } from '@/components/ui/cx'
import type { CalendarView } from '@/lib/calendar/rules'
import { formatPlainDay } from '@/lib/time'
import { axisOf, instantOf, topOf } from './axis'

const hourMs = 3_600_000
interface Stretch {
  from: number
  until: number
}
const sum = (all: readonly Stretch[]) => all.reduce((total, { from, until }) => total + until - from, 0)

/** Everybody's week at a glance: how full each day is, and when. Each leads to its day, where the names are. */
export function Overview({
  view,
  hrefOf,
}: {
  view: CalendarView
  hrefOf: (at: { day: string; who: string }) => string
}) {
  const t = useTranslations('calendar')
  const locale = useLocale()
  const format = useFormatter()
  const cells = useMemo(() => cellsOf(view), [view])
  const hours = (ms: number) => format.number(ms / hourMs, { maximumFractionDigits: 1 })
  const short = (day: string) => formatPlainDay(day, locale, { weekday: 'short', day: 'numeric' })
  return (
    <div
      className="overflow-x-auto rounded-card border border-line bg-surface shadow-low"
      tabIndex={0}
      role="group"
      aria-label={t('overview')}
    >
      <table className="w-full border-collapse text-sm">
        <caption className="sr-only">{t('overview')}</caption>
        <thead>
          <tr>
            <th scope="col" className="sticky start-0 z-10 bg-surface px-3 py-2 text-start font-semibold max-sm:w-24">
              {t('practitioner')}
            </th>
            {view.days.map((day) => (
              <th
                key={day}
                scope="col"
                className={cx('px-1 py-2 text-center font-semibold', day === view.today ? 'text-accent' : 'text-soft')}
              >
                {short(day)}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {view.practitioners.map(({ memberId, name }) => (
            <tr key={memberId} className="border-t border-line">
              <th
                scope="row"
                className="sticky start-0 z-10 max-w-48 bg-surface px-3 py-1.5 text-start font-normal max-sm:max-w-24"
              >
                {name}
              </th>
              {view.days.map((day) => {
                const { load, open, bars, ground } = cells.get(`${day} ${memberId}`)!
                return (
                  <td key={day} className="p-0.5">
                    <Link
                      href={hrefOf({ day, who: memberId })}
                      aria-label={t('booked', {
                        ...{ name, count: load.length, hours: hours(sum(load)), open: hours(sum(open)) },
                        day: formatPlainDay(day, locale, { weekday: 'long', day: 'numeric', month: 'long' }),
                      })}
                      className="flex min-h-11 min-w-12 flex-col justify-center rounded-tag border border-line bg-sunken px-1 py-1 text-center text-ink no-underline hover:border-accent"
                    >
                      <span className="figures font-semibold">{load.length || (open.length ? '0' : '–')}</span>
                      <svg
                        viewBox="0 0 1440 60"
                        preserveAspectRatio="none"
                        aria-hidden
                        className="block h-2 w-full overflow-hidden rounded-xs bg-line"
                      >
                        <path d={ground} className="fill-surface" />
                        <path d={bars} className="fill-accent" />
                      </svg>
                    </Link>
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

interface Cell {
  load: Stretch[]
  open: Stretch[]
  /** Drawn from 0 to 1440 across. */
  bars: string
  ground: string
}

function cellsOf(view: CalendarView): Map<string, Cell> {
  const axis = axisOf(view.days, view.zone)
  const cells = new Map<string, Cell>()
  for (const day of view.days) {
    const [from, until] = [instantOf(axis, day, 0), instantOf(axis, day, axis.length)]
    const isIn = (each: Stretch) => from <= each.from && each.from < until
    const drawn = (all: readonly Stretch[]) =>
      all
        .map((each) => {
          const left = topOf(axis, day, each.from)
          return `M${left} 0H${topOf(axis, day, each.until, true)}V60H${left}Z`
        })
        .join('')
    for (const { memberId } of view.practitioners) {
      const of = (all: CalendarView['load']) => all.filter((each) => each.memberId === memberId && isIn(each))
      const [load, open] = [of(view.load), of(view.open)]
      cells.set(`${day} ${memberId}`, { load, open, bars: drawn(load), ground: drawn(open) })
    }
  }
  return cells
}
