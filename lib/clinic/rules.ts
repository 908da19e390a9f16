import { z } from 'zod'
import { IntakeForm } from '../intake/rules.ts'
import { Id } from '../ids.ts'
import type { Legal, LegalForm } from '../invoice/rules.ts'
import { type CancellationPolicy, PartOfPrice, TaxRate } from '../price/rules.ts'
import type { WeeklyRow } from '../schedule/rules.ts'
import type { SiteView } from '../site/rules.ts'

/** What anyone may know of a clinic. */
export interface ClinicProfile {
  id: string
  slug: string
  name: string
  about: string
  phone: string
  address: string
  timeZone: string
  country: string
  currency: string
  locale: string
  rootFingerprint: string | null
  earlyJoinMinutes: number
  graceMinutes: number
  holdMinutes: number
  minNoticeMinutes: number
  horizonDays: number
  /** For how long a time that became free is kept for whom it is offered to. */
  waitlistMinutes: number
  /** Whose public holidays it keeps: a country, or one of its regions; empty: nobody's. */
  holidays: string
  /** The birthday at which a guardian's access ends: see guardianAgeOf. */
  guardianAge: number
  /** Until when cancelling is free, and what is kept after that: of what is booked from now on. */
  cancellation: CancellationPolicy
  /** Whether payments online are connected. */
  takesPayments: boolean
}

export interface PractitionerView {
  id: string
  displayName: string
  title: string
  bio: string
}

export type PaymentMode = 'free' | 'online' | 'later' | 'deposit'

/** How a visit takes place. */
export const ways = ['video', 'phone', 'in_person'] as const
export type Way = (typeof ways)[number]

/** Who sees the patient where several offer a service: whom they choose, the first who is free, or each in turn. */
export const assignments = ['choose', 'first', 'turn'] as const
export type Assignment = (typeof assignments)[number]

/** For whom a service is: whoever books, who comes for the first time, or who has been to the clinic before. */
export const audiences = ['anyone', 'first_visit', 'follow_up'] as const
export type Audience = (typeof audiences)[number]

export interface ServiceView {
  id: string
  name: string
  description: string
  minutes: number
  bufferBefore: number
  bufferAfter: number
  /** From one start that is offered to the next; null: as its length has it. */
  stepMinutes: number | null
  /** Null: the clinic's. */
  minNoticeMinutes: number | null
  horizonDays: number | null
  /** Most appointments a day with one practitioner; null: as many as there is time for. */
  dailyLimit: number | null
  way: Way
  /** How many patients share its time; 1: nobody does. */
  places: number
  assignment: Assignment
  audience: Audience
  priceMinor: number
  currency: string
  /** Of the tax that the price includes, in thousandths of a percent. */
  taxRate: number
  paymentMode: PaymentMode
  /** Of the price, what is paid at the booking; of other modes none. */
  deposit: PartOfPrice
  intakeForm: IntakeForm
  intakeVersion: number
  consentTextId: string | null
  active: boolean
  position: number
  /** Counts edits: `clinic/save-service` refuses one that is not the latest (STALE). */
  version: number
  practitionerIds: string[]
}

/**
 * Whether a clinic may use what is the operator's own, its Stripe account or its text messages: where clinics are named, those; where
 * none is, all that somebody let in. A stranger's clinic charges nobody on it, and texts nobody.
 */
export function mayUsePlatform(slug: string, signup: 'open' | 'code' | 'closed', named: readonly string[]): boolean {
  return named.length ? named.includes('*') || named.includes(slug) : signup !== 'open'
}

export interface ConsentTextView {
  id: string
  version: number
  title: string
  body: string
  hash: string
  locale: string
  active: boolean
}

/** Everything that the admin pages show. */
export interface ClinicSettings {
  clinic: ClinicProfile
  legal: Legal
  services: ServiceView[]
  practitioners: PractitionerView[]
  hours: (WeeklyRow & { memberId: string })[]
  consentTexts: ConsentTextView[]
  sites: SiteView[]
  /** Of practitioners who see some sites only: those they can work at. */
  placed: { memberId: string; siteIds: string[] }[]
}

/**
 * As they are offered, each in the clinic's own order: what is for people who have been there comes last for who has not, and first for who
 * has; a first visit comes last for who has been.
 */
export function inOrderFor<S extends Pick<ServiceView, 'audience'>>(services: readonly S[], hasBeen: boolean): S[] {
  const rank = ({ audience }: S) => (audience === 'anyone' ? 1 : (audience === 'follow_up') === hasBeen ? 0 : 2)
  const ranked = hasBeen ? rank : (service: S) => Math.max(rank(service), 1)
  return services.toSorted((a, b) => ranked(a) - ranked(b))
}

/** Whether Stripe's page stands between a booking and its slot. */
export const isPaidOnline = ({ paymentMode }: Pick<ServiceView, 'paymentMode'>) =>
  paymentMode === 'online' || paymentMode === 'deposit'

