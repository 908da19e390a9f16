'use client'
import { useLocale, useTranslations } from 'next-intl'
import { useState } from 'react'
import { useReason } from '@/components/staff/use-reason'
import { RadioGroup } from '@/components/ui/choice'
import { AlertDialog } from '@/components/ui/dialog'
import { Banner } from '@/components/ui/status'
import { useToast } from '@/components/ui/toast'
import { useBusy } from '@/components/ui/use-busy'
import { call } from '@/lib/browser/api'
import { formatMoney } from '@/lib/money'

type How = 'cash' | 'transfer' | 'card'

interface Props {
  visit: {
    appointmentId: string
    currency: string
    /** All that is to be handed back, and what of it a bank sent back. */
    toHandMinor: number
    bouncedMinor: number
  }
  onClose: () => void
}

/** Asks before it is written down that money was handed back; what a bank sent back may be tried again instead. */
export function BackDialog({ visit, onClose }: Props) {
  const t = useTranslations('money')
  const locale = useLocale()
  const toast = useToast()
  const reason = useReason()
  const [how, setHow] = useState<How>('cash')
  const [fault, setFault] = useState<string | null>(null)
  // What the question named is what is answered for, whatever the page behind it learns meanwhile.
  const [{ appointmentId, currency, toHandMinor, bouncedMinor }] = useState(visit)
  const amount = formatMoney(toHandMinor, currency, locale)
  const bounced = formatMoney(bouncedMinor, currency, locale)
  const [act, busy] = useBusy(async () => {
    const answer =
      how === 'card'
        ? await call('payment/refund-again', { appointmentId, amountMinor: bouncedMinor })
        : await call('payment/hand-back', { appointmentId, method: how, amountMinor: toHandMinor })
    if (!answer.ok) return setFault(reason(answer.code))
    toast(how === 'card' ? t('back.asked', { amount: bounced }) : t('handedBack', { amount }), 'success')
    onClose()
  })
  return (
    <AlertDialog
      title={t('back.title', { amount })}
      description={bouncedMinor > 0 ? t('back.bounced', { amount: bounced }) : t('back.lead', { amount })}
      cancelLabel={t('back.not')}
      actionLabel={how === 'card' ? t('back.again', { amount: bounced }) : t('back.done', { amount })}
      busy={busy}
      open
      onOpenChange={(open) => open || onClose()}
      onAction={() => void act()}
    >
      {fault ? (
        <Banner tone="danger" announce className="mt-4">
          {fault}
        </Banner>
      ) : null}
      <RadioGroup
        className="mt-4"
        name="how"
        label={t('back.how')}
        value={how}
        onChange={(event) => setHow(event.target.value as How)}
        options={[
          { value: 'cash', label: t('cash') },
          { value: 'transfer', label: t('back.transfer') },
          ...(bouncedMinor > 0 ? [{ value: 'card', label: t('back.card'), hint: t('back.cardHint') }] : []),
        ]}
      />
    </AlertDialog>
  )
}
