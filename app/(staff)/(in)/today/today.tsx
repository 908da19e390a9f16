'use client'
import { useFormatter, useLocale, useTranslations } from 'next-intl'
import Link from 'next/link'
import { useRouter } from 'next/navigation'
import { useEffect, useMemo, useState } from 'react'
import { NotShown } from '@/components/staff/not-shown'
import { useStaff } from '@/components/staff/session'
import { useLive } from '@/components/staff/use-live'
import { alteredOf, identityIn, isOpenedAll, useOpened, writtenIn } from '@/components/staff/use-opened'
import { nameShown, patientOf } from '@/components/staff/whose'
import { Button, buttonClass } from '@/components/ui/button'
import { Card, PageHeader } from '@/components/ui/card'
import { Chart } from '@/components/ui/chart'
import { CalendarIcon, ChevronLeftIcon, ChevronRightIcon } from '@/components/ui/icons'
import { Banner, EmptyState, LiveRegion } from '@/components/ui/status'
import { Stat } from '@/components/ui/table'
import { Select } from '@/components/ui/text-field'
import { call } from '@/lib/browser/api'
import { type DayView, nextUp, rowState } from '@/lib/encounter/rules'
import type { ChecklistContent, IdentityContent } from '@/lib/record/rules'
import { addDays, formatPlainDay, formatTime } from '@/lib/time'
import { ToSettleList } from '@/components/companion/to-settle'
import { BookDialog } from '@/components/desk/book-dialog'
import { useHelpers } from '@/components/care/use-helpers'
import { DayList } from './day-list'
import { RunsLate } from './runs-late'

const tickMs = 20_000
const visitOf = (of: { appointmentId: string; patientId: string }) => `${of.appointmentId} ${of.patientId}`

