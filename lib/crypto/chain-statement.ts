import { type Bytes, fromB64, labelledHash } from './bytes.ts'
import { type Cbor, decodeArray, read } from './cbor.ts'
import { CryptoError } from './errors.ts'
import type { RawKeys } from './keys.ts'
import { readGroup, roleNames, sorted } from './policy.ts'
import { approvalFields, checkApproval, parseApproval, type RekeyApproval } from './rekey.ts'
import { signedBytes, verifyBytes } from './sign.ts'
import type { ChainStatement, Group } from './types.ts'

// One statement of the chain as bytes: what it says, how that is spelt and signed. Who may say it is lib/crypto/chain's.

/** What one statement says. */
export type Entry =
  | { kind: 'genesis'; root: Bytes }
  | { kind: 'member-added'; memberId: string; keys: RawKeys; roles: string[]; groups: Group[] }
  | { kind: 'member-changed'; memberId: string; roles: string[]; groups: Group[] }
  | { kind: 'member-removed'; memberId: string }
  /** Other keys for who lost theirs: the first colleague's approval is in it, the second one signs it, both by their own clocks. */
  | { kind: 'member-rekeyed'; memberId: string; keys: RawKeys; at: number; approval: RekeyApproval }
  | { kind: 'epoch'; group: Group; epoch: number; key: Bytes }

const VERSION = 1

/** The statement's hash: what its successor, and records, name as the chain's head. */
export const hashStatement = (body: Bytes): Promise<Bytes> => labelledHash('chain', body)

/** Throws CHAIN_INVALID for bytes that are no statement of this clinic at this place, UNSUPPORTED for those of the future. */
export function parseStatement(body: Bytes, clinicId: string, seq: number) {
  const [version, clinic, at, previous, signer, kind, ...rest] = decodeArray(body)
  if (version !== VERSION) throw new CryptoError('UNSUPPORTED', `statement version ${String(version)}`)
  if (clinic !== clinicId) invalid(seq, 'of another clinic')
  if (at !== seq) invalid(seq, 'out of its place')
  return {
    entry: chainBytes('CHAIN_INVALID', () => parseEntry(kind, rest)),
    previous: previous === null ? null : read.bytes(previous, 32, 'previous'),
    signer: read.bytes(signer, 32, 'signer'),
  }
}

/** What is signed, in its order. */
export const statementFields = (
  clinicId: string,
  seq: number,
  previous: Bytes | null,
  signer: Bytes,
  entry: Entry,
): Cbor[] => [VERSION, clinicId, seq, previous, signer, entry.kind, ...entryFields(entry)]

function entryFields(entry: Entry): Cbor[] {
  if (entry.kind === 'genesis') return [entry.root]
  if (entry.kind === 'member-added') {
    return [entry.memberId, entry.keys.sign, entry.keys.dh, sorted(entry.roles), sorted(entry.groups)]
  }
  if (entry.kind === 'member-changed') return [entry.memberId, sorted(entry.roles), sorted(entry.groups)]
  if (entry.kind === 'member-removed') return [entry.memberId]
  if (entry.kind === 'member-rekeyed')
    return [entry.memberId, entry.keys.sign, entry.keys.dh, entry.at, approvalFields(entry.approval)]
  return [entry.group, entry.epoch, entry.key]
}

function parseEntry(kind: unknown, rest: unknown[]): Entry {
  const count = (fields: number) => {
    if (rest.length !== fields) throw new CryptoError('UNSUPPORTED', `${rest.length} fields in ${String(kind)}`)
  }
  if (kind === 'genesis') {
    count(1)
    return { kind, root: read.bytes(rest[0], 32, 'root') }
  }
  if (kind === 'member-added') {
    count(5)
    const keys = { sign: read.bytes(rest[1], 32, 'signing key'), dh: read.bytes(rest[2], 32, 'agreement key') }
    const roles = readSet(rest[3], readRole, 'role')
    return { kind, memberId: read.id(rest[0], 'member'), keys, roles, groups: readSet(rest[4], readGroup, 'group') }
  }
  if (kind === 'member-changed') {
    count(3)
    const [roles, groups] = [readSet(rest[1], readRole, 'role'), readSet(rest[2], readGroup, 'group')]
    return { kind, memberId: read.id(rest[0], 'member'), roles, groups }
  }
  if (kind === 'member-removed') {
    count(1)
    return { kind, memberId: read.id(rest[0], 'member') }
  }
  if (kind === 'member-rekeyed') {
    count(5)
    const keys = { sign: read.bytes(rest[1], 32, 'signing key'), dh: read.bytes(rest[2], 32, 'agreement key') }
    const at = read.count(rest[3], 1, 'time')
    return { kind, memberId: read.id(rest[0], 'member'), keys, at, approval: parseApproval(rest[4]) }
  }
  if (kind === 'epoch') {
    count(3)
    return {
      kind,
      group: readGroup(rest[0]),
      epoch: read.count(rest[1], 1, 'epoch'),
      key: read.bytes(rest[2], 32, 'epoch key'),
    }
  }
  throw new CryptoError('UNSUPPORTED', `statement of kind ${String(kind)}`)
}

const readRole = (name: unknown) => read.oneOf(name, roleNames, 'role')

/** A set of known names: sorted, none twice. */
function readSet<T extends string>(value: unknown, one: (name: unknown) => T, field: string): T[] {
  const names = read.array(value, field).map(one)
  if (sorted(names).join() !== names.join()) throw new CryptoError('BAD_ENVELOPE', `${field} set is not sorted`)
  return names
}

/** Throws CHAIN_INVALID: not signed by its signer. */
export async function checkSignature(statement: ChainStatement, body: Bytes): Promise<void> {
  // The body is the CBOR array that was signed; `parseStatement` refuses any other encoding of it.
  const bytes = chainBytes('CHAIN_INVALID', () => ({
    signer: fromB64(statement.signer, 32),
    signature: fromB64(statement.signature, 64),
  }))
  try {
    await verifyBytes(bytes.signer, signedBytes('chain', decodeArray(body) as Cbor[]), bytes.signature)
  } catch {
    throw new CryptoError('CHAIN_INVALID', `statement ${statement.seq} is not signed by its signer`)
  }
}

/** A statement that carries somebody else's word is signed by both. */
export async function checkEntry(clinicId: string, entry: Entry, seq: number): Promise<void> {
  if (entry.kind !== 'member-rekeyed') return
  await checkApproval(clinicId, entry, entry.approval).catch(() => invalid(seq, 'not approved by its approver'))
}

/** Within a chain, bytes that parse as nothing make the chain invalid; versions and kinds of the future stay UNSUPPORTED. */
export function chainBytes<T>(code: 'CHAIN_INVALID', parse: () => T): T {
  try {
    return parse()
  } catch (error) {
    if (error instanceof CryptoError && error.code !== 'UNSUPPORTED') throw new CryptoError(code, error.message)
    throw error
  }
}

export function invalid(seq: number, why: string): never {
  throw new CryptoError('CHAIN_INVALID', `statement ${seq}: ${why}`)
}
