import type { CancellationPolicy } from '../price/rules.ts'
import { z } from 'zod'
import { CompanionAsk } from '../companion/rules.ts'
import { BookInput, HoldRef } from '../booking/rules.ts'
import type { FreeTimes, MemberSlot } from '../slot/rules.ts'
import type { Audience, PaymentMode, Way } from '../clinic/rules.ts'
import { Day, Instant } from '../day.ts'
import { Id } from '../ids.ts'
import { SealedRecord, type StoredRecord } from '../record/rules.ts'

/** By one member: a morning at a busy telephone is far below. */
export const bookingsAnHour = { points: 120, seconds: 3600 }
/** By one member: a link is shown again when somebody stands at the desk, and not by the hundred. */
export const linksAnHour = { points: 60, seconds: 3600 }
/** For one appointment, whoever asks: each sends a mail or a text message. */
export const sendingsADay = { points: 5, seconds: 86_400 }

const { id, linkSecret, key, email, phone, locale } = BookInput.shape

/** Somebody new, whose name and reason the desk's browser has sealed. Without an address the link is handed over. */
const Caller = z.object({
  kind: z.literal('new'),
  patientId: Id,
  email: z.union([z.literal(''), email], { error: 'email' }),
  phone,
  locale,
  records: z.array(SealedRecord).min(1).max(2),
})
/** Somebody whom the clinic knows: nothing is sealed anew, and their own devices have the appointment's facts. */
const Known = z.object({ kind: z.literal('known'), patientId: Id })

/** Ids, secret and key are made when the dialog opens: however often it is sent, it is one booking. */
export const DeskBookInput = z.object({
  id,
  key,
  linkSecret,
  serviceId: Id,
  memberId: Id,
  siteId: Id.nullable(),
  startsAt: Instant,
  /** Although nobody is there by the hours. */
  anyway: z.boolean(),
  /** A code that the caller reads out, which pays for it. */
  voucher: BookInput.shape.voucher,
  /** Who comes along with the patient. */
  companion: CompanionAsk.nullish(),
  /** As a walk-in: beside others, as many as the hours allow. */
  beside: z.boolean().optional(),
  patient: z.discriminatedUnion('kind', [Caller, Known]),
})

// ── several visits at once ──

/** Of the first with those that follow: more is not planned in one telephone call. */
export const mostVisits = 26
export const mostWeeks = 12
/** By one member. */
export const seriesAnHour = { points: 40, seconds: 3600 }
/** By one member: each look at a list of dates goes through a calendar. */
export const checksAMinute = { points: 60, seconds: 60 }

const SeriesVisit = z.object({
  ...{ id, key, linkSecret, startsAt: Instant, anyway: z.boolean() },
  /** Why they come, sealed for each visit: of somebody new who said so. */
  records: z.array(SealedRecord).max(1),
})
/** All of them are booked, or none; `id` is the series'. */
export const SeriesInput = z.object({
  ...{ id, serviceId: Id, memberId: Id, siteId: Id.nullable() },
  visits: z.array(SeriesVisit).min(2).max(mostVisits),
  patient: z.discriminatedUnion('kind', [Caller.extend({ records: z.array(SealedRecord).length(1) }), Known]),
})
/** Dates before they are booked, each as what the others leave of the calendar. */
export const CheckInput = z.object({
  serviceId: Id,
  memberId: Id,
  siteId: Id.nullable(),
  starts: z.array(Instant).min(1).max(mostVisits),
})
export const LaterInput = z.object({ id: Id })
/** As whoever cancels them saw them. */
export const CancelLaterInput = z.object({
  visits: z
    .array(z.object({ id: Id, startsAt: Instant }))
    .min(2)
    .max(mostVisits),
})

export const OptionsInput = z.object({}).strict()
export const PatientsInput = z.object({}).strict()
export const TimesInput = z.object({
  serviceId: Id,
  memberId: Id.nullable(),
  from: Day,
  days: z.number().int().min(1).max(31),
})
export const PlaceInput = z.object({ serviceId: Id, memberId: Id, startsAt: Instant })
export const DeskLinkInput = z.object({ id: Id })

/** The first device of somebody for whom the clinic booked: its keys, and who they say that they are. */
export const ClaimInput = HoldRef.extend({
  patient: BookInput.shape.patient,
  records: z.array(SealedRecord).min(1).max(2),
})

/** One identity, and at most the desk's list of what is done. */
export function isFirstWord(records: readonly { meta: { type: string } }[]): boolean {
  const of = (type: string) => records.filter(({ meta }) => meta.type === type).length
  return of('identity') === 1 && of('identity') + of('checklist') === records.length
}

