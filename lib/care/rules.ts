import { z } from 'zod'
import { type CareEnd, type CareRole, OLDEST_WARD } from '../crypto/types.ts'
import { SealedRecord } from '../record/rules.ts'
import { Word } from '../retention/rules.ts'
import { Base64Url, Id } from '../ids.ts'

/** What somebody who helps is to the patient: words from a list, so that each language says it. */
export const relations = [
  'mother',
  'father',
  'parent',
  'guardian',
  'son',
  'daughter',
  'partner',
  'carer',
  'other',
] as const
export type Relation = (typeof relations)[number]
/** Who speaks for a child. */
export const parental: readonly Relation[] = ['mother', 'father', 'parent', 'guardian']
export const isRelation = (word: string): word is Relation => (relations as readonly string[]).includes(word)

/** The word of the list; of one that a newer version knows, the most general. */
export const relationOf = ({ relation }: { relation: string }): Relation => (isRelation(relation) ? relation : 'other')

/** Birthdays that a helper's access may end at. */
export const ages = [16, 18] as const
/** Nobody has a guardian from this one on, whatever a clinic set: lib/crypto/care.ts refuses what says otherwise. */
export const COMING_OF_AGE = OLDEST_WARD
/** Until one of these, as the clinic chooses, a parent speaks for a child. */
export const guardianAges = [14, 15, 16, 17, 18] as const
/**
 * What a clinic set, out of an answer of the server. It is proposed and no more: the day lies in what both sign, and is read by
 * both. A number that no clinic can have set counts as none.
 */
export const guardianAgeOf = (said: unknown): number =>
  guardianAges.some((age) => age === said) ? (said as number) : COMING_OF_AGE
/** Who has so little time left is told, and whom they help too. */
export const TELL_DAYS = 30

/** The day on which somebody is this old: February 29th becomes March 1st. */
export function birthdayOf(birthDate: string, age: number): string {
  const [year, month, day] = birthDate.split('-').map(Number)
  return new Date(Date.UTC(year! + age, month! - 1, day)).toISOString().slice(0, 10)
}

const startOf = (day: string) => new Date(`${day}T00:00:00Z`)

/**
 * As what somebody holds the records of another, from when they booked for them. A parent speaks for a child until the age that the
 * clinic set; whoever else books for somebody under age is a carer, and is so until they come of age: for good it is of adults alone.
 */
export function roleOf(
  { relation, birthDate, guardianAge }: { relation: Relation; birthDate: string; guardianAge: number },
  now: Date,
): { role: CareRole; end: CareEnd } {
  const until = (age: number) => ({ kind: 'age', age, on: birthdayOf(birthDate, age) }) as const
  const [ward, minor] = [until(guardianAge), until(COMING_OF_AGE)]
  if (parental.includes(relation) && startOf(ward.on) > now) return { role: 'guardian', end: ward }
  return { role: 'carer', end: startOf(minor.on) > now ? minor : { kind: 'open' } }
}

/** Whether this is further away than any child's coming of age, as the server is told it. */
export function isTooLate(until: Date, now: Date): boolean {
  const born = now.toISOString().slice(0, 10)
  return until > new Date(serverEnd({ kind: 'age', age: COMING_OF_AGE, on: birthdayOf(born, COMING_OF_AGE) })!)
}

/** The first moment without access; null where somebody has to end it. */
export const endsAt = (end: CareEnd): Date | null => (end.kind === 'open' ? null : startOf(end.on))
export const isOver = (end: CareEnd, now: Date): boolean => {
  const at = endsAt(end)
  return at !== null && at <= now
}

/**
 * The end as the server is told it, so that it refuses by its own clock. Of a birthday, the first of the next month: the day
 * itself would be a birth date, which no server learns. Until then browsers refuse.
 */
export function serverEnd(end: CareEnd): string | null {
  const at = endsAt(end)
  if (at && end.kind === 'age') return new Date(Date.UTC(at.getUTCFullYear(), at.getUTCMonth() + 1, 1)).toISOString()
  return at && at.toISOString()
}

/** Whether so few days are left that both are told. */
export function endsSoon(end: CareEnd, now: Date): boolean {
  const at = endsAt(end)
  return at !== null && at > now && at.getTime() - now.getTime() <= TELL_DAYS * 86_400_000
}

/** Whose end, as the server has it, lies before this is told by mail: that may be a month after the birthday it stands for. */
export const tellUntil = (now: Date): Date => new Date(now.getTime() + (TELL_DAYS + 31) * 86_400_000)

/** Record of type `care`, schema 1: the statement that both signed, and no word beside it. */
export interface CareContent {
  careId: string
  statement: string
}

// ── what a query asks of the keys of those who help ──

/** For a query of keys: those of nobody who helps, or who may at that time. */
export const mayHelp = (now: Date) => ({
  OR: [{ care: null }, { care: { endedAt: null, OR: [{ until: null }, { until: { gt: now } }] } }],
})
/** For a query of keys: those that nothing is granted to any more. */
export const mayNotBeGranted = (now: Date) => ({
  OR: [{ state: 'revoked' as const }, { care: { OR: [{ endedAt: { not: null } }, { until: { lte: now } }] } }],
})
export const isPast = ({ endedAt, until }: { endedAt: Date | null; until: Date | null }, now: Date): boolean =>
  endedAt !== null || (until !== null && until <= now)

/** What the server says of somebody who helps. Who it is and until when lies in the sealed record. */
export interface CareRow {
  careId: string
  keyId: string
  recordId: string
  keys: { sign: string; dh: string }
  role: CareRole
  until: string | null
  firstSeen: string
  lastUsed: string | null
  endedAt: string | null
  /** The signed word that it ended; null where the key was taken off as a device. */
  ending: string | null
}

export const LetInInput = z.object({
  careId: Id,
  role: z.enum(['guardian', 'carer']),
  until: z.iso.datetime().nullable(),
  /** Of the browser that is let in; the asking one's own where it says so of itself. */
  keyId: Id,
  keys: z.object({ sign: Base64Url(43).length(43), dh: Base64Url(43).length(43) }),
  name: z.string().max(60),
  record: SealedRecord,
})
/** What the key of an officer's account signs: [origin, clinic, member, age, time]. */
export const agePurpose = 'care-age'
export const AgeInput = z.object({ age: z.literal(guardianAges), word: Word })
export const EndInput = z.object({ careId: Id, ending: Base64Url(2000) })

export interface CareContract {
  /** NOT_ALLOWED for who only helps, WRONG_STATE where this browser says twice what it is. */
  'care/let-in': { in: z.input<typeof LetInInput>; out: { done: true } }
  'care/save-age': { in: z.input<typeof AgeInput>; out: { done: true } }
  'care/end': { in: z.input<typeof EndInput>; out: { done: true } }
}
