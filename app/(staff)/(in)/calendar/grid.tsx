import { useLocale, useTranslations } from 'next-intl'
import { type CSSProperties, type MouseEvent, useEffect, useLayoutEffect, useMemo, useRef, useState } from 'react'
import { cx } from '@/components/ui/cx'
import { LiveRegion } from '@/components/ui/status'
import type { CalendarView, HeldVisit } from '@/lib/calendar/rules'
import { type DayRow, rowState } from '@/lib/encounter/rules'
import { formatPlainDay, formatTime } from '@/lib/time'
import { topOf } from './axis'
import { Block } from './block'
import { type Column, columnsOf } from './columns'
import { Held } from './held'
import { ColumnHead, Ground, headOf, Hours } from './ground'
import { type Board, canMove, pointedAt, type Target } from './moving'
import type { Asked } from './move-ask'
import { high, placeOf, remPerMinute } from './place'
import { useDrag } from './use-drag'
import { cursorMinutes, useKeys } from './use-keys'

interface Props {
  view: CalendarView
  rows: DayRow[]
  /** Times that wait for somebody's answer. */
  held: HeldVisit[]
  names: Map<string, string>
  /** Whether names are still being opened. */
  opening: boolean
  now: Date
  /** The move that somebody is asked about, and whether it is under way. */
  asked: (Asked & { busy: boolean }) | null
  onOpen: (row: DayRow, anchor: HTMLElement) => void
  onMove: (asked: Asked) => void
  onHeld: (visit: HeldVisit) => void
  onBook: (at: { memberId: string; startsAt: string }) => void
}

const blockAt = (target: EventTarget) =>
  target instanceof Element ? target.closest<HTMLElement>('[data-block]') : null
const heldAt = (target: EventTarget) => (target instanceof Element ? target.closest<HTMLElement>('[data-held]') : null)
const keyOf = (element: HTMLElement) => element.dataset.block!
const ghostClass =
  'pointer-events-none absolute z-20 overflow-hidden rounded-tag border-2 border-dashed border-accent bg-surface/90 px-1.5 text-xs leading-[1.3rem] font-semibold text-ink shadow-mid'

