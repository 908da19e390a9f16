import { z } from 'zod'
import { runsVisits, type Role, type Part } from '../access/rules.ts'
import { type AppointmentStatus, BookInput, type Hold, HoldRef, WorkDone } from '../booking/rules.ts'
import type { SlotView } from '../slot/rules.ts'
import { Day } from '../day.ts'
import { Id } from '../ids.ts'
import { addDays, dayIn, formatTime, knownZone } from '../time.ts'

const minute = 60_000
const hour = 60 * minute

// ── limits ──

/** By one network, at one clinic: a family at one table. Whoever wants to keep a calendar full needs as many addresses as times. */
export const joinsAnHour = { points: 5, seconds: 3600 }
/** To one address or number, from whichever clinic: nobody is mailed by strangers without end. */
export const asksADay = { points: 3, seconds: 86_400 }
/** By one link. */
export const looksAMinute = { points: 60, seconds: 60 }
/** By one member of the desk. */
export const addsAnHour = { points: 60, seconds: 3600 }
/** Services that one address waits for at one clinic. */
export const mostEntries = 3
/** Times that are held at one clinic for who waits, at once: the others of a day that opens stay for everybody. */
export const mostOffers = 20
/** Of these, by the ranges that networks are given out in: one for a house or a firm, and so many for a provider. */
export const mostOfWide = 5
/** Who waits at one clinic, and who has asked and not confirmed. More than that is a promise that nobody could keep. */
export const mostWaiting = 500
export const mostAsked = 200
/** Where so many have asked, who did not confirm within this makes room. */
export const soonConfirmed = 60
/** An offer that is let pass or declined so often ends the waiting, and its contact waits for that service no more until it is forgotten. */
export const mostMissed = 2
/** Whoever cannot be told so often, one time after the other, cannot be reached. */
export const mostUntold = 6
/** Text messages to one number, and of one clinic, in a day: they take nothing of what reminders may cost. */
export const textsADay = { points: 6, seconds: 86_400 }
export const clinicTextsADay = { points: 100, seconds: 86_400 }
/** Free times of one service that are looked at, and that are kept in mind for one who waits. Where there are more, nobody needs a list. */
export const mostSlots = 5000
export const mostSuiting = 100
/** Whoever did not open the link by then did not ask. */
export const askHours = 24
/** Before its message has gone out, an offer holds its time for so long and no longer. */
export const untoldMinutes = 10
/** Then others may have it for a while, before it is tried again: longer with each time that it fails. */
export const againAfter = (untold: number): number => 15 * 2 ** untold * minute
/** Whose message got lost once keeps their place before those behind; whoever cannot be reached again and again holds up nobody. */
export const keepsPlace = ({ untold }: { untold: number }): boolean => untold <= 1
/** How far ahead somebody may wait. */
export const longestDays = 180
/** What has ended is forgotten after this, and so is who let times pass. */
export const keptDays = 30

// ── who ──

/** One person's spellings of one mailbox are one: whatever follows a plus, and the dots of those who do not count them. */
export function mailboxOf(address: string): string {
  const at = address.lastIndexOf('@')
  const [local, host] = [address.slice(0, at).normalize('NFKC').toLowerCase(), address.slice(at + 1).toLowerCase()]
  const name = local.split('+')[0] || local
  return host === 'gmail.com' || host === 'googlemail.com' ? `${name.replaceAll('.', '')}@gmail.com` : `${name}@${host}`
}

// ── what suits ──

export const dayParts = ['morning', 'afternoon', 'evening'] as const
export type DayPart = (typeof dayParts)[number]

/** By the wall clock: before noon, before six, and after. The booking page groups its times likewise. */
export function partOfDay(zone: string, at: Date): DayPart {
  const hours = Number(formatTime(at, zone, 'en').slice(0, 2))
  return hours < 12 ? 'morning' : hours < 18 ? 'afternoon' : 'evening'
}

export interface Wish {
  serviceId: string
  memberId: string | null
  siteId: string | null
  /** Days and parts of the day are those of `timeZone`. */
  firstDay: string
  lastDay: string
  parts: readonly DayPart[]
  timeZone: string
}

export interface WallTime {
  day: string
  part: DayPart
}
export function wallTime(zone: string, startsAt: string): WallTime {
  const at = new Date(startsAt)
  return { day: dayIn(zone, at), part: partOfDay(zone, at) }
}

/** Whether a free time is one that somebody waits for. `wall`: a zone's day and part of the day, for whoever asks often. */
export function suits(wish: Wish, slot: SlotView, wall = wallTime): boolean {
  const { day, part } = wall(wish.timeZone, slot.startsAt)
  return (
    (wish.memberId === null || wish.memberId === slot.memberId) &&
    (wish.siteId === null || wish.siteId === slot.siteId) &&
    wish.firstDay <= day &&
    day <= wish.lastDay &&
    wish.parts.includes(part)
  )
}

