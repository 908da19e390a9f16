import { z } from 'zod'
import type { ChainStatement, Sealed } from '../crypto/types.ts'
import { Grant } from '../record/rules.ts'
import { CallMessage, Knock } from './messages.ts'
import { Id } from '../ids.ts'

export type CallState = 'open' | 'live' | 'ended'
export type ParticipantState = 'waiting' | 'admitted' | 'joined' | 'left' | 'refused'
export type Role = 'patient' | 'practitioner'

// ── when ──

/** Statuses of an appointment whose link opens the door. */
const CALLABLE = ['booked', 'arrived', 'in_consult'] as const

export interface Window {
  opensAt: Date
  closesAt: Date
}

/** A ticket's life: from the clinic's early-join minutes before the start to its grace after the end. */
export function windowOf(
  appointment: { startsAt: Date; endsAt: Date },
  clinic: { earlyJoinMinutes: number; graceMinutes: number },
): Window {
  return {
    opensAt: new Date(appointment.startsAt.getTime() - clinic.earlyJoinMinutes * 60_000),
    closesAt: new Date(appointment.endsAt.getTime() + clinic.graceMinutes * 60_000),
  }
}

/** Whether the door opens now. Someone who is being seen is not locked out by the clock. */
export function decideDoor(
  status: string,
  window: Window,
  now: Date,
): 'open' | 'TOO_EARLY' | 'TOO_LATE' | 'WRONG_STATE' {
  if (!CALLABLE.includes(status as (typeof CALLABLE)[number])) return 'WRONG_STATE'
  if (now < window.opensAt) return 'TOO_EARLY'
  if (now > window.closesAt) return 'TOO_LATE'
  return 'open'
}

// ── states ──

export type CallEvent = 'admit' | 'end' | 'reopen'
const callMoves: Record<CallState, Partial<Record<CallEvent, CallState>>> = {
  open: { admit: 'live', end: 'ended', reopen: 'open' },
  live: { admit: 'live', end: 'ended', reopen: 'live' },
  ended: { reopen: 'open' },
}
export const nextCall = (state: CallState, event: CallEvent): CallState | null => callMoves[state][event] ?? null

export type ParticipantEvent = 'admit' | 'join' | 'leave' | 'refuse'
const participantMoves: Record<ParticipantState, Partial<Record<ParticipantEvent, ParticipantState>>> = {
  waiting: { admit: 'admitted', leave: 'left', refuse: 'refused' },
  // Admitted again: the practitioner's browser was reloaded and starts a new epoch.
  admitted: { admit: 'admitted', join: 'joined', leave: 'left', refuse: 'refused' },
  joined: { admit: 'admitted', join: 'joined', leave: 'left', refuse: 'refused' },
  left: {},
  refused: {},
}
/** Who left comes back by a new knock; who was refused does not come back by waiting. */
export const nextParticipant = (state: ParticipantState, event: ParticipantEvent): ParticipantState | null =>
  participantMoves[state][event] ?? null

/** Silent for this long: no longer counted as here. Three beats are missed by then. */
export const AWAY_AFTER_MS = 35_000
export const BEAT_EVERY_MS = 10_000
export const isHere = (lastSeenAt: Date, now: Date): boolean => now.getTime() - lastSeenAt.getTime() < AWAY_AFTER_MS

// ── the relay ──

/** What of an epoch is in already, by kind and role. */
export type EpochSoFar = { kind: CallMessage['kind']; role: Role }[]

/**
 * Whether the server passes a message on. It cannot read or forge one; it keeps order: nobody's key is revealed before both
 * commitments are in, and only the practitioner begins an epoch or says who is in it.
 */