/** Practitioners of a day, or days of a practitioner, beside each other on one clock. */
export function Grid({ view, rows, held, names, opening, now, asked, onOpen, onMove, onHeld, onBook }: Props) {
  const t = useTranslations('calendar')
  const s = useTranslations('staff')
  const d = useTranslations('desk')
  const c = useTranslations('common')
  const locale = useLocale()
  const scroller = useRef<HTMLDivElement>(null)
  const sheet = useRef<HTMLDivElement>(null)
  const dragGhost = useRef<HTMLDivElement>(null)
  const ghost = useRef<HTMLDivElement>(null)
  const { axis, columns, shown } = useMemo(() => columnsOf(view, rows, held), [view, rows, held])
  const board = useMemo(
    (): Board => ({
      ...{ axis, shown },
      columns: columns.map(({ hours, ...column }) => ({
        ...column,
        openings: hours.map(({ from }) => from.getTime()),
      })),
    }),
    [axis, columns, shown],
  )
  const places = useMemo(
    () => columns.flatMap(({ blocks }, column) => blocks.map(({ key, top }) => ({ key, column, top }))),
    [columns],
  )
  const [visited, setVisited] = useState<string | null>(null)
  const current = places.some(({ key }) => key === visited) ? visited : nextKey(columns, now)
  const elementOf = (key: string) =>
    scroller.current?.querySelector<HTMLElement>(`[data-block^="${CSS.escape(key)}"]`) ?? null
  const find = (key: string) => {
    for (const column of columns) {
      const row = column.blocks.find((block) => block.key === key)?.row
      if (row) return { row, origin: originOf(row, column) }
    }
    return null
  }
  const isWeek = view.span === 'week'
  const time = (at: Date | string | number) => formatTime(new Date(at), view.zone, locale)
  const serviceOf = (row: DayRow) => (row.way === 'video' ? row.service : `${row.service}, ${c(`way.${row.way}`)}`)
  const nameOf = (row: { patientId: string }) => names.get(row.patientId) ?? s('unnamed')
  const columnName = ({ name, day }: Column) =>
    isWeek ? formatPlainDay(day, locale, { weekday: 'long', day: 'numeric' }) : name
  const wordsOf = ({ column, from, until }: Target) => {
    const found = columns.find(({ key }) => key === column)
    return t('movingTo', { from: time(from), until: time(until), column: found ? columnName(found) : '' })
  }
  const cursorWords = ({ column, from }: Target) => {
    const found = columns.find(({ key }) => key === column)
    return d('cursorAt', { time: time(from), column: found ? columnName(found) : '' })
  }
  const [said, setSaid] = useState('')
  const placesOf = ({ group }: DayRow, rows: readonly DayRow[]) =>
    group && t('places', { count: rows.filter(isIn).length, places: group.places })
  const onDrop = (row: DayRow, target: Target) => {
    const practitioner = columns.find(({ key }) => key === target.column)?.name ?? row.practitioner
    onMove({ row, target, practitioner })
  }
  const bookAt = ({ memberId, from }: Target) => onBook({ memberId, startsAt: new Date(from).toISOString() })
  /** After the appointment that has the focus; else now, or where somebody's hours begin. */
  const cursorAt = (key: string | null): Target | null => {
    const found = key ? find(key) : null
    if (found) {
      const column = board.columns.find((each) => each.key === found.origin.column)!
      return pointedAt(board, column, topOf(axis, column.day, found.origin.until), cursorMinutes)
    }
    const column = board.columns.find(({ day }) => day >= view.today)
    if (!column) return null
    const opens = columns.find((each) => each.key === column.key)!.open[0]?.from ?? shown.from
    const isNow = column.day === view.today
    return pointedAt(
      board,
      column,
      Math.max(opens, isNow ? topOf(axis, column.day, now.getTime()) + 15 : 0),
      cursorMinutes,
    )
  }
  const pressed = useRef(false)
  /** Where a click on the sheet lies: a column, and how far down it. */
  const pointed = (event: MouseEvent<HTMLElement>): Target | null => {
    const element = event.target instanceof Element ? event.target.closest<HTMLElement>('[data-column]') : null
    const column = board.columns.find(({ key }) => key === element?.dataset.column)
    if (!element || !column) return null
    const minutePx = remPerMinute * parseFloat(getComputedStyle(document.documentElement).fontSize)
    const top = shown.from + (event.clientY - element.getBoundingClientRect().top) / minutePx
    return pointedAt(board, column, top, cursorMinutes)
  }
  const keys = useKeys({
    ...{ board, places, ghost, find, onDrop, cursorAt },
    onBook: bookAt,
    focus: (key) => elementOf(key)?.focus(),
    onLeave: () => setSaid(t('left')),
  })
  const drag = useDrag({ board, scroller, sheet, ghost: dragGhost, wordsOf, onDrop })

  // Who was asked goes on from the appointment, wherever it is by then; so does who is on one that went to another column.
  const focused = useRef<string | null>(null)
  const asking = useRef<string | null>(null)
  useEffect(() => {
    const was = asking.current
    asking.current = asked?.row.appointmentId ?? null
    if (was && !asked) setTimeout(() => elementOf(was)?.focus())
    else if (!asked && focused.current && document.activeElement === document.body) elementOf(focused.current)?.focus()
  })
  const top = view.days.includes(view.today) ? topOf(axis, view.today, now.getTime()) : null
  useLayoutEffect(() => {
    const tops = columns.flatMap(({ open, blocks, held }) => [
      ...open.map(({ from }) => from),
      ...[...blocks, ...held].map((each) => each.top),
    ])
    const wanted = top ?? (tops.length ? Math.min(...tops) : shown.from)
    const hour = 6 * parseFloat(getComputedStyle(document.documentElement).fontSize)
    const column = sheet.current?.querySelector<HTMLElement>(`[data-column^="${view.today} "]`)
    const left = column ? column.offsetLeft - 3.5 * (hour / 6) : 0
    scroller.current?.scrollTo({ top: ((wanted - shown.from) / 60 - 1) * hour, left })
    // Once: where somebody has scrolled to since, they stay.
  }, [])

  const moving = keys.moving?.target ?? asked?.target ?? null
  return (
    <>
      <p id="calendar-keys" className="sr-only">
        {t('keys')}
      </p>
      <LiveRegion>
        {keys.moving
          ? `${keys.moving.row ? t('blockKeys') : d('cursor')} ${(keys.moving.row ? wordsOf : cursorWords)(keys.moving.target)}`
          : said}
      </LiveRegion>
      {rows.length === 0 ? <p className="mb-3 text-soft">{t('empty')}</p> : null}
      <div
        ref={scroller}
        role="group"
        aria-label={t('grid')}
        aria-describedby="calendar-keys"
        // What scrolls can be scrolled by the keyboard, with nothing in it too.
        tabIndex={places.length ? undefined : 0}
        onKeyDown={(event) => {
          const block = blockAt(event.target)
          if (block || event.target === event.currentTarget) keys.onKeyDown(event, block && keyOf(block))
        }}
        onFocus={({ target }) => {
          const block = blockAt(target)
          // What was held and is booked now has a block.
          focused.current = block ? keyOf(block).split(' ')[0]! : (heldAt(target)?.dataset.held ?? null)
          if (block) setVisited(keyOf(block))
        }}
        onBlur={({ target }) => {
          if (target.isConnected) focused.current = null
          keys.giveUp()
        }}
        onPointerDown={(event) => {
          const block = blockAt(event.target)
          pressed.current = block === null && !heldAt(event.target)
          const found = block && find(keyOf(block))
          if (found) drag.onPointerDown(event, found.row, found.origin, block)
        }}
        onPointerMove={drag.onPointerMove}
        onPointerUp={drag.onPointerUp}
        onPointerCancel={drag.onPointerCancel}
        onClick={(event) => {
          const block = blockAt(event.target)
          const wasDragged = drag.wasDragged()
          const found = !wasDragged && block && find(keyOf(block))
          if (found && !keys.moving) onOpen(found.row, block)
          // Pressed on the ground and let go on it: what is left of a drag that was given up is no wish for a new one.
          const free =
            block || heldAt(event.target) || wasDragged || keys.moving || !pressed.current ? null : pointed(event)
          if (free) bookAt(free)
        }}
        className={cx(
          '@container relative max-h-[calc(100dvh-7rem)] min-h-96 overflow-auto rounded-card border border-line bg-surface shadow-low',
          'scroll-ps-14 [--column:calc(100cqw-3.5rem)] [--minute:0.1rem] max-md:snap-x max-md:snap-mandatory md:[--column:8.5rem]',
          // On one sheet, as far as it can still be read there.
          'print:max-h-none print:overflow-visible print:rounded-none print:border-0 print:shadow-none print:[--column:0px] print:[--minute:max(0.19mm,148mm/var(--minutes))]',
        )}
        style={{ '--minutes': shown.until - shown.from } as CSSProperties}
      >
        <div
          ref={sheet}
          className="relative grid w-max min-w-full print:w-full"
          style={{ gridTemplateColumns: `3.5rem repeat(${columns.length}, minmax(var(--column), 1fr))` }}
        >
          <div className="sticky start-0 top-0 z-40 border-e border-b border-line bg-surface" />
          {columns.map((column) => (
            <ColumnHead key={column.key} {...{ column, view, isWeek }} />
          ))}
          <Hours axis={axis} shown={shown} now={top} />
          {columns.map((column) => (
            <div
              key={column.key}
              role="group"
              aria-labelledby={headOf(column)}
              data-column={column.key}
              className="relative min-w-0 snap-start overflow-clip border-e border-line bg-sunken last-of-type:border-e-0"
              style={{ height: high(shown.until - shown.from) }}
            >
              <div className="absolute inset-x-0" style={{ top: high(-shown.from), height: high(axis.length) }}>
                <Ground column={column} axis={axis} words={{ taken: t('taken'), elsewhere: t('elsewhere') }} />
                {column.blocks.map(({ row, rows: all, key, ...at }) => {
                  const state = stateOf(all, now)
                  const name = names.get(row.patientId) ?? (opening ? null : s('unnamed'))
                  const places = placesOf(row, all)
                  const everybody = all.map(nameOf).join(', ')
                  const words = {
                    day: isWeek ? columnName(column) : 'none',
                    ...{ from: time(row.startsAt), until: time(row.endsAt), name: nameOf(row) },
                    walkIn: row.walkIn ? 'yes' : 'no',
                    ...{ service: serviceOf(row), practitioner: row.practitioner, state: s(`state.${state}`) },
                  }
                  return (
                    <Block
                      key={key}
                      id={key}
                      {...{ top: at.top, bottom: at.bottom, lane: at.lane, lanes: at.lanes, state }}
                      name={places ? `${row.service}, ${places}` : name}
                      time={time(row.startsAt)}
                      service={places ? everybody : row.walkIn ? `${s('walkIn')} · ${serviceOf(row)}` : serviceOf(row)}
                      walkIn={row.walkIn}
                      current={key === current}
                      movable={all.every(canMove)}
                      busy={asked?.busy === true && asked.row.appointmentId === row.appointmentId}
                      label={places ? t('groupBlock', { ...words, places, names: everybody }) : t('block', words)}
                    />
                  )
                })}
                {column.held.map(({ visit, key, ...at }) => {
                  const words = t('held', { kind: visit.kind })
                  return (
                    <Held
                      key={key}
                      id={visit.appointmentId}
                      {...{ top: at.top, bottom: at.bottom, lane: at.lane, lanes: at.lanes, words }}
                      name={names.get(visit.patientId) ?? (opening ? null : s('unnamed'))}
                      time={time(visit.from)}
                      label={t('heldBlock', {
                        day: isWeek ? columnName(column) : 'none',
                        ...{ from: time(visit.from), until: time(visit.until), name: nameOf(visit), words },
                        ...{ service: visit.service, practitioner: visit.practitioner },
                      })}
                      onOpen={() => onHeld(visit)}
                    />
                  )
                })}
                {moving?.column === column.key ? (
                  <div
                    ref={ghost}
                    aria-hidden
                    className={cx(ghostClass, 'scroll-ms-16 scroll-mt-20 scroll-mb-4')}
                    style={placeOf({
                      top: topOf(axis, column.day, moving.from),
                      bottom: topOf(axis, column.day, moving.until, true),
                    })}
                  >
                    {keys.moving && !keys.moving.row ? cursorWords(moving) : wordsOf(moving)}
                  </div>
                ) : null}
                {top !== null && column.day === view.today ? (
                  <div
                    aria-hidden
                    className="pointer-events-none absolute inset-x-0 z-20 h-0.5 bg-danger print:hidden"
                    style={{ top: high(top) }}
                  />
                ) : null}
              </div>
            </div>
          ))}
          <div
            ref={dragGhost}
            aria-hidden
            hidden
            data-drag
            className={cx(ghostClass, 'start-0 top-0 will-change-transform')}
          />
        </div>
      </div>
      <p className="mt-3 text-sm text-soft print:hidden">{t('hint')}</p>
    </>
  )
}

/** Whoever came, or is to come. */
const isIn = ({ status }: DayRow) => status !== 'no_show'

const states = ['in_consult', 'waiting', 'at_door', 'late', 'upcoming', 'done', 'missed'] as const
/** Of a group, what there is to do for any of them. */
function stateOf(rows: readonly DayRow[], now: Date) {
  const all = rows.map((row) => rowState(row, now))
  return states.find((state) => all.includes(state)) ?? all[0]!
}

const originOf = (row: DayRow, { key, memberId }: Column): Target => ({
  ...{ column: key, memberId },
  from: Date.parse(row.startsAt),
  until: Date.parse(row.endsAt),
})

/** Where Tab comes to first: what goes on or comes next today, else the first there is. */
function nextKey(columns: readonly Column[], now: Date): string | null {
  const all = columns.flatMap(({ blocks }) => blocks)
  const next = all.filter(({ row }) => new Date(row.endsAt) > now)
  const list = next.length ? next : all
  return list.length ? list.reduce((best, each) => (each.row.startsAt < best.row.startsAt ? each : best)).key : null
}
