// Another time for an appointment, by whoever runs the day: against a real database.
import { randomUUID } from 'node:crypto'
import { beforeEach, expect, test } from 'vitest'
import type { StaffActor } from '../access/rules.ts'
import { closeCall } from '../call/flow.ts'
import { ensureCall, findCall } from '../call/store.ts'
import { moveVisit } from '../encounter/store.ts'
import { clinicWorld } from '../payment/testing.ts'
import { saveDay } from '../schedule/flow.ts'
import { testDb } from '../server/testing.ts'
import { inClinic } from '../server/tx.ts'
import { moveAppointment, moveTimes } from './move.ts'

const { admin } = testDb()
let world: Awaited<ReturnType<typeof clinicWorld>>
let desk: StaffActor
let booked: Awaited<ReturnType<typeof world.waiting>>
const now = new Date('2026-11-20T09:00:00Z')
const at = (time: string, day = '2026-11-30') => `${day}T${time}:00.000Z`

beforeEach(async () => {
  world = await clinicWorld(admin)
  desk = { kind: 'staff', clinicId: world.clinicId, memberId: world.memberId, sessionId: '', roles: ['frontdesk'] }
  booked = await world.waiting({ status: 'booked', payment: 'paid', startsAt: new Date(at('09:00')) })
})
const move = (change: Partial<Parameters<typeof moveAppointment>[1]> = {}, actor = desk, id = booked.appointmentId) =>
  moveAppointment(
    actor,
    {
      ...{ id, sequence: 0, memberId: world.memberId, anyway: false },
      ...{ startsAt: at('14:00'), endsAt: at('14:30'), ...change },
    },
    { now },
  )
const rowOf = async (id = booked.appointmentId) =>
  (
    await admin<{ startsAt: Date; endsAt: Date; sequence: number; memberId: string; status: string }>(
      `SELECT starts_at AS "startsAt", ends_at AS "endsAt", sequence, member_id AS "memberId", status::text FROM appointment WHERE id = $1`,
      [id],
    )
  )[0]!
const mails = async () =>
  (
    await admin<{ place: string }>(
      `SELECT data->>'place' AS place FROM pgboss.job WHERE name = 'mail.moved' AND data->>'appointmentId' = $1`,
      [booked.appointmentId],
    )
  ).map(({ place }) => place.slice(11, 16))

test('it is the same appointment at another time, and its patient learns of it once', async () => {
  expect(await move()).toEqual({ ok: true, value: { sequence: 1 } })
  // The answer was lost: sent again, nothing more happens.
  expect(await move()).toEqual({ ok: true, value: { sequence: 1 } })
  expect(await rowOf()).toMatchObject({ startsAt: new Date(at('14:00')), sequence: 1, status: 'booked' })
  expect(await mails()).toEqual(['14:00'])
})

// Fails when putAt() leaves the policy as it is, or drops it at each move.
test('put by the clinic where no day is left to decline, nothing is kept of it; sooner told, the policy moves along', async () => {
  const policy = { freeUntilMinutes: 1440, lateFee: { kind: 'percent', percent: 50 }, noShowFee: { kind: 'none' } }
  await admin('UPDATE appointment SET cancellation = $2 WHERE id = $1', [booked.appointmentId, JSON.stringify(policy)])
  const kept = async () =>
    (
      await admin<{ cancellation: { lateFee: unknown } }>('SELECT cancellation FROM appointment WHERE id = $1', [
        booked.appointmentId,
      ])
    )[0]!.cancellation.lateFee
  const to = (startsAt: string, endsAt: string, sequence: number) => move({ startsAt, endsAt, sequence, anyway: true })
  expect(await to(at('09:00', '2026-11-22'), at('09:30', '2026-11-22'), 0)).toMatchObject({ ok: true })
  expect(await kept()).toEqual(policy.lateFee)
  expect(await to(at('08:59', '2026-11-22'), at('09:29', '2026-11-22'), 1)).toMatchObject({ ok: true })
  expect(await kept()).toEqual({ kind: 'none' })
  // And it does not come back when it is put later again.
  expect(await to(at('09:00', '2026-11-27'), at('09:30', '2026-11-27'), 2)).toMatchObject({ ok: true })
  expect(await kept()).toEqual({ kind: 'none' })
})

