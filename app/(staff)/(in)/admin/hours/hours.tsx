'use client'
import { useLocale, useTranslations } from 'next-intl'
import Link from 'next/link'
import { useState } from 'react'
import { Away } from '@/components/schedule/away'
import { ClinicDays } from '@/components/schedule/clinic-days'
import { DayDialog } from '@/components/schedule/day-dialog'
import { Month, weeksOf } from '@/components/schedule/month'
import { Periods } from '@/components/schedule/periods'
import { useSchedule } from '@/components/schedule/use-schedule'
import { useReason } from '@/components/staff/use-reason'
import { Button } from '@/components/ui/button'
import { Card, CardTitle, PageHeader } from '@/components/ui/card'
import { RadioGroup } from '@/components/ui/choice'
import { ClockIcon } from '@/components/ui/icons'
import { Banner, EmptyState } from '@/components/ui/status'
import { useToast } from '@/components/ui/toast'
import type { ClinicSettings, PractitionerView } from '@/lib/clinic/rules'
import { type InTheWay, rowsOn, type ScheduleView } from '@/lib/schedule/rules'
import { addDays, dayIn, formatDay, formatTime } from '@/lib/time'
import { UsualWeek } from './usual-week'

interface Props {
  settings: ClinicSettings
  regions: { value: string; label: string }[]
  /** In the clinic's zone. */
  today: string
}

export function Hours({ settings, regions, today }: Props) {
  const t = useTranslations('admin')
  const s = useTranslations('schedule')
  const zone = settings.clinic.timeZone
  const [memberId, setMemberId] = useState(settings.practitioners[0]?.id ?? null)
  const practitioner = settings.practitioners.find(({ id }) => id === memberId)
  return (
    <>
      <PageHeader title={t('hours.title')} lead={t('hours.lead', { zone: zone.replaceAll('_', ' ') })} />
      {practitioner ? (
        <>
          {settings.practitioners.length > 1 ? (
            <RadioGroup
              className="mb-6"
              label={s('whose')}
              name="whose"
              look="row"
              value={practitioner.id}
              onChange={(event) => setMemberId(event.target.value)}
              options={settings.practitioners.map(({ id, displayName }) => ({ value: id, label: displayName }))}
            />
          ) : null}
          <Board key={practitioner.id} {...{ settings, practitioner, regions, today }} />
        </>
      ) : (
        <EmptyState icon={ClockIcon} title={t('hours.none')} />
      )}
    </>
  )
}

function Board({ settings, practitioner, regions, today }: Props & { practitioner: PractitionerView }) {
  const t = useTranslations('schedule')
  const s = useTranslations('sites')
  const c = useTranslations('common')
  const reason = useReason()
  const toast = useToast()
  const locale = useLocale()
  const zone = settings.clinic.timeZone
  const { id: memberId, displayName: name } = practitioner
  const [month, setMonth] = useState(today.slice(0, 7))
  const weeks = weeksOf(month)
  const { view, failed, reload } = useSchedule(weeks.from, weeks.until)
  // What the lists beside the month show: the year that begins today.
  const year = useSchedule(today, addDays(today, 365))
  const [day, setDay] = useState<string | null>(null)
  const [inTheWay, setInTheWay] = useState<InTheWay[]>([])
  const isTheirs = (row: { memberId: string }) => row.memberId === memberId
  // Who sees some sites only works at those.
  const only = settings.placed.find(isTheirs)?.siteIds
  const places = [
    ...settings.sites
      .filter(({ id }) => !only || only.includes(id))
      .map(({ id, name: label }) => ({ value: id, label })),
    ...(only || !settings.sites.length ? [] : [{ value: '', label: s('nowhere') }]),
  ]
  const refresh = async () => void (await Promise.all([reload(), year.reload()]))
  const onDone = async (found: InTheWay[]) => {
    setInTheWay(found)
    toast(t('saved'), 'success')
    await refresh()
  }
  const own = (of: ScheduleView, at: string) => {
    const said = of.dates.filter((row) => isTheirs(row) && row.day === at)
    return said.length ? said.flatMap(({ hours }) => hours ?? []) : null
  }
  const usual = (of: ScheduleView, at: string) =>
    rowsOn({ weekly: of.weekly.filter(isTheirs), dates: [], isClosed: () => false }, at)
  return (
    <div className="grid items-start gap-6 2xl:grid-cols-2">
      {inTheWay.length ? <InTheWayBanner found={inTheWay} zone={zone} onClose={() => setInTheWay([])} /> : null}
      <Card>
        <CardTitle>{t('month')}</CardTitle>
        <p className="-mt-2 mb-4 text-soft">{t('monthText')}</p>
        {failed ? (
          <Banner
            tone="warning"
            announce
            className="mb-4"
            actions={
              <Button size="sm" onClick={() => void reload()}>
                {c('retry')}
              </Button>
            }
          >
            {reason(failed)}
          </Banner>
        ) : null}
        <Month
          {...{ month, view, memberId, zone, today }}
          onMonth={setMonth}
          onDay={setDay}
          label={t('monthOf', { name })}
        />
      </Card>
      <div className="flex min-w-0 flex-col gap-6">
        <UsualWeek
          practitioner={practitioner}
          rows={settings.hours.filter((row) => isTheirs(row) && row.validFrom === null)}
          places={places}
          onDone={refresh}
        />
        {year.view ? (
          <>
            <Periods {...{ memberId, name, places }} weekly={year.view.weekly.filter(isTheirs)} onDone={refresh} />
            <Away {...{ memberId, zone, locale, today, onDone }} absences={year.view.absences.filter(isTheirs)} />
            <ClinicDays {...{ regions, today, onDone }} view={year.view} />
          </>
        ) : null}
      </div>
      <DayDialog
        {...{ memberId, name, places, onDone }}
        // Who chose a day of a month that is still read waits for it.
        day={view && day}
        own={view && day ? own(view, day) : null}
        usual={view && day ? usual(view, day) : []}
        onClose={() => setDay(null)}
      />
    </div>
  )
}

/** What was booked where nobody is any more. Nothing happens to it by itself: somebody speaks with the patient. */
function InTheWayBanner({ found, zone, onClose }: { found: InTheWay[]; zone: string; onClose: () => void }) {
  const t = useTranslations('schedule')
  const c = useTranslations('common')
  const locale = useLocale()
  return (
    <Banner
      tone="warning"
      announce
      className="2xl:col-span-2"
      title={t('inTheWay', { count: found.length })}
      actions={
        <Button size="sm" onClick={onClose}>
          {c('close')}
        </Button>
      }
    >
      <p>{t('inTheWayText')}</p>
      <ul className="mt-2">
        {found.map(({ appointmentId, startsAt }) => (
          <li key={appointmentId}>
            <Link className="inline-block py-1" href={`/today?day=${dayIn(zone, new Date(startsAt))}&who=all`}>
              {formatDay(new Date(startsAt), zone, locale)}, {formatTime(new Date(startsAt), zone, locale)}
            </Link>
          </li>
        ))}
      </ul>
    </Banner>
  )
}