/** Whether a patient can pay for it: online payment needs a connected account, and a price. */
export function isBookable(
  service: Pick<ServiceView, 'active' | 'paymentMode' | 'priceMinor' | 'practitionerIds'>,
  takesPayments: boolean,
): boolean {
  if (!service.active || service.practitionerIds.length === 0) return false
  return !isPaidOnline(service) || service.priceMinor === 0 || takesPayments
}

const text = (max: number) => z.string().trim().max(max, { error: 'tooLong' })
const needed = (max: number) => text(max).min(1, { error: 'required' })
const whole = (min: number, max: number) =>
  z.coerce
    .number({ error: 'number' })
    .int({ error: 'number' })
    .min(min, { error: 'tooSmall' })
    .max(max, { error: 'tooLarge' })

/** An empty field: nothing of its own. */
const maybe = (min: number, max: number) =>
  z.union([z.null(), z.literal('').transform(() => null), whole(min, max)]).default(null)

function isTimeZone(zone: string): boolean {
  try {
    return Boolean(new Intl.DateTimeFormat('en', { timeZone: zone }))
  } catch {
    return false
  }
}

export const ProfileForm = z.object({
  name: needed(80),
  about: text(1000),
  phone: text(40),
  address: text(200),
  timeZone: z.string().max(64).refine(isTimeZone, { error: 'invalid' }),
  locale: z.enum(['en', 'fr']),
  earlyJoinMinutes: whole(0, 120),
  graceMinutes: whole(0, 240),
  holdMinutes: whole(2, 30),
  minNoticeMinutes: whole(0, 20_160),
  horizonDays: whole(1, 365),
})

/** Of one practitioner's time. */
export const mostPlaces = 30

export const ServiceForm = z
  .object({
    name: needed(80),
    description: text(300),
    minutes: whole(5, 480),
    bufferBefore: whole(0, 120),
    bufferAfter: whole(0, 120),
    stepMinutes: maybe(5, 480),
    minNoticeMinutes: maybe(0, 20_160),
    horizonDays: maybe(1, 365),
    dailyLimit: maybe(1, 200),
    way: z.enum(ways).default('video'),
    places: whole(1, mostPlaces).default(1),
    assignment: z.enum(assignments).default('choose'),
    audience: z.enum(audiences).default('anyone'),
    priceMinor: whole(0, 10_000_000),
    taxRate: TaxRate.default(0),
    paymentMode: z.enum(['free', 'online', 'later', 'deposit']),
    deposit: PartOfPrice.default({ kind: 'none' }),
    intakeForm: IntakeForm,
    consentTextId: z.union([Id, z.null()]),
    active: z.boolean(),
    position: whole(0, 1000),
    practitionerIds: z.array(Id).max(100),
  })
  .refine((service) => service.paymentMode !== 'free' || service.priceMinor === 0, {
    error: 'tooLarge',
    path: ['priceMinor'],
  })
  // A call is between two browsers, and nobody rings thirty people at once: see decisions/038.
  .refine(({ places, way }) => places === 1 || way === 'in_person', { error: 'groupWay', path: ['places'] })
  .refine(({ paymentMode, deposit }) => (paymentMode === 'deposit') === (deposit.kind !== 'none'), {
    error: 'required',
    path: ['deposit'],
  })

/** id and version null: a new one. */
export const SaveServiceInput = z.object({
  id: z.union([Id, z.null()]),
  version: z.number().int(),
  service: ServiceForm,
})

export const ConsentTextForm = z.object({ title: needed(120), body: needed(20_000), locale: z.enum(['en', 'fr']) })
/** `replaces`: the version that it follows; services that asked for that one ask for the new one. */
export const SaveConsentTextInput = ConsentTextForm.extend({ replaces: z.union([Id, z.null()]) })

/** How long members' browsers remember what they opened, in seconds: each a choice that the page explains. */
export const cacheTimes = [0, 60, 300, 900, 3600] as const
export const CacheInput = z.object({ seconds: z.literal(cacheTimes, { error: 'invalid' }) })

const Nothing = z.object({}).strict()
export const SettingsInput = Nothing
export const PaymentsInput = z.object({ connected: z.boolean() })

export interface ClinicContract {
  'clinic/settings': { in: z.input<typeof Nothing>; out: ClinicSettings }
  'clinic/save-profile': { in: z.input<typeof ProfileForm>; out: { done: true } }
  'clinic/save-cancellation': { in: z.input<typeof CancellationPolicy>; out: { done: true } }
  'clinic/save-legal': { in: z.input<typeof LegalForm>; out: { done: true } }
  'clinic/save-service': { in: z.input<typeof SaveServiceInput>; out: { id: string; version: number } }
  'clinic/save-consent-text': { in: z.input<typeof SaveConsentTextInput>; out: { id: string; version: number } }
  'clinic/save-cache': { in: z.input<typeof CacheInput>; out: { done: true } }
  'clinic/connect-payments': { in: z.input<typeof PaymentsInput>; out: { connected: boolean } }
}
