import { beforeAll, expect, it } from 'vitest'
import { type Bytes, random, toB64 } from '../crypto/bytes'
import { type Cbor, decodeArray, encode } from '../crypto/cbor'
import { appendStatement, type Chain, verifyChain } from '../crypto/chain'
import type { Keys } from '../crypto/keys'
import { approveRekey, readApproval, rekeySeconds } from '../crypto/rekey'
import { signBytes, signedBytes } from '../crypto/sign'
import { adding, codeOf, DESK, newKeys, OWNER, say, signerOf, testClinic } from '../crypto/testing'
import type { ChainStatement, Group } from '../crypto/types'
import { readStanding } from './standing'
import { takeAddition, takeRekey } from './statements'

const clinicId = 'clinic-1'
const START = 1_800_000_000
const now = new Date((START + rekeySeconds) * 1000)
let people: Record<string, Keys>
let statements: ChainStatement[]
let chain: Chain
let anew: Keys

beforeAll(async () => {
  const world = await testClinic(clinicId)
  people = { [OWNER]: world.owner, [DESK]: world.desk }
  statements = [...world.statements]
  for (const [name, roles, groups] of [
    ['manager', ['admin'], ['desk', 'officers']],
    ['doctor', ['practitioner'], ['clinical', 'desk']],
  ] as [string, string[], Group[]][]) {
    people[name] = await newKeys()
    chain = await say(clinicId, statements, adding(name, people[name], roles, groups), signerOf(world.owner))
  }
  anew = await newKeys()
})

const b64Keys = ({ public: { sign, dh } }: Keys) => ({ sign: toB64(sign), dh: toB64(dh) })
const approvalOf = (memberId: string, first: string, on = chain) =>
  approveRekey(on, { memberId, keys: anew.public }, START, signerOf(people[first]!))

/** As a dishonest browser signs it, which asks no rule. */
async function forged(second: string, fields: Cbor[], on: { chain: Chain; statements: ChainStatement[] }) {
  const signer = signerOf(people[second]!)
  const all = [1, clinicId, on.statements.length, on.chain.head, signer.public, 'member-rekeyed', ...fields]
  const signature = toB64(await signBytes(signer.key, signedBytes('chain', all)))
  return { seq: on.statements.length, body: toB64(encode(all)), signer: toB64(signer.public), signature }
}

async function take(
  memberId: string,
  first: string,
  second: string,
  at = START + rekeySeconds,
  on = { chain, statements },
  approved = chain,
  spoil = (bytes: Bytes) => bytes,
) {
  const bytes = spoil(await approvalOf(memberId, first, approved))
  const fields = [memberId, anew.public.sign, anew.public.dh, at, (decodeArray(bytes) as Cbor[]).slice(5)]
  const statement = await forged(second, fields, on)
  const to = { memberId, keys: b64Keys(anew), approval: toB64(bytes), by: second, now }
  const given = { statements: [statement], epochGrants: [] }
  const taken = await takeRekey(clinicId, readStanding(on.statements), to, given)
  const believed = await codeOf(verifyChain(clinicId, [...on.statements, statement]))
  return { server: taken.ok ? 'accepted' : taken.code, browsers: believed }
}

// Defence: mayRekey (standing.ts). The server takes nothing that browsers refuse: it would shut the clinic for good.
it('attack 7: of all whom one could name, server and browsers let the same two renew the same member’s keys', async () => {
  const accepted: string[] = []
  for (const lost of Object.keys(people))
    for (const first of Object.keys(people))
      for (const second of Object.keys(people)) {
        const { server, browsers } = await take(lost, first, second)
        expect([lost, first, second, server === 'accepted']).toEqual([lost, first, second, browsers === 'accepted'])
        if (server === 'accepted') accepted.push([lost, first, second].join(' '))
      }
  expect(accepted.sort()).toEqual(
    [
      `${DESK} ${OWNER} manager`,
      `${DESK} manager ${OWNER}`,
      `doctor ${OWNER} manager`,
      `doctor manager ${OWNER}`,
      `manager ${OWNER} ${DESK}`,
      `manager ${OWNER} doctor`,
      `manager ${DESK} ${OWNER}`,
      `manager doctor ${OWNER}`,
      `${OWNER} manager doctor`,
      `${OWNER} doctor manager`,
    ].sort(),
  )
})

