import { z } from 'zod'
import type { Sealed } from '../crypto/types.ts'
import { SealedRecord } from '../record/rules.ts'
import { Id } from '../ids.ts'

/** Checked at the door to its shape; typed as what browsers seal. */
const sealed = SealedRecord as unknown as z.ZodType<Sealed, Sealed>

const short = z.string().trim().max(80, { error: 'tooLong' })
const needed = short.min(1, { error: 'required' })

/** One medicine, as the practitioner types it and as the pharmacist reads it. */
export const PrescriptionItem = z.object({
  medicine: needed,
  dose: needed,
  form: short,
  route: short,
  frequency: needed,
  duration: short,
  quantity: short,
  repeats: z.coerce
    .number({ error: 'number' })
    .int({ error: 'number' })
    .min(0, { error: 'number' })
    .max(12, { error: 'number' }),
  notes: z.string().trim().max(300, { error: 'tooLong' }),
  substitution: z.boolean(),
})
export type PrescriptionItem = z.infer<typeof PrescriptionItem>

export const PrescriptionForm = z.object({
  items: z.array(PrescriptionItem).min(1, { error: 'required' }).max(12, { error: 'tooLarge' }),
  notes: z.string().trim().max(600, { error: 'tooLong' }),
  validDays: z.coerce
    .number({ error: 'number' })
    .int({ error: 'number' })
    .min(1, { error: 'number' })
    .max(366, { error: 'number' }),
})
export type PrescriptionForm = z.infer<typeof PrescriptionForm>

export const emptyItem: PrescriptionItem = {
  medicine: '',
  dose: '',
  form: '',
  route: '',
  frequency: '',
  duration: '',
  quantity: '',
  repeats: 0,
  notes: '',
  substitution: true,
}

/** What a pharmacist opens: everything that a prescription must name, and nothing else of the chart. */
export const SharedPrescription = z.object({
  rxId: Id,
  clinic: z.object({ name: z.string(), address: z.string(), phone: z.string() }),
  patient: z.object({ name: z.string(), birthDate: z.string() }),
  prescriber: z.object({ memberId: Id, name: z.string(), title: z.string() }),
  issuedAt: z.string(),
  expiresAt: z.string(),
  items: z.array(PrescriptionItem),
  notes: z.string(),
})
export type SharedPrescription = z.infer<typeof SharedPrescription>

/** What is sealed in the record of type `prescription`, schema 1: the same, and the secret of the pharmacist's copy. */
export interface PrescriptionContent extends SharedPrescription {
  /** Secret of the fragment in `/rx/<rxId>#k=<secret>&r=<root fingerprint>`. */
  secret: string
}

export type PrescriptionStatus = 'issued' | 'dispensed' | 'cancelled' | 'expired'
export type PrescriptionEvent = 'dispense' | 'cancel' | 'expire'

const next: Record<PrescriptionEvent, PrescriptionStatus> = {
  dispense: 'dispensed',
  cancel: 'cancelled',
  expire: 'expired',
}

/** From issued alone, and never back: what was dispensed, cancelled or has expired stays so. */
export function nextPrescription(
  status: PrescriptionStatus,
  event: PrescriptionEvent,
  at: { now: Date; expiresAt: Date },
): PrescriptionStatus | null {
  if (status !== 'issued') return null
  const lapsed = at.expiresAt <= at.now
  if (event === 'expire') return lapsed ? 'expired' : null
  return lapsed ? null : next[event]
}

/** Status as of now: an issued one past its day is expired though no job has said so yet. */
export function statusAt(row: { status: PrescriptionStatus; expiresAt: Date }, now: Date): PrescriptionStatus {
  return nextPrescription(row.status, 'expire', { now, expiresAt: row.expiresAt }) ?? row.status
}

export interface PrescriptionRow {
  id: string
  appointmentId: string
  recordId: string
  memberId: string
  status: PrescriptionStatus
  issuedAt: string
  expiresAt: string
}

/** What the server answers a pharmacist: ciphertext, and its own word on the state, which proves nothing. */
export interface RxAnswer {
  share: string
  status: PrescriptionStatus
  clinicId: string
}

export const IssueInput = z.object({
  rxId: Id,
  appointmentId: Id,
  record: sealed,
  share: z
    .string()
    .min(1)
    .max(200_000)
    .regex(/^[A-Za-z0-9_-]+$/),
  issuedAt: z.iso.datetime(),
  expiresAt: z.iso.datetime(),
})
export const PrescriptionMove = z.object({ id: Id })

export interface PrescriptionContract {
  'prescription/issue': { in: z.input<typeof IssueInput>; out: PrescriptionRow }
  'prescription/cancel': { in: z.input<typeof PrescriptionMove>; out: { done: true } }
  'prescription/dispense': { in: z.input<typeof PrescriptionMove>; out: { done: true } }
}
