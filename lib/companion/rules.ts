import { z } from 'zod'
import { type AppointmentStatus, BookInput, HoldRef } from '../booking/rules.ts'
import type { Way } from '../clinic/rules.ts'
import { Instant } from '../day.ts'
import { Id } from '../ids.ts'
import type { StoredRecord } from '../record/rules.ts'

const minute = 60_000
const hour = 60 * minute

// ── limits ──

/** Of one clinic, and to one address: each sends a mail to somebody who did not ask for it. */
export const asksADay = { points: 100, seconds: 86_400 }
export const asksOfOneADay = { points: 20, seconds: 86_400 }
/** By one network, whatever links it has. */
export const looksAMinute = { points: 60, seconds: 60 }
/** By one link: whoever changes their mind without end. */
export const answersADay = { points: 20, seconds: 86_400 }
/** Who held up a visit for so long does not hold it up for longer. */
export const askHours = 24
/** Before the start: after that nobody finds another in time, and whoever changes their mind calls the clinic. */
export const latestHours = 2
/** A time that is held for an answer is held for so long at the least: sooner, the telephone is quicker. */
export const leastMinutes = 30
/** What is known of them is forgotten so long after the visit would have been. */
export const keptDays = 30
/** A time that fell through is on the desk's list until it is chosen anew or let go, and for so long after it would have been. */
export const listedDays = 7

// ── states ──

export const companionStates = ['invited', 'accepted', 'declined', 'lapsed', 'withdrawn'] as const
export type CompanionState = (typeof companionStates)[number]
/** `ask`: for another time, after which an answer to the one before counts for nothing. */
export const companionEvents = ['accept', 'decline', 'lapse', 'ask', 'withdraw'] as const
export type CompanionEvent = (typeof companionEvents)[number]

const moves: Record<CompanionState, Partial<Record<CompanionEvent, CompanionState>>> = {
  invited: { accept: 'accepted', decline: 'declined', lapse: 'lapsed', ask: 'invited', withdraw: 'withdrawn' },
  accepted: { decline: 'declined', ask: 'invited', withdraw: 'withdrawn' },
  declined: { accept: 'accepted', ask: 'invited', withdraw: 'withdrawn' },
  lapsed: { ask: 'invited', withdraw: 'withdrawn' },
  withdrawn: {},
}
/** Where an event leads, or null where it is not possible. */
export const nextCompanion = (state: CompanionState, event: CompanionEvent): CompanionState | null =>
  moves[state][event] ?? null

/**
 * Until when an answer counts. Where the time is held for it: a day, and never nearer to the start than two hours; null where that leaves
 * no time to answer in.
 */
export function answerBy(startsAt: Date, first: boolean, now: Date): Date | null {
  if (!first) return startsAt > now ? startsAt : null
  const until = new Date(Math.min(now.getTime() + askHours * hour, startsAt.getTime() - latestHours * hour))
  return until.getTime() - now.getTime() >= leastMinutes * minute ? until : null
}

/** Until when somebody may take back what they said. */
export const changeableUntil = (startsAt: Date): Date => new Date(startsAt.getTime() - latestHours * hour)

export interface Asked {
  state: CompanionState
  first: boolean
  answerBy: Date
}
export interface Visit {
  status: AppointmentStatus
  startsAt: Date
  heldUntil: Date | null
}
const stands = ({ status }: Visit) => status === 'booked' || status === 'arrived'

/** As it is now, whatever the worker has written down of it: what was held and not answered in time has lapsed. */
export function stateAt(asked: Asked, visit: Visit, now: Date): CompanionState {
  if (asked.state !== 'invited') return asked.state
  const isHeld = visit.status === 'held' && visit.heldUntil !== null && visit.heldUntil >= now
  return (asked.first ? isHeld : stands(visit)) && asked.answerBy >= now ? 'invited' : 'lapsed'
}

