import fc from 'fast-check'
import { beforeAll, expect, test } from 'vitest'
import { appendStatement, type Chain, currentEpochs, currentMembers, verifyChain } from './chain.ts'
import type { Entry } from './chain-statement.ts'
import { newEpoch } from './epoch.ts'
import { roleNames } from './policy.ts'
import { adding, codeOf, newKeys, OWNER, say, type Signer, signerOf, testClinic, type TestClinic } from './testing.ts'
import type { Keys } from './keys.ts'
import type { ChainStatement, Group } from './types.ts'

interface Step {
  kind: string
  signer: number
  who: number
  id: string
  roles: string[]
  groups: Group[]
  group: Group
}

const clinicId = 'clinic-1'
const OFFICER = 'officer-1'
/** A clinic with a second admin, who is no practitioner. */
let world: TestClinic
let officer: Keys
let statements: ChainStatement[]
let chain: Chain

beforeAll(async () => {
  world = await testClinic(clinicId)
  officer = await newKeys()
  statements = [...world.statements]
  chain = await say(
    clinicId,
    statements,
    adding(OFFICER, officer, ['admin'], ['desk', 'officers']),
    signerOf(world.owner),
  )
})

const attempt = (entry: Entry, signer: Signer) => codeOf(appendStatement(chain, clinicId, entry, signer))

// Defence: checkEntered in apply (chain.ts), its first comparison.
test('attack 7: an officer outside clinical lets nobody into it, neither a puppet nor themselves', async () => {
  const puppet = adding('puppet', await newKeys(), ['practitioner'], ['clinical', 'desk'])
  const promoted: Entry = {
    kind: 'member-changed',
    memberId: OFFICER,
    roles: ['admin', 'practitioner'],
    groups: ['clinical', 'desk', 'officers'],
  }
  for (const entry of [puppet, promoted]) {
    expect(await attempt(entry, signerOf(officer))).toBe('CHAIN_INVALID')
    expect(await attempt(entry, signerOf(world.owner))).toBe('accepted')
    expect(await attempt(entry, world.root)).toBe('accepted')
  }
  expect(await attempt(adding('clerk', await newKeys(), ['frontdesk'], ['desk']), signerOf(officer))).toBe('accepted')
})

// Defence: checkPractitioner in chain.ts. A patient's browser would take such a one for a practitioner in a call.
test('attack 7: an officer outside clinical makes no practitioner without its group either', async () => {
  const bare = adding('puppet', await newKeys(), ['practitioner'], ['desk'])
  expect(await attempt(bare, signerOf(officer))).toBe('CHAIN_INVALID')
  const self: Entry = {
    kind: 'member-changed',
    memberId: OFFICER,
    roles: ['admin', 'practitioner'],
    groups: ['desk', 'officers'],
  }
  expect(await attempt(self, signerOf(officer))).toBe('CHAIN_INVALID')
})

// Defence: the line on stale epochs in apply (chain.ts).
test('attack 7: a group’s key is replaced after a removal alone, by one of the group', async () => {
  const rotated = async (group: Group): Promise<Entry> => ({
    kind: 'epoch',
    group,
    epoch: 2,
    key: (await newEpoch()).public,
  })
  expect(await attempt(await rotated('desk'), signerOf(officer))).toBe('CHAIN_INVALID')
  expect(await attempt(await rotated('clinical'), signerOf(world.owner))).toBe('CHAIN_INVALID')
  const more = [...statements]
  const doctor = adding('doctor', await newKeys(), ['practitioner'], ['clinical', 'desk'])
  await say(clinicId, more, doctor, signerOf(world.owner))
  const removed = await say(clinicId, more, { kind: 'member-removed', memberId: OWNER }, signerOf(officer))
  const byOfficer = appendStatement(removed, clinicId, await rotated('clinical'), signerOf(officer))
  expect(await codeOf(byOfficer)).toBe('CHAIN_INVALID')
})

// Defence: checkEntered and the rules on epochs in apply (chain.ts), whatever comes before and after.
test('attack 7: whatever is signed in whatever order, nobody gets into a group without one of it, or root', async () => {
  const people = await Promise.all(Array.from({ length: 5 }, newKeys))
  const epochKeys = await Promise.all(Array.from({ length: 12 }, newEpoch))
  const signers = [world.root, ...[world.owner, world.desk, officer, ...people].map(signerOf)]
  const ids = [OWNER, OFFICER, ...people.map((_, index) => `person-${index}`)]
  const groups: Group[] = ['clinical', 'desk']
  const step: fc.Arbitrary<Step> = fc.record({
    kind: fc.constantFrom('member-added', 'member-added', 'member-changed', 'member-removed', 'epoch'),
    // Officers and those let in by them more often than those whose word counts in any case.
    signer: fc.constantFrom(0, 1, 2, 3, 3, 3, 4, 4, 5, 6, 7, 8),
    who: fc.nat(people.length - 1),
    id: fc.constantFrom(...ids),
    roles: fc.subarray([...roleNames], { minLength: 1 }),
    groups: fc.subarray(groups),
    group: fc.constantFrom(...groups),
  })
  const entryOf = (one: Step, at: Chain, count: number): Entry => {
    if (one.kind === 'member-added') return adding(`person-${one.who}`, people[one.who]!, one.roles, one.groups)
    if (one.kind === 'member-changed')
      return { kind: 'member-changed', memberId: one.id, roles: one.roles, groups: one.groups }
    if (one.kind === 'member-removed') return { kind: 'member-removed', memberId: one.id }
    const epoch = (currentEpochs(at).find((each) => each.group === one.group)?.epoch ?? 0) + 1
    return { kind: 'epoch', group: one.group, epoch, key: epochKeys[count]!.public }
  }
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 10 }), async (steps) => {
      let now = chain
      const said = [...statements]
      for (const [count, one] of steps.entries()) {
        const signer = signers[one.signer]!
        const statement = await appendStatement(now, clinicId, entryOf(one, now, count), signer).catch(() => null)
        if (!statement) continue
        said.push(statement)
        const next = await verifyChain(clinicId, said)
        const was = (group: Group) => currentMembers(now).filter((member) => member.groups.includes(group))
        for (const group of groups) {
          const before = was(group).map(({ memberId }) => memberId)
          const entered = currentMembers(next).filter(
            (member) => member.groups.includes(group) && !before.includes(member.memberId),
          )
          const mayOpen = one.signer === 0 || was(group).some(({ keys }) => keys.sign.join() === signer.public.join())
          if (entered.length) expect(mayOpen, `into ${group}`).toBe(true)
          const [old, new_] = [now, next].map((each) => currentEpochs(each).find((epoch) => epoch.group === group)!)
          if (old!.epoch !== new_!.epoch)
            expect(mayOpen && one.signer !== 0 && old!.stale, `key of ${group}`).toBe(true)
        }
        now = next
      }
    }),
    { numRuns: 150 },
  )
}, 60_000)
