/**
 * A second reader of Curtain's file format, written from docs/envelope.md alone: Node's own node:crypto, a CBOR decoder and an
 * HPKE of its own, nothing of lib/. It reads; it seals nothing. Section numbers are that page's. Refusals throw.
 */
import { createDecipheriv, createHash, createHmac, createPrivateKey, createPublicKey, diffieHellman, hkdfSync, verify } from 'node:crypto'

// ── §1: CBOR ──

export type Value = null | boolean | number | string | Buffer | Value[] | { [key: string]: Value }

/** Decodes one deterministic CBOR item that fills the bytes. */
export function decode(bytes: Buffer): Value {
  let at = 0
  const take = (count: number): Buffer => {
    if (at + count > bytes.length) throw new Error('CBOR ends early')
    return bytes.subarray(at, (at += count))
  }
  const argument = (minor: number): number => {
    if (minor < 24) return minor
    if (minor > 27) throw new Error('CBOR: indefinite or reserved length')
    const size = 1 << (minor - 24)
    const value = take(size).reduce((sum, byte) => sum * 256 + byte, 0)
    const least = size === 1 ? 24 : 2 ** (4 * size)
    if (value < least || !Number.isSafeInteger(value)) throw new Error('CBOR: number not in its shortest form')
    return value
  }
  const item = (): Value => {
    const first = take(1)[0]!
    const [major, minor] = [first >> 5, first & 31]
    if (major === 7) return simple(minor, take)
    if (major === 6) throw new Error('CBOR: tag')
    const count = argument(minor)
    if (major === 0) return count
    if (major === 1) return -1 - count
    if (major === 2) return Buffer.from(take(count))
    if (major === 3) return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(take(count))
    if (major === 4) return Array.from({ length: count }, item)
    const map: { [key: string]: Value } = {}
    let before = Buffer.alloc(0)
    for (let i = 0; i < count; i++) {
      const start = at
      const key = item()
      const encoded = bytes.subarray(start, at)
      if (typeof key !== 'string' || Buffer.compare(before, encoded) >= 0) throw new Error('CBOR: map keys')
      before = Buffer.from(encoded)
      map[key] = item()
    }
    return map
  }
  const value = item()
  if (at !== bytes.length) throw new Error('CBOR: trailing bytes')
  return value
}

function simple(minor: number, take: (count: number) => Buffer): Value {
  if (minor === 20 || minor === 21) return minor === 21
  if (minor === 22) return null
  if (minor < 25 || minor > 27) throw new Error('CBOR: simple value')
  const bytes = take(1 << (minor - 24))
  const value = minor === 25 ? half(bytes.readUInt16BE()) : minor === 26 ? bytes.readFloatBE() : bytes.readDoubleBE()
  if (!Number.isFinite(value) || Number.isInteger(value)) throw new Error('CBOR: float for a whole number')
  return value
}

function half(bits: number): number {
  const [exponent, fraction] = [(bits >> 10) & 31, bits & 1023]
  const size = exponent === 0 ? fraction * 2 ** -24 : (1024 + fraction) * 2 ** (exponent - 25)
  return bits & 0x8000 ? -size : size
}

export type Field = null | number | string | Buffer | Field[]

/** Encodes what is signed: arrays of numbers, texts, byte strings and null. */
export function encode(value: Field): Buffer {
  if (value === null) return Buffer.of(0xf6)
  if (typeof value === 'number') return head(0, value)
  if (typeof value === 'string') return Buffer.concat([head(3, Buffer.byteLength(value)), Buffer.from(value)])
  if (Buffer.isBuffer(value)) return Buffer.concat([head(2, value.length), value])
  return Buffer.concat([head(4, value.length), ...value.map(encode)])
}

function head(major: number, count: number): Buffer {
  if (count < 24) return Buffer.of((major << 5) | count)
  const size = count < 2 ** 8 ? 1 : count < 2 ** 16 ? 2 : count < 2 ** 32 ? 4 : 8
  const bytes = Buffer.alloc(1 + size)
  bytes[0] = (major << 5) | (24 + Math.log2(size))
  if (size === 8) bytes.writeBigUInt64BE(BigInt(count), 1)
  else bytes.writeUIntBE(count, 1, size)
  return bytes
}

// ── §1: primitives ──

