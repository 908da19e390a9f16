import { z } from 'zod'
import type { ChainStatement, Sealed } from '../crypto/types.ts'
import type { PlacedRecord } from '../record/rules.ts'

export const patientCookie = 'curtain_patient'
export const patientMinutes = 30
export const nonceMinutes = 5
export const sessionPurpose = 'patient-session'

/** What the device signs to open its session: this origin, this nonce, these ids. */
export const sessionFields = (facts: {
  origin: string
  clinicId: string
  patientId: string
  keyId: string
  nonce: string
}) => [facts.origin, facts.clinicId, facts.patientId, facts.keyId, facts.nonce]

const b64 = (max: number) =>
  z
    .string()
    .min(1)
    .max(max)
    .regex(/^[A-Za-z0-9_-]+$/)

export const ChallengeInput = z.object({ clinicId: z.uuid() })
export const SessionInput = z.object({
  clinicId: z.uuid(),
  patientId: z.uuid(),
  keyId: z.uuid(),
  nonce: b64(64),
  signature: b64(128),
})
export const ChartInput = z.object({}).strict()
export const ExportInput = z.object({}).strict()

/** What the patient's own device is given: sealed records it can open, and operational facts. */
export interface PatientChart {
  clinicId: string
  patientId: string
  statements: ChainStatement[]
  records: PlacedRecord[]
  prescriptions: {
    id: string
    recordId: string
    appointmentId: string
    status: string
    issuedAt: string
    expiresAt: string
  }[]
  appointments: {
    id: string
    startsAt: string
    endsAt: string
    status: string
    service: string
    practitioner: string
  }[]
  /** The next consent event's place in the patient's history. */
  consent: { seq: number; previous: string }
}

export interface PatientExport extends PatientChart {
  clinic: { name: string; address: string; phone: string }
  payments: { appointmentId: string; status: string; amountMinor: number; refundedMinor: number; currency: string }[]
  consents: {
    appointmentId: string
    state: string
    textHash: string
    signer: string
    signature: string
    hash: string
    previous: string
    seq: number
    signedAt: string
  }[]
}

export interface PatientContract {
  'patient/challenge': { in: z.input<typeof ChallengeInput>; out: { nonce: string } }
  'patient/session': { in: z.input<typeof SessionInput>; out: { until: string } }
  'patient/chart': { in: z.input<typeof ChartInput>; out: PatientChart }
  'patient/export': { in: z.input<typeof ExportInput>; out: PatientExport }
}
export type { Sealed }
