import 'server-only'
import { decode, encode, rfc8949EncodeOptions } from 'cborg'
import { ok, refuse, type Result } from '@/lib/errors'
import { clockMinutes, rekeyHours } from './rules'
import {
  apply,
  areFresh,
  founded,
  fromB64,
  hashStatement,
  isGroup,
  isLast,
  isOf,
  isScoped,
  mayRekey,
  maySign,
  membersOf,
  type Standing,
  toB64,
  wholeOf,
} from './standing'
import type { ChainStatement, EpochGrant, PublicKeys } from '@/lib/crypto/types'
import { isAgreeable } from '@/lib/server/agreeable'
import { type ProofField, verifyProof } from '@/lib/server/proof'

// The chain takes rows and gives none back: one statement that browsers refuse would shut the clinic for good. So the server lets in
// only those that it could have written itself, byte for byte, under a signature that verifies. What a chain says is for
// browsers to check, who trust none of this.

type Chained = ChainStatement & { previous: string; hash: string }

/** Statements that belong together, in their order: one on a member, and the epochs that it makes due. */
export interface Given {
  statements: ChainStatement[]
  epochGrants: EpochGrant[]
}
type Taken = Promise<Result<Chained[]>>

/** The newcomer of an invitation: with its roles and groups, and their own keys. */
export async function takeAddition(
  clinicId: string,
  standing: Standing,
  to: { memberId: string; keys: PublicKeys; roles: readonly string[]; groups: readonly string[] },
  given: Given,
): Taken {
  const { memberId, keys, roles, groups } = to
  const [sign, dh] = [fromB64(keys.sign), fromB64(keys.dh)]
  if (!areFresh(standing, keys) || standing.members.has(memberId) || !groups.every(isGroup)) return bad
  const entry = ['member-added', memberId, sign, dh, sorted(roles), sorted(groups)]
  return take(clinicId, standing, { entry, memberId, entered: groups }, given)
}

/** Other roles and groups for a member. */
export async function takeChange(
  clinicId: string,
  standing: Standing,
  to: { memberId: string; roles: readonly string[]; groups: readonly string[] },
  given: Given,
): Taken {
  const { memberId, roles, groups } = to
  const member = standing.members.get(memberId)
  if (!member) return refuse('NOT_FOUND')
  if (!groups.every(isGroup)) return bad
  if (sorted(roles).join() === member.roles.join() && sorted(groups).join() === member.groups.join())
    return refuse('STALE')
  if (isLast(standing, memberId, groups)) return refuse('LAST_OF_GROUP')
  const entered = groups.filter((group) => !member.groups.includes(group))
  return take(
    clinicId,
    standing,
    { entry: ['member-changed', memberId, sorted(roles), sorted(groups)], memberId, entered },
    given,
  )
}

export async function takeRemoval(clinicId: string, standing: Standing, memberId: string, given: Given): Taken {
  if (!standing.members.has(memberId)) return refuse('NOT_FOUND')
  if (isLast(standing, memberId, [])) return refuse('LAST_OF_GROUP')
  return take(clinicId, standing, { entry: ['member-removed', memberId], memberId, entered: [] }, given)
}

/** The first colleague's word, signed by their key of the chain. Null for anything else. */
export async function readApproval(
  clinicId: string,
  standing: Standing,
  { memberId, keys }: { memberId: string; keys: PublicKeys },
  approval: string,
): Promise<{ at: number; by: string } | null> {
  const fields = arrayOf(approval)
  const [version, clinic, member, sign, dh, , at, signer, signature] = fields
  const isBytes = [sign, dh, fields[5], signer, signature].every((field) => field instanceof Uint8Array)
  if (fields.length !== 9 || version !== 1 || clinic !== clinicId || member !== memberId || !isBytes) return null
  if (!isTime(at)) return null
  if (toB64(sign as Uint8Array) !== keys.sign || toB64(dh as Uint8Array) !== keys.dh) return null
  const first = [...standing.members].find(([, each]) => each.keys.sign === toB64(signer as Uint8Array))
  // Of the keys that both have now: browsers refuse a word from before.
  const seen = standing.hashes.indexOf(toB64(fields[5] as Uint8Array))
  const lost = standing.members.get(memberId)
  if (!first || !lost || seen < Math.max(first[1].since, lost.since)) return null
  const signed = await verifyProof(
    toB64(signer as Uint8Array),
    'rekey',
    fields.slice(0, 8) as ProofField[],
    toB64(signature as Uint8Array),
  )
  return signed ? { at, by: first[0] } : null
}

