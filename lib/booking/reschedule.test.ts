// Another time by the appointment's own link: against a real database.
import { randomUUID } from 'node:crypto'
import { beforeEach, expect, test } from 'vitest'
import type { StaffActor } from '../access/rules.ts'
import { clinicWorld } from '../payment/testing.ts'
import { saveDay } from '../schedule/flow.ts'
import { testDb } from '../server/testing.ts'
import { cancelAppointment } from './cancel.ts'
import { showAppointment } from './flow.ts'
import { moveAppointment } from './move.ts'
import { otherTimes, rescheduleAppointment } from './reschedule.ts'
import { looksAMinute, movesADay } from './rules.ts'
import { slots } from './slots.ts'

const { admin } = testDb()
let world: Awaited<ReturnType<typeof clinicWorld>>
let booked: Awaited<ReturnType<typeof world.waiting>>
const now = new Date('2026-11-20T09:00:00Z')
const at = (time: string, day = '2026-11-30') => `${day}T${time}:00.000Z`
const anyone = { kind: 'public' as const }
const ctx = { now, ip: '127.0.0.1' } as Parameters<typeof rescheduleAppointment>[2]

beforeEach(async () => {
  world = await clinicWorld(admin)
  booked = await world.waiting({ status: 'booked', payment: 'paid', startsAt: new Date(at('09:00')) })
})
const link = () => ({ id: booked.appointmentId, secret: booked.secret })
const choose = (startsAt = at('14:00'), sequence = 0, when = now) =>
  rescheduleAppointment(anyone, { ...link(), sequence, startsAt }, { ...ctx, now: when })
const show = async () => {
  const answer = await showAppointment(anyone, link(), ctx)
  if (!answer.ok) throw new Error(answer.code)
  return answer.value
}
const mails = async () =>
  (
    await admin<{ id: string }>(`SELECT id FROM pgboss.job WHERE name = 'mail.moved' AND data->>'appointmentId' = $1`, [
      booked.appointmentId,
    ])
  ).length

test('the same link opens the same appointment at the time that was chosen, and one mail says so', async () => {
  expect(await choose()).toEqual({ ok: true, value: { sequence: 1 } })
  expect(await choose()).toEqual({ ok: true, value: { sequence: 1 } })
  expect(await show()).toMatchObject({
    ...{ id: booked.appointmentId, status: 'booked', startsAt: at('14:00'), endsAt: at('14:30'), sequence: 1 },
    payment: { status: 'paid' },
  })
  expect(await mails()).toBe(1)
})

test('what is offered is free but for itself, and keeps the length that was agreed', async () => {
  await world.waiting({ status: 'booked', startsAt: new Date(at('11:00')) })
  await admin(`UPDATE appointment SET ends_at = $2, blocked_until = $2 WHERE id = $1`, [
    ...[booked.appointmentId, new Date(at('10:00'))],
  ])
  const answer = await otherTimes(anyone, { ...link(), from: '2026-11-30', days: 1 }, ctx)
  const starts = answer.ok ? answer.value.slots.map(({ startsAt }) => startsAt.slice(11, 16)) : []
  expect(['08:30', '09:00', '09:30', '10:00'].every((start) => starts.includes(start))).toBe(true)
  expect(['10:30', '11:00'].some((start) => starts.includes(start))).toBe(false)
  expect(await choose(at('10:30'))).toMatchObject({ code: 'SLOT_TAKEN' })
  expect(await choose(at('11:30'))).toMatchObject({ ok: true })
  expect(await show()).toMatchObject({ endsAt: at('12:30') })
})

// Defence: `offered` in rescheduleAppointment.
test('no time that is not offered', async () => {
  await saveDay(
    { kind: 'staff', clinicId: world.clinicId, memberId: world.memberId, sessionId: '', roles: ['admin'] },
    { memberId: world.memberId, day: '2026-12-01', hours: [] },
    { now },
  )
  expect(await choose(at('09:00', '2026-12-01'))).toEqual({ ok: false, code: 'SLOT_GONE' })
  expect(await choose(at('14:07'))).toEqual({ ok: false, code: 'SLOT_GONE' })
  expect(await choose(at('08:00', '2026-11-19'))).toEqual({ ok: false, code: 'SLOT_GONE' })
  expect(await show()).toMatchObject({ startsAt: at('09:00') })
})

// Defence: `limit` in rescheduleAppointment stands after every refusal.
test('what is refused and what is sent again is not counted as a move', async () => {
  for (let count = 0; count < movesADay.points; count++)
    expect(await choose(at('14:07'))).toMatchObject({ code: 'SLOT_GONE' })
  for (let count = 0; count < movesADay.points; count++) expect(await choose()).toMatchObject({ ok: true })
  expect(await choose(at('15:00'), 1)).toMatchObject({ ok: true })
})

