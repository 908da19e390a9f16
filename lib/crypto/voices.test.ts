import { beforeAll, expect, test } from 'vitest'
import { equal } from './bytes.ts'
import { type Chain, currentMembers } from './chain.ts'
import type { Entry } from './chain-statement.ts'
import { checkEmergencyKey, combineShares, makeEmergencyKey, openOwnShare } from './emergency.ts'
import { answerRequest, checkRequest, openAnswer, signRequest } from './emergency-request.ts'
import { rawPublic, type Keys } from './keys.ts'
import { adding, codeOf, DESK, newKeys, OWNER, say, signerOf, testClinic, type TestClinic } from './testing.ts'
import type { Group, SealedShare } from './types.ts'

const [ADMIN, CLERK]: [Group[], Group[]] = [['desk', 'officers'], ['desk']]
let world: TestClinic
let people: Record<string, Keys>

/** The founder lets in a manager; the manager, alone, a puppet who is an officer and a clerk, and the puppet one more. */
beforeAll(async () => {
  world = await testClinic()
  people = { [OWNER]: world.owner, [DESK]: world.desk }
  for (const name of ['manager', 'puppet', 'clerk', 'third']) people[name] = await newKeys()
  await grow([adding('manager', people.manager!, ['admin'], ADMIN), OWNER])
  await grow([adding('puppet', people.puppet!, ['admin'], ADMIN), 'manager'])
  await grow([adding('clerk', people.clerk!, ['frontdesk'], CLERK), 'manager'])
  await grow([adding('third', people.third!, ['frontdesk'], CLERK), 'puppet'])
})
async function grow(...said: [Entry, string][]) {
  for (const [entry, by] of said)
    world.chain = await say(world.clinicId, world.statements, entry, signerOf(people[by]!))
  return world.chain
}
/** The chain as it would be, without being kept. */
async function imagine(...said: [Entry, string][]): Promise<Chain> {
  const statements = [...world.statements]
  let { chain } = world
  for (const [entry, by] of said) chain = await say(world.clinicId, statements, entry, signerOf(people[by]!))
  return chain
}
const changing = (memberId: string, roles: string[], groups: Group[]): Entry => ({
  ...{ kind: 'member-changed', memberId, roles, groups },
})
const voices = (chain: Chain) =>
  Object.fromEntries(currentMembers(chain).map(({ memberId, voice }) => [memberId, voice]))

// Defence: voiceOfNewcomer and voiceOfOfficer (voices.ts).
test('attack 7: who was let in by one person alone speaks in their name, until a second one gives them the role', async () => {
  const now = voices(world.chain)
  expect(now).toEqual({
    ...{ [OWNER]: OWNER, [DESK]: DESK },
    ...{ manager: 'manager', puppet: 'manager', clerk: 'manager', third: 'manager' },
  })
  const makeClerk = changing('clerk', ['admin'], ADMIN)
  const makeDesk = changing(DESK, ['admin'], ADMIN)
  expect(voices(await imagine([makeClerk, 'manager']))).toEqual(now)
  expect(voices(await imagine([makeClerk, 'puppet']))).toEqual(now)
  expect(voices(await imagine([makeClerk, OWNER]))).toEqual({ ...now, clerk: 'clerk' })
  // Whom the founder let in is somebody, whoever gives them the role; and they are a second one.
  expect(voices(await imagine([makeDesk, 'manager'], [makeClerk, DESK]))).toEqual({ ...now, clerk: 'clerk' })
  // To take a role away, or to give another, is nobody's word for them.
  const back = changing('puppet', ['frontdesk'], CLERK)
  expect(voices(await imagine([back, OWNER]))).toEqual(now)
  expect(voices(await imagine([back, OWNER], [changing('puppet', ['admin'], ADMIN), 'manager']))).toEqual(now)
})

const own = (name: string) => ({ memberId: name, pair: people[name]!.dh, public: people[name]!.public.dh })
const shareOf = (shares: SealedShare[], name: string) => shares.find((each) => each.memberId === name)!
const make = (chain: Chain, by: Keys) => makeEmergencyKey(chain, { patientId: 'p1', epoch: 1 }, signerOf(by))

// Defence: voicesOf in makeEmergencyKey, areTwo in openAnswer (emergency-request.ts).
test('attack 22: an officer and the officers of their making hold one share between them', async () => {
  const { chain, owner } = world
  const { statement, shares } = await make(chain, owner)
  const key = await checkEmergencyKey(chain, 'p1', statement)
  expect(key.current).toBe(true)
  const [first, same, other] = await Promise.all(
    ['manager', 'puppet', OWNER].map((name) => openOwnShare(key, shareOf(shares, name), own(name))),
  )
  expect(equal(first!, same!)).toBe(true)
  expect(await codeOf(combineShares(key, [first!, same!]))).toBe('NOT_VOUCHED')
  for (const half of [first!, same!]) expect(await codeOf(combineShares(key, [half, other!]))).toBe('accepted')

  const oneTime = (await crypto.subtle.generateKey('X25519', false, ['deriveBits'])) as CryptoKeyPair
  const signer = (memberId: string) => ({ memberId, ...signerOf(people[memberId]!) })
  const asked = {
    ...{ clinicId: chain.clinicId, patientId: 'p1', epoch: 1, key: key.public, requestId: 'r1', recordId: null },
    ...{ oneTime: await rawPublic(oneTime), reason: key.public },
  }
  const request = await checkRequest(chain, await signRequest(asked, signer('manager')))
  const byPuppet = await answerRequest(request, key, same!, signer('puppet'))
  expect(await codeOf(openAnswer(chain, request, key, oneTime, byPuppet))).toBe('NOT_VOUCHED')
  const byOwner = await answerRequest(request, key, other!, signer(OWNER))
  expect(await codeOf(openAnswer(chain, request, key, oneTime, byOwner))).toBe('accepted')
})

// Defence: areEnough in makeEmergencyKey and in sameOfficers.
test('attack 22: officers who are all of one making have no emergency key', async () => {
  const few = await imagine([changing(OWNER, ['practitioner'], ['clinical', 'desk']), OWNER])
  expect(await codeOf(make(few, world.owner))).toBe('NO_KEY')
})

// Defence: voiceThen in sameOfficers.
test('a key is out of date once its officers speak in other names', async () => {
  const { statement } = await make(world.chain, world.owner)
  const toggled = await imagine(
    [changing('puppet', ['frontdesk'], CLERK), OWNER],
    [changing('puppet', ['admin'], ADMIN), OWNER],
  )
  expect((await checkEmergencyKey(toggled, 'p1', statement)).current).toBe(false)
  const anew = await make(toggled, world.owner)
  const key = await checkEmergencyKey(toggled, 'p1', anew.statement)
  const halves = ['manager', 'puppet'].map((name) => openOwnShare(key, shareOf(anew.shares, name), own(name)))
  expect(await codeOf(combineShares(key, [await halves[0]!, await halves[1]!]))).toBe('accepted')
})
