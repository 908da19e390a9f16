// Two hundred patients at once over twenty times: who loses is offered the next best one, and nobody's money is without an appointment.
import { randomBytes, randomInt, randomUUID } from 'node:crypto'
import { expect, test } from '@playwright/test'
import { nearestSlot, type SlotView } from '../../lib/slot/rules.ts'
import { Door } from '../door.ts'
import { up, type TestStack } from '../stack.ts'
import { bookInput, clinicWorld, type ClinicWorld } from '../world.ts'

const PATIENTS = 200
const SLOTS = 20

let stack: TestStack
let world: ClinicWorld
test.describe.configure({ timeout: 420_000 })
test.beforeAll(async () => {
  test.setTimeout(300_000)
  stack = await up({ env: { RATE_LIMIT_FACTOR: '100000' } })
  world = await clinicWorld(stack)
  // Twenty times a day and no more.
  await world.owner.door.get('schedule/save-week', {
    memberId: world.doctor.memberId,
    hours: [1, 2, 3, 4, 5, 6, 7].map((weekday) => ({ weekday, startMinute: 480, endMinute: 480 + SLOTS * 15 })),
  })
})
test.afterAll(() => stack?.down())

const secret = () => randomBytes(16).toString('base64url')
const dayAfter = (days: number) => new Date(Date.now() + days * 86_400_000).toISOString().slice(0, 10)

const AT_A_TIME = 25
async function inTurns<T>(all: readonly T[], each: (one: T) => Promise<unknown>) {
  for (let from = 0; from < all.length; from += AT_A_TIME)
    await Promise.all(all.slice(from, from + AT_A_TIME).map(each))
}

interface Held {
  ref: { id: string; secret: string }
  wished: SlotView
  got: SlotView
}

/** As the booking form does: the wished time; after each that was lost the nearest free one is offered, with the others below. */
async function holdOne(wished: SlotView, from: string): Promise<Held> {
  const door = new Door(stack.baseUrl)
  const service = { clinicId: world.clinicId, serviceId: world.services.online.id }
  for (let next = wished; ;) {
    const ref = { id: randomUUID(), secret: secret() }
    const held = await door.ask('booking/hold', { ...ref, ...service, ...next })
    if (held.ok) return { ref, wished, got: next }
    expect(held.code).toBe('SLOT_TAKEN')
    const { slots } = await door.get('booking/slots', { ...service, from, days: 14 })
    const nearest = nearestSlot(slots, wished)
    expect(nearest, 'there is a next best time').not.toBeNull()
    // Some take it, some look further: or all of them would run after one time together.
    next = randomInt(3) ? slots[randomInt(slots.length)]! : nearest!
  }
}

test(`${PATIENTS} patients at once over ${SLOTS} times: each time once, everybody the next best, each payment its appointment`, async () => {
  const from = dayAfter(2)
  const service = { clinicId: world.clinicId, serviceId: world.services.online.id }
  const { slots } = await world.owner.door.get('booking/slots', { ...service, from, days: 1 })
  expect(slots).toHaveLength(SLOTS)
  const held = await Promise.all(Array.from({ length: PATIENTS }, () => holdOne(slots[randomInt(SLOTS)]!, from)))
  const got = new Set(held.map((each) => each.got.startsAt))
  expect(got.size, 'no time is held twice').toBe(PATIENTS)
  expect(
    slots.filter(({ startsAt }) => got.has(startsAt)),
    'no wished time is left',
  ).toHaveLength(SLOTS)
  // They fill in the form and pay, as many at a time as come at one moment: each has the time that it holds.
  const base = { ...world, baseUrl: stack.baseUrl }
  await inTurns(held, async ({ ref }) => {
    const patient = await world.patient()
    await patient.door.get('booking/book', await bookInput(base, patient, ref, { service: 'online' }))
  })
  const sessions = await stack.sql<{ url: string }>(
    'SELECT session_url AS url FROM payment WHERE clinic_id = $1 AND session_url IS NOT NULL',
    [world.clinicId],
  )
  expect(sessions, 'a page to pay for each').toHaveLength(PATIENTS)
  await inTurns(sessions, ({ url }) => fetch(`${url}/pay`, { method: 'POST', redirect: 'manual' }))
  const counts = `SELECT count(*)::int AS booked, count(DISTINCT a.starts_at)::int AS times, count(DISTINCT p.payment_intent)::int AS paid
    FROM appointment a JOIN payment p ON p.appointment_id = a.id
    WHERE a.clinic_id = $1 AND a.status = 'booked' AND p.status = 'paid'`
  await expect
    .poll(async () => (await stack.sql(counts, [world.clinicId]))[0], { timeout: 120_000 })
    .toEqual({ booked: PATIENTS, times: PATIENTS, paid: PATIENTS })
  const [odd] = await stack.sql<{ n: number }>(
    `SELECT count(*)::int AS n FROM payment p JOIN appointment a ON a.id = p.appointment_id
     WHERE p.status = 'paid' AND a.status <> 'booked' OR p.status <> 'paid' AND a.status = 'booked'`,
  )
  expect(odd!.n, 'money and appointments go together').toBe(0)
})
