import { useLocale, useTranslations } from 'next-intl'
import Link from 'next/link'
import { useState } from 'react'
import type { Pointed } from '@/components/desk/book-dialog'
import { useStaff } from '@/components/staff/session'
import { useReason } from '@/components/staff/use-reason'
import { Button, buttonClass, IconButton } from '@/components/ui/button'
import { AlertDialog, Dialog } from '@/components/ui/dialog'
import { MoreIcon } from '@/components/ui/icons'
import { Badge, Banner } from '@/components/ui/status'
import { useToast } from '@/components/ui/toast'
import { useBusy } from '@/components/ui/use-busy'
import { call } from '@/lib/browser/api'
import { type DayRow, rowState } from '@/lib/encounter/rules'
import { formatDay, formatTime } from '@/lib/time'
import { canMove } from './moving'

interface Props {
  rows: readonly DayRow[]
  zone: string
  now: Date
  nameOf: (row: DayRow) => string
  /** What can be done with one of them. */
  onMore: (row: DayRow) => void
  onBook: (at: Pointed) => void
  refresh: () => Promise<void>
  onClose: () => void
}

/** Who is in a group, and what can be done with all of it. */
export function GroupDialog({ rows, zone, now, nameOf, onMore, onBook, refresh, onClose }: Props) {
  const t = useTranslations('calendar')
  const s = useTranslations('staff')
  const c = useTranslations('common')
  const locale = useLocale()
  const toast = useToast()
  const reason = useReason()
  const { isClinical } = useStaff()
  const [isCancelling, setCancelling] = useState(false)
  const [fault, setFault] = useState<string | null>(null)
  const { service, startsAt, memberId } = rows[0]!
  const { serviceId, places } = rows[0]!.group!
  const begins = new Date(startsAt)
  const count = rows.filter(({ status }) => status !== 'no_show').length
  const open = rows.filter(canMove)
  const [cancel, busy] = useBusy(async () => {
    const ids = open.map(({ appointmentId }) => appointmentId)
    const answer = await call('booking/cancel-group', { ids, startsAt }, { retry: true })
    await refresh()
    if (!answer.ok) return setFault(reason(answer.code))
    toast(t('group.done'), 'success')
    onClose()
  })
  const title = t('group.title', {
    ...{ service, day: formatDay(begins, zone, locale), time: formatTime(begins, zone, locale) },
  })
  if (isCancelling)
    return (
      <AlertDialog
        title={t('group.cancelTitle')}
        description={
          <>
            {title}
            <br />
            {t('group.cancelText', { count: open.length })}
          </>
        }
        cancelLabel={t('group.keep')}
        actionLabel={t('group.go', { count: open.length })}
        danger
        busy={busy}
        open
        onOpenChange={(is) => is || busy || onClose()}
        onAction={() => void cancel()}
      >
        {fault ? (
          <Banner tone="danger" announce className="mt-4">
            {fault}
          </Banner>
        ) : null}
      </AlertDialog>
    )
  return (
    <Dialog
      open
      title={title}
      description={t('places', { count, places })}
      closeLabel={c('close')}
      onOpenChange={(is) => is || onClose()}
      footer={
        <>
          {open.length ? (
            <Button variant="danger" onClick={() => setCancelling(true)}>
              {t('group.cancel')}
            </Button>
          ) : null}
          {count < places && begins > now ? (
            <Button variant="primary" onClick={() => onBook({ memberId, startsAt, serviceId })}>
              {t('group.add')}
            </Button>
          ) : null}
        </>
      }
    >
      <ul className="divide-y divide-line">
        {rows.map((row) => {
          const name = nameOf(row)
          return (
            <li key={row.appointmentId} className="flex flex-wrap items-center gap-x-3 gap-y-1 py-2">
              <span className="me-auto flex flex-wrap items-center gap-x-3 gap-y-1">
                <span className="font-semibold">{name}</span>
                <Badge>{s(`state.${rowState(row, now)}`)}</Badge>
              </span>
              {isClinical && row.status !== 'no_show' ? (
                <Link
                  href={`/encounter/${row.appointmentId}`}
                  aria-label={t('group.open', { name })}
                  className={buttonClass({ size: 'sm' })}
                >
                  {s('open')}
                </Link>
              ) : null}
              <IconButton label={t('group.more', { name })} icon={<MoreIcon />} onClick={() => onMore(row)} />
            </li>
          )
        })}
      </ul>
    </Dialog>
  )
}
