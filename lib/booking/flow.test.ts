import { randomUUID } from 'node:crypto'
import { beforeAll, describe, expect, test } from 'vitest'
import { clinicWorld } from '../payment/testing.ts'
import { testDb } from '../server/testing.ts'
import { holdSlot, loadSlots } from './hold.ts'
import { bookingsADay, holdsAnHour } from './rules.ts'
import { anyone, at, bookAs, testDevice } from './testing.ts'

const { admin } = testDb()
let world: Awaited<ReturnType<typeof clinicWorld>>
beforeAll(async () => {
  world = await clinicWorld(admin)
  await admin(`UPDATE service SET payment_mode = 'free', price_minor = 0`)
})

describe('what a stranger can fill', () => {
  // Defence: the limit `book-email`. Without it anybody mails anybody, as often as there are addresses to ask from.
  test('with one e-mail address ends after ten bookings a day, from wherever they come', async () => {
    const email = 'somebody.else@example.org'
    for (let booked = 0; booked < bookingsADay.points; booked++)
      expect(await bookAs(world, await testDevice(), { email })).toMatchObject({ ok: true })
    expect(await bookAs(world, await testDevice(), { email })).toMatchObject({ ok: false, code: 'TOO_MANY' })
    expect(await bookAs(world, await testDevice(), { email: 'other@example.org' })).toMatchObject({ ok: true })
  })

  // Defence: the limit `hold-clinic`.
  test('of one clinic’s calendar from one address is bounded; another clinic’s is another matter', async () => {
    const other = await clinicWorld(admin)
    const [ip, now] = [randomUUID(), new Date()]
    const hold = async ({ clinicId, serviceId }: typeof world) => {
      const found = await loadSlots({ clinicId, serviceId, from: now.toISOString().slice(0, 10), days: 4 }, now)
      if (!found.ok) throw new Error(found.code)
      const ids = { id: randomUUID(), secret: 'x'.repeat(22), clinicId, serviceId }
      return holdSlot(anyone, { ...ids, ...found.value.slots[0]! }, at(now, ip))
    }
    for (let held = 0; held < holdsAnHour.points; held++) expect(await hold(world)).toMatchObject({ ok: true })
    expect(await hold(world)).toEqual({ ok: false, code: 'TOO_MANY' })
    expect(await hold(other)).toMatchObject({ ok: true })
  })
})
