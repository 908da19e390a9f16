import { beforeAll, expect, test } from 'vitest'
import { type Bytes, fromB64, toB64 } from './bytes.ts'
import { type Cbor, decodeArray, encode } from './cbor.ts'
import { appendStatement, type Chain, currentEpochs, memberAt, verifyChain } from './chain.ts'
import type { Entry } from './chain-statement.ts'
import { newEpoch, openEpochs, sealEpoch } from './epoch.ts'
import type { Keys, RawKeys } from './keys.ts'
import { approvalFields, approveRekey, readApproval, rekeyFingerprint, rekeySeconds } from './rekey.ts'
import { extendChain, type Maker } from './renewal.ts'
import { signBytes, signedBytes } from './sign.ts'
import { adding, codeOf, newKeys, newRoot, OWNER, say, type Signer, signerOf } from './testing.ts'
import type { ChainStatement, EpochGrant, Group } from './types.ts'

const clinicId = 'clinic-1'
const all: Group[] = ['clinical', 'desk', 'officers']
const NOW = 1_800_000_000
const LATER = NOW + rekeySeconds
const people = ['owner', 'manager', 'doctor', 'clerk', 'anew', 'other'] as const
let keys: Record<(typeof people)[number], Keys>
let root: Signer
let statements: ChainStatement[]
let epochGrants: EpochGrant[]
let chain: Chain

/** A clinic of an owner who practises, a manager who is an officer as well, a doctor and a clerk. */
beforeAll(async () => {
  keys = Object.fromEntries(
    await Promise.all(people.map(async (name) => [name, await newKeys()] as const)),
  ) as typeof keys
  root = await newRoot()
  ;[statements, epochGrants] = [[], []]
  await say(clinicId, statements, { kind: 'genesis', root: root.public }, root)
  await say(clinicId, statements, adding(OWNER, keys.owner, ['admin', 'practitioner'], all), root)
  for (const group of all) {
    const { secret, public: key } = await newEpoch()
    await say(clinicId, statements, { kind: 'epoch', group, epoch: 1, key }, signerOf(keys.owner))
    epochGrants.push(await sealEpoch(clinicId, { group, epoch: 1, key }, secret, keys.owner.public.dh))
  }
  for (const [name, roles, groups] of [
    ['manager', ['admin'], ['desk', 'officers']],
    ['doctor', ['practitioner'], ['clinical', 'desk']],
    ['clerk', ['frontdesk'], ['desk']],
  ] as [(typeof people)[number], string[], Group[]][]) {
    const made = await extendChain(clinicId, statements, adding(name, keys[name], roles, groups), maker('owner'))
    statements.push(...made.statements)
    epochGrants.push(...made.epochGrants)
  }
  chain = await verifyChain(clinicId, statements)
})

type Name = (typeof people)[number]
const idOf = (name: Name) => (name === 'owner' ? OWNER : name)
const maker = (name: Name): Maker => ({
  memberId: idOf(name),
  sign: signerOf(keys[name]),
  held: [{ public: keys[name].public.dh, pair: keys[name].dh }],
  epochGrants,
})

interface Try {
  lost?: Name
  first?: Name
  second?: Name
  anew?: Keys
  on?: Chain
  approved?: Chain
  at?: number
  later?: number
}
/** The entry that two colleagues make of it. The first needs the second not to be there yet, and signs what they are shown. */
async function renewing({ lost = 'doctor', first = 'manager', anew = keys.anew, approved = chain, ...times }: Try) {
  const to = { memberId: idOf(lost), keys: anew.public }
  const bytes = await approveRekey(approved, to, times.at ?? NOW, signerOf(keys[first]))
  const approval = await readApproval(clinicId, to, bytes)
  return { kind: 'member-rekeyed', ...to, at: times.later ?? LATER, approval } satisfies Entry
}
const attempt = async (each: Try) =>
  codeOf(appendStatement(each.on ?? chain, clinicId, await renewing(each), signerOf(keys[each.second ?? 'owner'])))