export const b64 = (text: string): Buffer => {
  const bytes = Buffer.from(text, 'base64url')
  if (bytes.toString('base64url') !== text) throw new Error('not base64url')
  return bytes
}
export const u64 = (value: number): Buffer => {
  const bytes = Buffer.alloc(8)
  bytes.writeBigUInt64BE(BigInt(value))
  return bytes
}
const text = (value: string): Buffer => Buffer.from(value)
const sha = (bytes: Buffer): Buffer => createHash('sha256').update(bytes).digest()
export const hash = (label: string, ...parts: Buffer[]): Buffer => sha(Buffer.concat([text(`curtain/v1/${label}`), ...parts]))
export const kdf = (secret: Buffer, label: string, context: Buffer, length: number): Buffer =>
  Buffer.from(hkdfSync('sha256', secret, Buffer.alloc(0), Buffer.concat([text(`curtain/v1/${label}`), context]), length))

const prefix = (kind: 'public' | 'private', curve: 'Ed25519' | 'X25519'): Buffer => {
  const oid = curve === 'Ed25519' ? '70' : '6e'
  return Buffer.from(kind === 'public' ? `302a300506032b65${oid}032100` : `302e020100300506032b65${oid}04220420`, 'hex')
}
const publicKey = (curve: 'Ed25519' | 'X25519', raw: Buffer) =>
  createPublicKey({ key: Buffer.concat([prefix('public', curve), raw]), format: 'der', type: 'spki' })
const privateKey = (curve: 'Ed25519' | 'X25519', raw: Buffer) =>
  createPrivateKey({ key: Buffer.concat([prefix('private', curve), raw]), format: 'der', type: 'pkcs8' })
export const publicOf = (curve: 'Ed25519' | 'X25519', secret: Buffer): Buffer =>
  createPublicKey(privateKey(curve, secret)).export({ format: 'der', type: 'spki' }).subarray(-32)

export function checkSignature(key: Buffer, purpose: string, fields: Field[], signature: Buffer): void {
  const message = Buffer.concat([text(`curtain/v1/${purpose}`), encode(fields)])
  if (!verify(null, message, publicKey('Ed25519', key), signature)) throw new Error('bad signature')
}

export function openAead(key: Buffer, nonce: Buffer, aad: Buffer, sealed: Buffer): Buffer {
  const cipher = createDecipheriv('aes-256-gcm', key, nonce)
  cipher.setAAD(aad)
  cipher.setAuthTag(sealed.subarray(-16))
  return Buffer.concat([cipher.update(sealed.subarray(0, -16)), cipher.final()])
}

/** HPKE base mode, single shot (RFC 9180 §4.1, §5.1, §6.1). */
export function openHpke(secret: Buffer, info: Buffer, aad: Buffer, enc: Buffer, ct: Buffer): Buffer {
  const kem = Buffer.concat([text('KEM'), Buffer.of(0, 0x20)])
  const suite = Buffer.concat([text('HPKE'), Buffer.of(0, 0x20, 0, 1, 0, 2)])
  const hmac = (key: Buffer, data: Buffer) => createHmac('sha256', key).update(data).digest()
  const extract = (id: Buffer, salt: Buffer, label: string, ikm: Buffer) =>
    hmac(salt.length ? salt : Buffer.alloc(32), Buffer.concat([text('HPKE-v1'), id, text(label), ikm]))
  const expand = (id: Buffer, prk: Buffer, label: string, context: Buffer, length: number) =>
    hmac(prk, Buffer.concat([Buffer.of(0, length), text('HPKE-v1'), id, text(label), context, Buffer.of(1)])).subarray(0, length)
  const none = Buffer.alloc(0)
  const dh = diffieHellman({ privateKey: privateKey('X25519', secret), publicKey: publicKey('X25519', enc) })
  const kemContext = Buffer.concat([enc, publicOf('X25519', secret)])
  const shared = expand(kem, extract(kem, none, 'eae_prk', dh), 'shared_secret', kemContext, 32)
  const context = Buffer.concat([Buffer.of(0), extract(suite, none, 'psk_id_hash', none), extract(suite, none, 'info_hash', info)])
  const prk = extract(suite, shared, 'secret', none)
  return openAead(expand(suite, prk, 'key', context, 32), expand(suite, prk, 'base_nonce', context, 12), aad, ct)
}