/** A booking's records: one identity, and at most one reason beside it. */
export function isCallersWord(
  records: readonly { meta: { type: string; revision: number; recordId: string } }[],
): boolean {
  const of = (type: string) => records.filter(({ meta }) => meta.type === type).length
  const ids = new Set(records.map(({ meta }) => meta.recordId))
  const isWhole = of('identity') === 1 && of('identity') + of('reason') === records.length
  return isWhole && ids.size === records.length && records.every(({ meta }) => meta.revision === 1)
}

/**
 * Whether a member of these groups writes what this group manages: a reason is the practitioners', and the desk of the same part of
 * the clinic takes it down for them. Whoever is in none of these would write what no reader believes.
 */
export function mayWriteUnder(groups: readonly string[], type: string, managing: string): boolean {
  const [kind, part] = managing.split(':')
  if (kind !== (type === 'reason' ? 'clinical' : 'desk')) return false
  const desk = part ? `desk:${part}` : 'desk'
  return [kind, managing, desk, 'desk'].some((group) => groups.includes(group))
}

export interface DeskService {
  id: string
  name: string
  minutes: number
  way: Way
  places: number
  priceMinor: number
  currency: string
  paymentMode: PaymentMode
  practitionerIds: string[]
  audience: Audience
}
/** What the dialog is filled with. */
export interface DeskOptions {
  clinicId: string
  clinic: string
  zone: string
  today: string
  locale: string
  services: DeskService[]
  cancellation: CancellationPolicy
  practitioners: { memberId: string; name: string }[]
  sites: { id: string; name: string }[]
  /** Whether a link goes by text message where there is a telephone alone. */
  texts: boolean
  /** Whether what this member seals of a new patient is believed: who sees their own patients alone books those whom they know. */
  mayWrite: boolean
  /** Whether any hours of these practitioners have room for walk-ins. */
  walkIns: boolean
}
/** Where a practitioner is at a time, and whether it is theirs by the hours and free. */
export interface DeskPlace {
  siteId: string | null
  outside: boolean
  taken: boolean
  /** How many more walk-ins may be put in then, of how many at once. */
  walkIns: { most: number; left: number }
}
export interface DeskBooked {
  appointmentId: string
  patientId: string
  /** As it stands: what was sent before under the same key is what was booked. */
  startsAt: string
  memberId: string
  /** How the link went out; null: it is handed over. */
  sent: 'mail' | 'text' | null
  /** Where it is held until somebody else has said that they can come: until when. The patient is told nothing before. */
  heldUntil?: string
  /** Where it is one of a series: all of them. */
  visits?: { id: string; startsAt: string }[]
}

/**
 * What is in the way of a date. `closed`: the clinic is, `away`: the practitioner; `full`: as many of the service as fit a day are
 * booked; `elsewhere`: the practitioner is at another place then.
 */
export const inTheWay = ['taken', 'closed', 'away', 'outside', 'full', 'elsewhere', 'past', 'far'] as const
export type InTheWay = (typeof inTheWay)[number]
/** What can be booked all the same, once it is agreed. */
export const mayAnyway = (state: DateState): boolean => ['closed', 'away', 'outside', 'full'].includes(state)
export type DateState = 'free' | InTheWay
export interface CheckedDate {
  startsAt: string
  state: DateState
  /** The nearest free time within a week, where the date is not free. */
  near: string | null
}

export interface DeskContract {
  'desk/options': { in: z.input<typeof OptionsInput>; out: DeskOptions }
  'desk/times': { in: z.input<typeof TimesInput>; out: FreeTimes<MemberSlot> }
  'desk/place': { in: z.input<typeof PlaceInput>; out: DeskPlace }
  /** Names of the patients whom this member's day has had, sealed. */
  'desk/patients': {
    in: z.input<typeof PatientsInput>
    /** `been`: those of them who have a visit, be it to come. */
    out: { patientIds: string[]; been: string[]; records: StoredRecord[] }
  }
  'desk/book': { in: z.input<typeof DeskBookInput>; out: DeskBooked }
  'desk/check': { in: z.input<typeof CheckInput>; out: { dates: CheckedDate[] } }
  /** A date that was lost refuses all: `fields` has what is in the way of each that was, by its place in the list. `visits` is missing where the first of them was booked alone before. */
  'desk/book-series': { in: z.input<typeof SeriesInput>; out: DeskBooked }
  /** A visit and the later ones that were booked with it, which stand. */
  'desk/later': { in: z.input<typeof LaterInput>; out: { visits: { id: string; startsAt: string }[] } }
  'desk/cancel-later': { in: z.input<typeof CancelLaterInput>; out: { cancelled: number } }
  'desk/link': { in: z.input<typeof DeskLinkInput>; out: { linkSecret: string } }
  'desk/send': { in: z.input<typeof DeskLinkInput>; out: { sent: 'mail' | 'text' } }
  'desk/claim': { in: z.input<typeof ClaimInput>; out: { patientId: string; keyId: string } }
}
