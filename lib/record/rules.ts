import { z } from 'zod'
import type { RecordType, Sealed } from '../crypto/types.ts'
import { Base64Url, Id } from '../ids.ts'

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
  'care',
] as const

export const Grant = z.object({
  recipient: z.object({
    kind: z.enum(['group', 'patient', 'member', 'escrow']),
    id: z.string().min(1).max(64),
    key: Base64Url(64),
    epoch: z.number().int().min(0).max(1_000_000),
  }),
  enc: Base64Url(128),
  ct: Base64Url(512),
  granter: Base64Url(64),
  signature: Base64Url(128),
})

/** One to a group's epoch. */
export const GroupGrant = Grant.extend({ recipient: Grant.shape.recipient.extend({ kind: z.literal('group') }) })

/** A sealed record at the door: its shape, never what is in it. */
export const SealedRecord = z.object({
  meta: z.object({
    clinicId: Id,
    patientId: Id,
    recordId: Id,
    revision: z.number().int().min(1).max(100_000),
    type: z.enum(recordTypes),
  }),
  header: Base64Url(4000),
  commit: Base64Url(128),
  ciphertext: Base64Url(600_000),
  signature: Base64Url(128),
  grants: z.array(Grant).min(1).max(200),
})

/** Record of type `identity`, schema 1. */
export interface IdentityContent {
  name: string
  birthDate: string
  email: string
  phone?: string
  /** Who typed it, when someone else books for the patient. */
  bookedBy?: string
  /** What they are to the patient: a word of lib/care/rules.ts. */
  relation?: string
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

/**
 * What a member may seal of a patient: of one who has no key yet, who it is and why they call, once each. Everything that a patient
 * says is the patient's own from their first device on.
 */
export function mayWriteForPatient({ type, revision }: { type: string; revision: number }, hasKey: boolean): boolean {
  if (!(patientWrites as readonly string[]).includes(type)) return true
  return !hasKey && revision === 1 && (type === 'identity' || type === 'reason')
}

/** Types that the desk's group may read: who it is, and whether the forms are done. */
export const deskTypes: readonly RecordType[] = ['identity', 'checklist', 'care']

/** A record as it lies on the server, with the grants that its reader can use. */
export type StoredRecord = Sealed & { appointmentId: string | null; createdAt: string }

export const MyRecordsInput = z.object({
  appointmentId: Id.optional(),
  types: z.array(z.enum(recordTypes)).max(recordTypes.length).optional(),
  recordIds: z.array(Id).max(200).optional(),
  history: z.boolean().optional(),
})

export interface RecordContract {
  'record/mine': { in: z.input<typeof MyRecordsInput>; out: { records: StoredRecord[] } }
}
