import { type Bytes, concat, equal, labelledHash, random, toB64, utf8 } from './bytes.ts'
import { decodeArray, encode, read } from './cbor.ts'
import { type Chain, type ChainMember, currentMembers } from './chain.ts'
import type { EmergencyKey } from './emergency.ts'
import { CryptoError } from './errors.ts'
import { hpkeOpen, hpkeSeal } from './hpke.ts'
import { box } from './keys.ts'
import { sign, verify } from './sign.ts'
import { areTwo } from './voices.ts'

/*
 * How two officers open a patient's records: one signs a request that names the patient, the key's epoch and a one-time key of
 * their browser; another checks it, opens their own share, seals it to that one-time key and signs. Neither ever shows a share.
 */

export interface EmergencyRequest {
  clinicId: string
  patientId: string
  epoch: number
  /** The emergency key that is asked for. */
  key: Bytes
  requestId: string
  /** One record alone, or null for all of the patient's. */
  recordId: string | null
  /** X25519 key of the asking browser, for this request alone. */
  oneTime: Bytes
  /** Hash of the reason as sealed. */
  reason: Bytes
}
export interface CheckedRequest extends EmergencyRequest {
  hash: Bytes
  officer: ChainMember
}
interface Signer {
  memberId: string
  key: CryptoKey
  public: Bytes
}

const fieldsOf = (request: EmergencyRequest, signer: Bytes) => {
  const { clinicId, patientId, epoch, key, requestId, recordId, oneTime, reason } = request
  return [1, clinicId, patientId, epoch, key, requestId, recordId, oneTime, reason, signer]
}
const hashOf = (bytes: Bytes): Promise<Bytes> => labelledHash('emergency-request', bytes)

export async function signRequest(request: EmergencyRequest, signer: Signer): Promise<Bytes> {
  const fields = fieldsOf(request, signer.public)
  return encode([...fields, await sign(signer.key, 'emergency-request', fields)])
}

/**
 * Throws BAD_SIGNATURE, BAD_ENVELOPE, UNSUPPORTED, and NOT_VOUCHED when who asks is no officer of the clinic now. `past` is for
 * reading what was asked once, by somebody who may have left since: nothing is answered to that.
 */
export async function checkRequest(chain: Chain, bytes: Bytes, past = false): Promise<CheckedRequest> {
  const fields = decodeArray(bytes, 11)
  if (fields[0] !== 1) throw new CryptoError('UNSUPPORTED', `emergency request version ${String(fields[0])}`)
  if (fields[1] !== chain.clinicId) throw new CryptoError('BAD_ENVELOPE', 'a request of another clinic')
  const request: EmergencyRequest = {
    clinicId: chain.clinicId,
    patientId: read.id(fields[2], 'patient'),
    epoch: read.count(fields[3], 1, 'epoch'),
    key: read.bytes(fields[4], 32, 'key'),
    requestId: read.id(fields[5], 'request'),
    recordId: fields[6] === null ? null : read.id(fields[6], 'record'),
    oneTime: read.bytes(fields[7], 32, 'one-time key'),
    reason: read.bytes(fields[8], 32, 'hash of the reason'),
  }
  const signer = read.bytes(fields[9], 32, 'signer')
  await verify(signer, 'emergency-request', fieldsOf(request, signer), read.bytes(fields[10], 64, 'signature'))
  return {
    ...request,
    hash: await hashOf(bytes),
    officer: officerBy(past ? chain.members : currentMembers(chain), signer),
  }
}

/** Who answers, and who asks, is an officer at this moment: a former one opens nothing any more. */
function officerBy(members: readonly ChainMember[], signKey: Bytes): ChainMember {
  const member = members.find((each) => equal(each.keys.sign, signKey) && each.roles.includes('admin'))
  if (!member) throw new CryptoError('NOT_VOUCHED', 'no officer of this clinic')
  return member
}

/** Eight digits that both officers see, to compare by voice. */
export function requestCode(hash: Bytes): string {
  const number = new DataView(hash.buffer, hash.byteOffset).getBigUint64(0) % 100_000_000n
  return number.toString().padStart(8, '0')
}

/** The second officer's share to the first one's one-time key. Throws NOT_VOUCHED for one's own request or another key's. */
export async function answerRequest(
  request: CheckedRequest,
  key: EmergencyKey,
  share: Bytes,
  signer: Signer,
): Promise<Bytes> {
  checkSameKey(request, key)
  if (equal(request.officer.keys.sign, signer.public)) throw new CryptoError('NOT_VOUCHED', 'nobody answers themselves')
  const { enc, ct } = await hpkeSeal(request.oneTime, answerInfo(request), request.hash, share)
  const fields = [1, request.hash, enc, ct, signer.public]
  return encode([...fields, await sign(signer.key, 'emergency-answer', fields)])
}

