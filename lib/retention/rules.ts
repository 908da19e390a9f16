import { z } from 'zod'
import type { RecordType } from '../crypto/types.ts'
import type { StoredRecord } from '../record/rules.ts'
import { Id } from '../ids.ts'

/**
 * What is kept for how long, and dies together. Each patient has one key of the outer layer for each class.
 *   identity        who the patient is and how to reach them: kept at least as long as the chart that it makes readable
 *   clinical        the chart: reasons, answers, notes, prescriptions, the consents that treatment rested on
 *   administrative  what serves the day's work and proves nothing later: check lists, recalls, drafts
 */
export const retentionClasses = ['identity', 'clinical', 'administrative'] as const
export type RetentionClass = (typeof retentionClasses)[number]

const classes: Record<RecordType, RetentionClass> = {
  identity: 'identity',
  care: 'identity',
  reason: 'clinical',
  intake: 'clinical',
  consent: 'clinical',
  note: 'clinical',
  prescription: 'clinical',
  checklist: 'administrative',
  draft: 'administrative',
  recall: 'administrative',
}

export const classOf = (type: RecordType): RetentionClass => classes[type]
export const typesOf = (wanted: RetentionClass): RecordType[] =>
  (Object.keys(classes) as RecordType[]).filter((type) => classes[type] === wanted)

// ── what a purge does to each table that is about a patient ──

/** `by`: which column leads to the patient. */
type Fate =
  | { goes: RetentionClass; by: 'patient' | 'appointment' | 'call' }
  /** Each row with the class of what it holds. */
  | { goes: 'with its class' }
  /** The row is kept, and why; `without`: columns that are emptied with who the patient is, or with the class that is named. */
  | { stays: string; without?: readonly string[]; with?: RetentionClass }

/** In the order in which rows can go. A test finds every table that is about a patient: a new one is decided here first. */
export const fates = {
  record_grant: { goes: 'with its class' },
  rewrap_lease: { goes: 'with its class' },
  record: { goes: 'with its class' },
  prescription: { goes: 'clinical', by: 'patient' },
  emergency_card: { goes: 'clinical', by: 'patient' },
  emergency_card_opening: { goes: 'clinical', by: 'patient' },
  emergency_request: { goes: 'clinical', by: 'patient' },
  emergency_key: { goes: 'identity', by: 'patient' },
  recall: { goes: 'administrative', by: 'patient' },
  email_code: { goes: 'administrative', by: 'appointment' },
  reminder: { goes: 'administrative', by: 'appointment' },
  late_notice: { goes: 'administrative', by: 'appointment' },
  waitlist_offer: { goes: 'administrative', by: 'appointment' },
  companion: { goes: 'administrative', by: 'appointment' },
  call_message: { goes: 'administrative', by: 'call' },
  call_participant: { goes: 'administrative', by: 'call' },
  call: { goes: 'administrative', by: 'appointment' },
  consent_event: {
    stays: 'that one was signed, and its hash: if these went, a browser that saw them would take it for a theft',
    without: ['consent_text_id', 'text_hash', 'record_id', 'signature'],
    with: 'clinical',
  },
  care: { stays: 'whose key helped, by which a browser tells what was signed in the patient’s place' },
  patient_key: {
    stays: 'public keys and links: by them the patient reaches the receipt',
    without: ['name', 'vouch', 'used_on'],
  },
  patient: { stays: 'an id, which the receipt names', without: ['email_index', 'email_sealed', 'phone_sealed'] },
  appointment: {
    stays: 'when, with whom, for which service and at what price: the accounts rest on it',
    without: ['link_sealed'],
  },
  payment: { stays: 'accounts are kept by law' },
  refund: { stays: 'accounts are kept by law' },
  taking: { stays: 'accounts are kept by law' },
  dispute: { stays: 'accounts are kept by law' },
  posting: { stays: 'accounts are kept by law' },
  entry: { stays: 'accounts are kept by law' },
  document: { stays: 'accounts are kept by law; it names no patient' },
  open_item: { stays: 'a sum of entries' },
  legal_hold: { stays: 'why something was kept is asked for later' },
  erasure_request: { stays: 'the receipt' },
  purge: { stays: 'the receipt' },
} as const satisfies Record<string, Fate>

// ── how long ──

const years = z.coerce
  .number({ error: 'number' })
  .int({ error: 'number' })
  .min(1, { error: 'years' })
  .max(100, { error: 'years' })

export const RetentionForm = z
  .object({
    identity: years,
    clinical: years,
    administrative: years,
    /** Days after which a due purge needs nobody's word; null: an officer confirms each. */
    autoDays: z.coerce
      .number({ error: 'number' })
      .int({ error: 'number' })
      .min(7, { error: 'days' })
      .max(365, { error: 'days' })
      .nullable(),
  })
  .refine((form) => form.identity >= form.clinical, { path: ['identity'], error: 'identityFirst' })
