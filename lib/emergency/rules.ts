import { z } from 'zod'
import type { ChainStatement, PublicKeys, RecordType, SealedGrant, SealedShare } from '../crypto/types.ts'
import { Grant, type StoredRecord } from '../record/rules.ts'
import { Base64Url, Id } from '../ids.ts'

const line = z.string().trim().max(120, { error: 'tooLong' })
const lines = z.string().trim().max(1000, { error: 'tooLong' })

/** What a patient may put on a card: they choose each line, and an empty one is not shown. */
export const CardForm = z.object({
  name: line,
  birthDate: z.union([z.literal(''), z.iso.date({ error: 'date' })]),
  blood: z.string().trim().max(20, { error: 'tooLong' }),
  conditions: lines,
  medicines: lines,
  allergies: lines,
  contacts: lines,
  notes: lines,
})
export type CardForm = z.infer<typeof CardForm>

export const emptyCard: CardForm = {
  ...{ name: '', birthDate: '', blood: '', conditions: '', medicines: '', allergies: '', contacts: '', notes: '' },
}
/** Who it is helps nobody by itself: a card says something else too. */
export const isEmptyCard = ({ name: _name, birthDate: _birthDate, ...said }: CardForm): boolean =>
  Object.values(said).every((text) => text.trim() === '')

/** What is sealed under the code's secret, schema 1. The time is the patient's own word. */
export const CardContent = CardForm.extend({ madeAt: z.iso.datetime() })
export type CardContent = z.infer<typeof CardContent>

/** How often one card may be opened in an hour: an ambulance's crew, not a machine. */
export const cardOpenings = { points: 60, seconds: 3600 }

export const SaveCardInput = z.object({ id: Id, claimHash: Base64Url(64), sealed: Base64Url(24_000) })
export const NothingInput = z.object({}).strict()
export const OpenCardInput = z.object({ id: Id, claim: Base64Url(64) })

export interface MyCard {
  card: { id: string; madeAt: string } | null
  /** When cards of theirs were opened, newest first. By whom, nobody knows. */
  openings: string[]
}

// ── two officers together ──

/** Time for the second officer to answer, and for the first one to read. */
export const answerMinutes = 15
export const readingMinutes = 60

export type EmergencyState = 'asked' | 'approved' | 'declined' | 'withdrawn' | 'expired'
export type EmergencyEvent = 'approve' | 'decline' | 'withdraw' | 'expire'

const next: Record<EmergencyEvent, EmergencyState> = {
  ...{ approve: 'approved', decline: 'declined', withdraw: 'withdrawn', expire: 'expired' },
}

/** From asked alone, and never back. Whoever asks may take it back, and only somebody else may answer it, in time. */
export function nextRequest(
  row: { state: EmergencyState; requestedBy: string; expiresAt: Date },
  event: EmergencyEvent,
  at: { now: Date; memberId: string | null },
): EmergencyState | null {
  if (row.state !== 'asked') return null
  const late = row.expiresAt <= at.now
  if (event === 'expire') return late ? 'expired' : null
  if (late) return null
  const own = row.requestedBy === at.memberId
  return own === (event === 'withdraw') ? next[event] : null
}

/** State as of now, though no job has said so yet. */
export const requestAt = (
  row: { state: EmergencyState; requestedBy: string; expiresAt: Date },
  now: Date,
): EmergencyState => nextRequest(row, 'expire', { now, memberId: null }) ?? row.state

/** Whether its records may still be read. */
export const isOpenAt = (row: { state: EmergencyState; openUntil: Date | null }, now: Date): boolean =>
  row.state === 'approved' && row.openUntil !== null && now < row.openUntil

const Share = z.object({ memberId: Id, enc: Base64Url(64), ct: Base64Url(128) })
const epoch = z.number().int().min(1).max(1_000_000)

