import { randomUUID } from 'node:crypto'
import { beforeAll, describe, expect, test } from 'vitest'
import { clinicWorld } from '../payment/testing.ts'
import { testDb } from '../server/testing.ts'
import { showAppointment } from './flow.ts'
import { holdSlot } from './hold.ts'
import { loadSlots } from './slots.ts'
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
    // Of its own: what others hold in the same minute counts too, whoever they are.
    const [here, other] = [await clinicWorld(admin), await clinicWorld(admin)]
    const [ip, now] = [randomUUID(), new Date()]
    const hold = async ({ clinicId, serviceId }: typeof world) => {
      const found = await loadSlots({ clinicId, serviceId, from: now.toISOString().slice(0, 10), days: 4 }, now)
      if (!found.ok) throw new Error(found.code)
      const ids = { id: randomUUID(), secret: 'x'.repeat(22), clinicId, serviceId }
      return holdSlot(anyone, { ...ids, ...found.value.slots[0]! }, at(now, ip))
    }
    for (let held = 0; held < holdsAnHour.points; held++) expect(await hold(here)).toMatchObject({ ok: true })
    expect(await hold(here)).toEqual({ ok: false, code: 'TOO_MANY' })
    expect(await hold(other)).toMatchObject({ ok: true })
  })
})

// Defence: `slot.siteId === siteId` in holdSlot. What a patient writes is sealed for the site that their page showed.
test('attack 7: a time is held at the site that the page showed, and at no other', async () => {
  const { clinicId, serviceId } = await clinicWorld(admin)
  const [here, there] = [randomUUID(), randomUUID()]
  for (const id of [here, there])
    await admin(`INSERT INTO site (id, clinic_id, name, address) VALUES ($1, $2, $3, '')`, [id, clinicId, id])
  await admin('UPDATE weekly_hours SET site_id = $1 WHERE clinic_id = $2', [here, clinicId])
  const now = new Date()
  const search = { clinicId, serviceId, from: now.toISOString().slice(0, 10), days: 4 }
  const found = await loadSlots(search, now)
  if (!found.ok) throw new Error(found.code)
  const slot = found.value.slots[0]!
  expect(slot.siteId).toBe(here)
  const hold = (siteId: string | null) =>
    holdSlot(anyone, { id: randomUUID(), secret: 'x'.repeat(22), clinicId, serviceId, ...slot, siteId }, at(now))
  expect(await hold(there)).toMatchObject({ code: 'SLOT_GONE' })
  expect(await hold(null)).toMatchObject({ code: 'SLOT_GONE' })
  expect(await hold(here)).toMatchObject({ ok: true })
  expect(await loadSlots({ ...search, siteId: there }, now)).toMatchObject({ value: { slots: [] } })
})

// Defence: the look at the hours in bookIn. What nobody keeps free any more may be no time of the practitioner's by now.
test('a hold that ran out still books, but not where the practitioner is away by now', async () => {
  const here = await clinicWorld(admin)
  await admin(`UPDATE service SET payment_mode = 'free', price_minor = 0`)
  const past = (id: string) =>
    admin(`UPDATE appointment SET held_until = now() - interval '1 minute' WHERE id = $1`, [id])
  expect(await bookAs(here, await testDevice(), { meanwhile: past })).toMatchObject({ ok: true })
  const away = async (id: string) => {
    await past(id)
    await admin(
      `INSERT INTO absence (id, clinic_id, member_id, starts_at, ends_at)
       SELECT gen_random_uuid(), clinic_id, member_id, starts_at, ends_at FROM appointment WHERE id = $1`,
      [id],
    )
  }
  expect(await bookAs(here, await testDevice(), { meanwhile: away })).toMatchObject({ code: 'HOLD_EXPIRED' })
})

// Defence: the look at the number in bookIn. Without it somebody waits for a call that nobody can make.
test('a visit by telephone takes a number, and stays by telephone though its service is changed', async () => {
  const here = await clinicWorld(admin)
  const decide = (way: string) =>
    admin(`UPDATE service SET payment_mode = 'free', price_minor = 0, way = $2::visit_way WHERE id = $1`, [
      ...[here.serviceId, way],
    ])
  await decide('phone')
  expect(await bookAs(here, await testDevice())).toMatchObject({ code: 'BAD_INPUT', fields: { phone: 'required' } })
  const by = async (phone: string, meanwhile?: () => Promise<unknown>) => {
    const { appointmentId, linkSecret, ...answer } = await bookAs(here, await testDevice(), { phone, meanwhile })
    const view = await showAppointment(anyone, { id: appointmentId, secret: linkSecret }, at())
    return { answer, way: view.ok && view.value.way }
  }
  expect(await by('+33612345678', () => decide('in_person'))).toMatchObject({ answer: { ok: true }, way: 'phone' })
  expect(await by('')).toMatchObject({ answer: { ok: true }, way: 'in_person' })
})
