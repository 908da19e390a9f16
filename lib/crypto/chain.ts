import { type Bytes, equal, fromB64, labelledHash, toB64 } from './bytes.ts'
import { type Cbor, decodeArray, encode, read } from './cbor.ts'
import { CryptoError } from './errors.ts'
import { type RawKeys, rootFingerprint } from './keys.ts'
import { clinicGroups, hasKind, isOf, isScoped, readGroup, roleNames, sorted, wholeOf } from './policy.ts'
import { approvalFields, checkApproval, mayRekey, parseApproval, type RekeyApproval, rekeySeconds } from './rekey.ts'
import { signBytes, signedBytes, verifyBytes } from './sign.ts'
import type { B64, ChainStatement, Group } from './types.ts'

/** What one statement says. */
export type Entry =
  | { kind: 'genesis'; root: Bytes }
  | { kind: 'member-added'; memberId: string; keys: RawKeys; roles: string[]; groups: Group[] }
  | { kind: 'member-changed'; memberId: string; roles: string[]; groups: Group[] }
  | { kind: 'member-removed'; memberId: string }
  /** Other keys for who lost theirs: the first colleague's approval is in it, the second one signs it, both by their own clocks. */
  | { kind: 'member-rekeyed'; memberId: string; keys: RawKeys; at: number; approval: RekeyApproval }
  | { kind: 'epoch'; group: Group; epoch: number; key: Bytes }

export interface ChainMember {
  memberId: string
  keys: RawKeys
  roles: string[]
  groups: Group[]
  /** Sequence number of the statement that added them, or gave them these roles or keys. */
  since: number
  /** Sequence number of the statement that removed them, or gave them other roles or keys: a row of its own follows then. */
  until: number | null
}

export interface ChainEpoch {
  group: Group
  epoch: number
  key: Bytes
  /** Sequence number of the statement that made it. */
  since: number
  /** That of the first statement by which somebody left the group. */
  until: number | null
  /** Somebody left the group since: nothing new may be sealed to this epoch. */
  stale: boolean
}

/** A chain every statement of which was verified. `members` holds removed ones too: they signed what they signed. */
export interface Chain {
  clinicId: string
  root: Bytes
  rootFingerprint: Bytes
  /** Hash of each statement, by sequence number. */
  hashes: B64[]
  head: Bytes
  members: ChainMember[]
  /** Every epoch of every group, oldest first. */
  epochs: ChainEpoch[]
}

/** What this browser, or the account's own wrap, already knows of the chain. */
export interface KnownChain {
  rootFingerprint?: Bytes
  length?: number
  head?: Bytes
}

const VERSION = 1

/**
 * Verifies a clinic's whole chain, from its root. Throws
 * CHAIN_INVALID: no genesis, a gap, a second successor, another clinic's statement, a signer who may not say this;
 * UNSUPPORTED: a version or kind of statement this code does not know;
 * CHAIN_SHORTER: fewer statements than were seen before; CHAIN_FORKED: another root, or other statements, than before.
 */
export async function verifyChain(
  clinicId: string,
  statements: ChainStatement[],
  ...known: KnownChain[]
): Promise<Chain> {
  const first = statements[0]
  if (!first)
    throw new CryptoError(known.some((pin) => pin.length) ? 'CHAIN_SHORTER' : 'CHAIN_INVALID', 'the chain is empty')
  const bodies = statements.map((statement) => chainBytes('CHAIN_INVALID', () => fromB64(statement.body)))
  const hashes = await Promise.all(bodies.map(hashStatement))
  await Promise.all(statements.map((statement, seq) => checkSignature(statement, bodies[seq]!)))
  const chain = begin(
    clinicId,
    chainBytes('CHAIN_INVALID', () => fromB64(first.signer, 32)),
  )
  chain.rootFingerprint = await rootFingerprint(chain.root)
  // The defence of attack 11, first use apart: a root that is not the one on the link, the account or this browser's pin.
  if (known.some((pin) => pin.rootFingerprint && !equal(pin.rootFingerprint, chain.rootFingerprint))) {
    throw new CryptoError('CHAIN_FORKED', 'the root is not the one that was pinned')
  }
  for (const [seq, statement] of statements.entries()) {
    const { entry, previous, signer } = parseStatement(bodies[seq]!, clinicId, seq)
    await checkEntry(clinicId, entry, seq)
    if (statement.seq !== seq || statement.signer !== toB64(signer)) invalid(seq, 'filed as what it is not')
    if (seq > 0 && (previous === null || !equal(previous, chain.head)))
      invalid(seq, 'not a successor of the statement before')
    apply(chain, entry, signer, seq)
    chain.head = hashes[seq]!
    chain.hashes.push(toB64(hashes[seq]!))
  }
  for (const pin of known) checkPin(chain, pin)
  return chain
}

