import { randomUUID } from 'node:crypto'
import { beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { clinicWorld } from '../payment/testing.ts'
import type { Ctx } from '../server/action.ts'
import { testDb } from '../server/testing.ts'
import { inClinic } from '../server/tx.ts'
import { bookingJobs, holdSlot, releaseHold, renewHold } from './hold.ts'
import { loadSlots } from './slots.ts'
import * as store from './store.ts'

const { admin } = testDb()
const anyone = { kind: 'public' } as const
const at = (now = new Date()) =>
  ({ now, ip: randomUUID(), locale: 'en', requestId: '', userAgent: '', setCookie: () => undefined }) as Ctx
const later = (minutes: number) => at(new Date(Date.now() + minutes * 60_000))

let world: Awaited<ReturnType<typeof clinicWorld>>
let other: typeof world
let day = 1
beforeAll(async () => {
  world = await clinicWorld(admin)
  other = await clinicWorld(admin)
})
beforeEach(() => {
  day += 1
})

/** A start of today plus so many days, half past nine in Paris. */
async function slot() {
  const from = new Date(Date.now() + day * 86_400_000).toISOString().slice(0, 10)
  const found = await loadSlots({ clinicId: world.clinicId, serviceId: world.serviceId, from, days: 1 }, new Date())
  if (!found.ok) throw new Error(found.code)
  return found.value.slots[10]!
}
const ask = async (given?: Awaited<ReturnType<typeof slot>>) => {
  const { startsAt, memberId } = given ?? (await slot())
  return {
    id: randomUUID(),
    secret: 'x'.repeat(22),
    clinicId: world.clinicId,
    serviceId: world.serviceId,
    memberId,
    startsAt,
  }
}
const statusOf = async (id: string) =>
  (await admin<{ status: string }>('SELECT status FROM appointment WHERE id = $1', [id]))[0]?.status

describe('a hold', () => {
  it('sent twice is one', async () => {
    const input = await ask()
    const now = at()
    const first = await holdSlot(anyone, input, now)
    expect(first).toMatchObject({ ok: true })
    expect(await holdSlot(anyone, input, now)).toEqual(first)
  })

  // Fails when insertHold leaves the rate to the service as it is later.
  it('fixes the price and the tax that it includes', async () => {
    const input = await ask()
    await admin('UPDATE service SET tax_rate = 20000 WHERE id = $1', [world.serviceId])
    await holdSlot(anyone, input, at())
    await admin('UPDATE service SET tax_rate = 0, price_minor = 9900 WHERE id = $1', [world.serviceId])
    const fixed = 'SELECT price_minor AS price, tax_rate AS rate FROM appointment WHERE id = $1'
    expect(await admin(fixed, [input.id])).toEqual([{ price: 4500, rate: 20_000 }])
    await admin('UPDATE service SET price_minor = 4500 WHERE id = $1', [world.serviceId])
  })

  it('keeps everybody else off, and shows the time as taken', async () => {
    const input = await ask()
    await holdSlot(anyone, input, at())
    expect(await holdSlot(anyone, { ...input, id: randomUUID() }, at())).toEqual({ ok: false, code: 'SLOT_TAKEN' })
    expect((await slot()).startsAt).not.toBe(input.startsAt)
  })

  it('that ran out is free for the next, before any job has run', async () => {
    const input = await ask()
    await holdSlot(anyone, input, at())
    const next = { ...input, id: randomUUID() }
    expect(await holdSlot(anyone, next, later(11))).toMatchObject({ ok: true })
    expect(await statusOf(input.id)).toBe('expired')
    expect(await renewHold(anyone, { id: input.id, secret: input.secret }, later(11))).toEqual({
      ok: false,
      code: 'HOLD_EXPIRED',
    })
  })

  it('is renewed, half an hour in all', async () => {
    const input = await ask()
    const held = await holdSlot(anyone, input, at())
    const renewed = await renewHold(anyone, input, later(9))
    if (!held.ok || !renewed.ok) throw new Error('no hold')
    expect(renewed.value.heldUntil > held.value.heldUntil).toBe(true)
    await renewHold(anyone, input, later(18))
    const last = await renewHold(anyone, input, later(27))
    expect(last.ok && last.value.heldUntil).toBe(held.value.longestUntil)
  })

  it('is moved to another time by whoever holds it, and by nobody else', async () => {
    const first = await ask()
    await holdSlot(anyone, first, at())
    const stolen = await ask()
    await holdSlot(anyone, { ...stolen, release: { id: first.id, secret: 'y'.repeat(22) } }, at())
    expect(await statusOf(first.id)).toBe('held')
    await holdSlot(anyone, { ...(await ask()), release: { id: first.id, secret: first.secret } }, at())
    expect(await statusOf(first.id)).toBe('expired')
  })

  it('is let go by its secret alone', async () => {
    const input = await ask()
    await holdSlot(anyone, input, at())
    expect(await releaseHold(anyone, { id: input.id, secret: 'y'.repeat(22) })).toEqual({
      ok: false,
      code: 'NOT_FOUND',
    })
    expect(await statusOf(input.id)).toBe('held')
    await releaseHold(anyone, input)
    expect(await statusOf(input.id)).toBe('expired')
  })

  it.each([
    [
      'a time that is not offered',
      async () => ({ ...(await ask()), startsAt: '2027-01-01T00:07:00.000Z' }),
      'SLOT_GONE',
    ],
    ['a time that is over', async () => ({ ...(await ask()), startsAt: '2020-01-06T09:00:00.000Z' }), 'SLOT_GONE'],
    ['a practitioner who does not offer it', async () => ({ ...(await ask()), memberId: other.memberId }), 'NOT_FOUND'],
    ["another clinic's service", async () => ({ ...(await ask()), serviceId: other.serviceId }), 'NOT_FOUND'],
    ['a clinic that is none', async () => ({ ...(await ask()), clinicId: randomUUID() }), 'NOT_FOUND'],
  ])('of %s is refused', async (_, input, code) => {
    expect(await holdSlot(anyone, await input(), at())).toEqual({ ok: false, code })
  })

  it('that ran out is ended by the worker', async () => {
    const input = await ask()
    await holdSlot(anyone, input, at())
    await admin("UPDATE appointment SET held_until = now() - interval '1 minute' WHERE id = $1", [input.id])
    await bookingJobs.handlers['holds.lapse']({}, '')
    expect(await statusOf(input.id)).toBe('expired')
  })
})

// Without FORCE ROW LEVEL SECURITY and the policy "tenant" (prisma/migrations/0001_init) these would find and change the row.
describe("attack 17: another clinic's actor", () => {
  it('reads and writes no appointment, whatever id is given', async () => {
    const input = await ask()
    await holdSlot(anyone, input, at())
    await inClinic(other.clinicId, async (tx) => {
      expect(await store.findAppointment(tx, input.id)).toBeNull()
      expect(await store.lockAppointment(tx, input.id)).toBeNull()
      expect(await store.findPatientKeys(tx, randomUUID())).toBeNull()
      expect(
        (
          await store.listBusy(tx, [world.memberId], { from: new Date(0), until: new Date('2100-01-01') }, new Date())
        ).get(world.memberId),
      ).toEqual([])
      expect(
        await store.lapseInTheWay(tx, world.memberId, new Date(0), new Date('2100-01-01'), new Date('2100-01-01')),
      ).toEqual([])
    })
    await expect(
      inClinic(other.clinicId, (tx) => store.updateAppointment(tx, input.id, { status: 'cancelled' })),
    ).rejects.toThrow()
    expect(await statusOf(input.id)).toBe('held')
  })
})