/** Starts that suit, each once, of those that are free. */
export function suitingStarts(wish: Wish, slots: readonly SlotView[], wall = wallTime): string[] {
  const starts = new Set<string>()
  for (const slot of slots) if (!starts.has(slot.startsAt) && suits(wish, slot, wall)) starts.add(slot.startsAt)
  return [...starts]
}

/**
 * Of the starts that were free before somebody asked, those that were booked since: free again, they are news. The others they could have
 * had, and are not told of. Of what lies beyond the slots that were looked at, nothing is known.
 */
export function bookedSince(
  freeBefore: readonly string[],
  { memberId, siteId }: Pick<Wish, 'memberId' | 'siteId'>,
  slots: readonly SlotView[],
): string[] {
  if (!freeBefore.length) return []
  const beyond = lastOf(slots)
  const isWished = (slot: SlotView) =>
    (memberId === null || memberId === slot.memberId) && (siteId === null || siteId === slot.siteId)
  const free = new Set(slots.filter(isWished).map(({ startsAt }) => startsAt))
  return freeBefore.filter((startsAt) => !free.has(startsAt) && (beyond === null || startsAt <= beyond))
}

/** The last start that was looked at where there may be more; null where these are all. */
export const lastOf = (slots: readonly SlotView[]): string | null =>
  slots.length < mostSlots ? null : slots.at(-1)!.startsAt

const firstHour = 8
const lastHour = 20
/** A time that begins so soon after the morning's first hour would be over before anybody had read of it. */
const soonHours = 2

/** Nobody is told at night, by the clinic's clock, unless in the morning it would be too late. */
export function mayTell(zone: string, startsAt: Date, now: Date): boolean {
  const [hours, minutes] = formatTime(now, zone, 'en').split(':').map(Number) as [number, number]
  if (firstHour <= hours && hours < lastHour) return true
  const toMorning = ((firstHour * 60 - hours * 60 - minutes + 1440) % 1440) * minute
  return startsAt.getTime() - (now.getTime() + toMorning) < soonHours * hour
}

/** Until when an offer holds from now: as the clinic set it, and not beyond five minutes before the start. */
export const offerUntil = (startsAt: Date, waitlistMinutes: number, now: Date): Date =>
  new Date(Math.min(now.getTime() + waitlistMinutes * minute, startsAt.getTime() - 5 * minute))

// ── what becomes of an offer, and of who waits ──

export type Outcome = 'booked' | 'missed' | 'untold'

/** By the appointment that holds it; null while it stands. What nobody was told of has not been let pass. */
export function outcomeOf(
  { toldAt }: { toldAt: Date | null },
  held: {
    status: AppointmentStatus
    heldSince: Date | null
    heldUntil: Date | null
    patientId: string | null
    timedAt: Date
  },
  now: Date,
): Outcome | null {
  if (held.status === 'held' && held.heldUntil! >= now) return null
  // Cancelled before it was paid: its time was set when it was held, and never by being booked.
  const wasKept = held.status === 'cancelled' && held.heldSince !== null && held.timedAt < held.heldSince
  if (held.status !== 'held' && held.status !== 'expired' && !wasKept) return 'booked'
  return toldAt || held.patientId ? 'missed' : 'untold'
}

export type EndReason = 'booked' | 'left' | 'removed' | 'over' | 'missed' | 'unreachable' | 'unconfirmed'

/** Whether the waiting is over by itself, and why. `inOffer`: a time is being held, and that goes first. */
export function endOf(
  entry: {
    state: 'asked' | 'waiting'
    missed: number
    untold: number
    lastDay: string
    timeZone: string
    madeAt: Date
  },
  { inOffer }: { inOffer: boolean },
  now: Date,
): EndReason | null {
  if (inOffer) return null
  if (entry.missed >= mostMissed) return 'missed'
  if (entry.untold >= mostUntold) return 'unreachable'
  if (entry.lastDay < dayIn(entry.timeZone, now)) return 'over'
  if (entry.state === 'asked' && entry.madeAt.getTime() + askHours * hour <= now.getTime()) return 'unconfirmed'
  return null
}

/** Before which last day, and since when unconfirmed, a waiting may be over: in the zone where it is latest. */
export const overBy = (now: Date) => ({
  day: dayIn('Pacific/Kiritimati', now),
  askedBefore: new Date(now.getTime() - askHours * hour),
})

/** Who waits, of what a member sees: a day that is theirs to run, and whoever comes to any place. */
export function seenEntries(actor: { memberId: string; roles: readonly Role[] }, part: Part) {
  const seen: { memberId?: string; OR?: { siteId?: { in: string[] } | null; memberId?: string | null }[] } = runsVisits(
    actor,
    part,
  )
  return seen.OR ? { OR: [...seen.OR, { siteId: null, memberId: null }] } : seen
}

// ── at the door ──

