import { z } from 'zod'
import { ConsentInput } from '../consent/rules.ts'
import { mostPlaces, type PaymentMode, type Way } from '../clinic/rules.ts'
import { Day, Instant } from '../day.ts'
import type { IntakeForm } from '../intake/rules.ts'
import type { Ending, PaymentStatus } from '../payment/rules.ts'
import { type CancelTerms, type CancellationPolicy, freeUntil } from '../price/rules.ts'
import { SealedRecord } from '../record/rules.ts'
import type { FreeTimes, MoveTimes, SlotsInput, SlotView } from '../slot/rules.ts'
import type { SiteView } from '../site/rules.ts'
import { Id } from '../ids.ts'
import { largestMinor } from '../money.ts'
import type { VoucherStanding } from '../voucher/rules.ts'

// ── the appointment's life ──

export const appointmentStates = [
  'held',
  'booked',
  'arrived',
  'in_consult',
  'completed',
  'no_show',
  'cancelled',
  'expired',
] as const
export type AppointmentStatus = (typeof appointmentStates)[number]
export const appointmentEvents = [
  'book',
  'lapse',
  'release',
  'arrive',
  'unarrive',
  'begin',
  'complete',
  'miss',
  'cancel',
  'move',
  'rebook',
  'hold',
] as const
export type AppointmentEvent = (typeof appointmentEvents)[number]

/** An appointment that stands, or that took place: whose it is has been to the clinic, or is coming. */
export const visitStates = ['booked', 'arrived', 'in_consult', 'completed'] as const

const moves: Record<AppointmentStatus, Partial<Record<AppointmentEvent, AppointmentStatus>>> = {
  held: { book: 'booked', lapse: 'expired', release: 'expired', cancel: 'cancelled' },
  booked: {
    arrive: 'arrived',
    begin: 'in_consult',
    complete: 'completed',
    miss: 'no_show',
    cancel: 'cancelled',
    move: 'booked',
  },
  // Who waits for another time has not arrived for that one.
  arrived: {
    ...{ begin: 'in_consult', complete: 'completed', miss: 'no_show', cancel: 'cancelled', move: 'booked' },
    // Somebody else was taken for them.
    unarrive: 'booked',
  },
  in_consult: { complete: 'completed' },
  completed: {},
  // What was kept or given back for it is settled: who comes after all is booked anew.
  no_show: {},
  cancelled: {},
  // Money that came after the hold ended takes the slot again, if it is still free; and the desk holds another time for it.
  expired: { rebook: 'booked', hold: 'held' },
}

/** Where an event leads, or null where it is not possible. */
export const nextAppointment = (status: AppointmentStatus, event: AppointmentEvent): AppointmentStatus | null =>
  moves[status][event] ?? null

// ── holds ──

export const longestHoldMinutes = 30

/** Of one clinic, by one address: a family that cannot decide, or a waiting room that shares its line. */
export const holdsAnHour = { points: 40, seconds: 3600 }
/** With one e-mail address, whoever types it: each sends a mail there. */
export const bookingsADay = { points: 10, seconds: 86_400 }

/** Typing renews a hold, never past half an hour after it began. */
export function renewedHold({
  heldSince,
  holdMinutes,
  now,
}: {
  heldSince: Date
  holdMinutes: number
  now: Date
}): Date {
  const wished = now.getTime() + holdMinutes * 60_000
  const longest = heldSince.getTime() + longestHoldMinutes * 60_000
  return new Date(Math.min(wished, longest))
}

/**
 * Until when whoever holds the link may choose another time: later than that, the clinic would have it booked by nobody else. Nobody
 * moves what they could not cancel without paying for it.
 */
export function movableUntil(
  appointment: { startsAt: Date },
  service: { minNoticeMinutes: number | null },
  clinic: { minNoticeMinutes: number },
  policy: CancellationPolicy,
): Date {
  const { startsAt } = appointment
  const notice = new Date(startsAt.getTime() - (service.minNoticeMinutes ?? clinic.minNoticeMinutes) * 60_000)
  const free = freeUntil(policy, startsAt)
  return policy.lateFee.kind !== 'none' && free < notice ? free : notice
}

/** When and where, in one word: what a mail about a move told of, or would. */
export const placeName = ({ startsAt, endsAt, siteId }: { startsAt: Date; endsAt: Date; siteId: string | null }) =>
  [startsAt.toISOString(), endsAt.toISOString(), siteId ?? ''].join('~')

/** Free times, by one address: somebody who pages through a year, or a waiting room that shares its line. */
export const looksAMinute = { points: 120, seconds: 60 }
/** By one link: each move sends a mail. */
export const movesADay = { points: 10, seconds: 86_400 }

/** From when to when the call's door is open. */
export function joinWindow(
  appointment: { startsAt: Date; endsAt: Date },
  clinic: { earlyJoinMinutes: number; graceMinutes: number },
): { from: Date; until: Date } {
  return {
    from: new Date(appointment.startsAt.getTime() - clinic.earlyJoinMinutes * 60_000),
    until: new Date(appointment.endsAt.getTime() + clinic.graceMinutes * 60_000),
  }
}

// ── at the door ──

