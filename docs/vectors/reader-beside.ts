// The second reader's part for what stands beside records: the log, a witness's word, emergencies, a patient's devices.
// Written from docs/envelope.md; of Curtain's own code it uses nothing.
import { b64, checkSignature, decode, encode, type Field, hash, kdf, openAead, openHpke, publicOf, text, u64 } from './reader-base.ts'
import { type Chain, memberAt } from './reader-chain.ts'

const label = (name: string) => text(`curtain/v1/${name}`)
const digits = (bytes: Buffer) => (bytes.readBigUInt64BE(0) % 10n ** 8n).toString().padStart(8, '0')
const list = <T extends Field[]>(bytes: Buffer, count: number, what: string): T => {
  const fields = decode(bytes) as Field[]
  if (!Array.isArray(fields) || fields.length !== count || fields[0] !== 1) throw new Error(`unsupported ${what}`)
  return fields as T
}

// ── §4: two people compare what they know ──

export function headNumber(length: number, head: Buffer): string {
  const bytes = hash('head-number', u64(length), head)
  const value = (bytes.readBigUInt64BE(0) << 64n) | bytes.readBigUInt64BE(8)
  return (value % 10n ** 20n).toString().padStart(20, '0')
}

// ── §7: a patient's keys ──

type Link = [number, string, string, Buffer, Buffer, Buffer, Buffer, Buffer, Buffer]

export function checkLink(clinic: string, patient: string, bytes: Buffer) {
  const fields = list<Link>(bytes, 9, 'link')
  const [, of, whose, from, , to, , half, other] = fields
  if (of !== clinic || whose !== patient || from.equals(to)) throw new Error('not a link of this patient')
  checkSignature(from, 'patient-link', fields.slice(0, 7), half)
  checkSignature(to, 'patient-link', fields.slice(0, 7), other)
  return [from, to]
}

export function openBackup(secret: Buffer) {
  const both = kdf(secret, 'patient-backup', Buffer.alloc(0), 64)
  const id = kdf(secret, 'patient-backup-id', Buffer.alloc(0), 16)
  id[6] = (id[6]! & 0x0f) | 0x40
  id[8] = (id[8]! & 0x3f) | 0x80
  const keyId = id.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
  return { keyId, sign: publicOf('Ed25519', both.subarray(0, 32)) }
}

type Erasure = [number, string, string, string, string, string[], string, string, Buffer, Buffer, Buffer]

export function checkErasure(chain: Chain, patient: string, bytes: Buffer) {
  const fields = list<Erasure>(bytes, 11, 'erasure')
  const [, clinic, whose, request, state, classes, ground, at, head, signer, signature] = fields
  if (clinic !== chain.clinic || whose !== patient) throw new Error('an answer to another patient')
  checkSignature(signer, 'erasure', fields.slice(0, 10), signature)
  const officer = memberAt(chain, head, (each) => each.sign.equals(signer))
  if (!officer?.roles.includes('admin')) throw new Error('not answered by an officer')
  return { request, state, classes, ground, at }
}

// ── §10: two devices ──

/** The code that both screens show, out of the first three messages; `shows` is the role of the side that showed the secret. */
export function pairCode(secret: Buffer, messages: Buffer[], shows: 'own' | 'new') {
  const relay = kdf(secret, 'pair-relay', Buffer.alloc(0), 16).toString('base64url')
  const key = kdf(secret, 'pair-box', Buffer.alloc(0), 32)
  const opened = messages.slice(0, 3).map((message, index) => {
    const aad = Buffer.concat([label('pair'), encode([relay, index + 1])])
    return decode(openAead(key, message.subarray(0, 12), aad, message.subarray(12))) as Field[]
  })
  const [[commitment], reading, showing] = opened as [[Buffer], Field[], Field[]]
  if (showing[0] !== shows || reading[0] !== (shows === 'own' ? 'new' : 'own')) throw new Error('roles')
  if (!hash('pair-commitment', encode([relay, ...showing])).equals(commitment)) throw new Error('not what was committed to')
  const [own, fresh] = shows === 'own' ? [showing, reading] : [reading, showing]
  const transcript = hash('pair-transcript', encode([relay, commitment, own!, fresh!]))
  return { relay, key, transcript, code: digits(hash('pair-code', transcript)) }
}

