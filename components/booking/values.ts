import { z } from 'zod'
import type { BookingOffer } from '@/lib/booking/rules'
import { relations } from '@/lib/care/rules'
import { faultsOf, type Answer } from '@/lib/intake/rules'
import { readCode } from '@/lib/voucher/rules'

const steps = ['who', 'questions', 'consent', 'review'] as const
export type StepName = (typeof steps)[number]

export interface Values {
  /** 'me', 'other', or the id of a patient of this device. */
  patient: string
  name: string
  birthDate: string
  email: string
  phone: string
  bookedBy: string
  /** What they are to the patient: a word of lib/care/rules.ts. */
  relation: string
  reason: string
  shared: boolean
  intake: 'now' | 'later'
  answers: Record<string, Answer>
  signedName: string
  agree: boolean
  /** A code that pays for it. */
  voucher: string
}

export const emptyValues: Values = {
  patient: 'me',
  name: '',
  birthDate: '',
  email: '',
  phone: '',
  bookedBy: '',
  relation: '',
  reason: '',
  shared: false,
  intake: 'now',
  answers: {},
  signedName: '',
  agree: false,
  voucher: '',
}

const needed = (max: number) => z.string().trim().min(1, { error: 'required' }).max(max, { error: 'tooLong' })

export const Who = z
  .object({
    patient: z.string(),
    name: needed(120),
    birthDate: z.iso
      .date({ error: 'date' })
      .refine((day) => day > '1890-01-01', { error: 'date' })
      .refine((day) => new Date(day) <= new Date(), { error: 'past' }),
    email: z
      .string()
      .trim()
      .toLowerCase()
      .pipe(z.email({ error: 'email' }).max(254)),
    phone: z
      .string()
      .trim()
      .max(30, { error: 'tooLong' })
      .regex(/^$|^\+?[\d\s().-]{6,}$/, { error: 'phone' }),
    bookedBy: z.string().trim().max(120, { error: 'tooLong' }),
    relation: z.union([z.literal(''), z.enum(relations)], { error: 'required' }),
    reason: needed(2000),
  })
  .refine((who) => who.patient !== 'other' || who.bookedBy.length > 0, { error: 'required', path: ['bookedBy'] })
  .refine((who) => who.patient !== 'other' || who.relation !== '', { error: 'required', path: ['relation'] })

/** A visit by telephone: there is a number to call. */
const Called = Who.safeExtend({ phone: Who.shape.phone.min(1, { error: 'required' }) })

const Consent = z.object({ signedName: needed(120), agree: z.literal(true, { error: 'accept' }) })

const Review = z.object({ voucher: z.string().refine((code) => !code.trim() || readCode(code), { error: 'voucher' }) })

/** What a step must hold before the next. */
export function schemaOf(step: StepName, offer: BookingOffer): z.ZodType {
  if (step === 'who') return offer.service.way === 'phone' ? Called : Who
  if (step === 'review') return Review
  if (step === 'consent') return offer.consentText ? Consent : z.object({})
  if (step === 'questions')
    return z
      .object({ intake: z.string(), answers: z.record(z.string(), z.unknown()) })
      .superRefine((given, context) => {
        if (given.intake === 'later') return
        for (const [id, fault] of Object.entries(
          faultsOf(offer.service.intakeForm, given.answers as Values['answers']),
        ))
          context.addIssue({ code: 'custom', message: fault, path: ['answers', id] })
      })
  return z.object({})
}

/** Steps that this booking has: no questions, no step for them. */
export const stepsOf = (offer: BookingOffer): StepName[] =>
  steps.filter((step) =>
    step === 'questions'
      ? offer.service.intakeForm.questions.length > 0
      : step === 'consent'
        ? offer.consentText !== null
        : true,
  )
