'use client'
import { useLocale, useTranslations } from 'next-intl'
import { useState } from 'react'
import { useLive } from '@/components/staff/use-live'
import { useReason } from '@/components/staff/use-reason'
import { Button, IconButton } from '@/components/ui/button'
import { Card, PageHeader } from '@/components/ui/card'
import { AlertDialog } from '@/components/ui/dialog'
import { CrossIcon, HourglassIcon, PlusIcon } from '@/components/ui/icons'
import { Badge, EmptyState } from '@/components/ui/status'
import { Table } from '@/components/ui/table'
import { Select } from '@/components/ui/text-field'
import { useToast } from '@/components/ui/toast'
import { useBusy } from '@/components/ui/use-busy'
import { call } from '@/lib/browser/api'
import { dayIn, formatPlainDay, formatTime } from '@/lib/time'
import { dayParts, minuteChoices, type WaitList, type WaitRow } from '@/lib/waitlist/rules'
import { AddDialog } from './add-dialog'

export function Waitlist({ start, sets }: { start: WaitList; sets: boolean }) {
  const t = useTranslations('waitlist')
  const locale = useLocale()
  const [listed, setListed] = useState(start)
  const [adding, setAdding] = useState(false)
  const refresh = async () => {
    const fresh = await call('waitlist/list', {})
    if (fresh.ok) setListed(fresh.value)
  }
  useLive(() => void refresh())
  const { rows, zone } = listed
  const day = (at: string) => formatPlainDay(at, locale, { day: 'numeric', month: 'short' })
  const time = (at: string) => formatTime(new Date(at), zone, locale)
  const page = useTranslations('waitlist.page')
  const wish = ({ firstDay, lastDay, parts }: WaitRow) =>
    `${firstDay === lastDay ? day(firstDay) : `${day(firstDay)} – ${day(lastDay)}`}, ${
      parts.length === dayParts.length ? t('desk.allDay') : parts.map((part) => page(`part.${part}`)).join(', ')
    }`
  return (
    <>
      <PageHeader
        title={t('title')}
        lead={t('lead')}
        actions={
          <Button variant="primary" icon={<PlusIcon size={18} />} onClick={() => setAdding(true)}>
            {t('desk.add')}
          </Button>
        }
      />
      {adding ? <AddDialog listed={listed} onClose={() => setAdding(false)} onAdded={refresh} /> : null}
      <div className="mb-4 flex flex-wrap items-end justify-between gap-4">
        <p role="status" className="font-semibold">
          {t('desk.count', { count: rows.length })}
        </p>
        {sets ? <Minutes minutes={listed.minutes} onSaved={refresh} /> : null}
      </div>
      <Card padded={false} className="max-md:border-0 max-md:bg-transparent max-md:shadow-none md:px-5">
        <Table
          caption={t('title')}
          columns={[
            { key: 'contact', label: t('desk.contact'), heading: true },
            { key: 'since', label: t('desk.since') },
            { key: 'what', label: t('desk.what') },
            { key: 'wish', label: t('desk.wish') },
            { key: 'state', label: t('desk.state') },
            { key: 'actions', label: t('desk.actions'), bare: true, align: 'end' as const },
          ]}
          empty={
            <EmptyState icon={HourglassIcon} title={t('desk.empty')}>
              {t('desk.emptyText')}
            </EmptyState>
          }
          rows={rows.map((row) => ({
            id: row.id,
            cells: {
              contact: <span className="block wrap-anywhere md:min-w-48">{row.contact}</span>,
              since: <span className="whitespace-nowrap">{day(dayIn(zone, new Date(row.since)))}</span>,
              what: [row.service, row.practitioner, row.site].filter(Boolean).join(', '),
              wish: wish(row),
              state: row.offered ? (
                <Badge tone="accent">
                  {t('desk.offered', {
                    when: `${day(dayIn(zone, new Date(row.offered.startsAt)))}, ${time(row.offered.startsAt)}`,
                    until: time(row.offered.until),
                  })}
                </Badge>
              ) : (
                <Badge tone={row.state === 'asked' ? 'warning' : 'neutral'}>{t(`desk.${row.state}`)}</Badge>
              ),
              actions: <Remove row={row} onDone={refresh} />,
            },
          }))}
        />
      </Card>
    </>
  )
}

function Remove({ row: { id, contact }, onDone }: { row: WaitRow; onDone: () => Promise<void> }) {
  const t = useTranslations('waitlist.desk')
  const c = useTranslations('common')
  const toast = useToast()
  const reason = useReason()
  const [asking, setAsking] = useState(false)
  const [remove, busy] = useBusy(async () => {
    const answer = await call('waitlist/remove', { id }, { retry: true })
    setAsking(false)
    if (!answer.ok) return toast(reason(answer.code), 'danger')
    toast(t('removed'), 'success')
    await onDone()
  })
  return (
    <>
      <IconButton label={t('remove', { contact })} icon={<CrossIcon />} onClick={() => setAsking(true)} />
      <AlertDialog
        title={t('removeTitle')}
        description={t('removeText', { contact })}
        cancelLabel={c('back')}
        actionLabel={t('removeAction')}
        open={asking}
        onOpenChange={setAsking}
        busy={busy}
        onAction={() => void remove()}
      />
    </>
  )
}

function Minutes({ minutes, onSaved }: { minutes: number; onSaved: () => Promise<void> }) {
  const t = useTranslations('waitlist.desk')
  const toast = useToast()
  const reason = useReason()
  const [save, busy] = useBusy(async (chosen: number) => {
    const answer = await call('waitlist/save', { minutes: chosen as (typeof minuteChoices)[number] })
    if (!answer.ok) return toast(reason(answer.code), 'danger')
    toast(t('saved'), 'success')
    await onSaved()
  })
  return (
    <Select
      label={t('minutes')}
      className="w-72 max-w-full"
      disabled={busy}
      value={String(minutes)}
      onChange={(event) => void save(Number(event.target.value))}
      options={minuteChoices.map((each) => ({ value: String(each), label: t('minutesOf', { minutes: String(each) }) }))}
    />
  )
}