test('it becomes longer, and what comes after it is not covered', async () => {
  await world.waiting({ status: 'booked', startsAt: new Date(at('10:00')) })
  expect(await move({ startsAt: at('09:00'), endsAt: at('10:00') })).toMatchObject({ ok: true })
  expect(await move({ sequence: 1, startsAt: at('09:00'), endsAt: at('10:05') })).toEqual({
    ...{ ok: false, code: 'SLOT_TAKEN' },
  })
  expect(await rowOf()).toMatchObject({ endsAt: new Date(at('10:00')), sequence: 1 })
})

// Defence: the exclusion constraint and the savepoint in `moveTo`.
test('of two who are moved to one time at once, one is', async () => {
  const other = await world.waiting({ status: 'booked', startsAt: new Date(at('11:00')) })
  const answers = await Promise.all([move(), move({}, desk, other.appointmentId)])
  expect(answers.filter(({ ok }) => ok).length).toBe(1)
  expect(answers.filter((each) => !each.ok && each.code === 'SLOT_TAKEN').length).toBe(1)
})

// Defence: PostgreSQL's deadlock is an answer in `moveTo`, and no fault.
test('two who want each other’s place keep their own', async () => {
  const other = await world.waiting({ status: 'booked', startsAt: new Date(at('14:00')) })
  const swap = [move(), move({ startsAt: at('09:00'), endsAt: at('09:30') }, desk, other.appointmentId)]
  expect(await Promise.all(swap)).toEqual([
    { ok: false, code: 'SLOT_TAKEN' },
    { ok: false, code: 'SLOT_TAKEN' },
  ])
  expect([(await rowOf()).startsAt, (await rowOf(other.appointmentId)).startsAt]).toEqual([
    new Date(at('09:00')),
    new Date(at('14:00')),
  ])
})

test('who waits for another time has not arrived for that one', async () => {
  await admin(`UPDATE appointment SET status = 'arrived', arrived_at = now() WHERE id = $1`, [booked.appointmentId])
  expect(await move()).toMatchObject({ ok: true })
  expect(await rowOf()).toMatchObject({ status: 'booked' })
})

test('who waits for the same start has arrived, however long it takes now', async () => {
  await admin(`UPDATE appointment SET status = 'arrived', arrived_at = now() WHERE id = $1`, [booked.appointmentId])
  expect(await move({ startsAt: at('09:00'), endsAt: at('09:45') })).toMatchObject({ ok: true })
  expect(await rowOf()).toMatchObject({ status: 'arrived', endsAt: new Date(at('09:45')) })
})

// Defence: moveCall in putAt, and the window in closeCall.
test('its call is good for the new time: open again, and closed after that', async () => {
  const { clinicId } = world
  const { call } = await inClinic(clinicId, (tx) => ensureCall(tx, clinicId, booked.appointmentId))
  const stateOf = async () => (await inClinic(clinicId, (tx) => findCall(tx, { id: call.id })))!.state
  await admin(`UPDATE call SET state = 'ended', ended_at = now() WHERE id = $1`, [call.id])
  await move()
  expect(await stateOf()).toBe('open')
  // When the former time is over.
  await closeCall(clinicId, call.id, new Date(at('10:30')))
  expect(await stateOf()).toBe('open')
  await closeCall(clinicId, call.id, new Date(at('18:00')))
  expect(await stateOf()).toBe('ended')
})

// Defence: the start in moveVisit. What was read before a move says nothing of the visit after it.
test('what was missed at its former time is not missed at the new one', async () => {
  const { clinicId } = world
  const was = { id: booked.appointmentId, from: 'booked', to: 'no_show', startsAt: new Date(at('09:00')) } as const
  await move()
  expect(await inClinic(clinicId, (tx) => moveVisit(tx, desk, was, now))).toBe(false)
  expect(await rowOf()).toMatchObject({ status: 'booked' })
})

test('the desk is offered what is free by the hours, its own time as well, with no notice', async () => {
  await world.waiting({ status: 'booked', startsAt: new Date(at('10:00')) })
  const ask = { id: booked.appointmentId, memberId: world.memberId, from: '2026-11-30', days: 1 }
  const soon = new Date(at('08:50'))
  const answer = await moveTimes(desk, ask, { now: soon })
  const starts = answer.ok ? answer.value.slots.map(({ startsAt }) => startsAt.slice(11, 16)) : []
  expect(starts.slice(0, 4)).toEqual(['09:00', '09:30', '10:30', '11:00'])
  expect(answer).toMatchObject({ value: { sequence: 0, practitioners: [{ memberId: world.memberId }] } })
})

