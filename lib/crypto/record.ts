import { type Bytes, equal, fromB64, toB64 } from './bytes.ts'
import { decodeContent, encodeContent } from './cbor.ts'
import { type Chain, type ChainMember, memberAt, waitedAt } from './chain.ts'
import { type Envelope, type Header, openBody, sealBody, verifyEnvelope } from './envelope.ts'
import { CryptoError } from './errors.ts'
import { makeGrant, openGrant, verifyGrant } from './grant.ts'
import type { RawKeys } from './keys.ts'
import { checkAuthorship, isOf, writesFor } from './policy.ts'
import type { B64, Group, Recipient, Sealed, SealedGrant } from './types.ts'

/**
 * How far a patient's key is trusted: by a member's statement, because it was the first seen, or as one's own. `none` is
 * for who opens what a stranger sent, to show it as that.
 */
export type PatientTrust = 'own' | 'vouched' | 'first-use' | 'none'

/** What a reader brings to judge a record by. */
export interface Reader {
  chain: Chain
  /** Null for a key that is not to be believed: the record is then NOT_VOUCHED. */
  trustPatient(patientId: string, keys: RawKeys, managing: Group): PatientTrust | null
  /** Whether this signing key is the patient's own as well: a device of theirs hands records on to the next. */
  isPatients?(patientId: string, signKey: Bytes): boolean
  /** The key pair for a recipient, when the reader holds it. */
  keysFor(recipient: Recipient): CryptoKeyPair | null
  /** DEKs of grants that this reader verified before, by record hash: the grant is then not asked again. */
  deks?: { dek(hash: B64): Bytes | null; keepDek(hash: B64, dek: Bytes): void }
}

export type Author = { kind: 'member'; member: ChainMember } | { kind: 'patient'; trust: PatientTrust }

export interface OpenedRecord {
  header: Header
  hash: Bytes
  content: unknown
  author: Author
}

export interface RecordAuthor {
  sign: CryptoKey
  keys: RawKeys
}

/** Seals one revision and grants it. Throws NO_KEY for a recipient whose key is none, BAD_ENVELOPE for a bad header. */
export async function sealRecord(
  header: Omit<Header, 'author'>,
  content: unknown,
  recipients: Recipient[],
  author: RecordAuthor,
): Promise<Sealed> {
  const full = { ...header, author: author.keys }
  const body = encodeContent(content)
  const { envelope, dek, hash } = await sealBody(full, body, author.sign)
  const context = { hash, commit: envelope.commit }
  const granter = { key: author.sign, public: author.keys.sign }
  const grants = await Promise.all(recipients.map((recipient) => makeGrant(dek, context, recipient, granter)))
  dek.fill(0)
  const { clinicId, patientId, recordId, revision, type } = header
  return {
    meta: { clinicId, patientId, recordId, revision, type },
    header: toB64(envelope.header),
    commit: toB64(envelope.commit),
    ciphertext: toB64(envelope.ciphertext),
    signature: toB64(envelope.signature),
    grants,
  }
}

/**
 * Opens one record with every check there is, in this order: header and signature (BAD_ENVELOPE, UNSUPPORTED,
 * BAD_SIGNATURE), the place it is filed under (BAD_ENVELOPE), the author (CHAIN_SHORTER, NOT_VOUCHED), a grant for this
 * reader with its signature and its granter (NOT_FOR_YOU, BAD_SIGNATURE, NOT_VOUCHED), the commitment (BAD_COMMITMENT),
 * the ciphertext (BAD_ENVELOPE).
 */
export async function openRecord(sealed: Sealed, reader: Reader): Promise<OpenedRecord> {
  const { envelope, header, hash, author } = await verifyRecord(sealed, reader)
  const dek = await grantedKey(sealed, reader, header, { hash, commit: envelope.commit })
  const body = await openBody(envelope, dek)
  dek.fill(0)
  return { header, hash, content: decodeContent(body), author }
}

/** Grants a record that the reader can open to one more recipient, who may read what its managing group manages. The granter must be in that group. */
export async function regrantRecord(
  sealed: Sealed,
  reader: Reader,
  to: Recipient,
  granter: { sign: CryptoKey; member: ChainMember },
  mayRead: (managing: Group) => boolean = () => true,
): Promise<SealedGrant> {
  const { envelope, header, hash } = await verifyRecord(sealed, reader)
  if (!mayRead(header.managing)) throw new CryptoError('NOT_VOUCHED', 'not for what this group manages')
  if (!isOf(granter.member.groups, header.managing)) throw new CryptoError('NOT_VOUCHED', 'not of the managing group')
  if ((to.kind === 'patient' || to.kind === 'escrow') && to.id !== header.patientId)
    throw new CryptoError('NOT_VOUCHED', 'another patient')
  const context = { hash, commit: envelope.commit }
  const dek = await grantedKey(sealed, reader, header, context)
  const granted = await makeGrant(dek, context, to, { key: granter.sign, public: granter.member.keys.sign })
  dek.fill(0)
  return granted
}

/**
 * Hands a record that this patient's device can open on to another key of the same patient. Whether that key is theirs is
 * for the caller to know.
 */
