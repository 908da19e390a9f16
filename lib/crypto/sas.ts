import { type Bytes, concat, equal, labelledHash, random, utf8 } from './bytes.ts'
import { encode } from './cbor.ts'
import { CryptoError } from './errors.ts'
import { type HpkeBox, hpkeOpen, hpkeSeal } from './hpke.ts'
import { type RawKeys, rawPublic } from './keys.ts'
import { sign, verify } from './sign.ts'

/*
 * The call's handshake, in order: each side makes an ephemeral key (`newEphemeral`) and sends a `commitment`; once both
 * are in, each reveals, and checks the other's reveal (`checkReveal`); both hash all they know (`transcript`) and show the
 * same `safetyCode`; the practitioner signs the `Roster`; each sender seals its `SenderKey` to each recipient's ephemeral.
 */

export type CallRole = 'patient' | 'practitioner'

/** What a commitment hides until the other side's is in. */
export interface Reveal {
  role: CallRole
  callId: string
  /** X25519 public key, made for this call. */
  ephemeral: Bytes
  /** 256 random bits, so that a guessed key cannot be confirmed from the commitment. */
  random: Bytes
}

/** Somebody in the call. `keys` are the device's (patient) or the account's (practitioner). */
export interface Party {
  role: CallRole
  ephemeral: Bytes
  keys: RawKeys
  commitment: Bytes
}

export interface Roster {
  callId: string
  epoch: number
  transcript: Bytes
  parties: Pick<Party, 'role' | 'ephemeral' | 'keys'>[]
}

/** One sender's key for one recipient. Signed over all of it, so that nobody can pass another's key off as theirs. */
export interface SenderKeyMessage {
  callId: string
  epoch: number
  /** Signing key of the sender, agreement keys and roster say who that is. */
  sender: Bytes
  /** Ephemeral key of the recipient. */
  recipient: Bytes
  transcript: Bytes
  box: HpkeBox
  signature: Bytes
}

/** A key pair whose private half cannot leave the vault, and what will be revealed of it. */
export async function newEphemeral(role: CallRole, callId: string): Promise<{ pair: CryptoKeyPair; reveal: Reveal }> {
  const pair = (await crypto.subtle.generateKey('X25519', false, ['deriveBits'])) as CryptoKeyPair
  return { pair, reveal: { role, callId, ephemeral: await rawPublic(pair), random: random(32) } }
}

/** SHA-256 of role, call, ephemeral key and 256 random bits. */
export function commitTo(reveal: Reveal): Promise<Bytes> {
  if (reveal.ephemeral.length !== 32 || reveal.random.length !== 32) {
    throw new CryptoError('BAD_COMMITMENT', 'a reveal of another length')
  }
  return labelledHash('call-commitment', encode([reveal.role, reveal.callId, reveal.ephemeral, reveal.random]))
}

/**
 * Throws BAD_COMMITMENT when the reveal is not what was committed to, and when the other side committed to, or revealed,
 * this side's own ephemeral key: a reflection is no second party.
 */
export async function checkReveal(commitment: Bytes, reveal: Reveal, own: Reveal): Promise<void> {
  // The defence of attack 6: a key chosen after seeing the other's was not the one committed to.
  if (!equal(await commitTo(reveal), commitment))
    throw new CryptoError('BAD_COMMITMENT', 'not the key that was committed to')
  if (reveal.callId !== own.callId || reveal.role === own.role || equal(reveal.ephemeral, own.ephemeral)) {
    throw new CryptoError('BAD_COMMITMENT', 'not another party of this call')
  }
}

/**
 * Hash over call, chain head, and every party's role, commitment, ephemeral, device and account keys. Parties in any
 * order give one transcript. Chain head: the clinic's, as both sides verified it.
 */
export function transcript(callId: string, chainHead: Bytes, parties: Party[]): Promise<Bytes> {
  const rows = parties.map((party) =>
    encode([party.role, party.commitment, party.ephemeral, party.keys.sign, party.keys.dh]),
  )
  return labelledHash('call-transcript', encode([callId, chainHead, rows.sort(compare)]))
}

