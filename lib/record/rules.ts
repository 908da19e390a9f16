import { z } from 'zod'
import type { Sealed } from '../crypto/types.ts'

const b64 = (max: number) =>
  z
    .string()
    .min(1)
    .max(max)
    .regex(/^[A-Za-z0-9_-]+$/)

export const recordTypes = [
  'identity',
  'checklist',
  'reason',
  'intake',
  'consent',
  'note',
  'draft',
  'prescription',
  'recall',
] as const

export const GrantInput = z.object({
  recipient: z.object({
    kind: z.enum(['group', 'patient']),
    id: z.string().min(1).max(64),
    key: b64(64),
    epoch: z.number().int().min(0).max(1_000_000),
  }),
  enc: b64(128),
  ct: b64(512),
  granter: b64(64),
  signature: b64(128),
})

/** A sealed record at the door: its shape, never what is in it. */
export const SealedInput = z.object({
  meta: z.object({
    clinicId: z.uuid(),
    patientId: z.uuid(),
    recordId: z.uuid(),
    revision: z.number().int().min(1).max(100_000),
    type: z.enum(recordTypes),
  }),
  header: b64(4000),
  commit: b64(128),
  ciphertext: b64(600_000),
  signature: b64(128),
  grants: z.array(GrantInput).min(1).max(24),
})

/** Record of type `identity`, schema 1. */
export interface IdentityContent {
  name: string
  birthDate: string
  email: string
  phone?: string
  /** Who typed it, when someone else books for the patient. */
  bookedBy?: string
}
/** Record of type `checklist`, schema 1: what the desk may know of the clinical forms. */
export interface ChecklistContent {
  appointmentId: string
  formDone: boolean
  consentSigned: boolean
}
/** Record of type `reason`, schema 1. */
export interface ReasonContent {
  appointmentId: string
  reason: string
}

/** Records that a patient's own browser may write. */
export const patientWrites = ['identity', 'checklist', 'reason', 'intake', 'consent'] as const

export type PlacedRecord = Sealed & { appointmentId: string | null; createdAt: string }