export type RetentionSettings = z.output<typeof RetentionForm>

/** Twenty years for the chart is the longest that is common in Europe (France: 20, Germany: 10, the UK: 8). */
export const defaultRetention: RetentionSettings = { identity: 20, clinical: 20, administrative: 3, autoDays: null }

// ── a shorter time begins later ──

/** Days before a shorter time counts. All officers are told at once, and any of them sets it back. */
export const delayDays = 7

/** What was set last; `before` is what counted when it was, until `beginsAt`. */
export interface StoredSettings {
  wanted: RetentionSettings
  before: RetentionSettings | null
  beginsAt: Date | null
}

const longer = (a: RetentionSettings, b: RetentionSettings): RetentionSettings => ({
  identity: Math.max(a.identity, b.identity),
  clinical: Math.max(a.clinical, b.clinical),
  administrative: Math.max(a.administrative, b.administrative),
  autoDays: a.autoDays === null || b.autoDays === null ? null : Math.max(a.autoDays, b.autoDays),
})
const same = (a: RetentionSettings, b: RetentionSettings) =>
  a.autoDays === b.autoDays && retentionClasses.every((each) => a[each] === b[each])

/** What counts now, and what will. */
export function settingsAt(
  stored: StoredSettings | null,
  now: Date,
): { settings: RetentionSettings; later: { settings: RetentionSettings; beginsAt: Date } | null } {
  if (!stored) return { settings: defaultRetention, later: null }
  const { wanted, before, beginsAt } = stored
  if (!before || !beginsAt || beginsAt <= now) return { settings: wanted, later: null }
  return { settings: longer(before, wanted), later: { settings: wanted, beginsAt } }
}

/** What is longer counts at once; anything shorter than what counts now waits, from this change on. */
export function decideSettings(counts: RetentionSettings, wanted: RetentionSettings, now: Date): StoredSettings {
  const waits = !same(longer(counts, wanted), wanted)
  return {
    wanted,
    before: waits ? counts : null,
    beginsAt: waits ? new Date(now.getTime() + delayDays * 86_400_000) : null,
  }
}

// ── an officer's own word ──

/** A word counts for so many minutes: both clocks' fault included. */
export const wordMinutes = 10
export const purposes = { settings: 'retention-settings', purge: 'retention-purge' } as const

/** What the key of the officer's account signs. */
export const signedFields = (
  at: { origin: string; clinicId: string; memberId: string },
  what: readonly (string | number)[],
  signedAt: string,
): (string | number)[] => [at.origin, at.clinicId, at.memberId, ...what, signedAt]

export const settingFields = ({ identity, clinical, administrative, autoDays }: RetentionSettings): number[] => [
  ...[identity, clinical, administrative, autoDays ?? 0],
]

/** The day a class may go: so many years after the last encounter. February 29th becomes March 1st. */
export function endOf(lastEncounter: Date, years: number): Date {
  const end = new Date(lastEncounter)
  end.setUTCFullYear(end.getUTCFullYear() + years)
  return end
}

/** Which of the classes that are there are due by then. */
export function dueClasses(
  patient: { lastEncounter: Date; classes: readonly string[]; held: boolean; expected: boolean },
  settings: RetentionSettings,
  now: Date,
): RetentionClass[] {
  if (patient.held || patient.expected) return []
  return retentionClasses.filter(
    (each) => patient.classes.includes(each) && endOf(patient.lastEncounter, settings[each]) <= now,
  )
}

// ── holds, requests, purges ──

/** Why nothing may be purged now, and why it may again. Words from a list: free text could say what the patient has. */
export const holdGrounds = ['court', 'authority', 'complaint', 'insurer', 'research'] as const
export const liftGrounds = ['closed', 'mistake'] as const
export type HoldGround = (typeof holdGrounds)[number]
export type LiftGround = (typeof liftGrounds)[number]

/** Why a wish to be forgotten is refused (GDPR article 17, paragraph 3). */
export const refusalGrounds = ['duty', 'claims', 'public-health'] as const
export type RefusalGround = (typeof refusalGrounds)[number]

export type PurgeState = 'ordered' | 'destroyed' | 'final'

export interface PurgeRow {
  id: string
  patientId: string
  classes: RetentionClass[]
  state: PurgeState
  requestId: string | null
  orderedAt: string
  destroyedAt: string | null
  finalAt: string | null
}

export interface ErasureRow {
  id: string
  patientId: string
  state: 'asked' | 'erased' | 'refused'
  askedAt: string
  answeredAt: string | null
  /** The officer's statement, for the browser to check. */
  answer: string | null
}

export interface HoldRow {
  id: string
  patientId: string
  ground: HoldGround
  placedAt: string
}

