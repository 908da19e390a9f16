// Times that were free already when somebody asked: they could have had these, and wait for others.
import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, expect, it, vi } from 'vitest'
import { cancelByClinic } from '../booking/cancel'
import { holdSlot } from '../booking/hold'
import { testDb } from '../server/testing'
import * as desk from './desk'
import * as flow from './flow'
import { anyone, ctx, dayAfter, mailServer, newSecret, waitingWorld } from './testing'

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 })
const { admin } = testDb()

let mails: Awaited<ReturnType<typeof mailServer>>
let world: Awaited<ReturnType<typeof waitingWorld>>
beforeAll(async () => {
  mails = await mailServer()
  process.env.SMTP_URL = mails.url
})
afterAll(() => mails.close())
beforeEach(async () => {
  await admin('DELETE FROM pgboss.job')
  await admin('DELETE FROM rate_limit')
  mails.taken.length = 0
  world = await waitingWorld(admin)
})

/** Somebody else has the one time of that day. */
async function taken(days: number) {
  const startsAt = `${dayAfter(world.now, days)}T10:30:00.000Z`
  const { appointmentId: id } = await world.waiting({
    ...{ status: 'booked', payment: 'none', startsAt: new Date(startsAt) },
  })
  const owner = {
    ...{ kind: 'staff' as const, clinicId: world.clinicId, memberId: world.memberId, sessionId: '' },
    roles: ['admin' as const],
  }
  return { owner, cancel: () => cancelByClinic(owner, { id, startsAt }, { now: world.now }) }
}
const days = async () => (await world.offers()).map(({ day }) => day)
const confirm = async (id: string) => flow.confirm(anyone, await world.linkOf(id), ctx(world.now))
const before = async (id: string) =>
  (await admin<{ free: Date[] }>('SELECT free_before AS free FROM waitlist_entry WHERE id = $1', [id]))[0]!.free.length

it('are not offered, and do not end the waiting; what becomes free is', async () => {
  const { now } = world
  const visit = await taken(2)
  const { id } = await world.ask('ada@example.org', { first: 1, last: 3 })
  await confirm(id)
  for (let each = 0; each < 3; each++) await world.work(now)
  expect(await days()).toEqual([])
  await visit.cancel()
  await world.work(now)
  expect(await days()).toEqual([dayAfter(now, 2)])
  expect(await before(id)).toBe(2)
})

it('are offered when they were taken meanwhile and are free again', async () => {
  const { now } = world
  const { id } = await world.ask('ada@example.org', { first: 1, last: 2 })
  await confirm(id)
  const visit = await taken(1)
  await world.work(now)
  expect(await before(id)).toBe(1)
  await visit.cancel()
  await world.work(now)
  expect(await days()).toEqual([dayAfter(now, 1)])
})

it('are those of the moment in which they asked, not of the later one in which the link was opened', async () => {
  const { now } = world
  const visit = await taken(1)
  const { id } = await world.ask('ada@example.org', { first: 1, last: 2 })
  await visit.cancel()
  await confirm(id)
  await world.work(now)
  expect(await days()).toEqual([dayAfter(now, 1)])
})

// Defences: `isHeldFree` in `makePlan` and in `freeBefore`; `offered` in `freeBefore`.
it('are so though somebody looks at them meanwhile, or looked at them before they asked; but not what was kept for another', async () => {
  const { now, clinicId, serviceId, memberId } = world
  const look = (days: number) => {
    const slot = { startsAt: `${dayAfter(now, days)}T10:30:00.000Z`, memberId, siteId: null }
    return holdSlot(anyone, { id: randomUUID(), secret: newSecret(), clinicId, serviceId, ...slot }, ctx(now))
  }
  expect(await look(1)).toMatchObject({ ok: true })
  const { id } = await world.ask('ada@example.org', { first: 1, last: 2 })
  await confirm(id)
  expect(await look(2)).toMatchObject({ ok: true })
  await world.work(now)
  const later = new Date(now.getTime() + 30 * 60_000)
  await world.work(later)
  expect([await days(), await before(id)]).toEqual([[], 2])
  // Kept for somebody before: whoever asks then was not shown it, and is next.
  const visit = await taken(3)
  const first = await world.waits('first@example.org', { first: 3, last: 3 })
  await visit.cancel()
  await world.work(now)
  expect(await days()).toEqual([dayAfter(now, 3)])
  const second = await world.ask('second@example.org', { first: 3, last: 3 })
  expect(await before(second.id)).toBe(0)
  await flow.leave(anyone, first, ctx(now))
  await confirm(second.id)
  await world.work(now)
  expect(await days()).toEqual([dayAfter(now, 3), dayAfter(now, 3)])
})

it('are kept in mind of a caller too, and forgotten with the rest of it', async () => {
  const { now, serviceId } = world
  const visit = await taken(1)
  const id = randomUUID()
  const caller = {
    ...{ id, serviceId, memberId: null, siteId: null, firstDay: dayAfter(now, 1), lastDay: dayAfter(now, 2) },
    ...{ parts: ['morning' as const], email: 'caller@example.org', phone: '', locale: 'en' as const },
  }
  expect(await desk.add(visit.owner, caller, { now })).toEqual({ ok: true, value: { added: true } })
  await world.work(now)
  expect([await days(), await before(id)]).toEqual([[], 1])
  await flow.leave(anyone, await world.linkOf(id), ctx(now))
  expect(await before(id)).toBe(0)
})
