import { z } from 'zod'
import type { ChainStatement, VouchReason } from '../crypto/types.ts'
import { Grant, type StoredRecord } from '../record/rules.ts'
import { Id } from '../ids.ts'

/** How somebody at the clinic may have recognised a patient outside this product's own call. */
export const reasons = ['document', 'known', 'video', 'phone'] as const satisfies readonly VouchReason[]
export type Reason = (typeof reasons)[number]

export const AppointmentInput = z.object({ appointmentId: Id })
export const RecogniseInput = z.object({
  appointmentId: Id,
  keyId: Id,
  keys: z.object({ sign: z.string().length(43), dh: z.string().length(43) }),
  vouch: z
    .string()
    .min(40)
    .max(4000)
    .regex(/^[A-Za-z0-9_-]+$/),
  grants: z.array(z.object({ recordId: Id, revision: z.number().int().min(1), grant: Grant })).max(2000),
})

/** A device that a mailed code alone let in: no practitioner said whose it is. */
export interface NewDevice {
  keyId: string
  keys: { sign: string; dh: string }
  /** '' when it never said. */
  name: string
  firstSeen: string
  /** By the desk, where it said so already. */
  vouch: string | null
}

export interface NewDevices {
  clinicId: string
  patientId: string
  zone: string
  statements: ChainStatement[]
  devices: NewDevice[]
  /** All keys of the patient with what vouches for them, removed ones too: for the vault to judge the identity by. */
  keys: { keys: NewDevice['keys']; vouch: string | null; link: string | null }[]
  /** Newest identities, for the name that goes with it. */
  records: StoredRecord[]
}

export interface RecognitionContract {
  'recognition/devices': { in: z.input<typeof AppointmentInput>; out: NewDevices }
  /** What a patient may read of what this member reads: the member's own browser decides which of it is handed on. */
  'recognition/records': { in: z.input<typeof AppointmentInput>; out: { records: StoredRecord[] } }
  /** `partly` where a practitioner has to do the rest. */
  'recognition/recognise': { in: z.input<typeof RecogniseInput>; out: { granted: number; partly: boolean } }
}
