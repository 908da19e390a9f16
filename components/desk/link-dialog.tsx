'use client'
import { useTranslations } from 'next-intl'
import { useEffect, useState } from 'react'
import { useReason } from '@/components/staff/use-reason'
import { Dialog } from '@/components/ui/dialog'
import { FieldError } from '@/components/ui/field'
import { Skeleton } from '@/components/ui/status'
import { call } from '@/lib/browser/api'
import type { DayRow } from '@/lib/encounter/rules'
import { HandOver, SendAgain } from './hand-over'

interface Props {
  row: Pick<DayRow, 'appointmentId' | 'startsAt' | 'practitioner'>
  name: string
  zone: string
  onClose: () => void
}

/** The link of an appointment once more: shown as long as nobody has opened it, and sent to the patient at any time. */
export function LinkDialog({ row, name, zone, onClose }: Props) {
  const t = useTranslations('desk')
  const c = useTranslations('common')
  const reason = useReason()
  const { appointmentId, startsAt, practitioner } = row
  const [shown, setShown] = useState<{ linkSecret: string; clinic: string } | 'claimed' | null>(null)
  const [fault, setFault] = useState<string | null>(null)
  useEffect(() => {
    void (async () => {
      const [link, options] = await Promise.all([
        call('desk/link', { id: appointmentId }, { retry: true }),
        call('desk/options', {}, { retry: true }),
      ])
      if (link.ok && options.ok) return setShown({ ...link.value, clinic: options.value.clinic })
      if (!link.ok && link.code === 'WRONG_STATE') return setShown('claimed')
      setFault(reason(!link.ok ? link.code : 'INTERNAL'))
    })()
  }, [appointmentId])
  return (
    <Dialog
      wide
      open
      title={t('linkTitle', { name })}
      closeLabel={c('close')}
      onOpenChange={(open) => open || onClose()}
    >
      {shown === 'claimed' ? (
        <div className="flex flex-wrap items-center gap-2.5">
          <p className="mb-2">{t('claimed')}</p>
          <SendAgain id={appointmentId} />
        </div>
      ) : shown ? (
        <HandOver {...{ appointmentId, startsAt, practitioner, zone, onClose }} {...shown} />
      ) : fault ? (
        <FieldError>{fault}</FieldError>
      ) : (
        <div role="status" aria-label={c('loading')}>
          <Skeleton className="h-64 rounded-card" />
        </div>
      )}
    </Dialog>
  )
}