/** Throws BAD_SIGNATURE, BAD_ENVELOPE for an answer to another request, NOT_VOUCHED for who is no second person. */
export async function openAnswer(
  chain: Chain,
  request: CheckedRequest,
  key: EmergencyKey,
  oneTime: CryptoKeyPair,
  bytes: Bytes,
): Promise<{ share: Bytes; officer: ChainMember }> {
  checkSameKey(request, key)
  const [version, hash, encField, ctField, signerField, signature] = decodeArray(bytes, 6)
  if (version !== 1) throw new CryptoError('UNSUPPORTED', `emergency answer version ${String(version)}`)
  const [enc, ct] = [read.bytes(encField, 32, 'enc'), read.anyBytes(ctField, 'ct')]
  const signer = read.bytes(signerField, 32, 'signer')
  const answered = read.bytes(hash, 32, 'request')
  const fields = [1, answered, enc, ct, signer]
  await verify(signer, 'emergency-answer', fields, read.bytes(signature, 64, 'signature'))
  if (!equal(answered, request.hash)) throw new CryptoError('BAD_ENVELOPE', 'an answer to another request')
  const officer = officerBy(currentMembers(chain), signer)
  if (!areTwo(officer, request.officer)) throw new CryptoError('NOT_VOUCHED', 'no second officer')
  return { share: await hpkeOpen(oneTime, answerInfo(request), request.hash, { enc, ct }), officer }
}

/** Whatever key the server shows beside a request: the one that was asked for, and while it holds. */
function checkSameKey(request: CheckedRequest, key: EmergencyKey): void {
  const same = request.patientId === key.patientId && request.epoch === key.epoch && equal(request.key, key.public)
  if (!same || !key.current) throw new CryptoError('NOT_VOUCHED', 'not the emergency key that was asked for')
}

const answerInfo = ({ oneTime }: EmergencyRequest): Bytes => concat(utf8('curtain/v1/emergency-answer'), oneTime)

// ── the reason ──

interface ReasonPlace {
  clinicId: string
  patientId: string
  requestId: string
}

/** Why, for the officers and the patient alone. The request holds the hash of what is sealed, so that readers may be added later. */
export async function sealReason(
  place: ReasonPlace,
  text: string,
  readers: readonly Bytes[],
): Promise<{ reason: Bytes; hash: Bytes }> {
  const key = random(32)
  const [iv, ct] = await box(await reasonKey(key), reasonAad(place), utf8(text))
  const wraps = await Promise.all(readers.map((reader) => wrapReason(place, reader, key)))
  key.fill(0)
  return { reason: encode([1, iv, ct, wraps]), hash: await reasonHash(iv, ct) }
}

/** Throws NOT_FOR_YOU when it is not sealed to these keys, BAD_ENVELOPE when it is not the request's own. */
export async function openReason(
  request: EmergencyRequest,
  bytes: Bytes,
  own: { pair: CryptoKeyPair; public: Bytes },
): Promise<string> {
  const { iv, ct, key } = await unwrapReason(request, bytes, own)
  const params = { name: 'AES-GCM', iv, additionalData: reasonAad(request) }
  const body = await crypto.subtle.decrypt(params, await reasonKey(key), ct).catch(() => null)
  key.fill(0)
  if (!body) throw new CryptoError('BAD_ENVELOPE', 'the reason does not open')
  return new TextDecoder().decode(body)
}

/** The same for further readers: the patient's keys, once they are known. */
export async function addReaders(
  request: EmergencyRequest,
  bytes: Bytes,
  own: { pair: CryptoKeyPair; public: Bytes },
  readers: readonly Bytes[],
): Promise<Bytes> {
  const { iv, ct, key, wraps } = await unwrapReason(request, bytes, own)
  const there = new Set(wraps.map((each) => toB64(each[0])))
  const fresh = readers.filter((reader) => !there.has(toB64(reader)))
  const more = await Promise.all(fresh.map((reader) => wrapReason(request, reader, key)))
  key.fill(0)
  return encode([1, iv, ct, [...wraps, ...more]])
}

async function unwrapReason(request: EmergencyRequest, bytes: Bytes, own: { pair: CryptoKeyPair; public: Bytes }) {
  const [version, ivField, ctField, list] = decodeArray(bytes, 4)
  if (version !== 1) throw new CryptoError('UNSUPPORTED', `reason version ${String(version)}`)
  const [iv, ct] = [read.bytes(ivField, 12, 'nonce'), read.anyBytes(ctField, 'ciphertext')]
  if (!equal(await reasonHash(iv, ct), request.reason)) throw new CryptoError('BAD_ENVELOPE', 'another reason')
  const wraps = read.array(list, 'readers').map((each): [Bytes, Bytes, Bytes] => {
    const [reader, enc, wrapped] = read.array(each, 'reader')
    return [read.bytes(reader, 32, 'reader'), read.bytes(enc, 32, 'enc'), read.bytes(wrapped, 48, 'wrap')]
  })
  const mine = wraps.find(([reader]) => equal(reader, own.public))
  if (!mine) throw new CryptoError('NOT_FOR_YOU', 'the reason is not for these keys')
  const key = await hpkeOpen(own.pair, reasonInfo(own.public), reasonAad(request), { enc: mine[1], ct: mine[2] })
  return { iv, ct, key, wraps }
}

async function wrapReason(place: ReasonPlace, reader: Bytes, key: Bytes): Promise<[Bytes, Bytes, Bytes]> {
  const { enc, ct } = await hpkeSeal(reader, reasonInfo(reader), reasonAad(place), key)
  return [reader, enc, ct]
}

const reasonKey = (key: Bytes) => crypto.subtle.importKey('raw', key, 'AES-GCM', false, ['encrypt', 'decrypt'])
const reasonHash = (iv: Bytes, ct: Bytes): Promise<Bytes> => labelledHash('emergency-reason', encode([iv, ct]))
const reasonInfo = (reader: Bytes): Bytes => concat(utf8('curtain/v1/emergency-reason'), reader)
const reasonAad = ({ clinicId, patientId, requestId }: ReasonPlace): Bytes => encode([clinicId, patientId, requestId])
