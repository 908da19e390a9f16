// A place of a group that becomes free is offered to who waits, one place to one person.
import { randomUUID } from 'node:crypto'
import { expect, test, vi } from 'vitest'
import { holdSlot } from '../booking/hold.ts'
import { testDb } from '../server/testing.ts'
import { anyone, ctx, dayAfter, newSecret, waitingWorld } from './testing.ts'

vi.setConfig({ testTimeout: 60_000 })
const { admin } = testDb()

test('one place that is given back is offered to the first who waits, the next one to the next', async () => {
  const world = await waitingWorld(admin)
  const { clinicId, serviceId, memberId, now } = world
  await admin(
    `UPDATE service SET places = 2, way = 'in_person', payment_mode = 'free', price_minor = 0 WHERE id = $1`,
    [serviceId],
  )
  const startsAt = `${dayAfter(now, 1)}T10:30:00.000Z`
  const take = async () => {
    const id = randomUUID()
    const wish = { id, secret: newSecret(), clinicId, serviceId, memberId, startsAt }
    expect(await holdSlot(anyone, wish, ctx(now))).toMatchObject({ ok: true })
    await admin(`UPDATE appointment SET status = 'booked' WHERE id = $1`, [id])
    return id
  }
  const [first, second] = [await take(), await take()]
  const [ada, ben] = [await world.waits('ada@example.org'), await world.waits('ben@example.org')]
  await world.work(now)
  expect(await world.offers()).toEqual([])
  await admin(`UPDATE appointment SET status = 'cancelled' WHERE id = $1`, [first])
  await world.work(now)
  const offered = async () => (await world.offers()).map(({ entry, outcome }) => [entry, outcome])
  expect(await offered()).toEqual([[ada.id, null]])
  // It is kept for her: nobody else is offered it, nor finds it.
  await world.work(now)
  expect(await offered()).toHaveLength(1)
  const other = { id: randomUUID(), secret: newSecret(), clinicId, serviceId, memberId, startsAt }
  expect(await holdSlot(anyone, other, ctx(now))).toMatchObject({ code: 'SLOT_TAKEN' })
  await admin(`UPDATE appointment SET status = 'cancelled' WHERE id = $1`, [second])
  await world.work(now)
  expect(new Map((await offered()) as [string, null][])).toEqual(
    new Map([
      [ada.id, null],
      [ben.id, null],
    ]),
  )
})