// ── §4: chain ──

export interface Statement {
  seq: number
  body: string
  signer: string
  signature: string
}
export interface Member {
  memberId: string
  sign: Buffer
  dh: Buffer
  roles: string[]
  groups: string[]
  since: number
  until: number | null
}
export interface Chain {
  clinic: string
  root: Buffer
  fingerprint: Buffer
  hashes: Buffer[]
  members: Member[]
  epochs: { group: string; epoch: number; key: Buffer; stale: boolean }[]
}

export function readChain(clinic: string, statements: Statement[], fingerprint: Buffer): Chain {
  const chain: Chain = { clinic, root: b64(statements[0]!.signer), fingerprint, hashes: [], members: [], epochs: [] }
  const used: Buffer[] = []
  const use = (key: Buffer) => {
    if (key.length !== 32 || used.some((each) => each.equals(key))) throw new Error('a key twice')
    used.push(key)
  }
  if (!hash('root', chain.root).equals(fingerprint)) throw new Error('another root')
  statements.forEach((statement, number) => {
    const body = b64(statement.body)
    const [version, of, at, previous, signer, kind, ...fields] = decode(body) as [number, string, number, Buffer | null, Buffer, string, ...Field[]]
    if (version !== 1 || of !== clinic || at !== number) throw new Error('not this statement')
    if (number ? !previous?.equals(chain.hashes[number - 1]!) : previous !== null) throw new Error('not a successor')
    checkSignature(signer, 'chain', decode(body) as Field[], b64(statement.signature))
    const isRoot = signer.equals(chain.root)
    const by = chain.members.find((member) => member.until === null && member.sign.equals(signer))
    if ((kind === 'genesis') !== (number === 0)) throw new Error('genesis')
    if (kind === 'genesis') {
      if (!(fields[0] as Buffer).equals(signer)) throw new Error('genesis')
      use(signer)
    } else if (kind === 'member-added') {
      const [memberId, sign, dh, roles, groups] = fields as [string, Buffer, Buffer, string[], string[]]
      if (!isRoot && !by?.roles.includes('admin')) throw new Error('not an officer')
      if (chain.members.some((member) => member.memberId === memberId && member.until === null)) throw new Error('a member already')
      if (groups.includes('clinical') && !isRoot && !roles.includes('practitioner')) throw new Error('not for clinical')
      if (roles.length === 0) throw new Error('no role')
      use(sign)
      use(dh)
      chain.members.push({ memberId, sign, dh, roles, groups, since: number, until: null })
    } else if (kind === 'member-removed') {
      if (!isRoot && !by?.roles.includes('admin')) throw new Error('not an officer')
      const gone = chain.members.find((member) => member.memberId === fields[0] && member.until === null)
      if (!gone) throw new Error('nobody')
      gone.until = number
      for (const epoch of chain.epochs) if (gone.groups.includes(epoch.group)) epoch.stale = true
    } else if (kind === 'epoch') {
      const [group, epoch, key] = fields as [string, number, Buffer]
      if (!by?.groups.includes(group)) throw new Error('not of the group')
      if (epoch !== chain.epochs.filter((each) => each.group === group).length + 1) throw new Error('not the next epoch')
      use(key)
      chain.epochs.push({ group, epoch, key, stale: false })
    } else throw new Error('unknown kind')
    chain.hashes.push(hash('chain', body))
  })
  return chain
}

export function memberAt(chain: Chain, head: Buffer, is: (member: Member) => boolean): Member | undefined {
  const number = chain.hashes.findIndex((each) => each.equals(head))
  if (number < 0) throw new Error('a head that the chain lacks')
  return chain.members.find((each) => is(each) && each.since <= number && (each.until === null || number < each.until))
}

// ── §5: epoch secrets ──

export function openEpoch(chain: Chain, grant: { group: string; epoch: number; enc: string; ct: string }, secret: Buffer): Buffer {
  const named = chain.epochs.find((each) => each.group === grant.group && each.epoch === grant.epoch)
  if (!named) throw new Error('no such epoch')
  const info = Buffer.concat([text('curtain/v1/epoch'), publicOf('X25519', secret)])
  const aad = Buffer.concat([encode([chain.clinic, grant.group]), u64(grant.epoch), named.key])
  const scalar = openHpke(secret, info, aad, b64(grant.enc), b64(grant.ct))
  if (!publicOf('X25519', scalar).equals(named.key)) throw new Error('not the secret of the chain’s epoch')
  return scalar
}