const { email, phone, locale, timeZone } = BookInput.shape
const wish = {
  serviceId: Id,
  memberId: Id.nullable(),
  siteId: Id.nullable(),
  firstDay: Day,
  lastDay: Day,
  parts: z
    .array(z.enum(dayParts))
    .min(1, { error: 'required' })
    .max(3)
    .transform((parts) => dayParts.filter((part) => parts.includes(part))),
}
type Days = { firstDay: string; lastDay: string }
const inOrder = ({ firstDay, lastDay }: Days) => firstDay <= lastDay && lastDay <= addDays(firstDay, longestDays)
const order = { error: 'dateOrder', path: ['lastDay'] }
/** The browser chooses the id, so that what is sent twice is one. */
const who = { id: Id, locale }
const reached = ({ email: mail, phone: number }: { email: string; phone: string }) => mail !== '' || number !== ''
const reach = { error: 'required', path: ['email'] }

/** A patient's key, shown by its word on this place in the line. */
const { patientId, keyId, proof } = BookInput.shape.patient.shape
const Known = z.object({ patientId, keyId, proof })
export const knownPurpose = 'waitlist-known'
export const knownFields = (facts: { clinicId: string; id: string; patientId: string; keyId: string }) => [
  facts.clinicId,
  facts.id,
  facts.patientId,
  facts.keyId,
]

export const JoinInput = z
  .object({
    ...{ clinicId: Id, ...wish, ...who, timeZone: timeZone.refine((zone) => knownZone(zone) !== null) },
    /** A mailbox alone: a stranger's telephone is no place to ask whether it was they. */
    email,
    /** For a service that is for people who have been there, what shows it. */
    recallId: Id.nullish(),
    earlier: HoldRef.nullish(),
    known: Known.optional(),
    /** Once the answer was WORK_FIRST. */
    done: WorkDone.optional(),
  })
  .refine(inOrder, order)
export const AddInput = z
  .object({
    ...{ ...wish, ...who, phone },
    /** One of the two; where both are there, it goes by mail. */
    email: z.union([z.literal(''), email], { error: 'email' }),
  })
  .refine(inOrder, order)
  .refine(reached, reach)
export const LinkInput = HoldRef
/** `appointmentId`: the offer as the page showed it. `holdSecret`: for the form that books it. */
export const TakeInput = HoldRef.extend({ appointmentId: Id, holdSecret: HoldRef.shape.secret })
export const DeclineInput = HoldRef.extend({ appointmentId: Id })
export const RemoveInput = z.object({ id: Id })
export const ListInput = z.object({}).strict()
/** How long an offer is held, as the clinic chooses it. */
export const minuteChoices = [15, 30, 60, 120, 240] as const
export const SaveInput = z.object({ minutes: z.literal(minuteChoices, { error: 'invalid' }) })

/** What the link shows. */
export interface WaitView {
  state: 'asked' | 'waiting' | 'ended'
  endReason: EndReason | null
  clinic: { id: string; name: string; slug: string; phone: string; timeZone: string }
  service: { id: string; name: string; minutes: number }
  practitioner: string | null
  site: string | null
  firstDay: string
  lastDay: string
  parts: DayPart[]
  timeZone: string
  minutes: number
  offer: {
    appointmentId: string
    startsAt: string
    /** As the booking page names it: null where the clinic decides who sees the patient. */
    memberId: string | null
    practitioner: string
    siteId: string | null
    site: string | null
    heldUntil: string
    /** Booked in this moment, with the money still to come. */
    begun: boolean
  } | null
  /** The server's clock. */
  now: string
}
export interface WaitRow {
  id: string
  contact: string
  serviceId: string
  service: string
  practitioner: string | null
  site: string | null
  firstDay: string
  lastDay: string
  parts: DayPart[]
  since: string
  /** Whether the link was opened; and until when a time is held for them. */
  state: 'asked' | 'waiting'
  offered: { startsAt: string; until: string } | null
}
export interface WaitList {
  zone: string
  today: string
  minutes: number
  rows: WaitRow[]
  services: { id: string; name: string; practitionerIds: string[] }[]
  practitioners: { memberId: string; name: string }[]
  sites: { id: string; name: string }[]
  /** Whether who has a telephone alone can be told. */
  texts: boolean
  locale: 'en' | 'fr'
}

export interface WaitlistContract {
  'waitlist/join': { in: z.input<typeof JoinInput>; out: { sent: true } }
  'waitlist/open': { in: z.input<typeof LinkInput>; out: WaitView }
  'waitlist/confirm': { in: z.input<typeof LinkInput>; out: { state: 'waiting' | 'ended' } }
  'waitlist/take': { in: z.input<typeof TakeInput>; out: Hold }
  'waitlist/decline': { in: z.input<typeof DeclineInput>; out: { done: true } }
  'waitlist/leave': { in: z.input<typeof LinkInput>; out: { done: true } }
  'waitlist/list': { in: z.input<typeof ListInput>; out: WaitList }
  'waitlist/add': { in: z.input<typeof AddInput>; out: { added: boolean } }
  'waitlist/remove': { in: z.input<typeof RemoveInput>; out: { done: true } }
  'waitlist/save': { in: z.input<typeof SaveInput>; out: { minutes: number } }
}
