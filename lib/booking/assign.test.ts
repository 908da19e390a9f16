// A time that several practitioners have: who gets it is decided with the hold, by whoever asks at once, against a real database.
import { randomBytes, randomUUID } from 'node:crypto'
import { beforeEach, describe, expect, test, vi } from 'vitest'
import { clinicWorld } from '../payment/testing.ts'
import { testDb } from '../server/testing.ts'
import { addDays, dayIn, isoWeekday } from '../time.ts'
import { holdSlot, releaseHold } from './hold.ts'
import { loadSlots } from './slots.ts'
import { anyone, at } from './testing.ts'

vi.setConfig({ testTimeout: 60_000 })
const { admin } = testDb()
const zone = 'Europe/Paris'
const today = dayIn(zone, new Date())
const monday = addDays(today, 15 - isoWeekday(today))
/** Of that week, in half hours from its Monday noon UTC. */
const start = (half: number) => new Date(Date.parse(`${monday}T12:00:00Z`) + half * 1_800_000).toISOString()

let world: Awaited<ReturnType<typeof clinicWorld>>
/** In the order of the list. */
let team: string[]
beforeEach(async () => {
  world = await clinicWorld(admin)
  const { clinicId, serviceId } = world
  team = [world.memberId]
  for (const name of ['Dr Bea', 'Dr Cleo']) {
    const id = randomUUID()
    team.push(id)
    await admin(
      `INSERT INTO member (id, clinic_id, email_index, email_sealed, display_name, roles, status)
       VALUES ($1, $2, $3, $4, $5, '{practitioner}', 'active')`,
      [id, clinicId, randomBytes(32), randomBytes(8), name],
    )
    await admin('INSERT INTO service_practitioner (clinic_id, service_id, member_id) VALUES ($1, $2, $3)', [
      ...[clinicId, serviceId, id],
    ])
    await admin(
      `INSERT INTO weekly_hours (clinic_id, member_id, weekday, start_minute, end_minute)
       SELECT $1, $2, weekday, 0, 1440 FROM generate_series(1, 7) AS weekday`,
      [clinicId, id],
    )
  }
  await decide('turn')
})
const decide = (how: string) =>
  admin('UPDATE service SET assignment = $2::assignment WHERE id = $1', [world.serviceId, how])
const wish = (half: number, memberId: string | null = null) => ({
  ...{ id: randomUUID(), secret: 'x'.repeat(22), clinicId: world.clinicId, serviceId: world.serviceId, memberId },
  startsAt: start(half),
})
/** Who has it, or why nobody. */
async function ask(input: Parameters<typeof holdSlot>[1]): Promise<string> {
  const held = await holdSlot(anyone, input, at())
  return held.ok ? held.value.memberId : held.code
}
const countsOf = (all: readonly string[]) => team.map((id) => all.filter((each) => each === id).length)
async function away(memberId: string, from: string, until: string) {
  await admin('INSERT INTO absence (id, clinic_id, member_id, starts_at, ends_at) VALUES ($1, $2, $3, $4, $5)', [
    randomUUID(),
    world.clinicId,
    memberId,
    from,
    until,
  ])
}

describe('in turn', () => {
  // Defence: the lock of askedFor. Without it those who ask at once count the same, and one gets what is another's.
  test('of many who ask at once for different times, nobody gets two more than another', async () => {
    const got = await Promise.all(Array.from({ length: 14 }, (_, half) => ask(wish(half))))
    const counts = countsOf(got)
    expect(counts.reduce((a, b) => a + b)).toBe(14)
    expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(1)
  })

  test('of many who ask at once for one time, each practitioner gets one, and the others are told that it is taken', async () => {
    const got = await Promise.all(Array.from({ length: 12 }, () => ask(wish(0))))
    expect(countsOf(got)).toEqual([1, 1, 1])
    expect(got.filter((each) => each === 'SLOT_TAKEN')).toHaveLength(9)
  })

  test('whoever is not there, or has enough for the day, is passed over, and comes first when there again', async () => {
    await away(team[0]!, start(0), start(4))
    expect(countsOf([await ask(wish(0)), await ask(wish(1)), await ask(wish(2)), await ask(wish(3))])).toEqual([
      0, 2, 2,
    ])
    expect([await ask(wish(4)), await ask(wish(5))]).toEqual([team[0], team[0]])
    await admin('UPDATE service SET daily_limit = 2 WHERE id = $1', [world.serviceId])
    expect(await ask(wish(6))).toBe('SLOT_TAKEN')
    expect(team).toContain(await ask(wish(48)))
  })

  test('what is counted is the week of the time, not what was before, and nothing that was let go', async () => {
    const lowest = [...team].sort()[0]
    expect(await ask(wish(-7 * 48))).toBe(lowest)
    const one = wish(0)
    expect(await ask(one)).toBe(lowest)
    await releaseHold(anyone, { id: one.id, secret: one.secret })
    const two = wish(1)
    expect(await ask(two)).toBe(lowest)
    // Another time instead of one's own: it is nobody's turn but theirs.
    expect(await ask({ ...wish(2), release: { id: two.id, secret: two.secret } })).toBe(lowest)
  })

  test('sent twice, it is one hold, with the same practitioner', async () => {
    const input = wish(0)
    const who = await ask(input)
    expect(await ask(input)).toBe(who)
    expect(await ask({ ...input, startsAt: start(1) })).toBe('SLOT_TAKEN')
  })
})

test('the first who is free is the first of the list, then the next', async () => {
  await decide('first')
  expect([await ask(wish(0)), await ask(wish(0)), await ask(wish(0)), await ask(wish(0))]).toEqual([
    ...team,
    'SLOT_TAKEN',
  ])
  expect(await ask(wish(1))).toBe(team[0])
})

test('the page shows each time once and nobody’s name; who chose before it was changed is told that it is gone', async () => {
  const { clinicId, serviceId } = world
  const shown = async () => {
    const found = await loadSlots({ clinicId, serviceId, from: monday, days: 1, memberId: team[1]! }, new Date())
    if (!found.ok) throw new Error(found.code)
    return found.value.slots
  }
  expect(new Set((await shown()).map(({ memberId }) => memberId))).toEqual(new Set([null]))
  expect((await shown()).filter(({ startsAt }) => startsAt === start(0))).toHaveLength(1)
  expect(await ask(wish(0, team[1]))).toBe('SLOT_GONE')
  await decide('choose')
  expect(new Set((await shown()).map(({ memberId }) => memberId))).toEqual(new Set([team[1]]))
  expect(await ask(wish(0))).toBe('SLOT_GONE')
  expect(await ask(wish(0, team[1]))).toBe(team[1])
})
