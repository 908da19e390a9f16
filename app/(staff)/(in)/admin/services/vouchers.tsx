'use client'
import { useLocale, useTranslations } from 'next-intl'
import { useEffect, useRef, useState } from 'react'
import { createPortal } from 'react-dom'
import { useForm } from 'react-hook-form'
import { useLive } from '@/components/staff/use-live'
import { useReason } from '@/components/staff/use-reason'
import { Button } from '@/components/ui/button'
import { Card, CardTitle } from '@/components/ui/card'
import { AlertDialog, Dialog } from '@/components/ui/dialog'
import { PlusIcon, PrintIcon } from '@/components/ui/icons'
import { EmptyState, Skeleton } from '@/components/ui/status'
import { Select, TextField } from '@/components/ui/text-field'
import { useToast } from '@/components/ui/toast'
import { useBusy } from '@/components/ui/use-busy'
import { call } from '@/lib/browser/api'
import type { ServiceView } from '@/lib/clinic/rules'
import { formatPlainDay } from '@/lib/time'
import type { BatchView, VoucherContract } from '@/lib/voucher/rules'

type Made = VoucherContract['voucher/make']['out']
const day = { day: 'numeric', month: 'long', year: 'numeric' } as const

const leftOf = ({ made, used, withdrawn }: BatchView) => made - used - withdrawn

/** Codes that each pay for one visit: made here, shown once, and counted. */
export function Vouchers({ services, clinic }: { services: ServiceView[]; clinic: string }) {
  const t = useTranslations('vouchers')
  const locale = useLocale()
  const [batches, setBatches] = useState<BatchView[] | null>(null)
  const [making, setMaking] = useState(false)
  const [ending, setEnding] = useState<BatchView | null>(null)
  const load = async () => {
    const answer = await call('voucher/list', {})
    if (answer.ok) setBatches(answer.value.batches)
  }
  useEffect(() => void load(), [])
  useLive(() => void load())
  const paid = services.filter(
    ({ active, paymentMode, priceMinor }) => active && paymentMode !== 'free' && priceMinor > 0,
  )
  return (
    <Card className="mt-6">
      <CardTitle
        actions={
          paid.length ? (
            <Button size="sm" icon={<PlusIcon size={18} />} onClick={() => setMaking(true)}>
              {t('make')}
            </Button>
          ) : undefined
        }
      >
        {t('title')}
      </CardTitle>
      <p className="-mt-2 mb-4 max-w-prose text-soft">{t('lead')}</p>
      {batches === null ? (
        <Skeleton className="h-16" />
      ) : batches.length === 0 ? (
        <EmptyState icon={PrintIcon} title={t(paid.length ? 'none' : 'nothingPaid')} />
      ) : (
        <ul className="divide-y divide-line">
          {batches.map((batch) => (
            <li key={batch.batchId} className="flex flex-wrap items-center justify-between gap-3 py-3">
              <div className="min-w-0">
                <p className="font-semibold">{t('batch', { count: batch.made, service: batch.service })}</p>
                <p className="text-sm text-soft">
                  {[
                    t('used', { count: batch.used }),
                    batch.isOver ? '' : t('unused', { count: leftOf(batch) }),
                    batch.withdrawn ? t('withdrawn', { count: batch.withdrawn }) : '',
                    t(batch.isOver ? 'over' : 'until', { day: formatPlainDay(batch.lastDay, locale, day) }),
                  ]
                    .filter(Boolean)
                    .join(' · ')}
                </p>
              </div>
              {batch.open && !batch.isOver ? (
                <Button
                  size="sm"
                  variant="quiet"
                  aria-label={t('withdrawFor', {
                    service: batch.service,
                    day: formatPlainDay(batch.madeOn, locale, day),
                  })}
                  onClick={() => setEnding(batch)}
                >
                  {t('withdraw')}
                </Button>
              ) : null}
            </li>
          ))}
        </ul>
      )}
      {making ? <MakeDialog {...{ paid, clinic }} onClose={() => setMaking(false)} onDone={load} /> : null}
      {ending ? <Withdrawing batch={ending} onClose={() => setEnding(null)} onDone={load} /> : null}
    </Card>
  )
}

interface Closing {
  onClose: () => void
  onDone: () => Promise<void>
}

