'use client'
import { useLocale, useTranslations } from 'next-intl'
import { useEffect, useState } from 'react'
import { useReason } from '@/components/staff/use-reason'
import { Button } from '@/components/ui/button'
import { Dialog } from '@/components/ui/dialog'
import { Banner, Skeleton } from '@/components/ui/status'
import { TextField } from '@/components/ui/text-field'
import { useToast } from '@/components/ui/toast'
import { useBusy } from '@/components/ui/use-busy'
import { call } from '@/lib/browser/api'
import type { DocumentView } from '@/lib/invoice/rules'
import { formatMoney, parseAmount, writeAmount } from '@/lib/money'
import type { VisitMoney } from '@/lib/payment/rules'

interface Props {
  invoice: DocumentView
  onClose: () => void
  onDone: () => void
}

/** Gives back what was paid, or a part, or lets go what is owed: each with a credit note. Mount it anew for each. */
export function GiveBackDialog({ invoice, onClose, onDone }: Props) {
  const t = useTranslations('money.issued')
  const common = useTranslations('common')
  const locale = useLocale()
  const reason = useReason()
  const toast = useToast()
  const { appointmentId, number } = invoice
  // One key for as long as the question stands: sent twice it is one refund.
  const [key] = useState(() => crypto.randomUUID())
  const [money, setMoney] = useState<VisitMoney | null>(null)
  const [typed, setTyped] = useState('')
  const [wrong, setWrong] = useState<string | null>(null)
  const [fault, setFault] = useState<string | null>(null)
  useEffect(() => {
    void call('payment/standing', { appointmentId }, { retry: true }).then((answer) => {
      if (!answer.ok) return setFault(reason(answer.code))
      setMoney(answer.value)
      setTyped(writeAmount(answer.value.refundableMinor, answer.value.currency, locale))
    })
  }, [])
  const shown = (minor: number) => formatMoney(minor, money?.currency ?? invoice.currency, locale)
  const owes = money !== null && money.owedMinor > 0
  const pays = money !== null && !owes && money.refundableMinor > 0
  const [act, busy] = useBusy(async () => {
    if (!money) return
    setFault(null)
    const amountMinor = owes ? money.owedMinor : parseAmount(typed, money.currency, locale)
    const isFine = amountMinor !== null && amountMinor > 0 && (owes || amountMinor <= money.refundableMinor)
    setWrong(isFine ? null : t('upTo', { amount: shown(money.refundableMinor) }))
    if (!isFine) return
    const answer = await call(
      owes ? 'payment/write-off' : 'payment/give-back',
      { appointmentId, key, amountMinor },
      { retry: true },
    )
    if (!answer.ok) return setFault(reason(answer.code))
    toast(t(owes ? 'letGo' : 'givenBack', { amount: shown(amountMinor) }), 'success')
    onDone()
    onClose()
  })
  return (
    <Dialog
      title={t('dialog', { number })}
      description={
        money ? t(owes ? 'owesLead' : pays ? 'paysLead' : 'nothing', { amount: shown(money.owedMinor) }) : undefined
      }
      closeLabel={common('close')}
      open
      onOpenChange={(open) => open || onClose()}
      footer={
        <>
          <Button onClick={onClose}>{t('not')}</Button>
          {owes || pays ? (
            <Button variant="primary" busy={busy} onClick={() => void act()}>
              {owes ? t('doLetGo', { amount: shown(money.owedMinor) }) : t('doGiveBack')}
            </Button>
          ) : null}
        </>
      }
    >
      {fault ? (
        <Banner tone="danger" announce>
          {fault}
        </Banner>
      ) : money === null ? (
        <Skeleton className="h-16 rounded-card" />
      ) : null}
      {pays ? (
        <TextField
          label={t('howMuch')}
          hint={t('upTo', { amount: shown(money.refundableMinor) })}
          inputMode="decimal"
          after={money.currency.toUpperCase()}
          value={typed}
          error={wrong ?? undefined}
          onChange={(event) => setTyped(event.target.value)}
        />
      ) : null}
    </Dialog>
  )
}