/** Whole seconds: browsers read no other time. */
const isTime = (at: unknown): at is number => Number.isSafeInteger(at) && (at as number) > 0

/** New keys in the place of lost ones: what the first approved, signed by the second a day later. */
export async function takeRekey(
  clinicId: string,
  standing: Standing,
  to: { memberId: string; keys: PublicKeys; approval: string; by: string; now: Date },
  given: Given,
): Taken {
  const { memberId, keys, approval, now } = to
  if (!standing.members.has(memberId)) return refuse('NOT_FOUND')
  const first = await readApproval(clinicId, standing, { memberId, keys }, approval)
  // The approver was removed since, or has other keys: their word is none any more.
  if (!first) return refuse('WRONG_STATE')
  if (isLast(standing, memberId, [])) return refuse('LAST_OF_GROUP')
  const statement = given.statements[0]!
  if (statement.seq !== standing.length) return refuse('CHAIN_MOVED')
  if (standing.members.get(to.by)?.keys.sign !== statement.signer || !mayRekey(standing, memberId, first.by, to.by))
    return refuse('NOT_ALLOWED')
  const [sign, dh] = [fromB64(keys.sign), fromB64(keys.dh)]
  if (!areFresh(standing, keys)) return bad
  // By the second one's own clock, which is held to be about right.
  const at = arrayOf(statement.body)[9]
  if (!isTime(at) || Math.abs(at * 1000 - now.getTime()) > clockMinutes * 60_000) return bad
  if (at - first.at < rekeyHours * 3600) return refuse('TOO_EARLY')
  const entry = ['member-rekeyed', memberId, sign, dh, at, arrayOf(approval).slice(5) as ProofField[]]
  const chained = await successor(clinicId, standing, entry, statement.signer, statement)
  if (!chained) return bad
  apply(standing, chained.body)
  const rest = { statements: given.statements.slice(1), epochGrants: given.epochGrants }
  return settle(clinicId, standing, statement.signer, { chained: [chained], entered: [] }, rest)
}

/** The next epochs of groups that wait for theirs, made by a member of them. */
export async function takeEpochs(clinicId: string, standing: Standing, memberId: string, given: Given): Taken {
  const member = standing.members.get(memberId)
  if (!member) return refuse('NOT_ALLOWED')
  if (given.statements[0]!.seq !== standing.length) return refuse('CHAIN_MOVED')
  return settle(clinicId, standing, member.keys.sign, { chained: [], entered: [] }, given)
}

/** A new clinic's chain: its root, its owner in all groups, and each group's first epoch, and nothing else. */
export async function takeFounding(
  clinicId: string,
  owner: { memberId: string; keys: PublicKeys; roles: readonly string[]; rootKey: string },
  statements: ChainStatement[],
): Promise<Chained[] | null> {
  const { memberId, keys, roles, rootKey } = owner
  const [, , ...epochs] = statements
  const entries: [string, ProofField[]][] = [
    [rootKey, ['genesis', fromB64(rootKey)]],
    [rootKey, ['member-added', memberId, fromB64(keys.sign), fromB64(keys.dh), sorted(roles), sorted(founded)]],
    ...epochs.map(({ body }, index): [string, ProofField[]] => [
      keys.sign,
      ['epoch', founded[index] ?? '', 1, epochKey(body)],
    ]),
  ]
  const named = [rootKey, keys.sign, keys.dh, ...epochs.map(({ body }) => toB64(epochKey(body)))]
  if (epochs.length !== founded.length || new Set(named).size !== named.length) return null
  if (!named.every((key) => fromB64(key).length === 32)) return null
  if (![keys.dh, ...named.slice(3)].every(isAgreeable)) return null
  const chained: Chained[] = []
  for (const [index, [signer, entry]] of entries.entries()) {
    const head = { length: index, head: chained.at(-1)?.hash ?? '' }
    const next = await successor(clinicId, head, entry, signer, statements[index]!)
    if (!next) return null
    chained.push(next)
  }
  return chained
}