export const PatientInput = z.object({ patientId: Id })
export const RequestInput = z.object({ id: Id })
export const MakeKeyInput = z.object({
  patientId: Id,
  epoch,
  publicKey: Base64Url(64),
  statement: Base64Url(24_000),
  shares: z.array(Share).min(2).max(64),
})
export const GrantInput = z.object({
  patientId: Id,
  grants: z
    .array(
      z.object({
        recordId: Id,
        revision: z.number().int().min(1).max(100_000),
        grant: Grant as unknown as z.ZodType<SealedGrant, SealedGrant>,
      }),
    )
    .max(200),
})
export const AskInput = z.object({
  id: Id,
  patientId: Id,
  recordId: Id.nullable(),
  request: Base64Url(4000),
  reason: Base64Url(16_000),
})
export const AnswerInput = z.object({ id: Id, answer: Base64Url(4000) })
export const TellInput = z.object({ id: Id, reason: Base64Url(16_000) })

/** What a clinical member's browser needs in order to keep a patient's emergency key: the newest, and what it misses. */
export interface KeepView {
  /** Null when there is none, or when it was used: then the next is to be made. */
  statement: string | null
  epoch: number
  publicKey: string | null
  /** Being read with at this moment: nothing is replaced until that is over. */
  busy: boolean
  missing: { recordId: string; revision: number }[]
}

export interface RequestRow {
  id: string
  patientId: string
  recordId: string | null
  state: EmergencyState
  request: string
  reason: string
  askedAt: string
  expiresAt: string
  askedBy: { memberId: string; name: string }
  answeredBy: { memberId: string; name: string } | null
  openUntil: string | null
}

/** Whom an officer can ask for: identities as sealed, for the browser to search, and the last visit where none opens. */
export interface PatientRow {
  patientId: string
  lastVisit: { startsAt: string; practitioner: string; service: string } | null
  /** Null while there is none: no clinical member has opened this chart since the clinic has two officers. */
  statement: string | null
}
export interface OfficersView {
  statements: ChainStatement[]
  requests: RequestRow[]
  patients: PatientRow[]
  identities: StoredRecord[]
  patientKeys: { patientId: string; keys: PublicKeys; vouch: string | null }[]
}

/** What a patient is told of records that were opened in an emergency. */
export interface ToldRow {
  id: string
  request: string
  reason: string
  at: string
  one: boolean
  askedBy: string
  answeredBy: string
}

export interface EmergencyContract {
  'emergency/my-card': { in: z.input<typeof NothingInput>; out: MyCard }
  'emergency/save-card': { in: z.input<typeof SaveCardInput>; out: { madeAt: string } }
  'emergency/revoke-card': { in: z.input<typeof NothingInput>; out: { done: true } }
  'emergency/open-card': { in: z.input<typeof OpenCardInput>; out: { sealed: string } }
  'emergency/keep': { in: z.input<typeof PatientInput>; out: KeepView }
  'emergency/make': { in: z.input<typeof MakeKeyInput>; out: { epoch: number } }
  'emergency/grant': { in: z.input<typeof GrantInput>; out: { granted: number } }
  'emergency/officers': { in: z.input<typeof NothingInput>; out: OfficersView }
  /** Members who wait for a second officer now. */
  'emergency/waiting': { in: z.input<typeof NothingInput>; out: { askedBy: string[] } }
  'emergency/records': {
    in: z.input<typeof PatientInput>
    out: { records: { recordId: string; type: RecordType; createdAt: string }[] }
  }
  'emergency/ask': { in: z.input<typeof AskInput>; out: { expiresAt: string } }
  'emergency/share': { in: z.input<typeof RequestInput>; out: { statement: string; share: SealedShare } }
  'emergency/approve': { in: z.input<typeof AnswerInput>; out: { openUntil: string } }
  'emergency/decline': { in: z.input<typeof RequestInput>; out: { done: true } }
  'emergency/withdraw': { in: z.input<typeof RequestInput>; out: { done: true } }
  'emergency/open': {
    in: z.input<typeof RequestInput>
    out: { statement: string; share: SealedShare; answer: string; records: StoredRecord[]; openUntil: string }
  }
  'emergency/tell': { in: z.input<typeof TellInput>; out: { done: true } }
  'emergency/end': { in: z.input<typeof RequestInput>; out: { done: true } }
  'emergency/told': { in: z.input<typeof NothingInput>; out: { opened: ToldRow[] } }
}
