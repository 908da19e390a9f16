import { z } from 'zod'
import type { ChainStatement } from '../crypto/types.ts'
import type { CareRow } from '../care/rules.ts'
import type { DocumentView } from '../invoice/rules.ts'
import { Grant, type StoredRecord } from '../record/rules.ts'
import { Base64Url, Id } from '../ids.ts'

/** Half an hour, renewed by the page as long as it is open. */
export const sessionSeconds = 30 * 60
export const nonceSeconds = 5 * 60

/** How often a device may hand in answers or a consent: nothing of it is ever taken away again. */
export const handIns = { points: 20, seconds: 3600 }

/** How far a key is trusted; `confirmed` is by a mailed code alone, `paired` by another of the patient's own devices. */
export type KeyState = 'booking' | 'confirmed' | 'paired' | 'vouched' | 'revoked'
export type KeyKind = 'device' | 'kit' | 'passkey'

/** A cookie for each patient: one browser may hold several. */
export const cookieName = (patientId: string) => `curtain_patient_${patientId}`

/** What the device signs to open its session: this origin, this nonce, these ids. */
export const sessionFields = (origin: string, ids: { nonce: string; patientId: string; keyId: string }): string[] => [
  origin,
  ids.nonce,
  ids.patientId,
  ids.keyId,
]