export function decideRelay(
  message: CallMessage,
  from: { role: Role; state: ParticipantState; epoch: number },
  call: { state: CallState; epoch: number },
  soFar: EpochSoFar,
): 'ok' | 'STALE' | 'NOT_ALLOWED' | 'NOT_ADMITTED' | 'WRONG_STATE' {
  if (call.state === 'ended') return 'WRONG_STATE'
  const has = (kind: CallMessage['kind'], role: Role) => soFar.some((one) => one.kind === kind && one.role === role)
  const begins = message.kind === 'admit' || (message.kind === 'roster' && message.parties.length === 1)
  if (begins) {
    if (from.role !== 'practitioner') return 'NOT_ALLOWED'
    return message.epoch === call.epoch + 1 ? 'ok' : 'STALE'
  }
  if (message.epoch !== call.epoch) return 'STALE'
  if (from.role === 'patient' && (!['admitted', 'joined'].includes(from.state) || from.epoch !== call.epoch)) {
    return 'NOT_ADMITTED'
  }
  if (message.kind === 'commit') return from.role === 'patient' ? 'ok' : 'NOT_ALLOWED'
  if (message.kind === 'roster' && from.role !== 'practitioner') return 'NOT_ALLOWED'
  // The defence of attack 6 on the server: a reveal before both commitments is not passed on.
  if (!has('admit', 'practitioner') || !has('commit', 'patient')) return 'WRONG_STATE'
  if (message.kind === 'reveal') return message.role === from.role ? 'ok' : 'NOT_ALLOWED'
  return has('reveal', 'practitioner') && has('reveal', 'patient') ? 'ok' : 'WRONG_STATE'
}

/** A token for the SFU comes after the whole handshake: roster signed, both sender keys sealed. */
export function decideToken(
  participant: { role: Role; state: ParticipantState; epoch: number },
  call: { state: CallState; epoch: number },
  soFar: EpochSoFar,
): 'ok' | 'NOT_ADMITTED' | 'WRONG_STATE' {
  if (call.state !== 'live') return 'WRONG_STATE'
  if (participant.role === 'patient') {
    if (!['admitted', 'joined'].includes(participant.state) || participant.epoch !== call.epoch) return 'NOT_ADMITTED'
  }
  const has = (kind: CallMessage['kind'], role: Role) => soFar.some((one) => one.kind === kind && one.role === role)
  const done = has('roster', 'practitioner') && has('sender-key', 'practitioner') && has('sender-key', 'patient')
  return done ? 'ok' : 'WRONG_STATE'
}

/** Seconds that a token for the SFU is good for. Short, though the key is the gate, never the token. */
export const TOKEN_SECONDS = 60
/** Practitioner and patient. */
export const INVITED = 2

// ── the queue ──

export interface QueueEntry {
  appointmentId: string
  startsAt: Date
}
/** How many are before me: those here whose time is earlier. Nobody is moved for waiting longer or shorter. */
export const peopleAhead = (mine: QueueEntry, here: readonly QueueEntry[]): number =>
  here.filter(
    (other) =>
      other.appointmentId !== mine.appointmentId &&
      (other.startsAt < mine.startsAt ||
        (other.startsAt.getTime() === mine.startsAt.getTime() && other.appointmentId < mine.appointmentId)),
  ).length

// ── strangers ──

/** Unconfirmed devices that may wait at one door: a phone and a desktop, and those that were opened by mistake. */
const MOST_STRANGERS = 5
/** Who goes when one more comes: those who went away first, then the longest waiting. `waiting` is oldest first. */
export function crowdedOut<T extends { lastSeenAt: Date }>(waiting: readonly T[], now: Date): T[] {
  const away = waiting.filter((one) => !isHere(one.lastSeenAt, now))
  const here = waiting.filter((one) => isHere(one.lastSeenAt, now))
  return [...away, ...here].slice(0, Math.max(0, waiting.length + 1 - MOST_STRANGERS))
}

// ── the code by e-mail ──

export const CODE_MINUTES = 10
export const CODE_TRIES = 5
export function decideCode(
  code: { tries: number; expiresAt: Date; usedAt: Date | null },
  matches: boolean,
  now: Date,
): 'ok' | 'CODE_WRONG' | 'CODE_EXPIRED' {
  if (code.usedAt || code.expiresAt <= now || code.tries >= CODE_TRIES) return 'CODE_EXPIRED'
  return matches ? 'ok' : 'CODE_WRONG'
}

// ── what goes in and out ──

const b64 = (length: number) =>
  z
    .string()
    .length(Math.ceil((length * 4) / 3))
    .regex(/^[A-Za-z0-9_-]+$/)
const keys = z.object({ sign: b64(32), dh: b64(32) })
const token = z.string().min(20).max(2000)

