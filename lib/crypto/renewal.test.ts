import fc from 'fast-check'
import { expect, test } from 'vitest'
import { toB64 } from './bytes.ts'
import { type Chain, currentEpochs, currentMembers, verifyChain } from './chain.ts'
import type { Entry } from './chain-statement.ts'
import { newEpoch, openEpochs, sealEpoch } from './epoch.ts'
import type { CryptoError } from './errors.ts'
import type { Keys } from './keys.ts'
import { isOf, managingKind, wholeOf } from './policy.ts'
import { groupRecipients } from './recipients.ts'
import { openRecord, sealRecord } from './record.ts'
import { extendChain } from './renewal.ts'
import { adding, newKeys, newRoot, OWNER, say, signerOf } from './testing.ts'
import type { ChainStatement, EpochGrant, Group, Sealed } from './types.ts'

interface Step {
  kind: 'join' | 'change' | 'remove' | 'renew' | 'write'
  by: number
  who: number
  shape: number
  /** Signed, and never sent: the browser was closed. */
  lost: boolean
}

const clinicId = 'clinic-1'
const own = (index: number) => `00000000-0000-4000-8000-00000000000${index}`
/** What a person may be; the last sees their own patients only. */
const shapes = (index: number): { roles: string[]; groups: Group[] }[] => [
  { roles: ['frontdesk'], groups: ['desk'] },
  { roles: ['practitioner'], groups: ['clinical', 'desk'] },
  { roles: ['admin'], groups: ['desk', 'officers'] },
  { roles: ['admin', 'practitioner'], groups: ['clinical', 'desk', 'officers'] },
  { roles: ['practitioner'], groups: [`clinical:${own(index)}`] },
]

const step: fc.Arbitrary<Step> = fc.record({
  kind: fc.constantFrom('join', 'join', 'change', 'remove', 'renew', 'write', 'write'),
  by: fc.nat(4),
  who: fc.integer({ min: 1, max: 4 }),
  shape: fc.nat(4),
  lost: fc.constantFrom(false, false, false, true),
})

// Defence: `leave` in chain.ts, its line on stale epochs, and the grants that extendChain makes.
test('attack 15: after any joins, changes, removals, renewals and interruptions exactly the right people open each record', async () => {
  const people = await Promise.all(Array.from({ length: 5 }, newKeys))
  const [root, patient] = [await newRoot(), await newKeys()]
  const founding: ChainStatement[] = []
  const foundingGrants: EpochGrant[] = []
  const groups: Group[] = ['clinical', 'desk', 'officers']
  await say(clinicId, founding, { kind: 'genesis', root: root.public }, root)
  await say(clinicId, founding, adding(OWNER, people[0]!, ['admin', 'practitioner'], groups), root)
  for (const group of groups) {
    const { secret, public: key } = await newEpoch()
    await say(clinicId, founding, { kind: 'epoch', group, epoch: 1, key }, signerOf(people[0]!))
    foundingGrants.push(await sealEpoch(clinicId, { group, epoch: 1, key }, secret, people[0]!.public.dh))
  }
  const idOf = (index: number) => (index ? own(index) : OWNER)

  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 3, maxLength: 9 }), async (steps) => {
      const statements = [...founding]
      const epochGrants = [...foundingGrants]
      let chain: Chain = await verifyChain(clinicId, statements)
      const present = (index: number) => currentMembers(chain).find((member) => member.memberId === idOf(index))
      const maker = async (index: number) => {
        const keys = people[index]!
        const me = { public: keys.public.dh, pair: keys.dh }
        const held = [me, ...(await openEpochs(chain, epochGrants, me))]
        return { memberId: idOf(index), sign: signerOf(keys), held, epochGrants }
      }
      /** Who was ever in which group, told in epochs: person to group to the newest epoch that was theirs. */
      const theirs = people.map(() => new Map<Group, number>())
      const written: { sealed: Sealed; readers: Set<string>; group: Group; since: Set<string> }[] = []
      const note = () => {
        for (const { group, since } of written)
          for (const { memberId, groups: are } of currentMembers(chain)) if (isOf(are, group)) since.add(memberId)
        for (const epoch of currentEpochs(chain)) {
          if (epoch.stale) continue
          for (const [index, held] of theirs.entries())
            if (present(index)?.groups.includes(epoch.group)) held.set(epoch.group, epoch.epoch)
        }
      }
      note()
      const gone = new Set<number>()
      for (const { kind, by, who, shape, lost } of steps) {
        if (kind === 'write') {
          for (const group of [
            ...new Set<Group>(['desk', 'clinical', ...currentMembers(chain).flatMap((m) => m.groups)]),
          ]) {
            if (wholeOf(group) === 'officers') continue
            const type = wholeOf(group) === 'desk' ? ('identity' as const) : ('reason' as const)
            expect(managingKind[type]).toBe(wholeOf(group))
            const ids = { clinicId, patientId: 'p1', recordId: crypto.randomUUID(), revision: 1, previous: null }
            const sealed = await sealRecord(
              { ...ids, type, managing: group, chainHead: chain.head, schema: 1 },
              { said: 'words' },
              groupRecipients(chain, [group]),
              { sign: patient.sign.privateKey, keys: patient.public },
            )
            // Those who are in the group now, whatever comes.
            const readers = new Set(
              people
                .map((_, index) => index)
                .filter((index) => present(index)?.groups.includes(group))
                .map(idOf),
            )
            written.push({ sealed, readers, group, since: new Set() })
            note()
          }
          continue
        }
        // Nobody comes back under keys that were theirs before.
        if (kind === 'join' && (present(who) || gone.has(who))) continue
        const entry: Entry | null =
          kind === 'join'
            ? adding(idOf(who), people[who]!, shapes(who)[shape]!.roles, shapes(who)[shape]!.groups)
            : kind === 'change'
              ? { kind: 'member-changed', memberId: idOf(who), ...shapes(who)[shape]! }
              : kind === 'remove'
                ? { kind: 'member-removed', memberId: idOf(who) }
                : null
        const extended = await extendChain(clinicId, statements, entry, await maker(by)).catch((error: unknown) => {
          // Refused by the rules of the chain, never for want of a key.
          expect((error as CryptoError).code).toBe('CHAIN_INVALID')
          return null
        })
        if (!extended || lost) continue
        statements.push(...extended.statements)
        epochGrants.push(...extended.epochGrants)
        chain = await verifyChain(clinicId, statements)
        if (kind === 'remove') gone.add(who)
        note()
      }
      for (const { sealed, readers, since } of written) {
        const group = JSON.parse(JSON.stringify(sealed.grants.map(({ recipient }) => recipient))) as {
          kind: string
          id: Group
          epoch: number
        }[]
        for (const [index, keys] of people.entries()) {
          const mine = { public: keys.public.dh, pair: keys.dh }
          // Everything that the database holds, whoever it was sealed to.
          const epochs = await openEpochs(chain, epochGrants, mine)
          const opened = await openRecord(sealed, {
            chain,
            trustPatient: () => 'own',
            keysFor: ({ key }) => [...epochs, mine].find((each) => toB64(each.public) === key)?.pair ?? null,
          }).then(
            () => true,
            () => false,
          )
          const byEpoch = group.some(
            ({ kind, id, epoch }) =>
              kind === 'group' &&
              ((theirs[index]!.get(id) ?? 0) >= epoch ||
                (id !== wholeOf(id) && reachesScope(chain, theirs[index]!, id, epoch))),
          )
          const byOwnKey = group.some(({ kind, id }) => kind === 'member' && (id as string) === idOf(index))
          expect(opened, `${idOf(index)} and ${JSON.stringify(group)}`).toBe(byEpoch || byOwnKey)
          // And in plain words: who is in the group when it is written reads it, always.
          if (readers.has(idOf(index))) expect(opened).toBe(true)
          // Who was of it neither then nor later opens nothing of it.
          if (!since.has(idOf(index))) expect(opened).toBe(false)
        }
      }
    }),
    { numRuns: 40 },
  )
}, 120_000)

