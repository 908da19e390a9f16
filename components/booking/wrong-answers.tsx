'use client'
import { useTranslations } from 'next-intl'
import type { Ref } from 'react'
import { useFormContext } from 'react-hook-form'
import { ErrorSummary } from '@/components/ui/field'
import type { BookingOffer } from '@/lib/booking/rules'
import type { Values } from './values'

interface Props {
  offer: BookingOffer
  /** For whom somebody else signs; null: they sign themselves. */
  signsFor: string | null
  ref: Ref<HTMLDivElement>
}

/** What is wrong on this step, each by the name of its question; nothing where nothing is. */
export function WrongAnswers({ offer, signsFor, ref }: Props) {
  const t = useTranslations('booking')
  const errorText = useTranslations('errors.field')
  const { formState } = useFormContext<Values>()
  const errors = Object.entries(flatErrors(formState.errors))
  if (errors.length === 0) return null
  const labels: Record<string, string> = {
    name: t('who2.name'),
    birthDate: t('who2.birth'),
    email: t('who2.email'),
    phone: t('who2.phone'),
    bookedBy: t('who2.bookedBy'),
    relation: t('who2.relation'),
    reason: t('who2.reason'),
    signedName: signsFor === null ? t('consent.name') : t('consent.nameFor', { name: signsFor }),
    agree: t('consent.agree'),
    voucher: t('review.voucher'),
  }
  const labelOf = (name: string) =>
    labels[name] ?? offer.service.intakeForm.questions.find((each) => name === `answers.${each.id}`)?.label ?? ''
  const textOf = (key: string) => errorText((errorText.has(key as 'required') ? key : 'invalid') as 'required')
  return (
    <div className="mb-5">
      <ErrorSummary
        ref={ref}
        title={t('errorTitle')}
        errors={errors.map(([name, key]) => ({
          fieldId: name,
          text: t('errorOf', { label: labelOf(name), fault: textOf(key) }),
        }))}
      />
    </div>
  )
}

/** answers.q1 → required: every wrong field by its name. */
function flatErrors(errors: object, prefix = ''): Record<string, string> {
  const flat: Record<string, string> = {}
  for (const [name, value] of Object.entries(errors)) {
    if (!value || typeof value !== 'object') continue
    const path = prefix ? `${prefix}.${name}` : name
    if (typeof (value as { message?: unknown }).message === 'string')
      flat[path] = (value as { message: string }).message
    else if (!('ref' in value)) Object.assign(flat, flatErrors(value, path))
  }
  return flat
}