// Defence: the limit `slots`, in `slots` and in otherTimes.
test('free times are shown to one address so often, and no more', async () => {
  const ask = { clinicId: randomUUID(), serviceId: randomUUID(), from: '2026-11-30', days: 1 }
  const busy = { ...ctx, ip: randomUUID() }
  for (let count = 0; count < looksAMinute.points; count++)
    expect(await slots(anyone, ask, busy)).toMatchObject({ code: 'NOT_FOUND' })
  expect(await slots(anyone, ask, busy)).toEqual({ ok: false, code: 'TOO_MANY' })
  expect(await otherTimes(anyone, { ...link(), from: ask.from, days: 1 }, busy)).toMatchObject({ code: 'TOO_MANY' })
  expect(await otherTimes(anyone, { ...link(), from: ask.from, days: 1 }, ctx)).toMatchObject({ ok: true })
})

// Defence: `movableUntil` in `standing`.
test('until the clinic’s notice, and no later', async () => {
  expect(await choose(at('14:00'), 0, new Date(at('08:00')))).toEqual({ ok: false, code: 'TOO_LATE' })
  expect(await choose(at('14:00'), 0, new Date(at('07:59')))).toMatchObject({ ok: true })
})

// Defence: the status in `standing`.
test('what is over or unpaid is never revived by its link', async () => {
  for (const status of ['held', 'arrived', 'in_consult', 'completed', 'no_show', 'expired']) {
    await admin('UPDATE appointment SET status = $2::appointment_status WHERE id = $1', [booked.appointmentId, status])
    expect([status, await choose()]).toEqual([status, { ok: false, code: 'WRONG_STATE' }])
  }
  await admin(`UPDATE appointment SET status = 'booked' WHERE id = $1`, [booked.appointmentId])
  await cancelAppointment(anyone, link(), ctx)
  expect(await choose(at('14:00'), 1)).toEqual({ ok: false, code: 'WRONG_STATE' })
  // Its own time sent again is no news of it either.
  expect(await choose(at('09:00'), 1)).toEqual({ ok: false, code: 'WRONG_STATE' })
  expect(await show()).toMatchObject({ status: 'cancelled' })
})

test('a page that shows the time before the clinic moved it moves nothing', async () => {
  const desk: StaffActor = {
    ...{ kind: 'staff', clinicId: world.clinicId, memberId: world.memberId, sessionId: '' },
    roles: ['frontdesk'],
  }
  const moved = { memberId: world.memberId, startsAt: at('16:00'), endsAt: at('16:30'), anyway: false }
  await moveAppointment(desk, { id: booked.appointmentId, sequence: 0, ...moved }, ctx)
  expect(await choose()).toEqual({ ok: false, code: 'STALE' })
  expect(await show()).toMatchObject({ startsAt: at('16:00') })
})

// Defence: `matches` in linkedAppointment.
test('another’s secret opens no times and moves nothing', async () => {
  const other = await world.waiting({ status: 'booked', startsAt: new Date(at('12:00')) })
  const wrong = { id: booked.appointmentId, secret: other.secret }
  expect(await otherTimes(anyone, { ...wrong, from: '2026-11-30', days: 1 }, ctx)).toMatchObject({ code: 'NOT_FOUND' })
  const moved = await rescheduleAppointment(anyone, { ...wrong, sequence: 0, startsAt: at('14:00') }, ctx)
  expect(moved).toMatchObject({ code: 'NOT_FOUND' })
})

// Defence: the constraint, and the savepoint in `moveTo`.
test('attack 20: of ten who move to one time at once, one does, and the rest keep their own', async () => {
  const all = await Promise.all(
    Array.from({ length: 10 }, (_, index) =>
      world.waiting({ status: 'booked', startsAt: new Date(at(`${10 + index}:00`, '2026-12-02')) }),
    ),
  )
  const answers = await Promise.all(
    all.map(({ appointmentId: id, secret }) =>
      rescheduleAppointment(anyone, { id, secret, sequence: 0, startsAt: at('09:00', '2026-12-03') }, ctx),
    ),
  )
  expect(answers.filter(({ ok }) => ok).length).toBe(1)
  expect(answers.filter((each) => !each.ok && each.code === 'SLOT_TAKEN').length).toBe(9)
  const [row] = await admin<{ count: number }>(
    `SELECT count(*)::int AS count FROM appointment WHERE clinic_id = $1 AND starts_at = $2`,
    [world.clinicId, new Date(at('09:00', '2026-12-03'))],
  )
  expect(row!.count).toBe(1)
})