// Defence: areTwo in mayRekey (lib/crypto/rekey.ts), and the lines on `voice` in mayRekey and `apply` (standing.ts).
it('attack 7: two accounts of one person’s making are one, for browsers and for the server', async () => {
  const all: Group[] = ['clinical', 'desk', 'officers']
  const longer = [...statements]
  const join = async (name: string, by: string, roles: string[], groups: Group[]) => {
    people[name] = await newKeys()
    return say(clinicId, longer, adding(name, people[name], roles, groups), signerOf(people[by]!))
  }
  await join('bad', OWNER, ['admin', 'practitioner'], all)
  await join('puppet', 'bad', ['admin', 'practitioner'], all)
  await join('second', 'puppet', ['practitioner'], ['clinical', 'desk'])
  const grown = await join('honest', OWNER, ['practitioner'], ['clinical', 'desk'])
  const attempt = async (lost: string, pair: [string, string], on = { chain: grown, statements: longer }) => {
    const { server, browsers } = await take(lost, ...pair, undefined, on, on.chain)
    expect([lost, ...pair, server === 'accepted']).toEqual([lost, ...pair, browsers === 'accepted'])
    return browsers
  }
  for (const pair of [
    ['bad', 'puppet'],
    ['puppet', 'bad'],
  ] as [string, string][]) {
    expect(await attempt('doctor', pair)).toBe('CHAIN_INVALID')
    expect(await attempt(OWNER, pair)).toBe('CHAIN_INVALID')
  }
  for (const pair of [
    ['manager', 'puppet'],
    ['bad', OWNER],
    [OWNER, 'puppet'],
  ] as [string, string][])
    expect(await attempt('doctor', pair)).toBe('accepted')
  // Nor where no two officers are and anybody may be the other: whom one of them let in alone is nobody else.
  const few = [...longer]
  await say(clinicId, few, { kind: 'member-removed', memberId: 'manager' }, signerOf(people[OWNER]!))
  const on = { statements: few, chain: await verifyChain(clinicId, few) }
  expect(await attempt(OWNER, ['bad', 'second'], on)).toBe('CHAIN_INVALID')
  expect(await attempt(OWNER, ['bad', 'honest'], on)).toBe('accepted')
  // Given the role by somebody else as well, they are a second person.
  const back = {
    kind: 'member-changed',
    memberId: 'puppet',
    roles: ['practitioner'],
    groups: ['clinical', 'desk'],
  } as const
  const again = { ...back, roles: ['admin', 'practitioner'], groups: all }
  const said = [...longer]
  await say(clinicId, said, { ...back, roles: [...back.roles], groups: [...back.groups] }, signerOf(people[OWNER]!))
  const mended = await say(clinicId, said, again, signerOf(people[OWNER]!))
  expect(await attempt('doctor', ['bad', 'puppet'], { statements: said, chain: mended })).toBe('accepted')
  for (const name of ['bad', 'puppet', 'second', 'honest']) delete people[name]
})

// Defence: the lines on isTime and rekeyHours in takeRekey (statements.ts).
it('attack 7: nor is a time taken that is too early, far from the clock, or no whole second', async () => {
  const day = START + rekeySeconds
  expect(await take('doctor', 'manager', OWNER, day)).toEqual({ server: 'accepted', browsers: 'accepted' })
  expect(await take('doctor', 'manager', OWNER, day - 1)).toEqual({ server: 'TOO_EARLY', browsers: 'CHAIN_INVALID' })
  expect((await take('doctor', 'manager', OWNER, day + 3600)).server).toBe('BAD_INPUT')
  expect(await take('doctor', 'manager', OWNER, day + 0.5)).toEqual({ server: 'BAD_INPUT', browsers: 'CHAIN_INVALID' })
})

