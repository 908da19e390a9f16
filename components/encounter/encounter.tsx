'use client'
import { HelpersOf } from '@/components/care/helpers-of'
import { useLocale, useTranslations } from 'next-intl'
import Link from 'next/link'
import { useParams, useRouter } from 'next/navigation'
import { useState } from 'react'
import { admitNext } from '@/components/call/admit-next'
import { MoveDialog } from '@/components/schedule/move-dialog'
import { NewDeviceDialog } from '@/components/recognition/new-device'
import { NotShown } from '@/components/staff/not-shown'
import { WhyUnnamed } from '@/components/staff/why-unnamed'
import { useLive } from '@/components/staff/use-live'
import { useReason } from '@/components/staff/use-reason'
import { Button, buttonClass } from '@/components/ui/button'
import { Card } from '@/components/ui/card'
import { ArrowLeftIcon, ArrowRightIcon, CheckIcon, ClockIcon } from '@/components/ui/icons'
import { Tabs } from '@/components/ui/menu'
import { Badge, Banner, Skeleton, SkeletonPage } from '@/components/ui/status'
import { useToast } from '@/components/ui/toast'
import { useBusy } from '@/components/ui/use-busy'
import { call } from '@/lib/browser/api'
import { type EncounterView, rowState } from '@/lib/encounter/rules'
import { formatDay, formatTime } from '@/lib/time'
import { ChartPane } from './chart-pane'
import { ConsultPlace } from './consult-place'
import { WithoutCall } from './without-call'
import { NoteEditor } from './note-editor'
import { PrescriptionPart } from '../prescription/part'
import { RecallPart } from './recall-part'
import { useChart } from './use-chart'
import { useDraft } from './use-draft'
import { useEmergencyKey } from './use-emergency-key'

