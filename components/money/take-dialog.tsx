'use client'
import { useLocale, useTranslations } from 'next-intl'
import { useState } from 'react'
import { useReason } from '@/components/staff/use-reason'
import { Button } from '@/components/ui/button'
import { RadioGroup } from '@/components/ui/choice'
import { Dialog } from '@/components/ui/dialog'
import { Banner } from '@/components/ui/status'
import { useBusy } from '@/components/ui/use-busy'
import { call } from '@/lib/browser/api'
import type { DayRow } from '@/lib/encounter/rules'
import { formatMoney } from '@/lib/money'

type Method = 'cash' | 'transfer'

/** Cash or a transfer for one visit. Mount it anew for each: its key makes one press one payment. */
export function TakeDialog({ row, name, onClose }: { row: DayRow; name: string; onClose: () => void }) {
  const t = useTranslations('money')
  const common = useTranslations('common')
  const locale = useLocale()
  const reason = useReason()
  const [key] = useState(() => crypto.randomUUID())
  const [method, setMethod] = useState<Method>('cash')
  const [fault, setFault] = useState<string | null>(null)
  const [receipt, setReceipt] = useState<string | null>(null)
  const { appointmentId, moneyMinor: amountMinor, currency, service } = row
  const amount = formatMoney(amountMinor, currency, locale)
  const [take, busy] = useBusy(async () => {
    const answer = await call('payment/take', { appointmentId, key, method, amountMinor }, { retry: true })
    setFault(answer.ok ? null : reason(answer.code))
    if (answer.ok) setReceipt(answer.value.number)
  })
  return (
    <Dialog
      title={receipt ? t('taken', { amount }) : t('takeTitle', { amount })}
      description={receipt ? undefined : t('takeLead', { service, name })}
      closeLabel={common('close')}
      open
      onOpenChange={(open) => open || onClose()}
      footer={
        receipt ? (
          <Button variant="primary" onClick={onClose}>
            {t('done')}
          </Button>
        ) : (
          <>
            <Button onClick={onClose}>{t('cancel')}</Button>
            <Button variant="primary" busy={busy} onClick={() => void take()}>
              {t('takeTitle', { amount })}
            </Button>
          </>
        )
      }
    >
      {receipt ? (
        <Banner tone="success" announce>
          {t('receipt', { number: receipt })}
        </Banner>
      ) : (
        <>
          {fault ? (
            <Banner tone="danger" announce className="mb-4">
              {fault}
            </Banner>
          ) : null}
          <RadioGroup
            name="method"
            label={t('method')}
            value={method}
            onChange={(event) => setMethod(event.target.value as Method)}
            options={[
              { value: 'cash', label: t('cash') },
              { value: 'transfer', label: t('transfer') },
            ]}
          />
        </>
      )}
    </Dialog>
  )
}
