'use client'
import { useLocale, useTranslations } from 'next-intl'
import { useEffect, useState } from 'react'
import { useReason } from '@/components/staff/use-reason'
import { AlertDialog } from '@/components/ui/dialog'
import { Banner, Skeleton } from '@/components/ui/status'
import { useToast } from '@/components/ui/toast'
import { useBusy } from '@/components/ui/use-busy'
import { call } from '@/lib/browser/api'
import type { DayRow } from '@/lib/encounter/rules'
import { formatMoney } from '@/lib/money'
import type { Ending } from '@/lib/payment/rules'

/** Nobody came: says what that costs the patient before it is written down. Mount it anew for each. */
export function MissDialog({ row, name, onClose }: { row: DayRow; name: string; onClose: () => void }) {
  const t = useTranslations('staff.miss')
  const locale = useLocale()
  const toast = useToast()
  const reason = useReason()
  const { appointmentId } = row
  const [ending, setEnding] = useState<(Ending & { currency: string }) | null>(null)
  const [fault, setFault] = useState<string | null>(null)
  const load = async () => {
    const answer = await call('encounter/missing', { appointmentId }, { retry: true })
    if (answer.ok) setEnding(answer.value)
    else setFault(reason(answer.code))
  }
  useEffect(() => void load(), [])
  const [miss, busy] = useBusy(async () => {
    if (!ending) return
    const answer = await call('encounter/miss', { appointmentId, feeMinor: ending.feeMinor })
    if (!answer.ok) {
      setFault(reason(answer.code))
      return load()
    }
    toast(t('done'), 'success')
    onClose()
  })
  const amount = (minor: number) => formatMoney(minor, ending!.currency, locale)
  return (
    <AlertDialog
      title={t('title', { name })}
      description={t('text')}
      cancelLabel={t('keep')}
      actionLabel={t('go')}
      danger
      busy={busy || !ending}
      open
      onOpenChange={(is) => is || onClose()}
      onAction={() => void miss()}
    >
      {fault === null ? null : (
        <Banner tone="danger" announce className="mt-4">
          {fault}
        </Banner>
      )}
      {ending ? (
        <ul className="mt-4 list-disc ps-5">
          {ending.isVoucher ? (
            <li>{t('voucher')}</li>
          ) : ending.feeMinor ? (
            <li>{t('fee', { amount: amount(ending.feeMinor) })}</li>
          ) : (
            <li>{t('noFee')}</li>
          )}
          {ending.backMinor ? <li>{t('back', { amount: amount(ending.backMinor) })}</li> : null}
          {ending.owedMinor ? <li>{t('owed', { amount: amount(ending.owedMinor) })}</li> : null}
        </ul>
      ) : (
        <Skeleton className="mt-4 h-14" />
      )}
    </AlertDialog>
  )
}
