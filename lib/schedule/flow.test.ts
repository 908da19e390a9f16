// What is said of hours, days and absences, and what patients are offered then: against a real database.
import { randomUUID } from 'node:crypto'
import { beforeEach, describe, expect, test } from 'vitest'
import type { StaffActor } from '../access/rules.ts'
import { holdSlot } from '../booking/hold.ts'
import { loadSlots } from '../booking/slots.ts'
import { insertHold } from '../booking/store.ts'
import { anyone, at } from '../booking/testing.ts'
import { clinicWorld } from '../payment/testing.ts'
import { testDb } from '../server/testing.ts'
import { hold as lock, inClinic } from '../server/tx.ts'
import * as flow from './flow.ts'
import { insertAbsence, keepHours } from './store.ts'

const { admin } = testDb()
let world: Awaited<ReturnType<typeof clinicWorld>>
let owner: StaffActor
// A Monday in winter: 08:00 UTC is 09:00 in Paris.
const now = new Date('2026-11-20T09:00:00Z')
const monday = '2026-11-30'
const from = (hour: number, until: number) => ({
  startMinute: hour * 60,
  endMinute: until * 60,
  siteId: null,
  walkIns: 0,
})
const weekday = (day: number, hour: number, until: number) => ({ weekday: day, ...from(hour, until) })

beforeEach(async () => {
  world = await clinicWorld(admin)
  owner = { kind: 'staff', clinicId: world.clinicId, memberId: world.memberId, sessionId: '', roles: ['admin'] }
  await admin('UPDATE clinic SET horizon_days = 365 WHERE id = $1', [world.clinicId])
  await week([weekday(1, 9, 11)])
})
const week = async (hours: ReturnType<typeof weekday>[], period: { from: string; until: string } | null = null) =>
  flow.saveWeek(owner, { memberId: world.memberId, period, was: null, hours })
/** Local starts that patients are offered on a day. */
async function offered(day = monday): Promise<string[]> {
  const found = await loadSlots({ clinicId: world.clinicId, serviceId: world.serviceId, from: day, days: 1 }, now)
  if (!found.ok) throw new Error(found.code)
  const clock = new Intl.DateTimeFormat('en-GB', { timeStyle: 'short', timeZone: 'Europe/Paris' })
  return found.value.slots.map(({ startsAt }) => clock.format(new Date(startsAt)))
}
const usual = ['09:00', '09:30', '10:00', '10:30']