test('new keys begin where the old ones end, and every group of the member is renewed and sealed to the new key alone', async () => {
  const made = await extendChain(clinicId, statements, await renewing({}), {
    ...maker('owner'),
    held: [maker('owner').held[0]!, ...(await epochsOf('owner'))],
  })
  const after = await verifyChain(clinicId, [...statements, ...made.statements])
  const seq = statements.length
  expect(memberAt(after, keys.doctor.public.sign, seq - 1)).toMatchObject({ memberId: 'doctor', until: seq })
  expect(memberAt(after, keys.doctor.public.sign, seq)).toBeNull()
  expect(memberAt(after, keys.anew.public.sign, seq)).toMatchObject({
    ...{ memberId: 'doctor', roles: ['practitioner'], groups: ['clinical', 'desk'], until: null },
  })
  expect(currentEpochs(after).map(({ group, epoch, stale }) => [group, epoch, stale].join())).toEqual([
    'desk,2,false',
    'clinical,2,false',
    'officers,1,false',
  ])
  const grants = [...epochGrants, ...made.epochGrants]
  const opened = async (who: Keys) => {
    const found = await openEpochs(after, grants, { public: who.public.dh, pair: who.dh })
    return found.map(({ group, epoch }) => `${group} ${epoch}`).sort()
  }
  expect(await opened(keys.anew)).toEqual(['clinical 1', 'clinical 2', 'desk 1', 'desk 2'])
  expect(await opened(keys.doctor)).toEqual(['clinical 1', 'desk 1'])
})

const epochsOf = (name: Name) => openEpochs(chain, epochGrants, { public: keys[name].public.dh, pair: keys[name].dh })

// Defence: mayRekey (rekey.ts), its line on three people; and in `rekey` (chain.ts) the line that asks it.
test('attack 7: nobody gives new keys alone, to themselves, or in the member’s place', async () => {
  expect(await attempt({})).toBe('accepted')
  expect(await attempt({ first: 'owner', second: 'manager' })).toBe('accepted')
  expect(await attempt({ first: 'owner', second: 'owner' })).toBe('CHAIN_INVALID')
  expect(await attempt({ first: 'doctor', second: 'owner' })).toBe('CHAIN_INVALID')
  expect(await attempt({ first: 'owner', second: 'doctor' })).toBe('CHAIN_INVALID')
  // Whoever has the root founded the clinic; that is no second person.
  expect(await codeOf(appendStatement(chain, clinicId, await renewing({}), root))).toBe('CHAIN_INVALID')
  // A stranger, whose keys the server made.
  expect(await attempt({ first: 'other' })).toBe('CHAIN_INVALID')
  expect(await attempt({ second: 'other' })).toBe('CHAIN_INVALID')
})

// Defence: mayRekey (rekey.ts), its last line.
test('attack 7: both are officers where two are there, and between them they are of every group', async () => {
  expect(await attempt({ first: 'clerk' })).toBe('CHAIN_INVALID')
  expect(await attempt({ second: 'clerk' })).toBe('CHAIN_INVALID')
  // The owner lost theirs: one officer is left, and the clinic's way out is another member who is in clinical.
  expect(await attempt({ lost: 'owner', first: 'manager', second: 'doctor' })).toBe('accepted')
  expect(await attempt({ lost: 'owner', first: 'doctor', second: 'manager' })).toBe('accepted')
  expect(await attempt({ lost: 'owner', first: 'manager', second: 'clerk' })).toBe('CHAIN_INVALID')
  expect(await attempt({ lost: 'owner', first: 'doctor', second: 'clerk' })).toBe('CHAIN_INVALID')
  // With one officer only, that officer is one of the two: nobody else makes keys for a receptionist, whatever groups they are in.
  const longer = [...statements]
  await say(clinicId, longer, { kind: 'member-removed', memberId: 'manager' }, signerOf(keys.owner))
  const on = await say(clinicId, longer, adding('other', keys.other, ['frontdesk'], ['desk']), signerOf(keys.owner))
  const small: Try = { on, approved: on, lost: 'clerk' }
  expect(await attempt({ ...small, first: 'doctor', second: 'owner' })).toBe('accepted')
  expect(await attempt({ ...small, first: 'doctor', second: 'other' })).toBe('CHAIN_INVALID')
})

// Defence: the line on rekeySeconds in `rekey` (chain.ts).
test('attack 7: less than a day between the two is refused', async () => {
  expect(await attempt({ later: LATER - 1 })).toBe('CHAIN_INVALID')
  expect(await attempt({ later: NOW - rekeySeconds })).toBe('CHAIN_INVALID')
  expect(await attempt({ later: LATER })).toBe('accepted')
})