const browsers = [
  ['Edge', /\bEdg(?:e|A|iOS)?\//],
  ['Opera', /\bOPR\//],
  ['Samsung Internet', /\bSamsungBrowser\//],
  ['Firefox', /\b(?:Firefox|FxiOS)\//],
  ['Chrome', /(?:Chrome|CriOS)\//],
  ['Safari', /\bSafari\//],
] as const
const systems = [
  ['iPhone', /\biPhone\b/],
  ['iPad', /\biPad\b/],
  ['Android', /\bAndroid\b/],
  ['Windows', /\bWindows\b/],
  ['Chromebook', /\bCrOS\b/],
  ['Mac', /\bMac OS X\b/],
  ['Linux', /\bLinux\b/],
] as const

/** "Firefox · Linux": as much of a browser's own words as lets a person tell their devices apart. '' when they say nothing. */
export function deviceName(userAgent: string): string {
  const named = [browsers, systems].map((all) => all.find(([, pattern]) => pattern.test(userAgent))?.[0])
  return named.filter((each) => each !== undefined).join(' · ')
}

/**
 * Which one of several that are called the same each is, from 1, by when it was first seen: a later one changes no earlier one's
 * number.
 */
export function tellApart(all: readonly { id: string; called: string; since: Date }[]): Map<string, number> {
  const counts = new Map<string, number>()
  const inOrder = [...all].sort((a, b) => a.since.getTime() - b.since.getTime() || (a.id < b.id ? -1 : 1))
  return new Map(
    inOrder.map(({ id, called }) => {
      const nth = (counts.get(called) ?? 0) + 1
      counts.set(called, nth)
      return [id, nth]
    }),
  )
}

/** "Chrome · Android (2)": the first of a name is called by it alone. */
export const apart = (name: string, nth: number): string => (nth > 1 ? `${name} (${nth})` : name)

export const ChallengeInput = z.object({ clinicId: Id, patientId: Id, keyId: Id })
export const SessionInput = z.object({
  clinicId: Id,
  patientId: Id,
  keyId: Id,
  nonce: Base64Url(64),
  signature: Base64Url(128),
})
/** The link of an appointment, and the device that came with it. */
const LinkedDevice = z.object({
  appointmentId: Id,
  secret: Base64Url(64),
  keyId: Id,
  keys: z.object({ sign: Base64Url(43).length(43), dh: Base64Url(43).length(43) }),
})
export const CodeInput = LinkedDevice
export const ConfirmInput = LinkedDevice.extend({
  code: z.string().regex(/^\d{6}$/, { error: 'code' }),
  proof: Base64Url(128),
})
export const confirmPurpose = 'patient-confirm'
/** What the device signs over the code that it was told: whoever files a key has it. */
export const confirmFields = (
  origin: string,
  {
    appointmentId,
    keyId,
    keys,
    code,
  }: Pick<z.output<typeof ConfirmInput>, 'appointmentId' | 'keyId' | 'keys' | 'code'>,
): string[] => [origin, appointmentId, keyId, keys.sign, keys.dh, code]

export const ChartInput = z.object({}).strict()
export const ExportInput = ChartInput
export const DevicesInput = ChartInput
export const RemoveDeviceInput = z.object({ keyId: Id })

export const AddDeviceInput = z.object({
  keyId: Id,
  keys: z.object({ sign: Base64Url(43).length(43), dh: Base64Url(43).length(43) }),
  kind: z.enum(['device', 'kit', 'passkey']),
  name: z.string().max(60),
  /** Both keys' signed word that they are one patient's: for browsers to check. */
  link: Base64Url(2000),
})
export const FindBackupInput = z.object({ keyId: Id })
/** At most so many keys of one patient, whatever they are of. */
export const MOST_KEYS = 12
export const BehindInput = ChartInput
export const LinksInput = ChartInput
export const HandOnInput = z.object({
  grants: z.array(z.object({ recordId: Id, revision: z.number().int().min(1), grant: Grant })).max(1000),
})

/** A key of the patient as their own devices are told of it. */
export interface OwnKeyRow {
  keyId: string
  keys: { sign: string; dh: string }
  kind: KeyKind
  state: KeyState
  link: string | null
  /** Of somebody who helps, and not the patient's own. */
  helps: boolean
}

/** Which revision a key of the patient's, by its agreement key, was not granted. */
export interface Lacking {
  recordId: string
  revision: number
  key: string
}

export interface Behind {
  keys: OwnKeyRow[]
  lacking: Lacking[]
  records: StoredRecord[]
}

export interface DeviceRow {
  keyId: string
  /** '' when it never said. */
  name: string
  /** Which of those that are called the same, removed ones too: from 1. */
  nth: number
  kind: KeyKind
  state: Exclude<KeyState, 'revoked'>
  firstSeen: string
  /** The day, "2026-11-21"; null before it was ever used. */
  lastUsed: string | null
  /** The one that asks. */
  mine: boolean
}

/** What the patient's own device is given: sealed records it can open, and operational facts. */
export interface PatientChart {
  clinicId: string
  patientId: string
  /** Let in by a mailed code alone: it is told of the appointments it came to, and hands nothing in for them. */
  byCode: boolean
  statements: ChainStatement[]
  /** Whether they have a visit at the clinic, be it to come. */
  hasBeen: boolean
  /** Every key of the patient, removed ones too: none where a mailed code alone let this device in. */
  keys: OwnKeyRow[]
  records: StoredRecord[]
  prescriptions: {
    id: string
    recordId: string
    appointmentId: string
    status: string
    issuedAt: string
    expiresAt: string
  }[]
  appointments: {
    id: string
    startsAt: string
    endsAt: string
    status: string
    service: string
    practitioner: string
    practitionerId: string
    siteId: string | null
    /** Those that were booked at once have the same. */
    seriesId: string | null
  }[]
  /** Who helps the patient, or did, and the server's clock. */
  care: CareRow[]
  now: string
  /** The birthday at which a guardian's access ends here: see guardianAgeOf. */
  guardianAge: number
  /** Invoices and credit notes, the newest first. */
  documents: DocumentView[]
  /** The next consent event's place in the patient's history. */
  consent: { seq: number; previous: string }
}

export interface PatientExport extends PatientChart {
  clinic: { name: string; address: string; phone: string }
  payments: { appointmentId: string; status: string; amountMinor: number; refundedMinor: number; currency: string }[]
  consents: {
    appointmentId: string
    state: string
    textHash: string
    signer: string
    signature: string
    hash: string
    previous: string
    seq: number
    signedAt: string
  }[]
}

export interface PatientContract {
  'patient/challenge': { in: z.input<typeof ChallengeInput>; out: { nonce: string } }
  'patient/session': { in: z.input<typeof SessionInput>; out: { expiresAt: string } }
  /** Six digits to the address that the appointment was booked with, while its link is good. WRONG_STATE for a known device. */
  'patient/code': { in: z.input<typeof CodeInput>; out: { minutes: number } }
  'patient/confirm': { in: z.input<typeof ConfirmInput>; out: { done: true } }
  'patient/chart': { in: z.input<typeof ChartInput>; out: PatientChart }
  'patient/devices': { in: z.input<typeof DevicesInput>; out: { devices: DeviceRow[] } }
  'patient/remove-device': { in: z.input<typeof RemoveDeviceInput>; out: { done: true } }
  'patient/add-device': { in: z.input<typeof AddDeviceInput>; out: { done: true } }
  /** Records that this device was granted and another of the patient's was not. */
  'patient/behind': { in: z.input<typeof BehindInput>; out: Behind }
  'patient/hand-on': { in: z.input<typeof HandOnInput>; out: { granted: number } }
  /** Whose the key of a printed page or a passkey is. Its id is known to who has these alone. */
  'patient/find-backup': { in: z.input<typeof FindBackupInput>; out: { clinicId: string; patientId: string } }
  /** The links of the patient's own appointments, newest first: for a device that never had them. */
  'patient/links': {
    in: z.input<typeof LinksInput>
    out: { links: { appointmentId: string; linkSecret: string }[] }
  }
  'patient/export': { in: z.input<typeof ExportInput>; out: PatientExport }
}