export const LookInput = z.object({ appointmentId: Id, secret: b64(16) })
export const TicketInput = z.object({ appointmentId: Id, secret: b64(16), keyId: Id, keys })
export const KnockInput = z.object({ ticket: token, knock: Knock })
export const DoorInput = z.object({ door: token })
export const SyncInput = z.object({ door: token, after: z.number().int().min(0) })
export const SendInput = z.object({ door: token, message: CallMessage })
export const ConfirmInput = z.object({ door: token, code: z.string().regex(/^\d{6}$/, { error: 'code' }) })
export const AppointmentInput = z.object({ appointmentId: Id })
export const EndInput = z.object({ appointmentId: Id, differs: z.boolean().default(false) })
export const TurnAwayInput = z.object({ appointmentId: Id, participantId: Id })
export const NoInput = z.object({}).strict()
export const MatchesInput = z.object({
  appointmentId: Id,
  participantId: Id,
  keys,
  vouch: z
    .string()
    .min(40)
    .max(4000)
    .regex(/^[A-Za-z0-9_-]+$/),
  grants: z
    .array(
      z.object({
        recordId: Id,
        revision: z.number().int().min(1),
        grant: Grant,
      }),
    )
    .max(2000),
})

/** What the link alone tells: no name of the patient, no record. */
export interface Lobby {
  clinicId: string
  clinicName: string
  patientId: string
  practitioner: string
  service: string
  startsAt: string
  endsAt: string
  opensAt: string
  closesAt: string
  status: string
  statements: ChainStatement[]
}

export interface Relayed {
  id: number
  from: string
  message: CallMessage
}

interface SyncBase {
  now: string
  callId: string
  call: CallState
  epoch: number
  participantId: string
  messages: Relayed[]
}
export interface PatientSync extends SyncBase {
  role: 'patient'
  state: ParticipantState
  /** The device is one that booked, or answered the code. */
  confirmed: boolean
  ahead: number
  practitioner: { name: string; signedIn: boolean; busy: boolean }
  startsAt: string
  /** By how many minutes the practitioner said that it is later. */
  lateMinutes: number
}
/** A device at the door, as the server tells it. What it is worth the practitioner's own browser finds out. */
export interface DoorDevice {
  participantId: string
  state: ParticipantState
  here: boolean
  confirmed: boolean
  since: string
  knock: Knock
}
export interface PractitionerSync extends SyncBase {
  role: 'practitioner'
  state: ParticipantState
  devices: DoorDevice[]
}
export type Sync = PatientSync | PractitionerSync

/** Somebody who waits for this practitioner, at another appointment than the open one too. */
export interface QueueRow {
  appointmentId: string
  startsAt: string
  service: string
  since: string
  confirmed: boolean
}

export interface CallContract {
  'call/look': { in: z.input<typeof LookInput>; out: Lobby }
  'call/ticket': { in: z.input<typeof TicketInput>; out: { ticket: string; nonce: string; callId: string } }
  'call/knock': { in: z.input<typeof KnockInput>; out: { door: string; sync: Sync } }
  'call/sync': { in: z.input<typeof SyncInput>; out: Sync }
  'call/beat': { in: z.input<typeof DoorInput>; out: { done: true } }
  'call/send': { in: z.input<typeof SendInput>; out: { id: number } }
  'call/token': { in: z.input<typeof DoorInput>; out: { url: string; token: string } }
  'call/leave': { in: z.input<typeof DoorInput>; out: { done: true } }
  'call/code': { in: z.input<typeof DoorInput>; out: { minutes: number } }
  'call/confirm': { in: z.input<typeof ConfirmInput>; out: { done: true } }
  'call/open': {
    in: z.input<typeof AppointmentInput>
    out: { door: string; patientId: string; clinicId: string; sync: Sync }
  }
  'call/queue': { in: z.input<typeof NoInput>; out: { waiting: QueueRow[] } }
  'call/turn-away': { in: z.input<typeof TurnAwayInput>; out: { done: true } }
  'call/end': { in: z.input<typeof EndInput>; out: { done: true } }
  /** Records that this patient could read on another device: what "matches" re-grants. */
  'call/readable': { in: z.input<typeof AppointmentInput>; out: { records: Sealed[] } }
  'call/matches': { in: z.input<typeof MatchesInput>; out: { granted: number } }
}