/** A scope's epoch is sealed to the clinic-wide epoch of its day: whoever holds that one or a later one reaches it, and its past. */
function reachesScope(chain: Chain, held: Map<Group, number>, scope: Group, epoch: number): boolean {
  const whole = wholeOf(scope)
  return chain.epochs.some((each) => {
    if (each.group !== scope || each.epoch < epoch) return false
    const then = chain.epochs.findLast((one) => one.group === whole && one.since < each.since)!
    return (held.get(whole) ?? 0) >= then.epoch
  })
}

// Defence: the line on stale epochs in groupRecipients.
test('attack 15: an officer outside a group takes somebody out of it, and leaves its key to those who are in', async () => {
  const [owner, officer, doctor, keys] = [await newKeys(), await newKeys(), await newKeys(), await newKeys()]
  const root = await newRoot()
  const statements: ChainStatement[] = []
  await say(clinicId, statements, { kind: 'genesis', root: root.public }, root)
  await say(
    clinicId,
    statements,
    adding(OWNER, owner, ['admin', 'practitioner'], ['clinical', 'desk', 'officers']),
    root,
  )
  const handOn = async (maker: Keys, memberId: string, entry: Entry | null, epochGrants: EpochGrant[]) => {
    const mine = { public: maker.public.dh, pair: maker.dh }
    const held = [mine, ...(await openEpochs(await verifyChain(clinicId, statements), epochGrants, mine))]
    const made = await extendChain(clinicId, statements, entry, { memberId, sign: signerOf(maker), held, epochGrants })
    statements.push(...made.statements)
    epochGrants.push(...made.epochGrants)
    return verifyChain(clinicId, statements)
  }
  const grants: EpochGrant[] = []
  await handOn(owner, OWNER, null, grants)
  await handOn(owner, OWNER, adding('officer', officer, ['admin'], ['desk', 'officers']), grants)
  await handOn(owner, OWNER, adding('doctor', doctor, ['practitioner'], ['clinical', 'desk']), grants)
  await handOn(owner, OWNER, adding('locum', keys, ['practitioner'], ['clinical', 'desk']), grants)
  const removed = await handOn(officer, 'officer', { kind: 'member-removed', memberId: 'locum' }, grants)
  const stale = (chain: Chain) => currentEpochs(chain).flatMap((epoch) => (epoch.stale ? [epoch.group] : []))
  expect(stale(removed)).toEqual(['clinical'])
  expect(groupRecipients(removed, ['clinical']).map(({ kind, id }) => [kind, id])).toEqual([
    ['member', OWNER],
    ['member', 'doctor'],
  ])
  expect(stale(await handOn(doctor, 'doctor', null, grants))).toEqual([])
})
