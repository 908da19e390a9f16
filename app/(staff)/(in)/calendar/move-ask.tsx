import { useLocale, useTranslations } from 'next-intl'
import { useState } from 'react'
import { useReason } from '@/components/staff/use-reason'
import { AlertDialog } from '@/components/ui/dialog'
import { Banner } from '@/components/ui/status'
import { useToast } from '@/components/ui/toast'
import { useBusy } from '@/components/ui/use-busy'
import { call } from '@/lib/browser/api'
import type { DayRow } from '@/lib/encounter/rules'
import { formatDay, formatTime } from '@/lib/time'
import type { Target } from './moving'

export interface Asked {
  row: DayRow
  target: Target
  /** The practitioner that it would be with. */
  practitioner: string
}
interface Props extends Asked {
  /** Of a group, everybody in it. */
  group: readonly DayRow[]
  name: string
  zone: string
  /** Reads the calendar again: nothing moves on the screen before the server has said so. */
  refresh: () => Promise<void>
  onBusy: (busy: boolean) => void
  onClose: () => void
}

/** Whether an appointment is to go where it was put: from when to when, and who learns of it. */
export function MoveAsk({ row, target, practitioner, group, name, zone, refresh, onBusy, onClose }: Props) {
  const t = useTranslations('calendar.ask')
  const m = useTranslations('move')
  const locale = useLocale()
  const toast = useToast()
  const reason = useReason()
  const [outside, setOutside] = useState(false)
  // A walk-in takes a time that is free; where it is taken, whoever moves it is asked once more.
  const [beside, setBeside] = useState(false)
  const isLater = Date.parse(row.startsAt) !== target.from || Date.parse(row.endsAt) !== target.until
  const place = (from: number, until: number, who: string) =>
    t('place', {
      day: formatDay(new Date(from), zone, locale),
      from: formatTime(new Date(from), zone, locale),
      until: formatTime(new Date(until), zone, locale),
      who,
    })
  const [move, busy] = useBusy(async () => {
    onBusy(true)
    const { appointmentId: id, sequence } = row
    const at = { startsAt: new Date(target.from).toISOString(), endsAt: new Date(target.until).toISOString() }
    const to = { memberId: target.memberId, ...at, anyway: outside }
    const visits = group.map((each) => ({ id: each.appointmentId, sequence: each.sequence }))
    const answer = visits.length
      ? await call('booking/move-group', { visits, ...to }, { retry: true })
      : await call('booking/move', { id, sequence, ...to, beside }, { retry: true })
    if (!answer.ok && answer.code === 'OUTSIDE_HOURS') {
      onBusy(false)
      return setOutside(true)
    }
    if (!answer.ok && answer.code === 'SLOT_TAKEN' && row.walkIn && !beside) {
      onBusy(false)
      return setBeside(true)
    }
    // Both, that what is on the screen is what is: it was moved, or somebody else was faster.
    await refresh()
    onBusy(false)
    onClose()
    if (answer.ok) {
      const when = `${formatDay(new Date(target.from), zone, locale)}, ${formatTime(new Date(target.from), zone, locale)}`
      return toast(isLater ? m('moved', { when }) : m('given', { name: practitioner }), 'success')
    }
    const wrong = answer.fields?.startsAt
    const day = wrong && m(wrong === 'tooSmall' ? 'past' : 'far')
    const who = answer.fields?.memberId && t('otherService', { name: practitioner })
    const why = day ?? who ?? (answer.code === 'SLOT_TAKEN' ? m('taken') : reason(answer.code))
    toast(t('refused', { why }), 'danger')
  })
  return (
    <AlertDialog
      title={m('title', { name })}
      description={
        <>
          {t('from', { place: place(Date.parse(row.startsAt), Date.parse(row.endsAt), row.practitioner) })}
          <br />
          <strong className="text-ink">{t('to', { place: place(target.from, target.until, practitioner) })}</strong>
        </>
      }
      cancelLabel={m('keep')}
      actionLabel={beside ? t('putBeside') : m(outside ? 'anyway' : 'move')}
      busy={busy}
      open
      // While the server is asked there is nothing to give up.
      onOpenChange={(is) => is || busy || onClose()}
      onAction={() => void move()}
    >
      {beside ? (
        <Banner tone="warning" announce className="mt-4" title={t('besideTitle')}>
          {t('beside')}
        </Banner>
      ) : outside ? (
        <Banner tone="warning" announce className="mt-4" title={m('outsideTitle')}>
          {m('outside')}
        </Banner>
      ) : null}
      <p className="mt-4 text-sm text-soft">
        {t(isLater ? (group.length ? 'mailedAll' : 'mailed') : 'notMailed')}
        {row.walkIn && !beside ? ` ${t('walkIn')}` : null}
      </p>
    </AlertDialog>
  )
}