// Defence: checkEntry in verifyChain and appendStatement (chain.ts); the comparison of keys in readApproval (rekey.ts).
test('attack 7: keys that were exchanged between the two words are refused by the second browser and by all others', async () => {
  const entry = await renewing({})
  const owner = signerOf(keys.owner)
  const exchanged: Entry = { ...entry, keys: keys.other.public }
  expect(await codeOf(appendStatement(chain, clinicId, exchanged, owner))).toBe('CHAIN_INVALID')
  const bytes = await approveRekey(chain, entry, NOW, signerOf(keys.manager))
  const another = { memberId: 'doctor', keys: keys.other.public }
  expect(await codeOf(readApproval(clinicId, another, bytes))).toBe('BAD_ENVELOPE')
  expect(await codeOf(readApproval('clinic-2', entry, bytes))).toBe('BAD_ENVELOPE')
  expect(await codeOf(readApproval(clinicId, { ...entry, memberId: 'clerk' }, bytes))).toBe('BAD_ENVELOPE')
  // Said at another time, or in another's name, by whoever holds no key: the last line of readApproval.
  for (const [index, part] of [
    [6, NOW - 5],
    [7, keys.clerk.public.sign],
  ] as const)
    expect(await codeOf(readApproval(clinicId, entry, encode((decodeArray(bytes) as Cbor[]).with(index, part))))).toBe(
      'BAD_SIGNATURE',
    )
  for (const forged of [
    { ...entry.approval, at: NOW - 5 },
    { ...entry.approval, head: chain.rootFingerprint },
    { ...entry.approval, signer: keys.clerk.public.sign },
  ])
    expect(await codeOf(appendStatement(chain, clinicId, { ...entry, approval: forged }, owner))).toBe('CHAIN_INVALID')
  // One officer's key, and a server that files what it signs: an approval that nobody gave is refused by whoever reads the chain.
  const honest = await appendStatement(chain, clinicId, entry, owner)
  const filed = async (signature: Bytes) => {
    const fields = (decodeArray(fromB64(honest.body)) as Cbor[]).with(10, [
      ...approvalFields({ ...entry.approval, signature }),
    ])
    const statement = { ...honest, body: toB64(encode(fields)) }
    return { ...statement, signature: toB64(await signBytes(owner.key, signedBytes('chain', fields))) }
  }
  const read = (statement: ChainStatement) => codeOf(verifyChain(clinicId, [...statements, statement]))
  expect(await read(await filed(entry.approval.signature))).toBe('accepted')
  expect(await read(await filed(fromB64(honest.signature)))).toBe('CHAIN_INVALID')
})

// Defence: each field of rekeyFingerprint (rekey.ts). What is left out of the words can be exchanged behind them.
test('attack 7: the words that are read out are of this clinic, root and member, and of both keys', async () => {
  const { public: made } = keys.anew
  const told = (over: { clinic?: string; root?: Bytes; memberId?: string; keys?: Partial<RawKeys> } = {}) =>
    rekeyFingerprint(over.clinic ?? clinicId, over.root ?? chain.rootFingerprint, {
      memberId: over.memberId ?? 'doctor',
      keys: { ...made, ...over.keys },
    })
  const { sign, dh } = keys.other.public
  const words = await Promise.all([
    told(),
    ...[{ clinic: 'clinic-2' }, { root: root.public }, { memberId: 'clerk' }, { keys: { sign } }, { keys: { dh } }].map(
      told,
    ),
  ])
  expect(new Set(words.map(String)).size).toBe(words.length)
})

// Defence: the line on `seen` in `rekey` (chain.ts), and `current.find` above it.
test('attack 7: the word of a removed officer, or from before the member’s present keys, counts no more', async () => {
  const longer = [...statements]
  const gone = await say(clinicId, longer, { kind: 'member-removed', memberId: 'manager' }, signerOf(keys.owner))
  expect(await attempt({ on: gone, first: 'manager', second: 'owner' })).toBe('CHAIN_INVALID')
  const renewed = [...statements]
  const once = await say(clinicId, renewed, await renewing({}), signerOf(keys.owner))
  const twice: Try = { on: once, anew: keys.other, later: LATER + 9 }
  expect(await attempt(twice)).toBe('CHAIN_INVALID')
  expect(await attempt({ ...twice, approved: once })).toBe('accepted')
  // No key serves twice: neither the lost one nor a colleague's.
  expect(await attempt({ ...twice, approved: once, anew: keys.doctor })).toBe('CHAIN_INVALID')
  expect(await attempt({ anew: keys.clerk })).toBe('CHAIN_INVALID')
})

test('the last of a clinic-wide group is given no new keys: nobody could pass the old ones’ records on', async () => {
  const few = statements.slice(0, 6)
  const small = await verifyChain(clinicId, few)
  expect(small.members.map(({ memberId }) => memberId)).toEqual([OWNER, 'manager'])
  const only: Try = { on: small, approved: small, lost: 'owner', first: 'manager', second: 'manager' }
  expect(await attempt(only)).toBe('CHAIN_INVALID')
})