// Defence: the line on `seen` in readApproval (statements.ts).
it('attack 7: nor a word from before the member’s present keys, though its approver is still there', async () => {
  const longer = [...statements]
  const other = { memberId: 'doctor', keys: (await newKeys()).public }
  const bytes = await approveRekey(chain, other, START, signerOf(people.manager!))
  const approval = await readApproval(clinicId, other, bytes)
  const entry = { kind: 'member-rekeyed', ...other, at: START + rekeySeconds, approval } as const
  const moved = await say(clinicId, longer, entry, signerOf(people[OWNER]!))
  const on = { chain: moved, statements: longer }
  expect(await take('doctor', 'manager', OWNER, undefined, on)).toEqual({
    ...{ server: 'WRONG_STATE', browsers: 'CHAIN_INVALID' },
  })
  expect(readStanding(longer).members.get('doctor')!.keys).toEqual(b64Keys({ public: other.keys } as Keys))
})

// Defence: the last line of readApproval (statements.ts).
it('attack 7: nor a word that its approver never signed', async () => {
  const unsigned = (bytes: Bytes) => encode((decodeArray(bytes) as Cbor[]).with(8, random(64)))
  expect(await take('doctor', 'manager', OWNER, undefined, undefined, undefined, unsigned)).toEqual({
    ...{ server: 'WRONG_STATE', browsers: 'CHAIN_INVALID' },
  })
})

// Defence: areFresh in takeRekey (statements.ts): they were nobody's when they were asked for, a day before.
it('attack 7: nor keys that somebody else was given meanwhile', async () => {
  const longer = [...statements]
  const grown = await say(clinicId, longer, adding('twin', anew, ['frontdesk'], ['desk']), signerOf(people[OWNER]!))
  expect(await take('doctor', 'manager', OWNER, undefined, { chain: grown, statements: longer })).toEqual({
    ...{ server: 'BAD_INPUT', browsers: 'CHAIN_INVALID' },
  })
})

// Defence: the comparison with the one spelling in areFresh (standing.ts).
it('attack 7: a used key in another spelling of base64url is a used key', async () => {
  const { sign } = b64Keys(people[DESK]!)
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
  const spelt = sign.slice(0, -1) + alphabet[alphabet.indexOf(sign.at(-1)!) + 1]
  expect(Buffer.from(spelt, 'base64url').equals(Buffer.from(sign, 'base64url'))).toBe(true)
  const { sign: key, public: owner } = { sign: people[OWNER]!.sign.privateKey, public: people[OWNER]!.public.sign }
  const { dh } = anew.public
  const fields = [
    1,
    clinicId,
    statements.length,
    chain.head,
    owner,
    'member-added',
    'new',
    people[DESK]!.public.sign,
    dh,
  ]
  const all = [...fields, ['frontdesk'], ['desk']]
  const signature = toB64(await signBytes(key, signedBytes('chain', all)))
  const statement = { seq: statements.length, body: toB64(encode(all)), signer: toB64(owner), signature }
  const to = { memberId: 'new', keys: { sign: spelt, dh: toB64(dh) }, roles: ['frontdesk'], groups: ['desk'] }
  const grant = { group: 'desk' as const, epoch: 1, to: toB64(dh), enc: toB64(random(32)), ct: toB64(random(48)) }
  const taken = await takeAddition(clinicId, readStanding(statements), to, {
    ...{ statements: [statement], epochGrants: [grant] },
  })
  expect(taken).toMatchObject({ ok: false, code: 'BAD_INPUT' })
  expect(await codeOf(verifyChain(clinicId, [...statements, statement]))).toBe('CHAIN_INVALID')
})

it('the second browser signs what the server takes', async () => {
  const bytes = await approvalOf('doctor', 'manager')
  const rekey = { memberId: 'doctor', keys: anew.public }
  const approval = await readApproval(clinicId, rekey, bytes)
  const entry = { kind: 'member-rekeyed', ...rekey, at: START + rekeySeconds, approval } as const
  const statement = await appendStatement(chain, clinicId, entry, signerOf(people[OWNER]!))
  const to = { memberId: 'doctor', keys: b64Keys(anew), approval: toB64(bytes), by: OWNER, now }
  const given = { statements: [statement], epochGrants: [] }
  expect(await takeRekey(clinicId, readStanding(statements), to, given)).toMatchObject({ ok: true })
  const grant = { group: 'desk' as const, epoch: 1, to: toB64(anew.public.dh), enc: 'x', ct: 'x' }
  expect(await takeRekey(clinicId, readStanding(statements), to, { ...given, epochGrants: [grant] })).toMatchObject({
    code: 'BAD_INPUT',
  })
})
