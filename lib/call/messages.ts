import { z } from 'zod'

/*
 * What the two browsers say to each other through the server, which keeps it in order and understands none of it: public
 * keys, commitments and HPKE outputs, each signed by the device or account that says it. Bytes are base64url.
 */

const bytes = (length: number) =>
  z
    .string()
    .length(Math.ceil((length * 4) / 3))
    .regex(/^[A-Za-z0-9_-]+$/)
const epoch = z.number().int().min(1).max(0xffff)
const keys = z.object({ sign: bytes(32), dh: bytes(32) })
const role = z.enum(['patient', 'practitioner'])

/** Proof of possession of a device key: for one ticket, one nonce of the server, one origin, one call. */
export const Knock = z.object({
  ticketHash: bytes(32),
  nonce: bytes(16),
  origin: z.string().max(300),
  keys,
  signature: bytes(64),
})
export type Knock = z.infer<typeof Knock>

/** The practitioner's: answers one knock with a nonce and a commitment of their own. */
const Admit = z.object({
  kind: z.literal('admit'),
  epoch,
  /** Signature of the knock it answers, so that it answers no other. */
  knock: bytes(64),
  patient: keys,
  practitioner: keys,
  nonce: bytes(16),
  commitment: bytes(32),
  chainHead: bytes(32),
  signature: bytes(64),
})
/** The patient's device, again over ticket, nonce and origin, now with the practitioner's nonce and its own commitment. */
const Commit = z.object({
  kind: z.literal('commit'),
  epoch,
  nonce: bytes(16),
  commitment: bytes(32),
  signature: bytes(64),
})
const Reveal = z.object({
  kind: z.literal('reveal'),
  epoch,
  role,
  ephemeral: bytes(32),
  random: bytes(32),
  signature: bytes(64),
})
const Roster = z.object({
  kind: z.literal('roster'),
  epoch,
  transcript: bytes(32),
  parties: z
    .array(z.object({ role, ephemeral: bytes(32), keys }))
    .min(1)
    .max(2),
  signature: bytes(64),
})
const SenderKey = z.object({
  kind: z.literal('sender-key'),
  epoch,
  sender: bytes(32),
  recipient: bytes(32),
  transcript: bytes(32),
  enc: bytes(32),
  ct: bytes(48),
  signature: bytes(64),
})

export const CallMessage = z.discriminatedUnion('kind', [Admit, Commit, Reveal, Roster, SenderKey])
export type CallMessage = z.infer<typeof CallMessage>
export type MessageOf<K extends CallMessage['kind']> = Extract<CallMessage, { kind: K }>

/** Purposes of the signatures above; "call-roster" and "call-sender-key" are lib/crypto's own. */
export const purposes = {
  knock: 'call-knock',
  admit: 'call-admit',
  commit: 'call-commit',
  reveal: 'call-reveal',
} as const

type Unsigned<T> = Omit<T, 'signature' | 'kind'>

/** The signed array of each message: strings and numbers, so that server and browsers build the same. */
export const signedFields = {
  knock: (callId: string, of: Unsigned<Knock>) => [
    callId,
    of.ticketHash,
    of.nonce,
    of.origin,
    of.keys.sign,
    of.keys.dh,
  ],
  admit: (callId: string, of: Unsigned<MessageOf<'admit'>>) => [
    callId,
    of.epoch,
    of.knock,
    of.patient.sign,
    of.patient.dh,
    of.practitioner.sign,
    of.practitioner.dh,
    of.nonce,
    of.commitment,
    of.chainHead,
  ],
  commit: (callId: string, of: Unsigned<MessageOf<'commit'>>, knock: Unsigned<Knock>) => [
    callId,
    of.epoch,
    knock.ticketHash,
    knock.nonce,
    knock.origin,
    of.nonce,
    of.commitment,
  ],
  reveal: (callId: string, of: Unsigned<MessageOf<'reveal'>>) => [callId, of.epoch, of.role, of.ephemeral, of.random],
}
