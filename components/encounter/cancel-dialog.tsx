import { useLocale, useTranslations } from 'next-intl'
import { useEffect, useState } from 'react'
import { useReason } from '@/components/staff/use-reason'
import { RadioGroup } from '@/components/ui/choice'
import { AlertDialog } from '@/components/ui/dialog'
import { Banner } from '@/components/ui/status'
import { useToast } from '@/components/ui/toast'
import { useBusy } from '@/components/ui/use-busy'
import { call } from '@/lib/browser/api'
import type { DayRow } from '@/lib/encounter/rules'
import { formatDay, formatTime } from '@/lib/time'

interface Props {
  row: DayRow
  zone: string
  name: string
  open: boolean
  onOpenChange: (open: boolean) => void
}

/** Cancels a visit; of a series, the later ones with it where that is meant. */
export function CancelDialog({ row, zone, name, open, onOpenChange }: Props) {
  const t = useTranslations('staff.cancel')
  const locale = useLocale()
  const toast = useToast()
  const reason = useReason()
  const [fault, setFault] = useState<string | null>(null)
  const [which, setWhich] = useState<'one' | 'later'>('one')
  const [visits, setVisits] = useState<{ id: string; startsAt: string }[]>([])
  /** How often the list proved to be out of date: then it is asked for anew. */
  const [stale, setStale] = useState(0)
  const { appointmentId: id, startsAt } = row
  useEffect(() => {
    if (!open || !row.isSeries) return
    let late = false
    void call('desk/later', { id }, { retry: true }).then((answer) => {
      if (late) return
      if (answer.ok) setVisits(answer.value.visits)
      else setFault(reason(answer.code))
    })
    return () => {
      late = true
    }
  }, [open, id, row.isSeries, startsAt, stale])
  const show = (is: boolean) => {
    setFault(null)
    setWhich('one')
    onOpenChange(is)
  }
  const [cancel, busy] = useBusy(async () => {
    const answer =
      which === 'later'
        ? await call('desk/cancel-later', { visits }, { retry: true })
        : await call('booking/cancel-by-clinic', { id, startsAt }, { retry: true })
    if (!answer.ok) {
      if (answer.code === 'STALE') setStale((times) => times + 1)
      return setFault(reason(answer.code))
    }
    toast(t(which === 'later' ? 'doneAll' : 'done'), 'success')
    show(false)
  })
  const last = visits.length > 1 ? visits.at(-1)! : null
  return (
    <AlertDialog
      title={t('title', { name })}
      description={t('text', { time: formatTime(new Date(startsAt), zone, locale), service: row.service })}
      cancelLabel={t('keep')}
      actionLabel={which === 'later' ? t('goAll', { count: visits.length }) : t('go')}
      danger
      busy={busy}
      open={open}
      onOpenChange={show}
      onAction={() => void cancel()}
    >
      {last ? (
        <RadioGroup
          name="which"
          className="mt-4"
          label={t('which')}
          value={which}
          onChange={(event) => setWhich(event.target.value === 'later' ? 'later' : 'one')}
          options={[
            { value: 'one', label: t('one') },
            {
              value: 'later',
              label: t('later', { count: visits.length - 1, day: formatDay(new Date(last.startsAt), zone, locale) }),
            },
          ]}
        />
      ) : null}
      {fault === null ? null : (
        <Banner tone="danger" announce className="mt-4">
          {fault}
        </Banner>
      )}
    </AlertDialog>
  )
}