// ── §2: envelope ──

export interface Envelope {
  header: string
  commit: string
  ciphertext: string
  signature: string
}
const managing: Record<string, string> = { identity: 'desk', checklist: 'desk' }
for (const type of ['reason', 'intake', 'consent', 'note', 'draft', 'recall', 'prescription']) managing[type] = 'clinical'
const patientWrites = ['identity', 'checklist', 'reason', 'intake', 'consent']

export function readHeader(bytes: Buffer) {
  const fields = decode(bytes) as [number, number, string, string, string, string, number, Buffer | null, Buffer, Buffer, Buffer, number, string]
  const [version, suite, type, clinic, patient, record, revision, previous, author, agreement, chainHead, schema, group] = fields
  if (version !== 1 || suite !== 1 || fields.length !== 13 || managing[type] !== group) throw new Error('unsupported header')
  if (![clinic, patient, record].every((id) => /^[\w-]{1,64}$/.test(id))) throw new Error('bad id')
  if (![author, agreement, chainHead].every((each) => Buffer.isBuffer(each) && each.length === 32)) throw new Error('bad key')
  if (!(revision >= 1 && schema >= 1) || (revision === 1) !== (previous === null)) throw new Error('bad revision')
  return { type, clinic, patient, record, revision, previous, author, agreement, chainHead, schema, group }
}

/** Steps 1: header, signature; answers the record hash. */
export function checkEnvelope(envelope: Envelope) {
  const [header, commit, ciphertext] = [b64(envelope.header), b64(envelope.commit), b64(envelope.ciphertext)]
  const read = readHeader(header)
  const fields = [header, commit, sha(ciphertext)]
  checkSignature(read.author, 'envelope', fields, b64(envelope.signature))
  return { header: read, hash: sha(Buffer.concat([text('curtain/v1/envelope'), encode(fields)])) }
}

/** Step 6. */
export function openBody(envelope: Envelope, dek: Buffer): Buffer {
  const headerHash = sha(b64(envelope.header))
  const both = kdf(dek, 'envelope', headerHash, 64)
  if (!both.subarray(32).equals(b64(envelope.commit))) throw new Error('bad commitment')
  const ciphertext = b64(envelope.ciphertext)
  const chunks: Buffer[] = []
  const size = 65536 + 16
  const count = Math.max(1, Math.ceil(ciphertext.length / size))
  for (let i = 0; i < count; i++) {
    const nonce = Buffer.alloc(12)
    nonce.writeUIntBE(i, 5, 6)
    nonce[11] = i === count - 1 ? 1 : 0
    chunks.push(openAead(both.subarray(0, 32), nonce, headerHash, ciphertext.subarray(i * size, (i + 1) * size)))
  }
  if (count > 1 && chunks.at(-1)!.length === 0) throw new Error('an empty last chunk')
  return Buffer.concat(chunks)
}

export interface Grant {
  recipient: { kind: string; id: string; key: string; epoch: number }
  enc: string
  ct: string
  granter: string
  signature: string
}
export interface Sealed extends Envelope {
  meta: { clinicId: string; patientId: string; recordId: string; revision: number; type: string }
  grants: Grant[]
}