describe('what is offered', () => {
  test('are the usual hours', async () => expect(await offered()).toEqual(usual))

  test('hours for a time replace them, and end with it', async () => {
    expect(await week([weekday(1, 14, 15)], { from: monday, until: '2026-12-06' })).toMatchObject({ ok: true })
    expect(await offered()).toEqual(['14:00', '14:30'])
    expect(await offered('2026-12-07')).toEqual(usual)
    await flow.removePeriod(owner, { memberId: world.memberId, period: { from: monday, until: '2026-12-06' } })
    expect(await offered()).toEqual(usual)
  })

  test('two such times have no day in common, and one that is moved is not two', async () => {
    const first = { from: '2026-12-01', until: '2026-12-31' }
    await week([weekday(1, 14, 15)], first)
    expect(await week([weekday(1, 8, 9)], { from: '2026-12-31', until: '2027-01-31' })).toEqual({
      ...{ ok: false, code: 'BAD_INPUT' },
      fields: { period: 'overlap' },
    })
    const moved = { from: '2026-12-10', until: '2027-01-10' }
    const hours = [weekday(1, 14, 15)]
    await flow.saveWeek(owner, { memberId: world.memberId, period: moved, was: first, hours })
    expect(await offered('2026-12-07')).toEqual(usual)
    expect(await offered('2027-01-04')).toEqual(['14:00', '14:30'])
  })

  // Defence: STALE in saveWeek. Without it, who edits what a colleague has moved leaves both.
  test('a time whose dates were changed meanwhile is not saved a second time, and one sent again is there', async () => {
    const [first, moved] = [
      { from: '2026-12-01', until: '2026-12-31' },
      { from: '2026-12-01', until: '2026-12-20' },
    ]
    const hours = [weekday(1, 14, 15)]
    const save = (period: typeof first, was: typeof first | null, rows = hours) =>
      flow.saveWeek(owner, { memberId: world.memberId, period, was, hours: rows })
    for (let sent = 0; sent < 2; sent++) expect(await save(first, null)).toMatchObject({ ok: true })
    for (let sent = 0; sent < 2; sent++) expect(await save(moved, first)).toMatchObject({ ok: true })
    expect(await save({ from: '2027-01-01', until: '2027-01-31' }, first)).toEqual({ ok: false, code: 'STALE' })
    expect(await save(moved, first, [weekday(1, 8, 9)])).toEqual({ ok: false, code: 'STALE' })
    expect(await offered('2026-12-07')).toEqual(['14:00', '14:30'])
    expect(await offered('2027-01-04')).toEqual(usual)
  })

  test('one date has hours of its own, or none', async () => {
    const { memberId } = world
    await flow.saveDay(owner, { memberId, day: monday, hours: [from(18, 19)] }, { now })
    expect(await offered()).toEqual(['18:00', '18:30'])
    await flow.saveDay(owner, { memberId, day: monday, hours: [] }, { now })
    expect(await offered()).toEqual([])
    await flow.saveDay(owner, { memberId, day: monday, hours: null }, { now })
    expect(await offered()).toEqual(usual)
  })

  test('nothing while the practitioner is away, as often as it is sent', async () => {
    const absence = { id: randomUUID(), memberId: world.memberId }
    const times = { startsAt: '2026-11-30T08:20:00Z', endsAt: '2026-11-30T09:00:00Z' }
    expect(await flow.addAbsence(owner, { ...absence, ...times }, { now })).toEqual({
      ok: true,
      value: { inTheWay: [] },
    })
    expect(await flow.addAbsence(owner, { ...absence, ...times }, { now })).toMatchObject({ ok: true })
    expect(await offered()).toEqual(['10:00', '10:30'])
    expect(await flow.removeAbsence(owner, absence)).toMatchObject({ ok: true })
    expect(await flow.removeAbsence(owner, absence)).toMatchObject({ code: 'NOT_FOUND' })
    expect(await offered()).toEqual(usual)
  })

  test('nothing while the clinic is closed, holidays among them, but where it says otherwise', async () => {
    const closed = { id: randomUUID(), firstDay: monday, lastDay: '2026-12-06', closed: true }
    await flow.addClinicDays(owner, closed, { now })
    expect(await offered()).toEqual([])
    await flow.saveDay(owner, { memberId: world.memberId, day: monday, hours: [from(9, 10)] }, { now })
    expect(await offered()).toEqual(['09:00', '09:30'])
    await flow.saveDay(owner, { memberId: world.memberId, day: monday, hours: null }, { now })
    await flow.removeClinicDays(owner, { id: closed.id })

    const easter = '2027-03-29'
    expect(await offered(easter)).toEqual(usual)
    expect(await flow.saveHolidays(owner, { region: 'XX' })).toMatchObject({ fields: { region: 'invalid' } })
    await flow.saveHolidays(owner, { region: 'FR' })
    expect(await offered(easter)).toEqual([])
    await flow.addClinicDays(owner, { id: randomUUID(), firstDay: easter, lastDay: easter, closed: false }, { now })
    expect(await offered(easter)).toEqual(usual)
  })

  // Defence: the two `deleteMany` before what is inserted.
  test('by what was said last: of the same days, and under the same id', async () => {
    const days = { firstDay: monday, lastDay: monday }
    const [one, other] = ['00000000-0000-4000-8000-000000000002', '00000000-0000-4000-8000-000000000001']
    await flow.addClinicDays(owner, { id: one!, ...days, closed: true }, { now })
    await flow.addClinicDays(owner, { id: other!, ...days, closed: false }, { now })
    expect(await offered()).toEqual(usual)
    await flow.addClinicDays(owner, { id: other!, ...days, closed: true }, { now })
    expect(await offered()).toEqual([])
    await flow.removeClinicDays(owner, { id: other! })
    expect(await offered()).toEqual(usual)

    const absence = { id: randomUUID(), memberId: world.memberId, startsAt: '2026-11-30T08:00:00Z' }
    await flow.addAbsence(owner, { ...absence, endsAt: '2026-11-30T08:30:00Z' }, { now })
    await flow.addAbsence(owner, { ...absence, endsAt: '2026-11-30T09:00:00Z' }, { now })
    expect(await offered()).toEqual(['10:00', '10:30'])
  })

  test('at the service’s own pace, notice and horizon', async () => {
    await admin('UPDATE service SET step_minutes = 45, horizon_days = 12 WHERE id = $1', [world.serviceId])
    expect(await offered()).toEqual(['09:00', '09:45', '10:30'])
    expect(await offered('2026-12-07')).toEqual([])
    await admin('UPDATE service SET min_notice_minutes = 14400 WHERE id = $1', [world.serviceId])
    expect(await offered()).toEqual(['10:30'])
  })
})