const secret = z
  .string()
  .min(20)
  .max(64)
  .regex(/^[A-Za-z0-9_-]+$/)
const key = z
  .string()
  .length(43)
  .regex(/^[A-Za-z0-9_-]+$/)
const zone = z
  .string()
  .min(1)
  .max(64)
  .regex(/^[A-Za-z0-9_+/-]+$/)

/** The hold that a flooded clinic's work is for. */
export const WorkInput = z.object({ id: Id })
const hex = z.string().regex(/^[0-9a-f]{2,128}$/)
/** Work as altcha-lib writes it: how often PBKDF2 is to be tried until a key begins with `keyPrefix`. Signed by the server. */
const Work = z.object({
  parameters: z.object({
    algorithm: z.literal('PBKDF2/SHA-256'),
    cost: z.int(),
    nonce: hex,
    salt: hex,
    keyLength: z.int(),
    keyPrefix: hex,
    keySignature: hex,
    expiresAt: z.int(),
    data: z.object({ hold: Id }),
  }),
  signature: hex,
})
export type Work = z.output<typeof Work>
export const WorkDone = z.object({ work: Work, solution: z.object({ counter: z.int().min(0), derivedKey: hex }) })
export type WorkDone = z.output<typeof WorkDone>
/** The browser chooses id and secret, so that a hold sent twice is one hold. */
export const HoldInput = z.object({
  id: Id,
  secret,
  clinicId: Id,
  serviceId: Id,
  /** Null where the service has it decided who sees the patient. */
  memberId: Id.nullable(),
  /** The site that the patient was shown; another one by now is another slot. */
  siteId: Id.nullish(),
  startsAt: Instant,
  /** The hold that this one replaces. */
  release: z.object({ id: Id, secret }).optional(),
  /** Once the answer was WORK_FIRST. */
  done: WorkDone.optional(),
})
export const HoldRef = z.object({ id: Id, secret })

/** What the patient's device signs with purpose 'booking': these keys, for this patient and appointment. */
export const bookingPurpose = 'booking'
export const bookingFields = (facts: {
  clinicId: string
  appointmentId: string
  patientId: string
  keyId: string
  sign: string
  dh: string
}) => [facts.clinicId, facts.appointmentId, facts.patientId, facts.keyId, facts.sign, facts.dh]

export const BookInput = z.object({
  id: Id,
  secret,
  /** Same key, same booking. */
  key: Id,
  linkSecret: secret,
  patient: z.object({ patientId: Id, keyId: Id, sign: key, dh: key, proof: z.string().min(80).max(100) }),
  email: z
    .string()
    .trim()
    .toLowerCase()
    .pipe(z.email({ error: 'email' }).max(254)),
  phone: z
    .string()
    .trim()
    .max(30, { error: 'tooLong' })
    .regex(/^$|^\+?[\d\s().-]{6,}$/, { error: 'phone' }),
  locale: z.enum(['en', 'fr']),
  timeZone: zone,
  records: z.array(SealedRecord).min(1).max(6),
  consent: ConsentInput.nullable(),
  recallId: Id.nullish(),
  /** A code, which pays for it. */
  voucher: z.string().trim().max(60, { error: 'tooLong' }).nullish(),
  /** The link of an earlier visit, where this device has no key of its patient. */
  earlier: HoldRef.nullish(),
})

const days = { from: Day, days: z.number().int().min(1).max(31) }

/** Free times for an appointment that stands, as if it did not: by its link, and for whoever runs the day. */
export const OtherTimesInput = z.object({ id: Id, secret, ...days })
export const MoveTimesInput = z.object({ id: Id, memberId: Id, ...days })

const sequence = z.number().int().min(0)

/** By its link, a time that is offered, with the same practitioner at the same place. `sequence`: as the patient saw it. */
export const RescheduleInput = z.object({
  id: Id,
  secret,
  sequence,
  startsAt: Instant,
})

const to = { memberId: Id, startsAt: Instant, endsAt: Instant, anyway: z.boolean() }
const inOrder = { error: 'timeOrder', path: ['endsAt'] }
/** As whoever moves it saw it: `sequence` is that of then. `anyway`: although nobody is there by the hours. */
export const MoveInput = z
  .object({
    ...{ id: Id, sequence, ...to },
    /** Beside others, as a walk-in: of what the desk booked. */
    beside: z.boolean().optional(),
  })
  .refine(isLength, inOrder)
/** Everybody whom whoever moves a group saw in it. */
export const MoveGroupInput = z
  .object({
    visits: z
      .array(z.object({ id: Id, sequence }))
      .min(1)
      .max(mostPlaces),
    ...to,
  })
  .refine(isLength, inOrder)
function isLength({ startsAt, endsAt }: { startsAt: string; endsAt: string }): boolean {
  const ms = Date.parse(endsAt) - Date.parse(startsAt)
  return ms >= 5 * 60_000 && ms <= 480 * 60_000
}

/** `feeMinor`: what the page said that it costs; without a word, nothing. */
export const CancelByLinkInput = HoldRef.extend({ feeMinor: z.number().int().min(0).max(largestMinor).optional() })

