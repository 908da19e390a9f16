// Scopes in the chain: a site's groups, and those of who sees their own patients only.
import { beforeEach, describe, expect, test } from 'vitest'
import { currentEpochs } from './chain.ts'
import { newEpoch } from './epoch.ts'
import { adding, codeOf, DESK, newKeys, say, signerOf, testClinic, type TestClinic } from './testing.ts'
import type { Group } from './types.ts'

const clinicId = 'clinic-1'
const [here, there] = [crypto.randomUUID(), crypto.randomUUID()]
const scope: Group = `desk:${here}`
let world: TestClinic
beforeEach(async () => {
  world = await testClinic(clinicId)
})
const ownerSays = (entry: Parameters<typeof say>[2]) => say(clinicId, world.statements, entry, signerOf(world.owner))
const epoch = async (group: Group, number: number) =>
  ({ kind: 'epoch', group, epoch: number, key: (await newEpoch()).public }) as const

describe('attack 17: a scope', () => {
  // Defence: `!author || !isOf(author.groups, group)` in apply (chain.ts).
  test('gets its key from who is of it, and from nobody of another', async () => {
    const [one, other] = [await newKeys(), await newKeys()]
    await ownerSays(adding('at-one', one, ['frontdesk'], [scope]))
    await ownerSays(adding('at-other', other, ['frontdesk'], [`desk:${there}`]))
    const first = await epoch(scope, 1)
    expect(await codeOf(say(clinicId, world.statements, first, signerOf(other)))).toBe('CHAIN_INVALID')
    await say(clinicId, world.statements, first, signerOf(one))
  })

  // Defence: checkEntered in apply: whoever signs is of every group that somebody enters.
  test('is entered by nobody whom somebody outside lets in, themselves included', async () => {
    const one = await newKeys()
    await ownerSays(adding('at-one', one, ['frontdesk', 'admin'], [`desk:${there}`, 'officers']))
    const own = { kind: 'member-changed', memberId: 'at-one', roles: ['frontdesk', 'admin'] } as const
    const more = { ...own, roles: [...own.roles], groups: [`desk:${there}`, scope, 'officers'] as Group[] }
    expect(await codeOf(say(clinicId, world.statements, more, signerOf(one)))).toBe('CHAIN_INVALID')
    await ownerSays(more)
  })

  // Defences: isOf in leave (chain.ts), and the line on stale clinic-wide epochs in apply.
  test('has a stale key once somebody left the clinic-wide group of its kind, and waits for that one’s next', async () => {
    await ownerSays(adding('at-one', await newKeys(), ['frontdesk'], [scope]))
    await ownerSays(await epoch(scope, 1))
    const stale = (chain: Awaited<ReturnType<typeof ownerSays>>) =>
      currentEpochs(chain).flatMap((each) => (each.stale ? [each.group] : []))
    expect(stale(await ownerSays({ kind: 'member-removed', memberId: DESK }))).toEqual(['desk', scope])
    const next = await epoch(scope, 2)
    expect(await codeOf(ownerSays(next))).toBe('CHAIN_INVALID')
    await ownerSays(await epoch('desk', 2))
    expect(stale(await ownerSays(next))).toEqual([])
  })

  test('that somebody left is stale alone', async () => {
    await ownerSays(adding('at-one', await newKeys(), ['frontdesk'], [scope]))
    await ownerSays(adding('stays', await newKeys(), ['frontdesk'], [scope]))
    await ownerSays(await epoch(scope, 1))
    const moved = {
      kind: 'member-changed',
      memberId: 'at-one',
      roles: ['frontdesk'],
      groups: [`desk:${there}`],
    } as const
    const chain = await ownerSays({ ...moved, roles: [...moved.roles], groups: [...moved.groups] })
    expect(currentEpochs(chain).flatMap((each) => (each.stale ? [each.group] : []))).toEqual([scope])
  })
})
