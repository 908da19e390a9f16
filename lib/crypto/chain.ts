import { type Bytes, equal, fromB64, toB64 } from './bytes.ts'
import { encode } from './cbor.ts'
import {
  chainBytes,
  checkEntry,
  checkSignature,
  type Entry,
  hashStatement,
  invalid,
  parseStatement,
  statementFields,
} from './chain-statement.ts'
import { CryptoError } from './errors.ts'
import { isSmallOrder, type RawKeys, rootFingerprint } from './keys.ts'
import { clinicGroups, hasKind, isOf, isScoped, sorted, wholeOf } from './policy.ts'
import { mayRekey, rekeySeconds } from './rekey.ts'
import { signBytes, signedBytes } from './sign.ts'
import type { B64, ChainStatement, Group } from './types.ts'
import { voiceOfNewcomer, voiceOfOfficer, type Voiced } from './voices.ts'

export interface ChainMember extends Voiced {
  keys: RawKeys
  roles: string[]
  groups: Group[]
  /** Sequence number of the statement that added them, or gave them these roles or keys. */
  since: number
  /** Sequence number of the statement that removed them, or gave them other roles or keys: a row of its own follows then. */
  until: number | null
  /** Who signed that statement. Null: root. */
  by: string | null
}

export interface ChainEpoch {
  group: Group
  epoch: number
  key: Bytes
  /** Who made it. */
  by: string
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
  const fields = statementFields(clinicId, seq, chain?.head ?? null, signer.public, entry)
  const body = encode(fields)
  const parsed = parseStatement(body, clinicId, seq).entry
  await checkEntry(clinicId, parsed, seq)
  apply(chain ? structuredClone(chain) : begin(clinicId, signer.public), parsed, signer.public, seq)
  const signature = await signBytes(signer.key, signedBytes('chain', fields))
  return { seq, body: toB64(body), signer: toB64(signer.public), signature: toB64(signature) }
}

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

function checkPin(chain: Chain, known: KnownChain): void {
  if (!known.length || !known.head) return
  if (chain.hashes.length < known.length) throw new CryptoError('CHAIN_SHORTER', 'statements are missing')
  if (chain.hashes[known.length - 1] !== toB64(known.head))
    throw new CryptoError('CHAIN_FORKED', 'statements were replaced')
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
    if (isSmallOrder(entry.key)) invalid(seq, 'a key that nothing can be sealed to')
    const made = { group, epoch: entry.epoch, key: entry.key, by: author.memberId }
    chain.epochs.push({ ...made, since: seq, until: null, stale: false })
    return
  }
  const same = currentMembers(chain).find((member) => member.memberId === entry.memberId)
  if (entry.kind === 'member-rekeyed') {
    if (!same) invalid(seq, 'no such member')
    rekey(chain, same, entry, author, seq)
    return
  }
  if (!isOfficer) invalid(seq, 'only root and officers add and remove')
  const sponsor = isRoot ? null : author!
  const by = sponsor?.memberId ?? null
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
    const voice = voiceOfNewcomer(entry.memberId, sponsor)
    chain.members.push({ ...entryMember(entry), by, voice, isFounder: isRoot, since: seq, until: null })
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
    const isPromoted = roles.includes('admin') && !same.roles.includes('admin')
    const voice = isPromoted ? voiceOfOfficer(same, sponsor) : same.voice
    chain.members.push({ ...same, roles, groups, by, voice, since: seq, until: null })
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
  chain.members.push({ ...member, keys, by: second.memberId, since: seq, until: null })
}

function checkFresh(chain: Chain, keys: RawKeys, seq: number): void {
  if (isUsed(chain, keys.sign) || isUsed(chain, keys.dh) || equal(keys.sign, keys.dh))
    invalid(seq, 'a key that was used before')
  // Each next epoch is sealed to every member of its group: one key that takes nothing would keep everybody in for good.
  if (isSmallOrder(keys.dh)) invalid(seq, 'a key that nothing can be sealed to')
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