function Withdrawing({ batch, onClose, onDone }: Closing & { batch: BatchView }) {
  const t = useTranslations('vouchers')
  const reason = useReason()
  const toast = useToast()
  const [withdraw, busy] = useBusy(async () => {
    const answer = await call('voucher/withdraw', { batchId: batch.batchId })
    if (!answer.ok) toast(reason(answer.code), 'danger')
    else toast(t('done', { count: answer.value.withdrawn }), 'success')
    await onDone()
    onClose()
  })
  return (
    <AlertDialog
      title={t('sure')}
      description={t('sureText', { count: batch.open, service: batch.service })}
      cancelLabel={t('keep')}
      actionLabel={t('withdraw')}
      danger
      busy={busy}
      open
      onOpenChange={(is) => is || onClose()}
      onAction={() => void withdraw()}
    />
  )
}

function MakeDialog({ paid, clinic, onClose, onDone }: Closing & { paid: ServiceView[]; clinic: string }) {
  const t = useTranslations('vouchers')
  const c = useTranslations('common')
  const reason = useReason()
  // Made once: sent again after a lost answer it makes no second batch.
  const [batchId] = useState(() => crypto.randomUUID())
  const [made, setMade] = useState<Made | null>(null)
  const [fault, setFault] = useState<string | null>(null)
  const form = useForm({ defaultValues: { serviceId: paid[0]!.id, count: '1', days: '365' } })
  const { register, formState, setError } = form
  const { errors, isSubmitting } = formState
  const whole = (text: string) => (/^\d{1,5}$/.test(text.trim()) ? Number(text) : NaN)
  const send = form.handleSubmit(async ({ serviceId, count, days }) => {
    setFault(null)
    const answer = await call('voucher/make', { batchId, serviceId, count: whole(count), days: whole(days) })
    if (answer.ok) {
      setMade(answer.value)
      return onDone()
    }
    const known = (['count', 'days'] as const).filter((name) => answer.fields?.[name])
    for (const name of known) setError(name, { message: answer.fields![name] }, { shouldFocus: true })
    if (!known.length) setFault(reason(answer.code))
  })
  return (
    <Dialog
      title={t(made ? 'madeTitle' : 'make')}
      description={t(made ? 'madeText' : 'makeText')}
      closeLabel={c('close')}
      open
      firm={made !== null}
      onOpenChange={(open) => !open && onClose()}
    >
      {made ? (
        <Codes {...{ made, clinic, onClose }} />
      ) : (
        <form onSubmit={send} noValidate className="flex flex-col gap-5">
          <Select
            label={t('service')}
            options={paid.map(({ id, name }) => ({ value: id, label: name }))}
            {...register('serviceId')}
          />
          <div className="grid items-end gap-4 sm:grid-cols-2">
            <TextField
              label={t('count')}
              inputMode="numeric"
              error={errors.count && reason.field(errors.count.message)}
              {...register('count')}
            />
            <TextField
              label={t('days')}
              inputMode="numeric"
              after={t('daysUnit')}
              error={errors.days && reason.field(errors.days.message)}
              {...register('days')}
            />
          </div>
          {fault ? (
            <p role="alert" className="text-danger">
              {fault}
            </p>
          ) : null}
          <Button type="submit" variant="primary" busy={isSubmitting}>
            {t('make')}
          </Button>
        </form>
      )}
    </Dialog>
  )
}

/** Shown once, and on paper if wanted: a slip for each. */
function Codes({ made, clinic, onClose }: { made: Made; clinic: string; onClose: () => void }) {
  const t = useTranslations('vouchers')
  const locale = useLocale()
  const top = useRef<HTMLParagraphElement>(null)
  useEffect(() => top.current?.focus(), [])
  const until = t('until', { day: formatPlainDay(made.lastDay, locale, day) })
  return (
    <div className="flex flex-col gap-5">
      <p ref={top} tabIndex={-1} className="outline-none">
        {made.service} · {until}
      </p>
      <ul
        tabIndex={0}
        aria-label={t('codes')}
        className="figures max-h-72 overflow-y-auto rounded-control border border-line bg-ground p-4 font-mono"
      >
        {made.codes.map((code) => (
          <li key={code} className="py-0.5">
            {code}
          </li>
        ))}
      </ul>
      <div className="flex flex-wrap justify-end gap-2.5">
        <Button icon={<PrintIcon size={18} />} onClick={() => window.print()}>
          {t('print')}
        </Button>
        <Button variant="primary" onClick={onClose}>
          {t('kept')}
        </Button>
      </div>
      {createPortal(
        <section data-paper className="hidden print:block">
          {made.codes.map((code) => (
            <div key={code} className="break-inside-avoid border-b border-dashed py-6 text-center">
              <p>{clinic}</p>
              <h1 className="mt-1 text-xl">{t('slip', { service: made.service })}</h1>
              <p className="my-3 font-mono text-2xl">{code}</p>
              <p>{until}</p>
              <p>{t('slipHow')}</p>
            </div>
          ))}
        </section>,
        document.body,
      )}
    </div>
  )
}
