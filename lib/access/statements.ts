import 'server-only'
import { createHash } from 'node:crypto'
import { decode, encode, rfc8949EncodeOptions } from 'cborg'
import { ok, refuse, type Result } from '@/lib/errors'
import type { ChainStatement, EpochGrant, Group, PublicKeys } from '@/lib/crypto/types'
import { type ProofField, verifyProof } from '@/lib/server/proof'
import { groupsOf } from './rules'

// The chain takes rows and gives none back: one statement that browsers refuse would shut the clinic for good. So the server lets in
// only those that it could have written itself, byte for byte, under a signature that verifies. What a chain says is for
// browsers to check, who trust none of this.

type Chained = ChainStatement & { previous: string; hash: string }

/** What the stored chain says, as the server reads it. */
export interface Standing {
  length: number
  /** Hash of the last statement: what the next one names. */
  head: string
  root: string
  members: Map<string, { keys: PublicKeys; roles: string[]; groups: string[] }>
  epochs: Map<string, number>
  /** Every key there ever was: none serves twice. */
  used: Set<string>
}

export function readStanding(statements: ChainStatement[]): Standing {
  const last = statements.at(-1)
  const standing: Standing = {
    length: statements.length,
    head: last ? hashStatement(last.body) : '',
    root: '',
    members: new Map(),
    epochs: new Map(),
    used: new Set(),
  }
  for (const { body } of statements) {
    const [, , , , , kind, ...fields] = decode(fromB64(body)) as unknown[]
    for (const field of fields) if (field instanceof Uint8Array) standing.used.add(toB64(field))
    const { members } = standing
    if (kind === 'genesis') standing.root = toB64(fields[0] as Uint8Array)
    if (kind === 'member-added') {
      const [memberId, sign, dh, roles, groups] = fields as [string, Uint8Array, Uint8Array, string[], string[]]
      members.set(memberId, { keys: { sign: toB64(sign), dh: toB64(dh) }, roles, groups })
    }
    if (kind === 'member-changed') {
      const [memberId, roles, groups] = fields as [string, string[], string[]]
      members.set(memberId, { ...members.get(memberId)!, roles, groups })
    }
    if (kind === 'member-removed') members.delete(fields[0] as string)
    if (kind === 'epoch') standing.epochs.set(fields[0] as string, fields[1] as number)
  }
  return standing
}

/** Whether this member lets people into these groups: an officer who is in them. Others sign what every browser refuses. */
export function maySign(standing: Standing, memberId: string, groups: readonly string[]): boolean {
  const member = standing.members.get(memberId)
  return Boolean(member?.roles.includes('admin') && groups.every((group) => member.groups.includes(group)))
}

interface Given {
  statement: ChainStatement
  epochGrants: EpochGrant[]
}
type Taken = Promise<Result<Chained>>

/** The newcomer of an invitation: with its roles, their own keys, and the current epoch of each group to them. */
export async function takeAddition(
  clinicId: string,
  standing: Standing,
  to: { memberId: string; keys: PublicKeys; roles: readonly string[] },
  given: Given,
): Taken {
  const { memberId, keys, roles } = to
  const [sign, dh] = [fromB64(keys.sign), fromB64(keys.dh)]
  const fresh = keys.sign !== keys.dh && !standing.used.has(keys.sign) && !standing.used.has(keys.dh)
  if (!fresh || standing.members.has(memberId) || sign.length !== 32 || dh.length !== 32) return bad
  const groups = groupsOf(roles as Parameters<typeof groupsOf>[0])
  const entry = ['member-added', memberId, sign, dh, sorted(roles), sorted(groups)]
  return take(clinicId, standing, entry, { groups, dh: keys.dh }, given)
}

/** One more role for a member, with the groups that go with it. */
export async function takeRole(
  clinicId: string,
  standing: Standing,
  to: { memberId: string; role: Parameters<typeof groupsOf>[0][number] },
  given: Given,
): Taken {
  const member = standing.members.get(to.memberId)
  if (!member) return refuse('NOT_FOUND')
  if (member.roles.includes(to.role)) return refuse('STALE')
  const groups = groupsOf([to.role]).filter((group) => !member.groups.includes(group))
  const roles = sorted([...member.roles, to.role])
  const entry = ['member-changed', to.memberId, roles, sorted([...member.groups, ...groups])]
  return take(clinicId, standing, entry, { groups, dh: member.keys.dh }, given)
}

const founded: Group[] = ['desk', 'clinical', 'officers']

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
  entry: ProofField[],
  entered: { groups: Group[]; dh: string },
  { statement, epochGrants }: Given,
): Taken {
  // Somebody else's came first: the signer reads the chain and signs again.
  if (statement.seq !== standing.length) return refuse('CHAIN_MOVED')
  const { signer } = statement
  const author = [...standing.members].find(([, { keys }]) => keys.sign === signer)?.[0] ?? ''
  if (signer !== standing.root && !maySign(standing, author, entered.groups)) return refuse('NOT_ALLOWED')
  const due = entered.groups.map((group) => [group, standing.epochs.get(group), entered.dh].join()).sort()
  const sent = epochGrants.map(({ group, epoch, to }) => [group, epoch, to].join()).sort()
  if (due.join(';') !== sent.join(';')) return bad
  const chained = await successor(clinicId, standing, entry, signer, statement)
  return chained ? ok(chained) : bad
}

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

/** As lib/crypto/chain hashes it: SHA-256 of the label and the body. */
const hashStatement = (body: string) =>
  createHash('sha256').update('curtain/v1/chain').update(fromB64(body)).digest('base64url')

/** Last field of an epoch's statement; nothing, of anything else. */
function epochKey(body: string): Uint8Array {
  try {
    const last = (decode(fromB64(body)) as unknown[]).at(-1)
    return last instanceof Uint8Array ? last : new Uint8Array()
  } catch {
    return new Uint8Array()
  }
}

const sorted = (names: readonly string[]): string[] => [...new Set(names)].sort()
const fromB64 = (text: string) => new Uint8Array(Buffer.from(text, 'base64url'))
const toB64 = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64url')