/** The fields of a message after the codes, with the agreement key of the side that it is for. */
export function openPaired(at: ReturnType<typeof pairCode>, place: number, message: Buffer, secret: Buffer): Field[] {
  const aad = Buffer.concat([label('pair'), encode([at.relay, place])])
  const [enc, ct] = decode(openAead(at.key, message.subarray(0, 12), aad, message.subarray(12))) as [Buffer, Buffer]
  return decode(openHpke(secret, Buffer.concat([label('pair-sealed'), at.transcript]), aad, enc, ct)) as Field[]
}

// ── §11: the log ──

export function openEntry(clinic: string, entry: { leaf: string; enc: string; ct: string }, secret: Buffer) {
  const leaf = b64(entry.leaf)
  const info = Buffer.concat([label('audit'), publicOf('X25519', secret)])
  const detail = openHpke(secret, info, leaf, b64(entry.enc), b64(entry.ct))
  if (!hash('audit-entry', detail).equals(leaf)) throw new Error('not what the log has a hash of')
  const [, salt, of, at, ...says] = list<[number, Buffer, string, string, ...Field[]]>(detail, 11, 'entry')
  if (salt.length !== 32 || of !== clinic) throw new Error('an entry of another clinic')
  return { at, says }
}

export const logHead = (leaves: Buffer[]): Buffer =>
  leaves.reduce<Buffer>((previous, leaf, place) => hash('audit-link', previous, u64(place), leaf), Buffer.alloc(32))

// ── §12: a witness ──

export function checkWitnessed(witness: Buffer, bytes: Buffer) {
  const fields = list<[number, string, string, number, Buffer, string, Buffer]>(bytes, 7, 'head')
  const [, clinic, kind, length, head, at, signature] = fields
  checkSignature(witness, 'witness-head', fields.slice(0, 6), signature)
  return { clinic, kind, length, head, at }
}

// ── §13: a patient's emergency key ──

type Listed = [string, Buffer, Buffer]
type Statement = [number, string, string, number, Buffer, Listed[], Buffer, Buffer, Buffer]
const officersOf = (chain: Chain) =>
  chain.members
    .filter((member) => member.until === null && member.roles.includes('admin'))
    .sort((a, b) => (a.memberId < b.memberId ? -1 : 1))

export function checkEmergencyKey(chain: Chain, patient: string, bytes: Buffer) {
  const fields = list<Statement>(bytes, 9, 'emergency key')
  const [, clinic, whose, epoch, key, officers, chainHead, signer, signature] = fields
  if (clinic !== chain.clinic || whose !== patient) throw new Error('another patient’s emergency key')
  checkSignature(signer, 'emergency-key', fields.slice(0, 8), signature)
  const maker = memberAt(chain, chainHead, (each) => each.sign.equals(signer))
  if (!maker?.groups.some((group) => group.split(':')[0] === 'clinical')) throw new Error('not made by a clinical member')
  const now = officersOf(chain)
  const same = officers.every(([id, dh], index) => id === now[index]?.memberId && dh.equals(now[index].dh))
  return { patient, epoch, key, officers, current: same && now.length === officers.length && now.length > 1 }
}
type EmergencyKey = ReturnType<typeof checkEmergencyKey>

export function openOfficerShare(
  chain: Chain,
  key: EmergencyKey,
  share: { memberId: string; enc: string; ct: string },
  secret: Buffer,
): Buffer {
  const [enc, ct] = [b64(share.enc), b64(share.ct)]
  const own = publicOf('X25519', secret)
  const [, dh, sealed] = key.officers.find(([id]) => id === share.memberId)!
  if (!dh.equals(own) || !sealed.equals(hash('emergency-share', encode([enc, ct])))) throw new Error('another share')
  const aad = Buffer.concat([encode([chain.clinic, key.patient, share.memberId, key.key]), u64(key.epoch)])
  return openHpke(secret, Buffer.concat([label('emergency-share'), own]), aad, enc, ct)
}