async function take(
  clinicId: string,
  standing: Standing,
  { entry, memberId, entered }: { entry: ProofField[]; memberId: string; entered: readonly string[] },
  given: Given,
): Taken {
  const statement = given.statements[0]!
  // Somebody else's came first: the signer reads the chain and signs again.
  if (statement.seq !== standing.length) return refuse('CHAIN_MOVED')
  const { signer } = statement
  const author = [...standing.members].find(([, { keys }]) => keys.sign === signer)?.[0] ?? ''
  if (signer !== standing.root && !maySign(standing, author, entered)) return refuse('NOT_ALLOWED')
  const chained = await successor(clinicId, standing, entry, signer, statement)
  if (!chained) return bad
  apply(standing, chained.body)
  // To who enters a group goes its current epoch; one that waits is made for them with the others.
  const shared = entered.flatMap((group) => {
    const epoch = standing.epochs.get(group)
    return epoch && !epoch.stale ? [grantName(group, epoch.epoch, standing.members.get(memberId)!.keys.dh)] : []
  })
  const rest = { statements: given.statements.slice(1), epochGrants: given.epochGrants }
  return settle(clinicId, standing, signer, { chained: [chained], entered: shared }, rest)
}

/**
 * The epochs, each of a group that waits for one, and the grants that go with it all: to everybody who is in the group, earlier
 * secrets as far as the signer has them, and no row more.
 */
async function settle(
  clinicId: string,
  standing: Standing,
  signer: string,
  { chained, entered }: { chained: Chained[]; entered: string[] },
  { statements, epochGrants }: Given,
): Taken {
  const due: string[] = []
  // What the signer may not hold, since whoever made it may have kept it to themselves: nobody's removal waits for it.
  const may = new Set(entered)
  for (const statement of statements) {
    const group = groupOf(statement.body)
    const key = epochKey(statement.body)
    const last = standing.epochs.get(group)
    const by = [...standing.members.values()].find(({ keys }) => keys.sign === signer)
    const whole = standing.epochs.get(wholeOf(group))
    const waits = last?.stale !== false && (!isScoped(group) || whole?.stale === false)
    const readers = membersOf(standing, group).map(({ keys }) => keys.dh)
    if (!by || !isOf(by.groups, group) || !waits || !readers.length) return bad
    if (key.length !== 32 || standing.used.has(toB64(key)) || !isAgreeable(toB64(key))) return bad
    const epoch = (last?.epoch ?? 0) + 1
    const next = await successor(clinicId, standing, ['epoch', group, epoch, key], signer, statement)
    if (!next) return bad
    apply(standing, next.body)
    chained.push(next)
    if (isScoped(group)) readers.push(whole!.key)
    due.push(...readers.map((to) => grantName(group, epoch, to)))
    for (let earlier = 1; earlier < epoch; earlier++) may.add(grantName(group, earlier, toB64(key)))
  }
  // The defence of attack 7 against a false row, which would keep the true one out for good.
  const sent = epochGrants.map(({ group, epoch, to }) => grantName(group, epoch, to))
  const isOnce = new Set(sent).size === sent.length
  const owed = sent.filter((name) => !may.has(name))
  return isOnce && due.sort().join(';') === owed.sort().join(';') ? ok(chained) : bad
}

const grantName = (group: string, epoch: number, to: string) => [group, epoch, to].join()

/** The statement with this entry that follows this head, signed by this key. Null for any other. */
async function successor(
  clinicId: string,
  { length, head }: Pick<Standing, 'length' | 'head'>,
  entry: ProofField[],
  signer: string,
  statement: ChainStatement,
): Promise<Chained | null> {
  const fields = [1, clinicId, length, head ? fromB64(head) : null, fromB64(signer), ...entry]
  const body = toB64(encode(fields, rfc8949EncodeOptions))
  if (statement.seq !== length || statement.signer !== signer || statement.body !== body) return null
  // The defence of attack 7 against a statement that nobody signed, which no later one could take out of the chain again.
  if (!(await verifyProof(signer, 'chain', fields, statement.signature))) return null
  return { ...statement, previous: head, hash: hashStatement(body) }
}

const bad = refuse('BAD_INPUT', { statements: 'invalid' })

/** The group of an epoch's statement; none, of anything else. */
function groupOf(body: string): string {
  const group = arrayOf(body)[6]
  return typeof group === 'string' ? group : ''
}

/** Last field of an epoch's statement; nothing, of anything else. */
function epochKey(body: string): Uint8Array {
  const last = arrayOf(body).at(-1)
  return last instanceof Uint8Array ? last : new Uint8Array()
}

function arrayOf(body: string): unknown[] {
  try {
    const fields: unknown = decode(fromB64(body))
    return Array.isArray(fields) ? fields : []
  } catch {
    return []
  }
}

const sorted = (names: readonly string[]): string[] => [...new Set(names)].sort()
