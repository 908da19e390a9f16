// Cancelling, by the appointment's link and by whoever runs the day: against a real database.
import { beforeEach, expect, test } from 'vitest'
import type { StaffActor } from '../access/rules.ts'
import { clinicWorld } from '../payment/testing.ts'
import { testDb } from '../server/testing.ts'
import { cancelAppointment, cancelByClinic } from './cancel.ts'

const { admin } = testDb()
let world: Awaited<ReturnType<typeof clinicWorld>>
let desk: StaffActor
let booked: Awaited<ReturnType<typeof world.waiting>>
const startsAt = '2026-11-30T09:00:00.000Z'
const before = new Date('2026-11-30T08:00:00Z')
const after = new Date('2026-11-30T09:10:00Z')

beforeEach(async () => {
  world = await clinicWorld(admin)
  desk = { kind: 'staff', clinicId: world.clinicId, memberId: world.memberId, sessionId: '', roles: ['frontdesk'] }
  booked = await world.waiting({ status: 'booked', payment: 'paid', startsAt: new Date(startsAt) })
  await admin('UPDATE payment SET payment_intent = $2 WHERE id = $1', [booked.paymentId, `pi_${booked.paymentId}`])
})
const cancel = (actor = desk, now = before, from = startsAt) =>
  cancelByClinic(actor, { id: booked.appointmentId, startsAt: from }, { now })
const facts = async () =>
  (
    await admin<{ status: string; mails: number; owed: number }>(
      `SELECT status::text,
         (SELECT count(*)::int FROM pgboss.job WHERE name = 'mail.cancelled' AND data->>'appointmentId' = a.id::text) AS mails,
         (SELECT coalesce(sum(r.amount_minor), 0)::int FROM refund r JOIN payment p ON p.id = r.payment_id WHERE p.appointment_id = a.id) AS owed
       FROM appointment a WHERE id = $1`,
      [booked.appointmentId],
    )
  )[0]!

test('it is cancelled once, its patient is told once, and what was paid is owed once', async () => {
  expect(await cancel()).toEqual({ ok: true, value: { status: 'cancelled' } })
  expect(await cancel()).toEqual({ ok: true, value: { status: 'cancelled' } })
  expect(await facts()).toEqual({ status: 'cancelled', mails: 1, owed: 4500 })
})

test('by the clinic even after it should have begun, by its link no more', async () => {
  const ctx = { now: after, ip: '' } as Parameters<typeof cancelAppointment>[2]
  const link = { id: booked.appointmentId, secret: booked.secret }
  expect(await cancelAppointment({ kind: 'public' }, link, ctx)).toEqual({ ok: false, code: 'TOO_LATE' })
  expect(await cancel(desk, after)).toMatchObject({ ok: true })
})

// Defence: the comparison with what was seen, in cancelByClinic.
test('not what was moved meanwhile to a time that nobody who cancels has seen', async () => {
  expect(await cancel(desk, before, '2026-11-30T08:30:00.000Z')).toEqual({ ok: false, code: 'STALE' })
  expect(await facts()).toMatchObject({ status: 'booked', mails: 0, owed: 0 })
})

// Defence: the clinic of the transaction in cancelByClinic.
test('attack 17: not by another clinic', async () => {
  const other = await clinicWorld(admin)
  expect(await cancel({ ...desk, clinicId: other.clinicId, memberId: other.memberId })).toEqual({
    ...{ ok: false, code: 'NOT_FOUND' },
  })
  expect(await facts()).toMatchObject({ status: 'booked' })
})

test('what has begun or is over is completed or missed, and not cancelled', async () => {
  for (const status of ['in_consult', 'completed', 'no_show', 'expired']) {
    await admin('UPDATE appointment SET status = $2::appointment_status WHERE id = $1', [booked.appointmentId, status])
    expect(await cancel()).toEqual({ ok: false, code: 'WRONG_STATE' })
  }
})