export async function handOnRecord(
  sealed: Sealed,
  reader: Reader,
  to: Recipient[],
  granter: { sign: CryptoKey; keys: RawKeys },
): Promise<SealedGrant[]> {
  const { envelope, header, hash } = await verifyRecord(sealed, reader)
  if (to.some((each) => each.kind !== 'patient' || each.id !== header.patientId))
    throw new CryptoError('NOT_VOUCHED', 'another patient')
  const context = { hash, commit: envelope.commit }
  const dek = await grantedKey(sealed, reader, header, context)
  const by = { key: granter.sign, public: granter.keys.sign }
  const grants = await Promise.all(to.map((each) => makeGrant(dek, context, each, by)))
  dek.fill(0)
  return grants
}

async function verifyRecord(sealed: Sealed, reader: Reader) {
  const envelope: Envelope = {
    header: fromB64(sealed.header),
    commit: fromB64(sealed.commit, 32),
    ciphertext: fromB64(sealed.ciphertext),
    signature: fromB64(sealed.signature, 64),
  }
  const { header, hash } = await verifyEnvelope(envelope)
  return { envelope, header, hash, author: judge(sealed.meta, header, reader) }
}

/** That a record lies where its header says, and that its author may have written it. Throws BAD_ENVELOPE, CHAIN_SHORTER, NOT_VOUCHED. */
export function judge(meta: Sealed['meta'], header: Header, reader: Reader): Author {
  // The defence of attack 8: a row moved to another record, patient or clinic is not what its header says it is.
  const isFiledRight =
    meta.clinicId === header.clinicId &&
    meta.patientId === header.patientId &&
    meta.recordId === header.recordId &&
    meta.revision === header.revision &&
    meta.type === header.type &&
    header.clinicId === reader.chain.clinicId
  if (!isFiledRight) throw new CryptoError('BAD_ENVELOPE', 'filed as what it is not')
  return judgeAuthor(header, reader)
}

function judgeAuthor(header: Header, reader: Reader): Author {
  const seq = reader.chain.hashes.indexOf(toB64(header.chainHead))
  if (seq < 0) throw new CryptoError('CHAIN_SHORTER', 'the record cites a head that this chain lacks')
  const member = memberAt(reader.chain, header.author.sign, seq)
  if (member) {
    if (!equal(member.keys.dh, header.author.dh)) throw new CryptoError('NOT_VOUCHED', 'not the keys of the chain')
    checkAuthorship(header, { kind: 'member', roles: member.roles, groups: member.groups })
    return { kind: 'member', member }
  }
  // The defence of attack 10, and of attack 7 for patients: neither a member's key nor one this patient is known by.
  const trust = reader.trustPatient(header.patientId, header.author, header.managing)
  if (!trust) throw new CryptoError('NOT_VOUCHED', 'signed by a key nobody stands behind')
  checkAuthorship(header, { kind: 'patient' })
  return { kind: 'patient', trust }
}

/**
 * A head cited by an author may be as old as they like; a grant may not. Who left a group grants to no epoch made after that, and
 * to a member's own key only where the cited head says that one of the member's groups waited for its epoch.
 */
function isDatedBack(chain: Chain, header: Header, granter: Bytes, { kind, id, key }: Recipient): boolean {
  const was = chain.members.filter((member) => equal(member.keys.sign, granter) && writesFor(member.groups, header))
  if (!was.length) return false
  if (kind === 'member') {
    if (!equal(granter, header.author.sign)) return false
    const seq = chain.hashes.indexOf(toB64(header.chainHead))
    const groups = chain.members.flatMap((member) => (member.memberId === id ? member.groups : []))
    return !groups.some((group) => waitedAt(chain, group, seq))
  }
  const made = chain.epochs.find((epoch) => epoch.group === id && toB64(epoch.key) === key)?.since
  return made !== undefined && was.every((member) => member.until !== null && member.until < made)
}

/** Throws BAD_SIGNATURE, and NOT_VOUCHED for who may not grant this record. */
export async function checkGrant(
  grant: SealedGrant,
  reader: Reader,
  header: Header,
  context: { hash: Bytes; commit: Bytes },
): Promise<void> {
  await verifyGrant(grant, context)
  const granter = fromB64(grant.granter, 32)
  // Only the author, and members of the managing group, grant: whoever may merely read may not. A patient is the
  // exception for themselves alone: a device of theirs hands on to another of theirs what it reads.
  const { kind, id } = grant.recipient
  const isOwn = kind === 'patient' && id === header.patientId && reader.isPatients?.(header.patientId, granter)
  const mayGrant =
    isOwn ||
    equal(granter, header.author.sign) ||
    reader.chain.members.some((member) => equal(member.keys.sign, granter) && isOf(member.groups, header.managing))
  if (!mayGrant) throw new CryptoError('NOT_VOUCHED', 'granted by a key outside the managing group')
  // The defence of attack 15 against a record dated back: who has left grants to no key that was made after they left.
  if (isDatedBack(reader.chain, header, granter, grant.recipient))
    throw new CryptoError('NOT_VOUCHED', 'granted by a member who had left')
}

async function grantedKey(
  sealed: Sealed,
  reader: Reader,
  header: Header,
  context: { hash: Bytes; commit: Bytes },
): Promise<Bytes> {
  const known = reader.deks?.dek(toB64(context.hash))
  if (known) return known
  for (const grant of sealed.grants) {
    const keys = reader.keysFor(grant.recipient)
    if (!keys) continue
    await checkGrant(grant, reader, header, context)
    const dek = await openGrant(grant, context, keys)
    reader.deks?.keepDek(toB64(context.hash), dek)
    return dek
  }
  throw new CryptoError('NOT_FOR_YOU', 'no grant for the keys at hand')
}
