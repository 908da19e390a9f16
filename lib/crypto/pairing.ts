import { type Bytes, concat, derive, equal, labelledHash, random, toB64, utf8 } from './bytes.ts'
import { type Cbor, decodeArray, encode, read } from './cbor.ts'
import { CryptoError } from './errors.ts'
import { hpkeOpen, hpkeSeal } from './hpke.ts'
import { box, type RawKeys } from './keys.ts'
import { safetyCode } from './sas.ts'
import type { B64 } from './types.ts'

/*
 * Two devices of one person, over a relay that neither trusts. One shows a secret (a QR code, or the same typed); messages
 * are sealed under it. Whoever showed it commits to its keys before the other sends its own, and reveals them after: so
 * somebody who photographed the secret and sits in between has one guess at a code of 26 bits, and the person sees it differ.
 * What follows the codes is sealed to the other side's revealed key as well: who photographed the secret and only listens
 * reads keys and random bits, and nothing of the person.
 */

/** `own` opens the patient's records already, `new` is to. */
export type PairRole = 'own' | 'new'
const otherRole = (role: PairRole): PairRole => (role === 'own' ? 'new' : 'own')

/** 128 random bits: as much as a person can type where there is no camera. */
export const newPairSecret = (): Bytes => random(16)

export interface PairChannel {
  /** Where the messages lie; says nothing of the secret. */
  relay: B64
  key: CryptoKey
}

export async function openChannel(secret: Bytes): Promise<PairChannel> {
  if (secret.length !== 16) throw new CryptoError('BAD_INVITATION', 'not the code of a pairing')
  const [relay, raw] = await Promise.all([
    derive(secret, 'pair-relay', new Uint8Array(0), 16),
    derive(secret, 'pair-box', new Uint8Array(0), 32),
  ])
  const key = await crypto.subtle.importKey('raw', raw, 'AES-GCM', false, ['encrypt', 'decrypt'])
  return { relay: toB64(relay), key }
}

/** Bound to its place: a message answered at another place of this pairing, or of another, does not open. */
const aad = (relay: B64, seq: number): Bytes => concat(utf8('curtain/v1/pair'), encode([relay, seq]))

export async function sealMessage({ relay, key }: PairChannel, seq: number, fields: readonly Cbor[]): Promise<Bytes> {
  return concat(...(await box(key, aad(relay, seq), encode(fields))))
}

/** Throws BAD_ENVELOPE: altered, of another place, or of another secret. */
export async function openMessage(channel: PairChannel, seq: number, bytes: Bytes, length: number): Promise<unknown[]> {
  const params = { name: 'AES-GCM', iv: bytes.slice(0, 12), additionalData: aad(channel.relay, seq) }
  // The defence of attack 18 against a relay that alters, moves or makes up a message.
  const plain = await crypto.subtle.decrypt(params, channel.key, bytes.slice(12)).catch(() => {
    throw new CryptoError('BAD_ENVELOPE', 'not a message of this pairing')
  })
  return decodeArray(new Uint8Array(plain), length)
}

/** Both sides' own words, as either heard them: what the codes are made of, and what later messages are bound to. */
export type PairTranscript = Bytes

const sealedInfo = (transcript: PairTranscript): Bytes => concat(utf8('curtain/v1/pair-sealed'), transcript)

/** To the agreement key that the other side revealed, and under the secret as every message. */
export async function sealToOther(
  channel: PairChannel,
  transcript: PairTranscript,
  { seq, to }: { seq: number; to: Bytes },
  fields: readonly Cbor[],
): Promise<Bytes> {
  // The defence of attack 18 against whoever read the secret and only listens.
  const { enc, ct } = await hpkeSeal(to, sealedInfo(transcript), aad(channel.relay, seq), encode(fields))
  return sealMessage(channel, seq, [enc, ct])
}

/** Throws BAD_ENVELOPE: as openMessage, or sealed to another key or after other words than these keys' side heard. */
export async function openFromOther(
  channel: PairChannel,
  transcript: PairTranscript,
  { seq, bytes, keys }: { seq: number; bytes: Bytes; keys: CryptoKeyPair },
  length: number,
): Promise<unknown[]> {
  const [enc, ct] = await openMessage(channel, seq, bytes, 2)
  const box = { enc: read.bytes(enc, 32, 'encapsulated key'), ct: read.anyBytes(ct, 'sealed message') }
  const plain = await hpkeOpen(keys, sealedInfo(transcript), aad(channel.relay, seq), box).catch(() => {
    throw new CryptoError('BAD_ENVELOPE', 'not sealed to this side of this pairing')
  })
  return decodeArray(plain, length)
}

export interface PairReveal {
  role: PairRole
  keys: RawKeys
  random: Bytes
}
export const newReveal = (role: PairRole, keys: RawKeys): PairReveal => ({ role, keys, random: random(32) })

export const revealFields = ({ role, keys, random: bits }: PairReveal): Cbor[] => [role, keys.sign, keys.dh, bits]

/** Throws BAD_ENVELOPE unless it is the other side's. */
export function readReveal(fields: unknown[], own: PairReveal): PairReveal {
  const [role, sign, dh, bits] = fields
  if (role !== otherRole(own.role)) throw new CryptoError('BAD_ENVELOPE', 'not the other side of a pairing')
  const keys = { sign: read.bytes(sign, 32, 'signing key'), dh: read.bytes(dh, 32, 'agreement key') }
  if (equal(keys.sign, own.keys.sign) || equal(keys.dh, own.keys.dh))
    throw new CryptoError('BAD_ENVELOPE', 'this side’s own keys')
  return { role: otherRole(own.role), keys, random: read.bytes(bits, 32, 'random bits') }
}

export const commitToPair = (relay: B64, reveal: PairReveal): Promise<Bytes> =>
  labelledHash('pair-commitment', encode([relay, ...revealFields(reveal)]))

/** Throws BAD_COMMITMENT: keys chosen after this side's were known. */
export async function checkPairReveal(relay: B64, commitment: Bytes, reveal: PairReveal): Promise<void> {
  if (!equal(await commitToPair(relay, reveal), commitment))
    throw new CryptoError('BAD_COMMITMENT', 'not the keys that were committed to')
}

export async function pairTranscript(
  relay: B64,
  commitment: Bytes,
  reveals: readonly PairReveal[],
): Promise<PairTranscript> {
  const [own, fresh] = (['own', 'new'] as const).map((role) =>
    revealFields(reveals.find((each) => each.role === role)!),
  )
  return labelledHash('pair-transcript', encode([relay, commitment, own!, fresh!]))
}

/** What both screens show: eight digits of everything that either side said of itself. */
export const pairCode = (transcript: PairTranscript): Promise<string> => safetyCode(transcript, 'pair-code')