export interface KeptPatient {
  patientId: string
  lastEncounter: string
  /** Classes that there is something of. */
  classes: RetentionClass[]
  due: RetentionClass[]
  /** An appointment is still to come. */
  expected: boolean
}

const classList = z.array(z.enum(retentionClasses)).min(1).max(retentionClasses.length)

export const PlaceHoldInput = z.object({ patientId: Id, ground: z.enum(holdGrounds, { error: 'required' }) })
export const LiftHoldInput = z.object({ id: Id, ground: z.enum(liftGrounds, { error: 'required' }) })
/** An officer's own word for one change, fresh. */
export const Word = z.object({ signedAt: z.iso.datetime(), signature: z.string().regex(/^[\w-]{86}$/) })
export type Signed = z.output<typeof Word>
export const PurgeInput = z.object({ patientId: Id, classes: classList, word: Word })
export const SaveInput = RetentionForm.and(z.object({ word: Word }))
export const AnswerInput = z.object({
  id: Id,
  state: z.enum(['erased', 'refused']),
  statement: z
    .string()
    .min(1)
    .max(4000)
    .regex(/^[A-Za-z0-9_-]+$/),
})
export const NothingInput = z.object({}).strict()

export interface Overview {
  settings: RetentionSettings
  /** What was set and waits, and when it begins to count. */
  later: { settings: RetentionSettings; beginsAt: string } | null
  patients: KeptPatient[]
  holds: HoldRow[]
  requests: ErasureRow[]
  purges: PurgeRow[]
  /** The patients' names, for those whom the reader's keys open. */
  identities: StoredRecord[]
}

export interface RetentionContract {
  'retention/overview': { in: z.input<typeof NothingInput>; out: Overview }
  'retention/save-settings': { in: z.input<typeof SaveInput>; out: { done: true } }
  'retention/place-hold': { in: z.input<typeof PlaceHoldInput>; out: { done: true } }
  'retention/lift-hold': { in: z.input<typeof LiftHoldInput>; out: { done: true } }
  'retention/purge': { in: z.input<typeof PurgeInput>; out: { done: true } }
  'retention/answer': { in: z.input<typeof AnswerInput>; out: { done: true } }
  'retention/ask': { in: z.input<typeof NothingInput>; out: { done: true } }
  'retention/mine': {
    in: z.input<typeof NothingInput>
    out: { settings: RetentionSettings; requests: ErasureRow[]; purges: PurgeRow[] }
  }
}

// ── KEK rotation ──

/** A column that `sealField` fills, and the context it is sealed under: `<kind>|<clinic>|<row>`. */
export interface SealedColumn {
  table: 'member' | 'patient' | 'appointment' | 'busy_source' | 'waitlist_entry' | 'merchant' | 'companion'
  column:
    | 'email_sealed'
    | 'phone_sealed'
    | 'link_sealed'
    | 'url_sealed'
    | 'contact_sealed'
    | 'key_sealed'
    | 'secret_sealed'
    | 'person_sealed'
  kind: string
}
/** Every one there is: a column that is missing here would be lost with the KEK it lies under. */
export const sealedColumns: readonly SealedColumn[] = [
  { table: 'member', column: 'email_sealed', kind: 'member.email' },
  { table: 'patient', column: 'email_sealed', kind: 'patient.email' },
  { table: 'patient', column: 'phone_sealed', kind: 'patient.phone' },
  { table: 'appointment', column: 'link_sealed', kind: 'appointment.link' },
  { table: 'busy_source', column: 'url_sealed', kind: 'calendar.url' },
  { table: 'waitlist_entry', column: 'contact_sealed', kind: 'waitlist.contact' },
  { table: 'waitlist_entry', column: 'link_sealed', kind: 'waitlist.link' },
  { table: 'companion', column: 'person_sealed', kind: 'companion.person' },
  { table: 'companion', column: 'link_sealed', kind: 'companion.link' },
  { table: 'merchant', column: 'key_sealed', kind: 'merchant.key' },
  { table: 'merchant', column: 'secret_sealed', kind: 'merchant.secret' },
]

/**
 * How long an old KEK stays after the next one began. What was sealed before the change, by a request that was under way, is in
 * its row by then; no request lives that long.
 */
export const settleMinutes = 10

export type RotationStep = 'nothing' | 'begin' | 'move' | 'destroy'

/** What to do next with a ring. `left`: what still lies under an older version, jobs that carry it included. */
export function decideRotation(
  ring: { since: Date; old: readonly string[] },
  left: number,
  asked: 'begin' | 'tend',
  now: Date,
): RotationStep {
  if (ring.old.length === 0) return asked === 'begin' ? 'begin' : 'nothing'
  if (left > 0) return 'move'
  return now.getTime() - ring.since.getTime() >= settleMinutes * 60_000 ? 'destroy' : 'nothing'
}