// Defence: the lock in `hasRoom`. Without it, two who ask at once are both the last.
test('a day has as many appointments of a service as it may, and no more, whoever asks at once', async () => {
  await admin('UPDATE service SET daily_limit = 2 WHERE id = $1', [world.serviceId])
  const { clinicId, serviceId, memberId } = world
  const asked = ['08:00', '08:30', '09:00', '09:30'].map((time) =>
    holdSlot(
      anyone,
      {
        ...{ id: randomUUID(), secret: 'x'.repeat(22), clinicId, serviceId, memberId, siteId: null },
        startsAt: `2026-11-30T${time}:00.000Z`,
      },
      at(now),
    ),
  )
  const answers = await Promise.all(asked)
  expect(answers.filter(({ ok }) => ok).length).toBe(2)
  expect(answers.flatMap((each) => (each.ok ? [] : [each.code]))).toEqual(['SLOT_TAKEN', 'SLOT_TAKEN'])
  expect(await offered()).toEqual([])
  expect(await offered('2026-12-07')).toEqual(usual)
})

describe('who may say it', () => {
  test('a practitioner of their own days and absences, and of nobody else’s', async () => {
    const own: StaffActor = { ...owner, roles: ['practitioner'] }
    const other: StaffActor = { ...own, memberId: randomUUID() }
    const { memberId } = world
    const times = { startsAt: '2026-11-30T08:20:00Z', endsAt: '2026-11-30T09:00:00Z' }
    expect(await flow.saveDay(own, { memberId, day: monday, hours: [] }, { now })).toMatchObject({ ok: true })
    expect(await flow.saveDay(other, { memberId, day: monday, hours: null }, { now })).toMatchObject({
      code: 'NOT_ALLOWED',
    })
    const id = randomUUID()
    expect(await flow.addAbsence(own, { id, memberId, ...times }, { now })).toMatchObject({ ok: true })
    expect(await flow.addAbsence(other, { id: randomUUID(), memberId, ...times }, { now })).toMatchObject({
      code: 'NOT_ALLOWED',
    })
    expect(await flow.removeAbsence(other, { id, memberId })).toMatchObject({ code: 'NOT_ALLOWED' })
    expect(await offered()).toEqual([])
  })

  test('hours at a place that is none of the clinic’s are refused', async () => {
    const hours = [{ ...weekday(1, 9, 10), siteId: randomUUID() }]
    const answer = await flow.saveWeek(owner, { memberId: world.memberId, period: null, was: null, hours })
    expect(answer).toMatchObject({ ok: false, fields: { hours: 'invalid' } })
    expect(await offered()).toEqual(usual)
  })
})

