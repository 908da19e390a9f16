'use client'
import { useLocale, useTranslations } from 'next-intl'
import Link from 'next/link'
import { useRouter } from 'next/navigation'
import { useState, useTransition } from 'react'
import { ToSettleList } from '@/components/companion/to-settle'
import { BookDialog, type Pointed } from '@/components/desk/book-dialog'
import { VisitMenu } from '@/components/encounter/visit-menu'
import { NotShown } from '@/components/staff/not-shown'
import { useStaff } from '@/components/staff/session'
import { Button, buttonClass } from '@/components/ui/button'
import { PageHeader } from '@/components/ui/card'
import { cx } from '@/components/ui/cx'
import { ChevronLeftIcon, ChevronRightIcon, ColumnsIcon, PrintIcon } from '@/components/ui/icons'
import { Banner, EmptyState, LiveRegion } from '@/components/ui/status'
import { Select, TextField } from '@/components/ui/text-field'
import type { CalendarView } from '@/lib/calendar/rules'
import { Day } from '@/lib/day'
import { type DayRow, rowState } from '@/lib/encounter/rules'
import { addDays, formatPlainDay, zoneCity } from '@/lib/time'
import { Grid } from './grid'
import { GroupDialog } from './group-dialog'
import { type Asked, MoveAsk } from './move-ask'
import { canMove } from './moving'
import { Overview } from './overview'
import { type Input, useCalendar } from './use-calendar'

/** The appointment whose menu, or a dialog from it, is open; and what stands for it. */
interface Chosen {
  row: DayRow
  anchor: HTMLElement
  open: boolean
}

