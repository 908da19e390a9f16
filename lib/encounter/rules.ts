import type { DocumentView } from '../invoice/rules.ts'
import type { CareRow } from '../care/rules.ts'
import { z } from 'zod'
import type { AppointmentStatus } from '../booking/rules.ts'
import type { Audience, Way } from '../clinic/rules.ts'
import type { ChainStatement, Sealed } from '../crypto/types.ts'
import type { PrescriptionRow } from '../prescription/rules.ts'
import type { RecallRow } from '../recall/rules.ts'
import { SealedRecord, type StoredRecord } from '../record/rules.ts'
import { Day } from '../day.ts'
import { addDays } from '../time.ts'
import { Id } from '../ids.ts'
import { largestMinor } from '../money.ts'
import type { Ending } from '../payment/rules.ts'

/** Checked at the door to its shape; typed as what browsers seal. */
const sealed = SealedRecord as unknown as z.ZodType<Sealed, Sealed>

/** `owed`: it did not take place, and the money is not back yet. `fee`: what it cost all the same is paid. `bounced`: it was given back, and a bank sent it back. */
export type PaidState =
  'free' | 'voucher' | 'paid' | 'owed' | 'fee' | 'bounced' | 'due' | 'later' | 'refunded' | 'failed'

/** One line of the day: operational facts. Who it is opens in the browser. */
export interface DayRow {
  appointmentId: string
  /** How often it was moved. */
  sequence: number
  /** The group that it is a place of, and how many that has; null: of none. */
  group: { id: string; serviceId: string; places: number } | null
  /** Booked with others at once. */
  isSeries: boolean
  patientId: string
  memberId: string
  practitioner: string
  siteId: string | null
  site: string | null
  service: string
  way: Way
  /** In minutes: from one start of the service that is offered to the next. */
  step: number
  startsAt: string
  endsAt: string
  /** Put in by the desk beside others. */
  walkIn: boolean
  status: AppointmentStatus
  paid: PaidState
  /** What `paid` speaks of. */
  moneyMinor: number
  currency: string
  /** To be handed back at the desk: what it took, and what no card took back. */
  toHandMinor: number
  /** Of that, what a bank sent back. */
  bouncedMinor: number
  /** What the payer's bank questions, or took back. */
  dispute: { state: 'inquiry' | 'open' | 'lost'; amountMinor: number; answerBy: string | null } | null
  /** What the service wants of the patient beforehand. */
  asks: { form: boolean; consent: boolean }
  arrivedAt: string | null
  startedAt: string | null
  completedAt: string | null
  /** A device that is the patient's, by its key or by a code, is at the call's door now. */
  waiting: boolean
  /** Somebody is there now with the link alone: not confirmed, new device. Nobody has arrived by that. */
  atDoor: boolean
}

export interface DayView {
  day: string
  zone: string
  today: string
  rows: DayRow[]
  practitioners: { memberId: string; name: string }[]
  /** Who runs late on this day, and by how many minutes. */
  late: { memberId: string; minutes: number }[]
  /** Appointments on each day of the week around `day`, for the load chart. */
  week: { day: string; count: number; minutes: number }[]
  /** Identity, checklist and care records of these patients: what the desk may read. */
  records: StoredRecord[]
  /** Who helps these patients, each with whom, and the server's clock. */
  care: (CareRow & { patientId: string })[]
  now: string
}

/** What a row looks like to the person who runs the day. */
export type RowState = 'upcoming' | 'late' | 'at_door' | 'waiting' | 'in_consult' | 'done' | 'missed' | 'cancelled'

type Seen = Pick<DayRow, 'way' | 'status' | 'waiting' | 'atDoor' | 'startsAt' | 'endsAt'>

export function rowState(row: Seen, now: Date): RowState {
  switch (row.status) {
    case 'in_consult':
      return 'in_consult'
    case 'completed':
      return 'done'
    case 'no_show':
      return 'missed'
    case 'cancelled':
    case 'expired':
      return 'cancelled'
    case 'arrived':
      return 'waiting'
    default:
      if (row.waiting) return 'waiting'
      if (row.atDoor) return 'at_door'
      // Who is called keeps nobody waiting.
      return new Date(row.startsAt) < now && row.way !== 'phone' ? 'late' : 'upcoming'
  }
}

const hour = 3_600_000
/** Whether the clinic may say that somebody is there. By video, a patient's own device arrives; on the telephone nobody does. */
export const mayArrive = (row: Pick<DayRow, 'way' | 'status' | 'startsAt'>, now: Date): boolean =>
  row.way === 'in_person' && row.status === 'booked' && Math.abs(Date.parse(row.startsAt) - now.getTime()) <= 12 * hour

/** Whether that may be taken back: what the clinic said, and not what a device did. */
export const mayUnarrive = (row: Pick<DayRow, 'way' | 'status'>): boolean =>
  row.way === 'in_person' && row.status === 'arrived'