test('appointments that stand where nobody is any more are named', async () => {
  const startsAt = new Date('2026-11-30T08:00:00Z')
  const { appointmentId } = await world.waiting({ status: 'booked', startsAt })
  const inTheWay = [{ appointmentId, startsAt: startsAt.toISOString() }]
  const { memberId } = world
  expect(await flow.saveDay(owner, { memberId, day: monday, hours: [] }, { now })).toEqual({
    ok: true,
    value: { inTheWay },
  })
  const times = { startsAt: '2026-11-30T07:00:00Z', endsAt: '2026-11-30T08:10:00Z' }
  expect(await flow.addAbsence(owner, { id: randomUUID(), memberId, ...times }, { now })).toEqual({
    ok: true,
    value: { inTheWay },
  })
  const days = { id: randomUUID(), firstDay: '2026-11-29', lastDay: monday, closed: true }
  expect(await flow.addClinicDays(owner, days, { now })).toEqual({ ok: true, value: { inTheWay } })
})

describe('a time that is taken while an absence is saved', () => {
  const times = { startsAt: '2026-11-30T08:00:00.000Z', endsAt: '2026-11-30T08:30:00.000Z' }
  const hold = () => ({ id: randomUUID(), secret: 'x'.repeat(22), siteId: null, startsAt: times.startsAt })
  const absence = () => ({ id: randomUUID(), memberId: world.memberId, ...times })
  const pause = () => new Promise((done) => setTimeout(done, 500))

  test('the absence waits for it, and names it', async () => {
    const { clinicId, serviceId, memberId } = world
    const taken = hold()
    const away = await inClinic(clinicId, async (tx) => {
      await keepHours(tx, clinicId, memberId)
      const saving = flow.addAbsence(owner, absence(), { now })
      await pause()
      const [startsAt, endsAt] = [new Date(times.startsAt), new Date(times.endsAt)]
      const price = {
        priceMinor: 0,
        currency: 'eur',
        taxRate: 0,
        paymentMode: 'free' as const,
        depositMinor: 0,
        way: 'video' as const,
        seat: null,
      }
      const none = { kind: 'none' } as const
      const cancellation = { freeUntilMinutes: 0, lateFee: none, noShowFee: none }
      await insertHold(
        tx,
        {
          ...{ id: taken.id, clinicId, serviceId, memberId, siteId: null, startsAt, endsAt, ...price, cancellation },
          ...{ blockedFrom: startsAt, blockedUntil: endsAt, heldUntil: endsAt, holdHash: new Uint8Array(32) },
        },
        now,
      )
      return { saving }
    })
    const named = { appointmentId: taken.id, startsAt: times.startsAt }
    expect(await away.saving).toEqual({ ok: true, value: { inTheWay: [named] } })
  })

  test('it waits for the absence, and is gone', async () => {
    const { clinicId, serviceId, memberId } = world
    const { asked } = await inClinic(clinicId, async (tx) => {
      await lock(tx, `hours|${memberId}`, 'write')
      const asked = holdSlot(anyone, { ...hold(), clinicId, serviceId, memberId }, at(now))
      await pause()
      await insertAbsence(tx, owner, absence())
      return { asked }
    })
    expect(await asked).toEqual({ ok: false, code: 'SLOT_GONE' })
  })
})

test('one that is held still is named as well, and one whose time to book is over is not', async () => {
  const startsAt = new Date('2026-11-30T08:00:00Z')
  const { appointmentId } = await world.waiting({ status: 'held', startsAt })
  const found = async (heldUntil: string) => {
    await admin('UPDATE appointment SET held_until = $2 WHERE id = $1', [appointmentId, new Date(heldUntil)])
    const answer = await flow.saveDay(owner, { memberId: world.memberId, day: monday, hours: [] }, { now })
    return answer.ok && answer.value.inTheWay.map((each) => each.appointmentId)
  }
  expect(await found('2026-11-20T09:05:00Z')).toEqual([appointmentId])
  expect(await found('2026-11-20T08:55:00Z')).toEqual([])
})
