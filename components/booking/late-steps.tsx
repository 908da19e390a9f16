'use client'
import { useTranslations } from 'next-intl'
import { useFormContext, useWatch } from 'react-hook-form'
import { Button } from '@/components/ui/button'
import { Facts } from '@/components/ui/card'
import { Checkbox, RadioGroup } from '@/components/ui/choice'
import { TextField } from '@/components/ui/text-field'
import type { Device } from '@/lib/browser/booking-device'
import type { BookingOffer } from '@/lib/booking/rules'
import { formatMoney, formatRate } from '@/lib/money'
import type { CancelTerms } from '@/lib/price/rules'
import { formatDate, formatPlainDay, formatTime } from '@/lib/time'
import { readCode } from '@/lib/voucher/rules'
import { useFieldError } from './field-error'
import { IntakeFields } from './intake-fields'
import type { StepName, Values } from './values'

export function QuestionsStep({ offer }: { offer: BookingOffer }) {
  const t = useTranslations('booking.questions')
  const { register, watch, control } = useFormContext<Values>()
  return (
    <div className="flex flex-col gap-6">
      <p className="text-soft">{t('lead')}</p>
      <RadioGroup
        label={t('title')}
        hideLabel
        look="cards"
        options={[
          { value: 'now', label: t('now') },
          { value: 'later', label: t('later'), hint: t('laterHint') },
        ]}
        {...register('intake')}
      />
      {watch('intake') === 'now' ? <IntakeFields form={offer.service.intakeForm} control={control as never} /> : null}
    </div>
  )
}

/** In whose place this person signs, in their own name; null where it is for themselves. */
export function signsForWhom({ patient, name }: Pick<Values, 'patient' | 'name'>, { known }: Device): string | null {
  if (patient === 'other') return name
  const helped = known.find(({ handle, helper }) => helper && handle.patientId === patient)
  return helped ? (helped.identity?.name ?? '') : null
}

export function ConsentStep({ offer, signsFor }: { offer: BookingOffer; signsFor: string | null }) {
  const t = useTranslations('booking.consent')
  const { register } = useFormContext<Values>()
  const error = useFieldError()
  const text = offer.consentText!
  return (
    <div className="flex flex-col gap-5">
      <p className="text-soft">{t('read')}</p>
      <ConsentText text={text} version={t('version', { version: text.version })} />
      <TextField
        id="signedName"
        label={signsFor === null ? t('name') : t('nameFor', { name: signsFor })}
        autoComplete="off"
        error={error('signedName')}
        {...register('signedName')}
      />
      <Checkbox id="agree" label={t('agree')} error={error('agree')} {...register('agree')} />
    </div>
  )
}

/** The text as it is hashed, word for word. */
export const ConsentText = ({ text, version }: { text: { title: string; body: string }; version: string }) => (
  <article
    tabIndex={0}
    aria-label={text.title}
    className="max-h-96 overflow-y-auto rounded-control border border-line bg-ground p-4 sm:p-5"
  >
    <h3 className="mb-1 text-lg">{text.title}</h3>
    <p className="mb-3 text-xs text-soft">{version}</p>
    <div className="whitespace-pre-line">{text.body}</div>
  </article>
)

interface ReviewProps {
  offer: BookingOffer
  /** Of the time that is held; null before it is. */
  terms: CancelTerms | null
  onEdit: (step: StepName) => void
}