/** One consult: the chart on one side; call, notes, prescription and recall on the other. */
export function Encounter({ start }: { start: EncounterView }) {
  const t = useTranslations('encounter')
  const c = useTranslations('common')
  const s = useTranslations('staff')
  const w = useTranslations('recognition')
  const locale = useLocale()
  const router = useRouter()
  const toast = useToast()
  const reason = useReason()
  const [view, setView] = useState(start)
  const m = useTranslations('move')
  const [recognising, setRecognising] = useState(false)
  const [moving, setMoving] = useState(false)
  const { appointmentId } = useParams<{ appointmentId: string }>()
  const chart = useChart(view, appointmentId)
  const draft = useDraft(view, chart)
  useEmergencyKey(view, chart)
  const { appointment, zone, next } = view

  const refresh = async () => {
    const fresh = await call('encounter/open', { appointmentId: appointment.appointmentId })
    if (fresh.ok) setView(fresh.value)
  }
  useLive(() => void refresh())

  const [finish, finishing] = useBusy(async (thenNext: boolean) => {
    await draft.save()
    const answer = await call('encounter/complete', { appointmentId: appointment.appointmentId })
    if (!answer.ok) return toast(reason(answer.code), 'danger')
    if (!thenNext || !next) return refresh()
    if (next.waiting) admitNext(next.appointmentId)
    router.push(`/encounter/${next.appointmentId}`)
  })

  if (!chart) return <SkeletonPage label={c('loading')} />
  const state = rowState(appointment, new Date())
  const open = ['booked', 'arrived', 'in_consult'].includes(appointment.status)
  const startsAt = new Date(appointment.startsAt)
  const name = chart.identity?.name ?? s('unnamed')
  const count = <T,>(list: T[]) =>
    list.length ? <span className="figures text-sm text-soft">{list.length}</span> : null
  return (
    <>
      <header className="mb-5 flex flex-wrap items-end justify-between gap-x-6 gap-y-3">
        <div className="min-w-0">
          <Link
            href="/today"
            className="mb-1 inline-flex min-h-11 items-center gap-1.5 text-sm text-soft hover:text-ink"
          >
            <ArrowLeftIcon size={18} /> {t('back')}
          </Link>
          <h1 className="text-2xl sm:text-3xl">{name}</h1>
          {chart.identity ? null : (
            <WhyUnnamed row={appointment} code={chart.failed.find(({ type }) => type === 'identity')?.code} />
          )}
          <HelpersOf helpers={chart.helpers} />
          <p className="mt-1 flex flex-wrap items-center gap-x-3 gap-y-1 text-soft">
            <span>
              {view.service.name} · {formatDay(startsAt, zone, locale)}, {formatTime(startsAt, zone, locale)}
              {appointment.way === 'video' ? '' : ` · ${c(`way.${appointment.way}`)}`}
              {appointment.site ? ` · ${appointment.site}` : ''}
            </span>
            <Badge
              tone={
                state === 'waiting'
                  ? 'accent'
                  : state === 'in_consult'
                    ? 'info'
                    : state === 'done'
                      ? 'success'
                      : 'neutral'
              }
            >
              {s(`state.${state}`)}
            </Badge>
          </p>
        </div>
        <div className="flex flex-wrap gap-2.5">
          {['booked', 'arrived'].includes(appointment.status) ? (
            <Button size="sm" variant="quiet" icon={<ClockIcon size={18} />} onClick={() => setMoving(true)}>
              {m('menu')}
            </Button>
          ) : null}
          {open ? (
            <Button size="sm" icon={<CheckIcon />} busy={finishing} onClick={() => void finish(false)}>
              {t('complete')}
            </Button>
          ) : null}
          {next && open ? (
            <Button
              size="sm"
              variant="primary"
              icon={<ArrowRightIcon />}
              busy={finishing}
              onClick={() => void finish(true)}
            >
              {t(next.waiting ? 'completeAdmitNext' : 'completeNext')}
            </Button>
          ) : null}
          {next && !open ? (
            <Link
              href={`/encounter/${next.appointmentId}`}
              onClick={() => next.waiting && admitNext(next.appointmentId)}
              className={buttonClass({ size: 'sm', variant: 'primary' })}
            >
              <ArrowRightIcon /> {t(next.waiting ? 'admitNext' : 'openNext')}
            </Link>
          ) : null}
        </div>
      </header>
      <MoveDialog {...{ name, zone }} visit={appointment} open={moving} onOpenChange={setMoving} />
      <NotShown failed={chart.failed} />
      {chart.strangers ? (
        <Banner
          tone="warning"
          title={t('strangersTitle', { count: chart.strangers })}
          className="mb-5"
          actions={
            chart.identity ? (
              <Button size="sm" onClick={() => setRecognising(true)}>
                {w('menu')}
              </Button>
            ) : null
          }
        >
          {t('strangersText')}
        </Banner>
      ) : null}
      <NewDeviceDialog
        appointmentId={appointment.appointmentId}
        patientId={chart.patientId}
        open={recognising}
        onOpenChange={setRecognising}
        onDone={() => void refresh()}
      />
      <div className="grid items-start gap-6 xl:grid-cols-[minmax(20rem,5fr)_minmax(0,7fr)]">
        <div className="flex min-w-0 flex-col gap-6 xl:order-2">
          {appointment.way !== 'video' ? (
            <WithoutCall row={appointment} phone={chart.identity?.phone ?? null} />
          ) : appointment.memberId === view.me.memberId ? (
            <ConsultPlace
              appointmentId={appointment.appointmentId}
              patientId={chart.patientId}
              name={chart.identity?.name}
              byDesk={chart.written !== null}
              zone={zone}
              open={open || appointment.status === 'completed'}
            />
          ) : (
            <Banner tone="info">{t('colleagueCall', { practitioner: appointment.practitioner })}</Banner>
          )}
          <Card>
            {/* What is typed before the kept draft has been read would give way to it. */}
            {draft.state === 'loading' ? (
              <Skeleton className="h-64 rounded-card" />
            ) : (
              <Tabs
                label={t('work')}
                items={[
                  {
                    value: 'note',
                    label: t('note'),
                    keep: true,
                    panel: <NoteEditor view={view} chart={chart} draft={draft} onSaved={refresh} />,
                  },
                  {
                    value: 'rx',
                    label: t('prescription'),
                    keep: true,
                    badge: count(
                      chart.prescriptions.filter(({ row }) => row.appointmentId === appointment.appointmentId),
                    ),
                    panel: <PrescriptionPart view={view} chart={chart} draft={draft} onSaved={refresh} />,
                  },
                  {
                    value: 'recall',
                    label: t('recall'),
                    keep: true,
                    badge: count(
                      chart.recalls.filter(({ row }) => ['scheduled', 'invited', 'overdue'].includes(row.status)),
                    ),
                    panel: <RecallPart view={view} chart={chart} onSaved={refresh} />,
                  },
                ]}
              />
            )}
          </Card>
        </div>
        <ChartPane view={view} chart={chart} onShared={refresh} />
      </div>
    </>
  )
}