/** All of §2.5. `secret` is an X25519 scalar; `patient` the patient's signing key, where it is believed. */
export function openRecord(sealed: Sealed, chain: Chain, secret: Buffer, patient: Buffer): Value {
  const { header, hash: recordHash } = checkEnvelope(sealed)
  const { meta } = sealed
  const place = [meta.clinicId, meta.patientId, meta.recordId, meta.revision, meta.type, chain.clinic].join()
  if (place !== [header.clinic, header.patient, header.record, header.revision, header.type, header.clinic].join()) throw new Error('misfiled')
  const member = memberAt(chain, header.chainHead, (each) => each.sign.equals(header.author))
  const may = member
    ? member.dh.equals(header.agreement) &&
      member.groups.includes(header.group) &&
      header.type !== 'consent' &&
      (header.type !== 'prescription' || member.roles.includes('practitioner'))
    : header.author.equals(patient) && patientWrites.includes(header.type)
  if (!may) throw new Error('not vouched for')
  const own = publicOf('X25519', secret)
  const grant = sealed.grants.find((each) => b64(each.recipient.key).equals(own))
  if (!grant) throw new Error('no grant')
  const granter = b64(grant.granter)
  const { kind, id, epoch } = grant.recipient
  const commit = b64(sealed.commit)
  checkSignature(granter, 'grant', [recordHash, kind, id, own, epoch, b64(grant.enc), b64(grant.ct)], b64(grant.signature))
  const mayGrant = granter.equals(header.author) || chain.members.some((each) => each.sign.equals(granter) && each.groups.includes(header.group))
  if (!mayGrant) throw new Error('not a granter')
  const info = Buffer.concat([text('curtain/v1/grant'), own, u64(epoch)])
  const dek = openHpke(secret, info, Buffer.concat([recordHash, commit]), b64(grant.enc), b64(grant.ct))
  return decode(openBody(sealed, dek))
}

// ── §6: account ──

export function openAccount(exportKey: Buffer, clinic: string, member: string, wrapped: Buffer) {
  const [version, nonce1, ct1, nonce2, ct2] = decode(wrapped) as [number, Buffer, Buffer, Buffer, Buffer]
  if (version !== 1) throw new Error('unsupported wrap')
  const keys = kdf(exportKey, 'account', encode([clinic, member]), 64)
  const aad = (part: string) => Buffer.concat([text('curtain/v1/account'), encode([clinic, member, part])])
  const [sign, dh, root] = decode(openAead(keys.subarray(0, 32), nonce1, aad('secrets'), ct1)) as [Buffer, Buffer, Buffer | null]
  const [rootFingerprint, length, chainHead] = decode(openAead(keys.subarray(32), nonce2, aad('pin'), ct2)) as [Buffer, number, Buffer]
  return { sign, dh, root, rootFingerprint, length, head: chainHead }
}

// ── §7: statements beside the chain ──

export function checkVouch(chain: Chain, bytes: Buffer) {
  const fields = decode(bytes) as [number, string, string, Buffer, Buffer, Buffer, Buffer, Buffer]
  const [version, clinic, patient, sign, dh, chainHead, signer, signature] = fields
  if (version !== 1 || clinic !== chain.clinic || fields.length !== 8) throw new Error('unsupported vouch')
  checkSignature(signer, 'patient-key', fields.slice(0, 7), signature)
  if (!memberAt(chain, chainHead, (each) => each.sign.equals(signer))?.groups.includes('clinical')) throw new Error('not vouched for')
  return { patient, sign, dh }
}

export const invitationMac = (secret: Buffer, fields: Field[]): Buffer =>
  createHmac('sha256', kdf(secret, 'invitation', Buffer.alloc(0), 32))
    .update(Buffer.concat([text('curtain/v1/invitation'), encode(fields)]))
    .digest()

// ── §8: a pharmacist's copy ──

export function openShare(id: string, secret: Buffer, copy: Buffer, fingerprint: Buffer) {
  const [version, nonce, sealed] = decode(copy) as [number, Buffer, Buffer]
  if (version !== 1) throw new Error('unsupported copy')
  const aad = Buffer.concat([text('curtain/v1/share'), encode([1, id])])
  const body = decode(openAead(kdf(secret, 'share', text(id), 32), nonce, aad, sealed)) as Field[]
  const [clinic, rx, member, name, date, chainHead, content, signature, statements] = body as [
    string, string, string, string, string, Buffer, Buffer, Buffer, [Buffer, Buffer, Buffer][],
  ]
  const chain = readChain(
    clinic,
    statements.map(([statement, signer, signed], seq) => ({
      seq,
      body: statement.toString('base64url'),
      signer: signer.toString('base64url'),
      signature: signed.toString('base64url'),
    })),
    fingerprint,
  )
  const prescriber = memberAt(chain, chainHead, (each) => each.memberId === member)
  if (rx !== id || !prescriber?.roles.includes('practitioner') || !prescriber.groups.includes('clinical')) throw new Error('no prescriber')
  checkSignature(prescriber.sign, 'prescription', body.slice(0, 7), signature)
  return { member, name, date, prescription: decode(content) }
}
