/**
 * A second reader of Curtain's file format, written from docs/envelope.md alone: Node's own node:crypto, a CBOR decoder and an
 * HPKE of its own, nothing of lib/. It reads; it seals nothing. Section numbers are that page's. Refusals throw.
 */
import { createHmac, pbkdf2Sync } from 'node:crypto'
import {
  b64,
  checkSignature,
  decode,
  encode,
  type Field,
  kdf,
  openAead,
  openHpke,
  publicOf,
  sha,
  text,
  u64,
  type Value,
} from './reader-base.ts'
import { type Chain, groupName, isOf, memberAt, readChain, wholeOf } from './reader-chain.ts'

// ── §5: epoch secrets ──

export function openEpoch(
  chain: Chain,
  grant: { group: string; epoch: number; enc: string; ct: string },
  secret: Buffer,
): Buffer {
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
const managing: Record<string, string> = { identity: 'desk', checklist: 'desk', care: 'desk' }
for (const type of ['reason', 'intake', 'consent', 'note', 'draft', 'recall', 'prescription'])
  managing[type] = 'clinical'
const patientWrites = ['identity', 'checklist', 'care', 'reason', 'intake', 'consent']

export function readHeader(bytes: Buffer) {
  const fields = decode(bytes) as [
    number,
    number,
    string,
    string,
    string,
    string,
    number,
    Buffer | null,
    Buffer,
    Buffer,
    Buffer,
    number,
    string,
  ]
  const [
    version,
    suite,
    type,
    clinic,
    patient,
    record,
    revision,
    previous,
    author,
    agreement,
    chainHead,
    schema,
    group,
  ] = fields
  if (version !== 1 || suite !== 1 || fields.length !== 13 || managing[type] !== wholeOf(group) || !groupName.test(group))
    throw new Error('unsupported header')
  if (![clinic, patient, record].every((id) => /^[\w-]{1,64}$/.test(id))) throw new Error('bad id')
  if (![author, agreement, chainHead].every((each) => Buffer.isBuffer(each) && each.length === 32))
    throw new Error('bad key')
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
  if (place !== [header.clinic, header.patient, header.record, header.revision, header.type, header.clinic].join())
    throw new Error('misfiled')
  const member = memberAt(chain, header.chainHead, (each) => each.sign.equals(header.author))
  const may = member
    ? member.dh.equals(header.agreement) &&
      isOf(member.groups, header.group) &&
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
  checkSignature(
    granter,
    'grant',
    [recordHash, kind, id, own, epoch, b64(grant.enc), b64(grant.ct)],
    b64(grant.signature),
  )
  const mayGrant =
    granter.equals(header.author) ||
    chain.members.some((each) => each.sign.equals(granter) && isOf(each.groups, header.group))
  if (!mayGrant) throw new Error('not a granter')
  const was = chain.members.filter((each) => each.sign.equals(granter) && isOf(each.groups, header.group))
  const made = chain.epochs.find((each) => each.group === id && each.key.equals(own))
  if (kind === 'member' && was.length && granter.equals(header.author)) {
    const seq = chain.hashes.findIndex((each) => each.equals(header.chainHead))
    const groups = chain.members.flatMap((each) => (each.memberId === id ? each.groups : []))
    const then = groups.map((group) => chain.epochs.findLast((each) => each.group === group && each.since <= seq))
    if (!then.some((each) => each && each.until !== null && each.until <= seq)) throw new Error('dated back')
  } else if (made && was.length && was.every((each) => each.until !== null && each.until < made.since))
    throw new Error('dated back')
  const info = Buffer.concat([text('curtain/v1/grant'), own, u64(epoch)])
  const dek = openHpke(secret, info, Buffer.concat([recordHash, commit]), b64(grant.enc), b64(grant.ct))
  return decode(openBody(sealed, dek))
}

// ── §6: account ──

export function openAccount(exportKey: Buffer, clinic: string, member: string, wrapped: Buffer) {
  const [version, nonce1, ct1, nonce2, ct2] = decode(wrapped) as [number, Buffer, Buffer, Buffer, Buffer]
  if (version !== 1) throw new Error('unsupported wrap')
  const key = kdf(exportKey, 'account', encode([clinic, member]), 32)
  const aad = (part: string) => Buffer.concat([text('curtain/v1/account'), encode([clinic, member, part])])
  const [sign, dh, root] = decode(openAead(key, nonce1, aad('secrets'), ct1)) as [Buffer, Buffer, Buffer | null]
  const pinKey = kdf(Buffer.concat([sign, dh]), 'account-pin', encode([clinic, member]), 32)
  const [rootFingerprint, length, chainHead] = decode(openAead(pinKey, nonce2, aad('pin'), ct2)) as [
    Buffer,
    number,
    Buffer,
  ]
  return { sign, dh, root, rootFingerprint, length, head: chainHead }
}

const inClinical = (group: string) => wholeOf(group) === 'clinical'

export function openFurther(
  secret: Buffer,
  kind: 'kit' | 'passkey',
  [clinic, member, id]: [string, string, string],
  wrapped: Buffer,
) {
  const [version, named, nonce, ct] = decode(wrapped) as [number, string, Buffer, Buffer]
  if (version !== 1 || named !== kind) throw new Error('unsupported wrap')
  const key = kdf(secret, `account-${kind}`, encode([clinic, member, id]), 32)
  const aad = Buffer.concat([text('curtain/v1/account'), encode([clinic, member, kind, id])])
  const [sign, dh, root] = decode(openAead(key, nonce, aad, ct)) as [Buffer, Buffer, Buffer | null]
  return { sign, dh, root }
}

// ── §7: statements beside the chain ──

export function checkVouch(chain: Chain, bytes: Buffer) {
  type Keys = [Buffer, Buffer]
  const fields = decode(bytes) as [number, string, string, Buffer, Buffer, Keys | null, string, Buffer, Buffer, Buffer]
  const [version, clinic, patient, sign, dh, first, reason, chainHead, signer, signature] = fields
  if (version !== 2 || clinic !== chain.clinic || fields.length !== 10) throw new Error('unsupported vouch')
  checkSignature(signer, 'patient-key', fields.slice(0, 9), signature)
  const groups = memberAt(chain, chainHead, (each) => each.sign.equals(signer))?.groups ?? []
  const by = groups.some(inClinical) ? 'clinical' : groups.some((group) => group.startsWith('desk')) ? 'desk' : null
  if (!by) throw new Error('not vouched for')
  return { patient, sign, dh, first, reason, by }
}

export function deviceCode(chain: Chain, patient: string, sign: Buffer, dh: Buffer): string {
  const salt = Buffer.concat([text('curtain/v1/device-code'), encode([chain.clinic, patient, chain.fingerprint])])
  const bits = pbkdf2Sync(Buffer.concat([sign, dh]), salt, 600_000, 16, 'sha256')
  return String(BigInt(`0x${bits.toString('hex')}`) % 10n ** 12n).padStart(12, '0')
}

export const invitationMac = (secret: Buffer, fields: Field[]): Buffer =>
  createHmac('sha256', kdf(secret, 'invitation', Buffer.alloc(0), 32))
    .update(Buffer.concat([text('curtain/v1/invitation'), encode(fields)]))
    .digest()

export const invitationClaim = (secret: Buffer, invitation: string): Buffer =>
  kdf(secret, 'invitation-claim', text(invitation), 32)

// ── §8: a pharmacist's copy ──

export function openShare(id: string, secret: Buffer, copy: Buffer, fingerprint: Buffer) {
  const [version, nonce, sealed] = decode(copy) as [number, Buffer, Buffer]
  if (version !== 1) throw new Error('unsupported copy')
  const aad = Buffer.concat([text('curtain/v1/share'), encode([1, id])])
  const body = decode(openAead(kdf(secret, 'share', text(id), 32), nonce, aad, sealed)) as Field[]
  const [clinic, rx, member, name, date, chainHead, content, signature, statements] = body as [
    string,
    string,
    string,
    string,
    string,
    Buffer,
    Buffer,
    Buffer,
    [Buffer, Buffer, Buffer][],
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
  if (rx !== id || !prescriber?.roles.includes('practitioner') || !prescriber.groups.some(inClinical))
    throw new Error('no prescriber')
  checkSignature(prescriber.sign, 'prescription', body.slice(0, 7), signature)
  return { member, name, date, prescription: decode(content) }
}