// Defence: `sequence` in moveAppointment.
test('who saw it as it was before moves nothing', async () => {
  await move()
  expect(await move({ startsAt: at('15:00'), endsAt: at('15:30') })).toEqual({ ok: false, code: 'STALE' })
  expect(await rowOf()).toMatchObject({ startsAt: new Date(at('14:00')) })
})

test('outside of the hours only when it is said so', async () => {
  await saveDay({ ...desk, roles: ['admin'] }, { memberId: world.memberId, day: '2026-12-01', hours: [] }, { now })
  const there = { startsAt: at('14:00', '2026-12-01'), endsAt: at('14:30', '2026-12-01') }
  expect(await move(there)).toEqual({ ok: false, code: 'OUTSIDE_HOURS' })
  expect(await move({ ...there, anyway: true })).toMatchObject({ ok: true })
})

// Defence: `deskDays` in moveAppointment.
test('not further ahead than the desk may book', async () => {
  const far = (day: string) => move({ startsAt: at('09:00', day), endsAt: at('09:30', day), anyway: true })
  expect(await far('2027-11-21')).toMatchObject({ fields: { startsAt: 'tooLarge' } })
  expect(await far('2027-11-19')).toMatchObject({ ok: true })
})

test('not into the past, nor what is over', async () => {
  expect(await move({ startsAt: at('08:00', '2026-11-20'), endsAt: at('08:30', '2026-11-20') })).toMatchObject({
    fields: { startsAt: 'tooSmall' },
  })
  await admin(`UPDATE appointment SET status = 'cancelled' WHERE id = $1`, [booked.appointmentId])
  expect(await move()).toEqual({ ok: false, code: 'WRONG_STATE' })
})

test('to a colleague who does the same and sees the same, and to nobody else', async () => {
  const colleague = async (own: boolean, offers: boolean) => {
    const id = randomUUID()
    await admin(
      `INSERT INTO member (id, clinic_id, email_index, email_sealed, display_name, roles, status, own_patients)
       SELECT $1::uuid, clinic_id, decode(md5($1::uuid::text), 'hex'), email_sealed, 'Dr Bo', roles, status, $3 FROM member WHERE id = $2`,
      [id, world.memberId, own],
    )
    await admin(
      `INSERT INTO weekly_hours (clinic_id, member_id, weekday, start_minute, end_minute)
       SELECT clinic_id, $1::uuid, weekday, start_minute, end_minute FROM weekly_hours WHERE member_id = $2`,
      [id, world.memberId],
    )
    if (offers)
      await admin('INSERT INTO service_practitioner (clinic_id, service_id, member_id) VALUES ($1, $2, $3)', [
        ...[world.clinicId, world.serviceId, id],
      ])
    return id
  }
  expect(await move({ memberId: await colleague(false, false) })).toMatchObject({ fields: { memberId: 'invalid' } })
  expect(await move({ memberId: await colleague(true, true) })).toEqual({ ok: false, code: 'OTHER_READERS' })
  const bo = await colleague(false, true)
  expect(await move({ memberId: bo })).toMatchObject({ ok: true })
  expect(await rowOf()).toMatchObject({ memberId: bo })
})

test('a practitioner of their own patients moves nobody else’s', async () => {
  await admin('UPDATE member SET own_patients = true WHERE id = $1', [world.memberId])
  const own: StaffActor = { ...desk, roles: ['practitioner'] }
  const stranger = randomUUID()
  await admin(
    `INSERT INTO member (id, clinic_id, email_index, email_sealed, display_name, roles, status, own_patients)
     SELECT $1::uuid, clinic_id, decode(md5($1::uuid::text), 'hex'), email_sealed, 'Dr Cy', roles, status, true FROM member WHERE id = $2`,
    [stranger, world.memberId],
  )
  const change = { startsAt: at('16:00'), endsAt: at('16:30') }
  expect(await move(change, { ...own, memberId: stranger })).toEqual({ ok: false, code: 'NOT_FOUND' })
  expect(await move(change, own)).toMatchObject({ ok: true })
})
