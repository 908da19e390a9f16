'use client'
import { useLocale, useTranslations } from 'next-intl'
import { useEffect, useMemo, useRef, useState } from 'react'
import { MoveDialog } from '@/components/schedule/move-dialog'
import { useLive } from '@/components/staff/use-live'
import { useReason } from '@/components/staff/use-reason'
import { identityIn, isOpenedAll, useOpened } from '@/components/staff/use-opened'
import { Button } from '@/components/ui/button'
import { Card, CardTitle } from '@/components/ui/card'
import { AlertDialog } from '@/components/ui/dialog'
import { Badge, Skeleton } from '@/components/ui/status'
import { useToast } from '@/components/ui/toast'
import { useBusy } from '@/components/ui/use-busy'
import { call } from '@/lib/browser/api'
import type { CompanionContract, ToSettle } from '@/lib/companion/rules'
import { formatDay, formatTime } from '@/lib/time'
import { AgainDialog } from './again-dialog'
import { CompanionDialog } from './visit-dialog'

type Listed = CompanionContract['companion/list']['out']
const none: Listed = { zone: 'UTC', rows: [], records: [] }

/** The id of a visit's line in the list. */
const settleId = (appointmentId: string) => `settle-${appointmentId}`

/** Visits that wait for somebody who comes along, and those to which somebody cannot. Nothing where there are none. `wanted`: whose line gets the focus, once it is there. */
export function ToSettleList({ wanted = null }: { wanted?: { appointmentId: string } | null }) {
  const t = useTranslations('companion.list')
  const staff = useTranslations('staff')
  const c = useTranslations('common')
  const locale = useLocale()
  const reason = useReason()
  const toast = useToast()
  const [listed, setListed] = useState<Listed>(none)
  const [open, setOpen] = useState<{ row: ToSettle; what: 'again' | 'drop' | 'move' | 'other' } | null>(null)
  const latest = useRef(0)
  const load = async () => {
    const nth = ++latest.current
    const fresh = await call('companion/list', {}, { retry: true })
    // Of two that are under way the later one knows more.
    if (fresh.ok && nth === latest.current) setListed(fresh.value)
  }
  useEffect(() => void load(), [])
  useLive(() => void load())
  const { rows, records, zone } = listed
  const shown = useRef(wanted)
  useEffect(() => {
    // Asked of a list that is there: what is not in it takes the focus at no later moment.
    if (!wanted || wanted === shown.current || listed === none) return
    shown.current = wanted
    document.getElementById(settleId(wanted.appointmentId))?.focus()
  }, [wanted, listed])
  const patientIds = useMemo(() => [...new Set(rows.map(({ patientId }) => patientId))], [rows])
  const opened = useOpened(records, patientIds)
  const isOpening = !isOpenedAll(records, opened)
  const nameOf = ({ patientId }: ToSettle) => identityIn(opened ?? [], patientId)?.name ?? staff('unnamed')
  const [drop, dropping] = useBusy(async ({ appointmentId }: ToSettle) => {
    const answer = await call('companion/drop', { appointmentId }, { retry: true })
    setOpen(null)
    toast(answer.ok ? t('dropped') : reason(answer.code), answer.ok ? 'success' : 'danger')
    await load()
  })
  const close = () => {
    setOpen(null)
    void load()
  }
  const moment = (iso: string) =>
    `${formatDay(new Date(iso), zone, locale)}, ${formatTime(new Date(iso), zone, locale)}`
  if (!rows.length && !open) return null
  return (
    <Card className="mb-5 print:hidden">
      <CardTitle>{t('title')}</CardTitle>
      <ul aria-label={t('title')} className="divide-y divide-line">
        {rows.map((row) => {
          const { companion } = row
          const name = nameOf(row)
          const begins = new Date(row.startsAt)
          const isWaiting = companion.state === 'invited'
          return (
            <li
              key={row.appointmentId}
              id={settleId(row.appointmentId)}
              tabIndex={-1}
              className="flex scroll-mt-24 flex-wrap items-center justify-between gap-x-6 gap-y-3 rounded-tag py-3 focus:outline-3 focus:outline-offset-2 focus:outline-accent"
            >
              <div className="min-w-0">
                <p className="flex flex-wrap items-center gap-x-3 gap-y-1">
                  {isOpening ? <Skeleton className="h-6 w-44" /> : <span className="font-semibold">{name}</span>}
                  <Badge tone={isWaiting ? 'info' : 'warning'}>
                    {isWaiting ? t('waiting', { until: moment(companion.answerBy) }) : t(companion.state as 'declined')}
                  </Badge>
                </p>
                <p className="text-sm text-soft">
                  {t('at', {
                    ...{ day: formatDay(begins, zone, locale), time: formatTime(begins, zone, locale) },
                    who: row.practitioner,
                  })}{' '}
                  · {row.service}
                </p>
                <p className="text-sm wrap-anywhere text-soft">
                  {companion.kind === 'interpreter'
                    ? t('interpreter', { language: companion.language })
                    : t('companion')}
                  {' · '}
                  {[companion.name, companion.email].filter(Boolean).join(', ')}
                  {row.stands ? ` · ${t('stands')}` : ''}
                </p>
              </div>
              <div className="flex flex-wrap gap-2.5">
                {isWaiting ? null : (
                  <Button
                    size="sm"
                    variant="primary"
                    aria-label={t('againFor', { name })}
                    onClick={() => setOpen({ row, what: row.stands ? 'move' : 'again' })}
                  >
                    {t('again')}
                  </Button>
                )}
                {row.stands ? (
                  <Button
                    size="sm"
                    aria-label={t('otherFor', { name })}
                    onClick={() => setOpen({ row, what: 'other' })}
                  >
                    {t('other')}
                  </Button>
                ) : (
                  <Button size="sm" aria-label={t('dropFor', { name })} onClick={() => setOpen({ row, what: 'drop' })}>
                    {t('drop')}
                  </Button>
                )}
              </div>
            </li>
          )
        })}
      </ul>
      {open?.what === 'again' ? <AgainDialog row={open.row} name={nameOf(open.row)} onClose={close} /> : null}
      {open?.what === 'other' ? <CompanionDialog visit={open.row} name={nameOf(open.row)} onClose={close} /> : null}
      {open ? (
        <MoveDialog
          visit={open.row}
          name={nameOf(open.row)}
          zone={zone}
          open={open.what === 'move'}
          onOpenChange={(is) => is || close()}
        />
      ) : null}
      {open ? (
        <AlertDialog
          danger
          title={t('dropTitle')}
          description={t('dropText', { name: nameOf(open.row) })}
          cancelLabel={c('back')}
          actionLabel={t('drop')}
          open={open.what === 'drop'}
          onOpenChange={(is) => is || setOpen(null)}
          busy={dropping}
          onAction={() => void drop(open.row)}
        />
      ) : null}
    </Card>
  )
}