/** Who to see next: the longest waiting, else the next to come; never one who is in, done or gone. */
export function nextUp<T extends Seen & Pick<DayRow, 'arrivedAt'>>(rows: readonly T[], now: Date): T | null {
  const waiting = rows.filter((row) => rowState(row, now) === 'waiting')
  const since = (row: T) => row.arrivedAt ?? row.startsAt
  if (waiting.length) return waiting.reduce((first, row) => (since(row) < since(first) ? row : first))
  const coming = rows.filter((row) => ['upcoming', 'at_door'].includes(rowState(row, now)))
  return coming.length ? coming.reduce((first, row) => (row.startsAt < first.startsAt ? row : first)) : null
}

/** Why nothing that names a visit's patient came to a member of these groups. */
export function whyUnnamed(
  row: Pick<DayRow, 'memberId' | 'siteId'>,
  me: { memberId: string; groups: readonly string[] },
): 'before' | 'colleague' | 'elsewhere' | 'gone' {
  const { groups } = me
  // Whoever sees all of it misses nothing by rule: what is not there was erased, or is still being passed on.
  if (groups.some((group) => group === 'desk' || group === 'clinical')) return 'gone'
  if (groups.includes(`clinical:${me.memberId}`)) return row.memberId === me.memberId ? 'before' : 'colleague'
  return row.siteId && groups.some((group) => group.endsWith(`:${row.siteId}`)) ? 'before' : 'elsewhere'
}

/** Monday of the day's week. */
export function weekStart(day: string): string {
  const weekday = (new Date(`${day}T00:00:00Z`).getUTCDay() + 6) % 7
  return addDays(day, -weekday)
}

// ── what is sealed ──

/** Record of type `note`, schema 1. */
export interface NoteContent {
  text: string
  writtenAt: string
  author: { memberId: string; name: string; title: string }
  appointmentId: string
  /** Whether the patient reads it too; sharing later is a revision of its own. */
  shared: boolean
}

/** Record of type `draft`, schema 1: everything typed in the encounter and not yet finished. */
export interface DraftContent {
  note: string
  share: boolean
  /** The prescription form as it stands, or null before it is opened. */
  rx: unknown
  recall: unknown
}
export const emptyDraft: DraftContent = { note: '', share: true, rx: null, recall: null }

export const NoteForm = z.object({
  text: z.string().trim().min(1, { error: 'required' }).max(20_000, { error: 'tooLong' }),
  share: z.boolean(),
})

// ── what the encounter page is given ──

export interface ConsentProof {
  recordId: string
  appointmentId: string
  consentTextId: string
  title: string
  version: number
  /** Text that the server says was offered; the signature is over the hash of the sealed one. */
  textHash: string
  state: 'signed' | 'withdrawn'
  signer: string
  signature: string
  signedAt: string
  seq: number
  previous: string
  hash: string
}

export interface PatientKeyRow {
  keyId: string
  keys: { sign: string; dh: string }
  state: 'booking' | 'confirmed' | 'paired' | 'vouched' | 'revoked'
  vouch: string | null
  /** Its own word and another key's of the patient that both are theirs. */
  link: string | null
}

export interface EncounterView {
  appointment: DayRow
  zone: string
  clinic: { id: string; name: string; slug: string; address: string; phone: string }
  me: { memberId: string; name: string; title: string }
  service: { id: string; name: string; minutes: number; intakeForm: unknown }
  services: { id: string; name: string; audience: Audience }[]
  statements: ChainStatement[]
  patientKeys: PatientKeyRow[]
  /** Who helps the patient, or did, and the server's clock. */
  care: CareRow[]
  now: string
  /** Newest revision of each of the patient's records that this role may read. */
  records: StoredRecord[]
  consents: ConsentProof[]
  prescriptions: PrescriptionRow[]
  recalls: RecallRow[]
  /** Invoice and credit notes of this visit. */
  documents: DocumentView[]
  /** When each earlier encounter was, for headings. */
  visits: { appointmentId: string; startsAt: string; service: string; practitioner: string; site: string | null }[]
  /** Next patient of the day, for one click. */
  next: { appointmentId: string; startsAt: string; waiting: boolean } | null
}

export const DayInput = z.object({ day: Day.optional(), memberId: Id.optional() })
export const AppointmentInput = z.object({ appointmentId: Id })
/** `feeMinor`: what the page said that it costs the patient; without a word, nothing. */
export const MissInput = AppointmentInput.extend({ feeMinor: z.number().int().min(0).max(largestMinor).optional() })
export const SaveRecordInput = z.object({ appointmentId: Id, record: sealed })
export interface EncounterContract {
  'encounter/day': { in: z.input<typeof DayInput>; out: DayView }
  'encounter/open': { in: z.input<typeof AppointmentInput>; out: EncounterView }
  'encounter/save-record': {
    in: z.input<typeof SaveRecordInput>
    out: { recordId: string; revision: number }
  }
  'encounter/complete': { in: z.input<typeof AppointmentInput>; out: { done: true } }
  'encounter/arrive': { in: z.input<typeof AppointmentInput>; out: { done: true } }
  'encounter/unarrive': { in: z.input<typeof AppointmentInput>; out: { done: true } }
  /** What becomes of the money when the patient did not come: for the question before it. */
  'encounter/missing': { in: z.input<typeof AppointmentInput>; out: Ending & { currency: string } }
  'encounter/miss': { in: z.input<typeof MissInput>; out: { done: true } }
}
