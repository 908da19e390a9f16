'use client'
import { useTranslations } from 'next-intl'
import { useEffect, useState } from 'react'
import { useReason } from '@/components/staff/use-reason'
import { Dialog } from '@/components/ui/dialog'
import { FieldError } from '@/components/ui/field'
import { Skeleton } from '@/components/ui/status'
import { call } from '@/lib/browser/api'
import type { DeskOptions } from '@/lib/desk/rules'
import { BookForm, type Made } from './book-form'
import { HandOver } from './hand-over'
import { HeldFor } from './held-for'

/** Where somebody pointed: a column of the calendar, and a time in it. */
export interface Pointed {
  memberId: string
  startsAt: string
  /** Where a group is to be joined. */
  serviceId?: string
}

/** A whole booking for somebody on the telephone, in one dialog; then the link that is theirs. */
export function BookDialog({ at, onClose }: { at: Pointed | null; onClose: () => void }) {
  const t = useTranslations('desk')
  const c = useTranslations('common')
  const along = useTranslations('companion')
  const reason = useReason()
  const [options, setOptions] = useState<DeskOptions | null>(null)
  const [fault, setFault] = useState<string | null>(null)
  const [made, setMade] = useState<Made | null>(null)
  useEffect(() => {
    void call('desk/options', {}, { retry: true }).then((answer) =>
      answer.ok ? setOptions(answer.value) : setFault(reason(answer.code)),
    )
  }, [])
  return (
    <Dialog
      wide
      firm
      open
      title={made?.heldUntil ? along('heldTitle') : made ? t('booked') : t('title')}
      description={made ? undefined : t('lead')}
      closeLabel={c('close')}
      onOpenChange={(open) => open || onClose()}
    >
      {made?.heldUntil && options ? (
        <HeldFor {...made} until={made.heldUntil} zone={options.zone} onClose={onClose} />
      ) : made && options ? (
        <HandOver {...made} clinic={options.clinic} zone={options.zone} onClose={onClose} />
      ) : options?.services.length === 0 ? (
        <p className="text-soft">{t('nobody')}</p>
      ) : options ? (
        <BookForm {...{ options, at, onClose }} onMade={setMade} />
      ) : fault ? (
        <FieldError>{fault}</FieldError>
      ) : (
        <div role="status" aria-label={c('loading')}>
          <Skeleton className="h-96 rounded-card" />
        </div>
      )}
    </Dialog>
  )
}