export function ReviewStep({ offer, terms, onEdit }: ReviewProps) {
  const t = useTranslations('booking.review')
  const { getValues, register } = useFormContext<Values>()
  const error = useFieldError()
  const values = getValues()
  const code = useWatch<Values, 'voucher'>({ name: 'voucher' })
  const fault = error('voucher')
  const hasVoucher = !fault && readCode(code) !== null
  const { priceMinor, dueMinor, currency, taxRate, paymentMode, intakeForm } = offer.service
  const edit = (step: StepName, what: string) => (
    <Button
      variant="quiet"
      size="sm"
      className="-mx-4 -my-2"
      aria-label={`${t('edit')}: ${what}`}
      onClick={() => onEdit(step)}
    >
      {t('edit')}
    </Button>
  )
  const row = (label: string, step: StepName, value: React.ReactNode) => ({
    label,
    value: (
      <div className="flex flex-wrap items-start justify-between gap-x-4">
        <div className="min-w-0 break-words whitespace-pre-line">{value}</div>
        {edit(step, label)}
      </div>
    ),
  })
  const born = /^\d{4}-\d\d-\d\d$/.test(values.birthDate)
    ? formatPlainDay(values.birthDate, offer.locale, { day: 'numeric', month: 'long', year: 'numeric' })
    : ''
  const money = (minor: number) => formatMoney(minor, currency, offer.locale)
  const price = money(priceMinor)
  return (
    <>
      <Facts
        items={[
          row(t('who'), 'who', `${values.name}\n${born}`),
          row(t('contact'), 'who', [values.email, values.phone].filter(Boolean).join('\n')),
          row(t('reason'), 'who', values.reason),
          ...(intakeForm.questions.length
            ? [row(t('questions'), 'questions', t(values.intake === 'now' ? 'answered' : 'notYet'))]
            : []),
          ...(offer.consentText ? [row(t('consent'), 'consent', t('signed', { name: values.signedName }))] : []),
        ]}
      />
      {priceMinor > 0 && paymentMode !== 'free' ? (
        <p className="mt-5 border-t border-line pt-4 text-sm text-soft">
          {hasVoucher ? t('voucherNote') : null}
          {!hasVoucher && paymentMode === 'deposit'
            ? `${t('depositNote', { deposit: money(dueMinor), rest: money(priceMinor - dueMinor) })} `
            : null}
          {hasVoucher ? null : dueMinor > 0 ? t('payNote') : t('laterNote', { price })}
          {taxRate > 0 && !hasVoucher ? ` ${t('taxNote', { price, rate: formatRate(taxRate, offer.locale) })}` : null}
        </p>
      ) : null}
      {terms ? <CancelNote terms={terms} offer={offer} hasVoucher={hasVoucher} /> : null}
      {priceMinor > 0 && paymentMode !== 'free' ? (
        <div className="mt-5 max-w-sm">
          <TextField
            id="voucher"
            label={t('voucher')}
            optional={t('voucherOptional')}
            autoComplete="off"
            autoCapitalize="characters"
            spellCheck={false}
            error={fault}
            {...register('voucher')}
          />
        </div>
      ) : null}
    </>
  )
}

/** What it costs to change one's mind. Nothing is said where it never costs anything. */
function CancelNote({ terms, offer, hasVoucher }: { terms: CancelTerms; offer: BookingOffer; hasVoucher: boolean }) {
  const t = useTranslations('booking.review')
  const { freeUntil } = terms
  const { priceMinor } = offer.service
  // A voucher is used up by a fee of the whole price alone; of a smaller one nothing is kept.
  const counts = (minor: number) => (hasVoucher && minor < priceMinor ? 0 : minor)
  const [lateMinor, missedMinor] = [counts(terms.lateMinor), counts(terms.missedMinor)]
  if (lateMinor === 0 && missedMinor === 0) return null
  const { locale, zone } = offer
  const until = new Date(freeUntil)
  const amount = (minor: number) => formatMoney(minor, offer.service.currency, locale)
  const isFree = until > new Date()
  const when = `${formatDate(until, zone, locale)}, ${formatTime(until, zone, locale)}`
  return (
    <p className="mt-3 text-sm">
      {lateMinor === 0 ? t('cancelAlways') : isFree ? t('cancelFree', { when }) : null}{' '}
      {lateMinor === 0
        ? null
        : hasVoucher
          ? t(isFree ? 'voucherLate' : 'voucherNow')
          : t(isFree ? 'cancelLate' : 'cancelNow', { amount: amount(lateMinor) })}{' '}
      {missedMinor === 0 ? null : hasVoucher ? t('voucherMissed') : t('cancelMissed', { amount: amount(missedMinor) })}
    </p>
  )
}