/**
 * The next statement, signed. Throws as `verifyChain` when the signer may not say this or the entry makes no sense: what
 * others would refuse is never signed. Start a chain with `null` and a genesis.
 */
export async function appendStatement(
  chain: Chain | null,
  clinicId: string,
  entry: Entry,
  signer: { key: CryptoKey; public: Bytes },
): Promise<ChainStatement> {
  const seq = chain?.hashes.length ?? 0
  const fields = [VERSION, clinicId, seq, chain?.head ?? null, signer.public, entry.kind, ...entryFields(entry)]
  const body = encode(fields)
  const parsed = parseStatement(body, clinicId, seq).entry
  await checkEntry(clinicId, parsed, seq)
  apply(chain ? structuredClone(chain) : begin(clinicId, signer.public), parsed, signer.public, seq)
  const signature = await signBytes(signer.key, signedBytes('chain', fields))
  return { seq, body: toB64(body), signer: toB64(signer.public), signature: toB64(signature) }
}

/** The statement's hash: what its successor, and records, name as the chain's head. */
const hashStatement = (body: Bytes): Promise<Bytes> => labelledHash('chain', body)

/** The member whose signing key this was when the chain's head was `head`. Null: nobody's. */
export function memberAt(chain: Chain, signKey: Bytes, seq: number): ChainMember | null {
  return (
    chain.members.find(
      (member) =>
        equal(member.keys.sign, signKey) && member.since <= seq && (member.until === null || seq < member.until),
    ) ?? null
  )
}

export const currentMembers = (chain: Chain): ChainMember[] => chain.members.filter((member) => member.until === null)

/** The newest epoch of one group, be it stale. */
export const currentEpoch = (chain: Chain, group: Group): ChainEpoch | null =>
  chain.epochs.findLast((epoch) => epoch.group === group) ?? null

/** Whether a group waited for its next epoch when the chain's head was statement `seq`. */
export function waitedAt(chain: Chain, group: Group, seq: number): boolean {
  const then = chain.epochs.findLast((epoch) => epoch.group === group && epoch.since <= seq)
  return then?.until !== undefined && then.until !== null && then.until <= seq
}

/** The newest epoch of each group, stale ones included: the clinic-wide groups first. */
export function currentEpochs(chain: Chain): ChainEpoch[] {
  const groups = new Set<Group>([...clinicGroups, ...chain.epochs.map((epoch) => epoch.group)])
  return [...groups].flatMap((group) => currentEpoch(chain, group) ?? [])
}

export const membersOf = (chain: Chain, group: Group): ChainMember[] =>
  currentMembers(chain).filter((member) => member.groups.includes(group))

/** Groups that somebody is in and that want an epoch: somebody left them, or, a scope's first. Clinic-wide ones come first. */
export function waitingGroups(chain: Chain): Group[] {
  const all = new Set<Group>([...clinicGroups, ...currentMembers(chain).flatMap((member) => member.groups)])
  return [...all].filter((group) => currentEpoch(chain, group)?.stale !== false && membersOf(chain, group).length > 0)
}

/**
 * Those of them whose epoch a member who is in these groups may make, in the order to make them in. A scope waits for its
 * clinic-wide group.
 */
export const dueEpochs = (chain: Chain, groups: readonly Group[]): Group[] =>
  waitingGroups(chain).filter(
    (group) =>
      isOf(groups, group) &&
      (!isScoped(group) || groups.includes(wholeOf(group)) || currentEpoch(chain, wholeOf(group))?.stale === false),
  )

function begin(clinicId: string, root: Bytes): Chain {
  const none = new Uint8Array(0)
  return { clinicId, root, rootFingerprint: none, hashes: [], head: none, members: [], epochs: [] }
}