export function Today({ start, input }: { start: DayView; input: { day?: string; memberId?: string } }) {
  const t = useTranslations('staff')
  const desk = useTranslations('desk')
  const locale = useLocale()
  const format = useFormatter()
  const router = useRouter()
  const { isClinical, me } = useStaff()
  const [view, setView] = useState(start)
  const [stale, setStale] = useState(false)
  const [now, setNow] = useState(() => new Date())
  const [booking, setBooking] = useState(false)
  useEffect(() => {
    const timer = setInterval(() => setNow(new Date()), tickMs)
    return () => clearInterval(timer)
  }, [])
  const load = async () => {
    const fresh = await call('encounter/day', input)
    if (fresh.ok) setView(fresh.value)
    if (!fresh.ok && fresh.code === 'SIGN_IN_FIRST') location.assign('/sign-in?ended')
    setStale(!fresh.ok)
    setNow(new Date())
  }
  useLive(load)

  const rows = useMemo(() => view.rows.map((row) => ({ ...row, patientId: patientOf(row) })), [view])
  const patientIds = useMemo(() => [...new Set(rows.map((row) => row.patientId))], [rows])
  const records = useOpened(view.records, patientIds)
  const helpers = useHelpers(view, records)
  const people = useMemo(() => {
    const identities = new Map<string, IdentityContent>()
    const written = new Map<string, IdentityContent>()
    const checklists = new Map<string, ChecklistContent>()
    const failed = new Map<string, string>()
    for (const patientId of patientIds) {
      const identity = identityIn(records ?? [], patientId)
      if (identity) identities.set(patientId, identity)
      const otherwise = writtenIn(records ?? [], patientId)
      if (otherwise) written.set(patientId, otherwise)
    }
    for (const { meta, opened } of records ?? []) {
      if (!opened.ok) {
        if (meta.type === 'identity') failed.set(meta.patientId, opened.code)
        continue
      }
      if (meta.type === 'checklist') {
        const content = opened.value.content as ChecklistContent
        // Each patient speaks of their own appointments alone.
        const isTheirs = rows.some((row) => visitOf(row) === visitOf({ ...content, patientId: meta.patientId }))
        if (isTheirs) checklists.set(content.appointmentId, content)
      }
    }
    return { identities, written, checklists, helpers, failed }
  }, [records, rows, patientIds, helpers])
  useEffect(() => {
    for (const row of rows) if (people.identities.has(row.patientId)) nameShown(row.appointmentId, row.patientId)
  }, [rows, people])

  const isToday = view.day === view.today
  const next = isToday ? nextUp(rows, now) : null
  const states = rows.map((row) => rowState(row, now))
  const waiting = states.filter((state) => state === 'waiting').length
  const atDoor = states.filter((state) => state === 'at_door').length
  const count = states.filter((state) => state !== 'cancelled').length
  const done = states.filter((state) => state === 'done').length
  const who = input.memberId ?? 'all'
  const go = (day: string, member = who) => {
    const query = new URLSearchParams({ ...(day === view.today ? {} : { day }), who: member })
    return `/today?${query}`
  }
  const step = buttonClass({ size: 'sm' })
  const weekday = (day: string) => formatPlainDay(day, locale, { weekday: 'short' })
  const busiest = view.week.reduce((most, day) => (day.count > most.count ? day : most))
  // One that is not opened yet is not one that does not open.
  const isOpening = !isOpenedAll(view.records, records)
  const nextName = next && (people.identities.get(next.patientId)?.name ?? (isOpening ? null : t('unnamed')))
  return (
    <>
      <PageHeader
        eyebrow={formatPlainDay(view.day, locale, { weekday: 'long' })}
        title={formatPlainDay(view.day, locale, { day: 'numeric', month: 'long', year: 'numeric' })}
        actions={
          <>
            <Button size="sm" variant="primary" onClick={() => setBooking(true)}>
              {desk('book')}
            </Button>
            <nav aria-label={t('dayNavigation')} className="flex gap-2">
              <Link href={go(addDays(view.day, -1))} aria-label={t('previousDay')} className={`${step} px-3`}>
                <ChevronLeftIcon />
              </Link>
              <Link href={go(view.today)} aria-current={isToday ? 'date' : undefined} className={step}>
                {t('today')}
              </Link>
              <Link href={go(addDays(view.day, 1))} aria-label={t('nextDay')} className={`${step} px-3`}>
                <ChevronRightIcon />
              </Link>
            </nav>
          </>
        }
      />
      {stale ? (
        <Banner tone="warning" announce className="mb-5">
          {t('stale')}
        </Banner>
      ) : null}
      {booking ? <BookDialog at={null} onClose={() => setBooking(false)} /> : null}
      <NotShown failed={alteredOf(records ?? [])} />
      <ToSettleList />
      <LiveRegion>
        {waiting ? t('waitingCount', { count: waiting }) : ''} {atDoor ? t('doorCount', { count: atDoor }) : ''}
      </LiveRegion>
      <div className="grid items-start gap-6 2xl:grid-cols-[minmax(0,1fr)_22rem]">
        <div className="flex min-w-0 flex-col gap-4">
          <div className="flex flex-wrap items-end justify-between gap-3">
            <p className="text-soft">
              {nextName && next
                ? t(rowState(next, now) === 'waiting' ? 'nextWaiting' : 'nextComing', {
                    name: nextName,
                    time: formatTime(new Date(next.startsAt), view.zone, locale),
                  })
                : t('summary', { count, done })}
            </p>
            {view.practitioners.length > 1 || !isClinical ? (
              <Select
                label={t('whose')}
                hideLabel
                className="w-64"
                value={who}
                onChange={(event) => router.push(go(view.day, event.target.value))}
                options={[
                  { value: 'all', label: t('everyone') },
                  ...view.practitioners.map(({ memberId, name }) => ({
                    value: memberId,
                    label: memberId === me.memberId ? t('mine') : name,
                  })),
                ]}
              />
            ) : null}
          </div>
          {isToday ? <RunsLate key={who} view={view} who={who} onSaid={load} /> : null}
          {view.rows.length === 0 ? (
            <EmptyState icon={CalendarIcon} title={t('emptyDay')}>
              {t(isToday ? 'emptyToday' : 'emptyOther')}
            </EmptyState>
          ) : (
            <Card padded={false}>
              <DayList
                rows={rows}
                zone={view.zone}
                now={now}
                people={people}
                opening={isOpening}
                nextId={next?.appointmentId ?? null}
                late={isToday ? view.late : []}
              />
            </Card>
          )}
        </div>
        <aside aria-label={t('overview')} className="grid gap-4 lg:grid-cols-[13rem_minmax(0,1fr)] 2xl:grid-cols-1">
          <div className="grid grid-cols-3 gap-3 lg:grid-cols-1 2xl:grid-cols-3">
            <Stat label={t('stat.waiting')} value={waiting} />
            <Stat label={t('stat.done')} value={done} />
            <Stat label={t('stat.all')} value={count} />
          </div>
          <Card className="max-w-2xl lg:max-w-none">
            <Chart
              title={t('week')}
              summary={t(busiest.count ? 'weekSummary' : 'weekEmpty', {
                count: view.week.reduce((sum, day) => sum + day.count, 0),
                hours: format.number(view.week.reduce((sum, day) => sum + day.minutes, 0) / 60, {
                  maximumFractionDigits: 1,
                }),
                day: formatPlainDay(busiest.day, locale, { weekday: 'long' }),
              })}
              labelHead={t('weekDay')}
              valueHead={t('weekCount')}
              points={view.week.map((day) => ({
                label: weekday(day.day),
                value: day.count,
                marked: day.day === view.day,
              }))}
            />
          </Card>
        </aside>
      </div>
    </>
  )
}