/** What they may say now. */
export function mayAnswer(asked: Asked, visit: Visit, now: Date): { accept: boolean; decline: boolean } {
  const state = stateAt(asked, visit, now)
  if (state === 'invited') return { accept: true, decline: true }
  const isOpen = stands(visit) && changeableUntil(visit.startsAt) > now
  return { accept: state === 'declined' && isOpen, decline: state === 'accepted' && isOpen }
}

// ── at the door ──

export const companionKinds = ['interpreter', 'companion'] as const
export type CompanionKind = (typeof companionKinds)[number]

/** Written down by the desk, and sealed with the row. */
export interface Person {
  name: string
  email: string
  language: string
}
const { email, locale } = BookInput.shape
/** Who is to come along. The browser chooses the id, so that what is sent twice is one. */
export const Companion = z
  .object({
    id: Id,
    kind: z.enum(companionKinds),
    name: z.string().trim().max(120, { error: 'tooLong' }),
    email,
    language: z.string().trim().max(60, { error: 'tooLong' }),
    locale,
  })
  .refine(({ kind, language }) => kind !== 'interpreter' || language !== '', { error: 'required', path: ['language'] })
export type Companion = z.output<typeof Companion>
/** With a booking. `first`: the visit is booked, and its patient told, once they have said yes. */
export const CompanionAsk = z.object({ who: Companion, first: z.boolean() })
export type CompanionAsk = z.output<typeof CompanionAsk>

export const ListInput = z.object({}).strict()
export const VisitInput = z.object({ appointmentId: Id })
export const AddInput = z.object({ appointmentId: Id, who: Companion })
export const RemoveInput = z.object({ id: Id })
/** Another time for a visit that was not booked. `ask`: who is asked first; null: nobody, it is booked. */
export const AgainInput = z.object({
  ...{ appointmentId: Id, memberId: Id, siteId: Id.nullable(), startsAt: Instant, anyway: z.boolean() },
  ask: z
    .discriminatedUnion('kind', [
      z.object({ kind: z.literal('same') }),
      z.object({ kind: z.literal('other'), who: Companion }),
    ])
    .nullable(),
})
export const LinkInput = HoldRef
/** `startsAt`: as the page showed it. */
export const AnswerInput = HoldRef.extend({ startsAt: Instant })

/** What the link shows: when and where, and nothing of whom or what for. */
export interface CompanionView {
  state: CompanionState
  kind: CompanionKind
  language: string
  first: boolean
  clinic: { name: string; phone: string; timeZone: string }
  way: Way
  /** Where to be; null where it is by video. */
  place: string | null
  startsAt: string
  endsAt: string
  /** The start that they were asked for before. */
  movedFrom: string | null
  answerBy: string
  changeableUntil: string
  may: { accept: boolean; decline: boolean }
}
/** As the clinic sees it. */
export interface CompanionRow extends Person {
  id: string
  kind: CompanionKind
  state: CompanionState
  first: boolean
  answerBy: string
}
/** A visit that waits for somebody's answer, or that somebody cannot come to. */
export interface ToSettle {
  appointmentId: string
  patientId: string
  serviceId: string
  service: string
  way: Way
  memberId: string
  practitioner: string
  siteId: string | null
  startsAt: string
  /** Whether it is booked all the same. */
  stands: boolean
  companion: CompanionRow
}

export interface CompanionContract {
  'companion/list': {
    in: z.input<typeof ListInput>
    out: { zone: string; rows: ToSettle[]; records: StoredRecord[] }
  }
  'companion/of': { in: z.input<typeof VisitInput>; out: { companion: CompanionRow | null } }
  'companion/add': { in: z.input<typeof AddInput>; out: { id: string } }
  'companion/remove': { in: z.input<typeof RemoveInput>; out: { done: true } }
  'companion/again': { in: z.input<typeof AgainInput>; out: { until: string | null } }
  'companion/drop': { in: z.input<typeof VisitInput>; out: { done: true } }
  'companion/open': { in: z.input<typeof LinkInput>; out: CompanionView }
  'companion/accept': { in: z.input<typeof AnswerInput>; out: { state: CompanionState } }
  'companion/decline': { in: z.input<typeof AnswerInput>; out: { state: CompanionState } }
}