async function checkSignature(statement: ChainStatement, body: Bytes): Promise<void> {
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
async function checkEntry(clinicId: string, entry: Entry, seq: number): Promise<void> {
  if (entry.kind !== 'member-rekeyed') return
  await checkApproval(clinicId, entry, entry.approval).catch(() => invalid(seq, 'not approved by its approver'))
}

function checkPin(chain: Chain, known: KnownChain): void {
  if (!known.length || !known.head) return
  if (chain.hashes.length < known.length) throw new CryptoError('CHAIN_SHORTER', 'statements are missing')
  if (chain.hashes[known.length - 1] !== toB64(known.head))
    throw new CryptoError('CHAIN_FORKED', 'statements were replaced')
}

function parseStatement(body: Bytes, clinicId: string, seq: number) {
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

/** Who may say what. Mutates the chain under construction; throws CHAIN_INVALID. */
function apply(chain: Chain, entry: Entry, signer: Bytes, seq: number): void {
  if ((entry.kind === 'genesis') !== (seq === 0)) invalid(seq, 'genesis is first and only first')
  if (entry.kind === 'genesis') {
    if (!equal(entry.root, signer)) invalid(seq, 'genesis is signed by its root')
    return
  }
  const isRoot = equal(signer, chain.root)
  const author = currentMembers(chain).find((member) => equal(member.keys.sign, signer))
  // The defence of attack 7: what nobody with the right to say it has signed is no statement.
  const isOfficer = isRoot || (author?.roles.includes('admin') ?? false)
  if (entry.kind === 'epoch') {
    const { group } = entry
    if (!author || !isOf(author.groups, group)) invalid(seq, 'an epoch is made by a member of its group')
    if (!membersOf(chain, group).length) invalid(seq, 'an epoch of a group that nobody is in')
    const last = currentEpoch(chain, group)
    if (entry.epoch !== (last?.epoch ?? 0) + 1) invalid(seq, 'epochs rise by one')
    // The defence of attack 7 against a key made in passing: who has just been let in changes no group's key.
    if (last && !last.stale) invalid(seq, 'a new epoch follows a removal')
    // A scope's secret is sealed to its clinic-wide group: never to an epoch of that which somebody took along.
    if (isScoped(group) && currentEpoch(chain, wholeOf(group))?.stale !== false)
      invalid(seq, 'a scope follows its clinic-wide group')
    if (isUsed(chain, entry.key)) invalid(seq, 'a key that was used before')
    chain.epochs.push({ group, epoch: entry.epoch, key: entry.key, since: seq, until: null, stale: false })
    return
  }
  const same = currentMembers(chain).find((member) => member.memberId === entry.memberId)
  if (entry.kind === 'member-rekeyed') {
    if (!same) invalid(seq, 'no such member')
    rekey(chain, same, entry, author, seq)
    return
  }
  if (!isOfficer) invalid(seq, 'only root and officers add and remove')
  const checkEntered = (roles: readonly string[], entered: readonly Group[]) => {
    // The defence of attack 7 against an officer who would read more than is theirs: nobody opens a group from outside it.
    if (!isRoot && !entered.every((group) => isOf(author!.groups, group)))
      invalid(seq, 'a group is opened by its members')
    // Root may put the owner, who founds the groups, into clinical; an officer puts practitioners there and nobody else.
    if (hasKind(entered, 'clinical') && !isRoot && !roles.includes('practitioner'))
      invalid(seq, 'clinical is for practitioners')
  }
  if (entry.kind === 'member-added') {
    const { keys, roles, groups } = entry
    if (same) invalid(seq, 'a member already')
    checkFresh(chain, keys, seq)
    checkRoles(roles, groups, seq)
    checkEntered(roles, groups)
    chain.members.push({ ...entryMember(entry), since: seq, until: null })
    return
  }
  if (!same) invalid(seq, 'no such member')
  if (entry.kind === 'member-changed') {
    const { roles, groups } = entry
    if (sorted(roles).join() === sorted(same.roles).join() && sorted(groups).join() === sorted(same.groups).join())
      invalid(seq, 'a change that changes nothing')
    checkRoles(roles, groups, seq)
    checkEntered(
      roles,
      groups.filter((group) => !same.groups.includes(group)),
    )
    leave(
      chain,
      same,
      same.groups.filter((group) => !groups.includes(group)),
      seq,
    )
    // What they signed before, they signed in their former roles.
    chain.members.push({ ...same, roles, groups, since: seq, until: null })
    return
  }
  leave(chain, same, same.groups, seq)
}

/** New keys in the place of lost ones. The old ones may be in the wrong hands: they end as at a removal, groups' epochs with them. */
function rekey(
  chain: Chain,
  member: ChainMember,
  { keys, at, approval }: Extract<Entry, { kind: 'member-rekeyed' }>,
  second: ChainMember | undefined,
  seq: number,
): void {
  const current = currentMembers(chain)
  const first = current.find((each) => equal(each.keys.sign, approval.signer))
  // The defence of attack 7 against one officer, or one stolen key, that would become anybody.
  if (!first || !second || !mayRekey(current, member, first, second)) invalid(seq, 'two colleagues renew keys')
  const seen = chain.hashes.indexOf(toB64(approval.head))
  if (seen < 0 || !memberAt(chain, approval.signer, seen) || !memberAt(chain, member.keys.sign, seen))
    invalid(seq, 'approved for other keys than the member has')
  // The time in which the member and the officers, who were told, can object.
  if (at - approval.at < rekeySeconds) invalid(seq, 'approved less than a day before')
  checkFresh(chain, keys, seq)
  leave(chain, member, member.groups, seq)
  chain.members.push({ ...member, keys, since: seq, until: null })
}

function checkFresh(chain: Chain, keys: RawKeys, seq: number): void {
  if (isUsed(chain, keys.sign) || isUsed(chain, keys.dh) || equal(keys.sign, keys.dh))
    invalid(seq, 'a key that was used before')
}

/** Ends what a member was. Whoever leaves a group knows its key, and those of its scopes. */
function leave(chain: Chain, member: ChainMember, groups: Group[], seq: number): void {
  for (const group of groups) {
    // A clinic-wide group that nobody is in would have no next epoch: what patients write would reach nobody. So the last
    // officer stays too.
    if (!isScoped(group) && membersOf(chain, group).length === 1) invalid(seq, 'the last of a group stays')
  }
  // The defence of attack 15: what they hold opens nothing that is written from here on.
  for (const epoch of chain.epochs) {
    if (!isOf(groups, epoch.group)) continue
    epoch.stale = true
    epoch.until ??= seq
  }
  member.until = seq
}

/** Patients' browsers take a practitioner by the role, so that whoever gives it must be able to open the group that goes with it. */
function checkRoles(roles: readonly string[], groups: readonly Group[], seq: number): void {
  if (roles.length === 0) invalid(seq, 'a member without a role')
  if (roles.includes('practitioner') && !hasKind(groups, 'clinical')) invalid(seq, 'a practitioner belongs to clinical')
  if (roles.includes('admin') !== groups.includes('officers')) invalid(seq, 'officers are the admins')
}

const entryMember = ({ memberId, keys, roles, groups }: Extract<Entry, { kind: 'member-added' }>) => ({
  memberId,
  keys,
  roles,
  groups,
})

/** No key serves twice: not for two members, nor for a member and an epoch, nor again after a removal. */
function isUsed(chain: Chain, key: Bytes): boolean {
  return (
    equal(chain.root, key) ||
    chain.members.some((member) => equal(member.keys.sign, key) || equal(member.keys.dh, key)) ||
    chain.epochs.some((epoch) => equal(epoch.key, key))
  )
}

const readRole = (name: unknown) => read.oneOf(name, roleNames, 'role')

/** A set of known names: sorted, none twice. */
function readSet<T extends string>(value: unknown, one: (name: unknown) => T, field: string): T[] {
  const names = read.array(value, field).map(one)
  if (sorted(names).join() !== names.join()) throw new CryptoError('BAD_ENVELOPE', `${field} set is not sorted`)
  return names
}

/** Within a chain, bytes that parse as nothing make the chain invalid; versions and kinds of the future stay UNSUPPORTED. */
function chainBytes<T>(code: 'CHAIN_INVALID', parse: () => T): T {
  try {
    return parse()
  } catch (error) {
    if (error instanceof CryptoError && error.code !== 'UNSUPPORTED') throw new CryptoError(code, error.message)
    throw error
  }
}

function invalid(seq: number, why: string): never {
  throw new CryptoError('CHAIN_INVALID', `statement ${seq}: ${why}`)
}