/** `startsAt`: as whoever cancels it saw it. */
export const CancelInput = z.object({ id: Id, startsAt: Instant })
/** Everybody whom whoever cancels a group saw in it. */
export const CancelGroupInput = z.object({ ids: z.array(Id).min(1).max(mostPlaces), startsAt: Instant })

export interface Hold {
  id: string
  /** Who sees the patient. */
  memberId: string
  startsAt: string
  endsAt: string
  heldUntil: string
  /** The server's clock when it said so: the device's own may be wrong. */
  now: string
  /** Renewing goes no further than this. */
  longestUntil: string
  /** Of the price, what is paid at the booking; 0 where that is all of it, or nothing. */
  depositMinor: number
  /** As they are kept for this booking from now on. */
  cancelling: CancelTerms
}
export interface Booked {
  appointmentId: string
  patientId: string
  status: AppointmentStatus
  payment: PaymentStatus
  /** Stripe's page, when money is due before the booking counts; null when Stripe does not answer right now. */
  checkoutUrl: string | null
}

/** Operational facts of an appointment, for whoever holds its link. No name, no record. */
export interface AppointmentView {
  id: string
  status: AppointmentStatus
  way: Way
  startsAt: string
  endsAt: string
  heldUntil: string | null
  /** Changed by each move. */
  sequence: number
  movableUntil: string
  joinFrom: string
  joinUntil: string
  now: string
  clinic: {
    id: string
    slug: string
    name: string
    phone: string
    address: string
    timeZone: string
    rootFingerprint: string | null
  }
  service: { id: string; name: string; minutes: number; intakeForm: unknown; intakeVersion: number }
  practitioner: { id: string; name: string; title: string }
  site: SiteView | null
  price: { minor: number; currency: string; mode: PaymentMode }
  /** What is still to be paid, or is next; 0 where nothing is. */
  askedMinor: number
  /** Of a booking with a deposit, what was paid and has not gone back. */
  paidMinor: number
  /** The one that it was booked with. */
  voucher: VoucherStanding | null
  /** `bounced`: a refund of it failed at the payer's bank. */
  payment: { status: PaymentStatus; refundedMinor: number; bounced: boolean }
  cancelling: CancelTerms
  /** What cancelling now would do with the money; of what did not take place, what was done. */
  ending: Ending
  consentText: { id: string; version: number; title: string; body: string; hash: string } | null
  done: { intake: boolean; consent: boolean }
  timeZone: string
  /** By how many minutes it is later than booked, as far as it is known; 0: nobody said so. */
  lateMinutes: number
  /** Whether the patient wants reminders; null where the clinic sends none. */
  reminders: boolean | null
  /** For whom the clinic booked, as long as no device of theirs has come; null from then on. */
  unclaimed: string | null
  /** What is owed can be paid by the link, though nothing waits for it. */
  payable: boolean
}

export interface BookingContract {
  'booking/slots': { in: z.input<typeof SlotsInput>; out: FreeTimes }
  'booking/work': { in: z.input<typeof WorkInput>; out: Work }
  'booking/hold': { in: z.input<typeof HoldInput>; out: Hold }
  'booking/renew': { in: z.input<typeof HoldRef>; out: Hold }
  'booking/release': { in: z.input<typeof HoldRef>; out: { done: true } }
  'booking/book': { in: z.input<typeof BookInput>; out: Booked }
  'booking/appointment': { in: z.input<typeof HoldRef>; out: AppointmentView }
  'booking/other-times': { in: z.input<typeof OtherTimesInput>; out: FreeTimes }
  'booking/reschedule': { in: z.input<typeof RescheduleInput>; out: { sequence: number } }
  'booking/move-times': { in: z.input<typeof MoveTimesInput>; out: MoveTimes }
  'booking/move': { in: z.input<typeof MoveInput>; out: { sequence: number } }
  'booking/cancel': { in: z.input<typeof CancelByLinkInput>; out: { status: AppointmentStatus } }
  'booking/cancel-by-clinic': { in: z.input<typeof CancelInput>; out: { status: AppointmentStatus } }
  'booking/move-group': { in: z.input<typeof MoveGroupInput>; out: { moved: number } }
  'booking/cancel-group': { in: z.input<typeof CancelGroupInput>; out: { cancelled: number } }
}

/** What the booking form is given by its page. */
export interface BookingOffer {
  clinicId: string
  clinicSlug: string
  clinicZone: string
  guardianAge: number
  zone: string
  locale: 'en' | 'fr'
  recallId: string | null
  slot: SlotView
  /** Who it may be, where the patient does not choose. */
  practitioners: { id: string; name: string }[]
  service: {
    id: string
    way: Way
    priceMinor: number
    currency: string
    taxRate: number
    paymentMode: PaymentMode
    /** What is paid before the booking counts; 0 where nothing is. */
    dueMinor: number
    intakeForm: IntakeForm
    intakeVersion: number
  }
  consentText: { id: string; version: number; title: string; body: string } | null
  /** Where it is for people who have been to the clinic: what there is for others. Null where anybody may book it. */
  onlyKnown: { firstVisits: { id: string; name: string }[]; phone: string } | null
}