export function Calendar({ start, input }: { start: CalendarView; input: Input }) {
  const t = useTranslations('calendar')
  const s = useTranslations('staff')
  const desk = useTranslations('desk')
  const locale = useLocale()
  const router = useRouter()
  const { me } = useStaff()
  const calendar = useCalendar(start, input)
  const { view, rows, names, now, stale, failed } = calendar
  const [chosen, setChosen] = useState<Chosen | null>(null)
  /** The group whose list is open. */
  const [group, setGroup] = useState<Chosen | null>(null)
  const [asked, setAsked] = useState<(Asked & { busy: boolean }) | null>(null)
  /** What was chosen to be settled: another object each time. */
  const [settling, setSettling] = useState<{ appointmentId: string } | null>(null)
  const [going, startGoing] = useTransition()
  const [booking, setBooking] = useState<Pointed | 'anywhere' | null>(null)

  const { day, span, today, zone } = view
  const who = input.memberId ?? 'all'
  const pathTo = (to: { day?: string; span?: string; who?: string }) => {
    const query = { day, span, who, ...to }
    return `/calendar?${new URLSearchParams({ ...(query.day === today ? {} : { day: query.day }), span: query.span, who: query.who })}`
  }
  const go = (to: Parameters<typeof pathTo>[0]) => startGoing(() => router.push(pathTo(to)))
  const step = span === 'day' ? 1 : 7
  const isNow = view.days.includes(today)
  const long = { day: 'numeric', month: 'long', year: 'numeric' } as const
  const title =
    span === 'day'
      ? formatPlainDay(day, locale, { weekday: 'long', ...long })
      : t('weekOf', {
          from: formatPlainDay(view.days[0]!, locale, { day: 'numeric', month: 'long' }),
          until: formatPlainDay(view.days.at(-1)!, locale, long),
        })
  const states = rows.map((row) => rowState(row, now))
  const waiting = states.filter((state) => state === 'waiting').length
  const isOverview = span === 'week' && !input.memberId
  const button = buttonClass({ size: 'sm' })
  const row = chosen && (rows.find((each) => each.appointmentId === chosen.row.appointmentId) ?? chosen.row)
  const groupOf = (each: DayRow) => rows.filter((other) => other.group && other.group.id === each.group?.id)
  const inGroup = group ? groupOf(rows.find((each) => each.appointmentId === group.row.appointmentId) ?? group.row) : []
  const nameOf = (each: DayRow) => names.get(each.patientId) ?? s('unnamed')
  return (
    <div data-sheet="wide">
      <PageHeader
        eyebrow={t('title')}
        title={title}
        actions={
          <nav aria-label={t(span)} className="flex gap-2 print:hidden">
            <Link
              href={pathTo({ day: addDays(day, -step) })}
              aria-label={t(span === 'day' ? 'previousDay' : 'previousWeek')}
              className={`${button} px-3`}
            >
              <ChevronLeftIcon />
            </Link>
            <Link href={pathTo({ day: today })} aria-current={isNow ? 'date' : undefined} className={button}>
              {span === 'day' ? s('today') : t('thisWeek')}
            </Link>
            <Link
              href={pathTo({ day: addDays(day, step) })}
              aria-label={t(span === 'day' ? 'nextDay' : 'nextWeek')}
              className={`${button} px-3`}
            >
              <ChevronRightIcon />
            </Link>
          </nav>
        }
      />
      {stale ? (
        <Banner tone="warning" announce className="mb-5">
          {s('stale')}
        </Banner>
      ) : null}
      <NotShown failed={failed} />
      <ToSettleList wanted={settling} />
      <LiveRegion>{waiting ? s('waitingCount', { count: waiting }) : ''}</LiveRegion>
      <div className="mb-4 flex flex-wrap items-end gap-x-4 gap-y-3 print:hidden">
        <nav aria-label={t('spans')} className="flex gap-1 rounded-control border border-edge bg-surface p-1">
          {(['day', 'week'] as const).map((each) => (
            <Link
              key={each}
              href={pathTo({ span: each })}
              aria-current={each === span ? 'true' : undefined}
              className={cx(
                'inline-flex min-h-9 items-center rounded-tag px-4 text-sm font-semibold no-underline',
                each === span ? 'bg-accent text-on-accent' : 'text-ink hover:bg-wash',
              )}
            >
              {t(each)}
            </Link>
          ))}
        </nav>
        {view.choices.length > 1 || input.memberId ? (
          <Select
            label={t('whose')}
            hideLabel
            className="w-64 max-w-full"
            value={who}
            onChange={(event) => go({ who: event.target.value })}
            options={[
              { value: 'all', label: s('everyone') },
              ...view.choices.map((each) => ({
                value: each.memberId,
                label: each.memberId === me.memberId ? s('mine') : each.name,
              })),
            ]}
          />
        ) : null}
        <TextField
          type="date"
          label={t('goTo')}
          hideLabel
          className="w-44"
          defaultValue={day}
          onChange={(event) => Day.safeParse(event.target.value).success && go({ day: event.target.value })}
        />
        <Button size="sm" variant="primary" onClick={() => setBooking('anywhere')}>
          {desk('book')}
        </Button>
        <Button size="sm" icon={<PrintIcon size={18} />} onClick={() => window.print()}>
          {t('print')}
        </Button>
        <p className="ms-auto self-center text-sm text-soft">{t('zone', { city: zoneCity(zone) })}</p>
      </div>
      <div aria-busy={going || undefined} className={cx('transition-opacity', going && 'opacity-60')}>
        {view.practitioners.length === 0 ? (
          <EmptyState icon={ColumnsIcon} title={t(input.memberId ? 'notThere' : 'none')}>
            {input.memberId ? null : t('noneText')}
          </EmptyState>
        ) : isOverview ? (
          <Overview view={view} hrefOf={(at) => pathTo({ ...at, span: 'day' })} />
        ) : (
          <Grid
            {...calendar}
            asked={asked}
            onOpen={(each, anchor) => (each.group ? setGroup : setChosen)({ row: each, anchor, open: true })}
            onHeld={({ appointmentId }) => setSettling({ appointmentId })}
            onMove={(each) => setAsked({ ...each, busy: false })}
            onBook={setBooking}
          />
        )}
      </div>
      {booking ? (
        <BookDialog
          at={booking === 'anywhere' ? null : booking}
          onClose={() => {
            setBooking(null)
            void calendar.refresh()
          }}
        />
      ) : null}
      {asked ? (
        <MoveAsk
          {...asked}
          {...{ zone, refresh: calendar.refresh }}
          group={groupOf(asked.row).filter(canMove)}
          name={asked.row.group ? t('group.move', { count: groupOf(asked.row).length }) : nameOf(asked.row)}
          onBusy={(busy) => setAsked({ ...asked, busy })}
          onClose={() => setAsked(null)}
        />
      ) : null}
      {group && inGroup.length ? (
        <GroupDialog
          rows={inGroup}
          {...{ zone, now, nameOf }}
          onMore={(each) => {
            setGroup(null)
            setChosen({ row: each, anchor: group.anchor, open: true })
          }}
          onBook={(at) => {
            setGroup(null)
            setBooking(at)
          }}
          refresh={calendar.refresh}
          onClose={() => setGroup(null)}
        />
      ) : null}
      {chosen && row ? (
        <VisitMenu
          key={row.appointmentId}
          {...{ row, zone, name: nameOf(row) }}
          state={rowState(row, now)}
          named={names.has(row.patientId)}
          beside={{ ...chosen, onOpenChange: (open) => setChosen({ ...chosen, open }) }}
        />
      ) : null}
    </div>
  )
}
