import { z } from 'zod'
import { SealedRecord } from '../record/rules.ts'
import { Base64Url, Id } from '../ids.ts'

/** What a patient signs, with purpose 'consent': the hash of the exact text, bound to its place in their history. */
export interface ConsentFacts {
  clinicId: string
  patientId: string
  appointmentId: string
  consentTextId: string
  /** SHA-256 of the text as signed (title, blank line, body), base64url. */
  textHash: string
  recordId: string
  seq: number
  /** Hash of the event before, '' for the first. */
  previous: string
  state: 'signed' | 'withdrawn'
}

export const consentPurpose = 'consent'

export const consentFields = (facts: ConsentFacts): (string | number)[] => [
  facts.clinicId,
  facts.patientId,
  facts.appointmentId,
  facts.consentTextId,
  facts.textHash,
  facts.recordId,
  facts.seq,
  facts.previous,
  facts.state,
]

/** The text that is hashed, signed and sealed. */
export const consentWords = (text: { title: string; body: string }) => `${text.title}\n\n${text.body}`

/** Record of type `consent`, schema 1: the text as signed. The event's signature is over this text's hash. */
export interface ConsentContent {
  appointmentId: string
  consentTextId: string
  version: number
  title: string
  body: string
  textHash: string
  /** As typed by whoever signs. */
  signedName: string
  /** Who signed in the patient's place, and what they are to the patient. */
  onBehalf?: { name: string; relation: string }
  signedAt: string
}

export type ConsentState = 'offered' | 'signed' | 'withdrawn'
export function nextConsent(state: ConsentState, event: 'sign' | 'withdraw'): ConsentState | null {
  if (event === 'sign') return state === 'signed' ? null : 'signed'
  return state === 'signed' ? 'withdrawn' : null
}

export const ConsentInput = z.object({
  consentTextId: Id,
  textHash: Base64Url(64),
  recordId: Id,
  seq: z.number().int().min(0).max(100_000),
  previous: z.union([z.literal(''), Base64Url(64)]),
  signature: Base64Url(128),
})
export const SignConsentInput = z.object({
  appointmentId: Id,
  consent: ConsentInput,
  records: z.array(SealedRecord).min(1).max(2),
})

export interface ConsentContract {
  'consent/sign': { in: z.input<typeof SignConsentInput>; out: { done: true } }
}