/** Two shares of 33 bytes, the last of which is x: the polynomials' values at 0, in GF(2⁸) with x⁸ + x⁴ + x³ + x + 1. */
export function combine(one: Buffer, two: Buffer, key: Buffer): Buffer {
  const [x, z] = [one[32]!, two[32]!]
  const over = invert(x ^ z)
  const secret = Buffer.from(
    one.subarray(0, 32).map((y, index) => multiply(y, multiply(z, over)) ^ multiply(two[index]!, multiply(x, over))),
  )
  if (!publicOf('X25519', secret).equals(key)) throw new Error('not the secret of this emergency key')
  return secret
}
function multiply(a: number, b: number): number {
  let product = 0
  for (let bit = b, power = a; bit; bit >>= 1, power = (power << 1) ^ (power & 0x80 ? 0x11b : 0))
    if (bit & 1) product ^= power
  return product
}
const invert = (a: number): number => {
  for (let candidate = 1; candidate < 256; candidate++) if (multiply(a, candidate) === 1) return candidate
  throw new Error('one share twice')
}

type Request = [number, string, string, number, Buffer, string, string | null, Buffer, Buffer, Buffer, Buffer]

export function checkRequest(chain: Chain, key: EmergencyKey, bytes: Buffer) {
  const fields = list<Request>(bytes, 11, 'request')
  const [, clinic, patient, epoch, named, request, record, oneTime, reason, signer, signature] = fields
  checkSignature(signer, 'emergency-request', fields.slice(0, 10), signature)
  const officer = officersOf(chain).find((each) => each.sign.equals(signer))
  if (clinic !== chain.clinic || patient !== key.patient || epoch !== key.epoch || !named.equals(key.key) || !officer)
    throw new Error('no request for this key by an officer')
  const whole = hash('emergency-request', bytes)
  return { request, record, oneTime, reason, officer: officer.memberId, hash: whole, code: digits(whole) }
}
type CheckedRequest = ReturnType<typeof checkRequest>

export function openAnswer(chain: Chain, asked: CheckedRequest, secret: Buffer, bytes: Buffer): Buffer {
  const fields = list<[number, Buffer, Buffer, Buffer, Buffer, Buffer]>(bytes, 6, 'answer')
  const [, answered, enc, ct, signer, signature] = fields
  checkSignature(signer, 'emergency-answer', fields.slice(0, 5), signature)
  const officer = officersOf(chain).find((each) => each.sign.equals(signer))
  if (!answered.equals(asked.hash) || !officer || officer.memberId === asked.officer)
    throw new Error('no answer of a second officer')
  return openHpke(secret, Buffer.concat([label('emergency-answer'), asked.oneTime]), asked.hash, enc, ct)
}

export function openReason(chain: Chain, key: EmergencyKey, asked: CheckedRequest, bytes: Buffer, secret: Buffer): string {
  const [, nonce, ct, wraps] = list<[number, Buffer, Buffer, [Buffer, Buffer, Buffer][]]>(bytes, 4, 'reason')
  if (!hash('emergency-reason', encode([nonce, ct])).equals(asked.reason)) throw new Error('another reason')
  const own = publicOf('X25519', secret)
  const [, enc, wrap] = wraps.find(([reader]) => reader.equals(own))!
  const aad = encode([chain.clinic, key.patient, asked.request])
  const inner = openHpke(secret, Buffer.concat([label('emergency-reason'), own]), aad, enc, wrap)
  return openAead(inner, nonce, aad, ct).toString()
}

// ── §14: an emergency card ──

export function openCard(card: string, secret: Buffer, sealed: Buffer) {
  const [, nonce, ct] = list<[number, Buffer, Buffer]>(sealed, 3, 'card')
  const aad = Buffer.concat([label('card'), encode([1, card])])
  return decode(openAead(kdf(secret, 'card', text(card), 32), nonce, aad, ct))
}
export const cardClaim = (card: string, secret: Buffer): Buffer => kdf(secret, 'card-claim', text(card), 32)