/** Eight digits (26.5 bits) of the transcript, as "1234 5678": what both people compare. */
export async function safetyCode(transcriptHash: Bytes, label = 'call-safety-code'): Promise<string> {
  const hash = await labelledHash(label, transcriptHash)
  const digits = (new DataView(hash.buffer).getBigUint64(0) % 100_000_000n).toString().padStart(8, '0')
  return `${digits.slice(0, 4)} ${digits.slice(4)}`
}

/** The admitting practitioner's signature over who is in the call. */
export const signRoster = (key: CryptoKey, roster: Roster): Promise<Bytes> =>
  sign(key, 'call-roster', rosterFields(roster))

/**
 * Throws BAD_SIGNATURE, and BAD_ENVELOPE for another call's roster or an epoch that does not rise above `previous`.
 * Whether `practitioner` is one is the chain's to say (`memberAt`).
 */
export async function checkRoster(
  practitioner: Bytes,
  roster: Roster,
  signature: Bytes,
  expected: { callId: string; previousEpoch: number; transcript: Bytes },
): Promise<void> {
  await verify(practitioner, 'call-roster', rosterFields(roster), signature)
  if (roster.callId !== expected.callId || !equal(roster.transcript, expected.transcript)) {
    throw new CryptoError('BAD_ENVELOPE', 'a roster of another call')
  }
  if (!Number.isSafeInteger(roster.epoch) || roster.epoch <= expected.previousEpoch) {
    throw new CryptoError('BAD_ENVELOPE', 'epochs only rise')
  }
}

/** A sender's own 256-bit key; a new one for each epoch. */
export const newSenderKey = (): Bytes => random(32)

/** Seals a sender key to one recipient's ephemeral key. Throws NO_KEY. */
export async function sealSenderKey(
  senderKey: Bytes,
  to: { callId: string; epoch: number; recipient: Bytes; transcript: Bytes },
  sender: { key: CryptoKey; public: Bytes },
): Promise<SenderKeyMessage> {
  const message = { ...to, sender: sender.public }
  const box = await hpkeSeal(to.recipient, senderInfo(message), senderAad(message), senderKey)
  const signature = await sign(sender.key, 'call-sender-key', senderFields(message, box))
  return { ...message, box, signature }
}

/**
 * The sender key of a message. `expected` is what this side knows by itself: a message for another call, epoch, sender,
 * recipient or transcript is refused (BAD_ENVELOPE) before its signature is looked at (BAD_SIGNATURE, NOT_FOR_YOU).
 */
export async function openSenderKey(
  message: SenderKeyMessage,
  keys: CryptoKeyPair,
  expected: { callId: string; epoch: number; sender: Bytes; recipient: Bytes; transcript: Bytes },
): Promise<Bytes> {
  const isExpected =
    message.callId === expected.callId &&
    message.epoch === expected.epoch &&
    equal(message.sender, expected.sender) &&
    equal(message.recipient, expected.recipient) &&
    equal(message.transcript, expected.transcript)
  if (!isExpected) throw new CryptoError('BAD_ENVELOPE', 'a sender key of another call, epoch or party')
  await verify(expected.sender, 'call-sender-key', senderFields(message, message.box), message.signature)
  const senderKey = await hpkeOpen(keys, senderInfo(message), senderAad(message), message.box)
  if (senderKey.length !== 32) throw new CryptoError('NOT_FOR_YOU', 'not a sender key')
  return senderKey
}

type SenderContext = Pick<SenderKeyMessage, 'callId' | 'epoch' | 'sender' | 'recipient' | 'transcript'>

const senderContext = (of: SenderContext) => [of.callId, of.epoch, of.sender, of.recipient, of.transcript]
const senderFields = (of: SenderContext, box: HpkeBox) => [...senderContext(of), box.enc, box.ct]
const senderInfo = (of: SenderContext): Bytes => concat(utf8('curtain/v1/call-sender-key'), of.transcript)
const senderAad = (of: SenderContext): Bytes => encode(senderContext(of))

function rosterFields(roster: Roster) {
  const rows = roster.parties.map((party) => encode([party.role, party.ephemeral, party.keys.sign, party.keys.dh]))
  return [roster.callId, roster.epoch, roster.transcript, rows.sort(compare)]
}

function compare(a: Uint8Array, b: Uint8Array): number {
  const at = a.findIndex((byte, index) => byte !== b[index])
  return at < 0 ? a.length - b.length : a[at]! - (b[at] ?? -1)
}
