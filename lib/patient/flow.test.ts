import { randomUUID } from 'node:crypto'
import { beforeAll, describe, expect, test } from 'vitest'
import type { PatientActor } from '../access/rules.ts'
import {
  at,
  bookAs,
  sealedStub,
  signedConsent,
  testConsentText,
  testDevice,
  type TestDevice,
} from '../booking/testing.ts'
import * as bookings from '../booking/store.ts'
import { signConsent } from '../consent/flow.ts'
import { submitIntake } from '../intake/flow.ts'
import { clinicWorld } from '../payment/testing.ts'
import { testDb } from '../server/testing.ts'
import { inClinic } from '../server/tx.ts'
import { exportChart, loadChart } from './flow.ts'
import { handIns } from './rules.ts'

const { admin } = testDb()
let world: Awaited<ReturnType<typeof clinicWorld>>
let text: Awaited<ReturnType<typeof testConsentText>>
let otherText: typeof text
beforeAll(async () => {
  world = await clinicWorld(admin)
  text = await testConsentText(admin, world.clinicId, 'Care by video')
  otherText = await testConsentText(admin, world.clinicId, 'Another text')
  await admin(`UPDATE service SET payment_mode = 'free', price_minor = 0, consent_text_id = $1 WHERE id = $2`, [
    text.id,
    world.serviceId,
  ])
})

const actorOf = ({ patientId, keyId }: TestDevice): PatientActor => ({
  ...{ kind: 'patient' as const, clinicId: world.clinicId },
  ...{ patientId, keyId },
})
const fileKey = ({ keyId, patientId, keys }: TestDevice, state: string) =>
  admin(
    'INSERT INTO patient_key (id, clinic_id, patient_id, sign_key, dh_key, state) VALUES ($1, $2, $3, $4, $5, $6)',
    [keyId, world.clinicId, patientId, keys.sign, keys.dh, state],
  )
async function cameTo(appointmentId: string, { keys }: TestDevice) {
  const callId = randomUUID()
  await admin('INSERT INTO call (id, clinic_id, appointment_id) VALUES ($1, $2, $3)', [
    callId,
    world.clinicId,
    appointmentId,
  ])
  await admin(
    `INSERT INTO call_participant (clinic_id, call_id, role, sign_key, dh_key, confirmed, ticket_id, last_seen_at)
     VALUES ($1, $2, 'patient', $3, $4, true, $5, now())`,
    [world.clinicId, callId, keys.sign, keys.dh, randomUUID()],
  )
}
const doneOf = (appointmentId: string) => inClinic(world.clinicId, (tx) => bookings.listDone(tx, appointmentId))
async function intakeOf(who: TestDevice, appointmentId: string) {
  const records = [sealedStub(world.clinicId, who.patientId, 'intake')] as never
  return submitIntake(actorOf(who), { appointmentId, records })
}
async function consentOf(who: TestDevice, appointmentId: string, asked = text) {
  const consent = await signedConsent(who, asked, { clinicId: world.clinicId, appointmentId })
  const records = [sealedStub(world.clinicId, who.patientId, 'consent')] as never
  return signConsent(actorOf(who), { appointmentId, consent, records })
}

/** A patient with two appointments, and the device of whoever reads their mail, let in at the second. */
async function stolenMailbox() {
  const own = await testDevice()
  const [first, second] = [await bookAs(world, own), await bookAs(world, own)]
  expect([first.ok, second.ok]).toEqual([true, true])
  await admin(
    `INSERT INTO prescription (clinic_id, patient_id, appointment_id, member_id, record_id, status, share, issued_at, expires_at)
     VALUES ($1, $2, $3, $4, $5, 'issued', '', now(), now() + interval '1 day')`,
    [world.clinicId, own.patientId, first.appointmentId, world.memberId, randomUUID()],
  )
  const thief = await testDevice(own.patientId)
  await fileKey(thief, 'confirmed')
  await cameTo(second.appointmentId, thief)
  return { own, thief, first: first.appointmentId, second: second.appointmentId }
}

describe('attack 4: a device that a mailed code alone let in', () => {
  // Defence: the appointments that chartOf names where the key is `confirmed`.
  test('is told of the appointment that it came to, and of no other', async () => {
    const { own, thief, first, second } = await stolenMailbox()
    const all = await loadChart(actorOf(own), {}, at())
    expect(all.ok && all.value.byCode).toBe(false)
    expect(all.ok && all.value.appointments.map((each) => each.id).sort()).toEqual([first, second].sort())
    for (const ask of [loadChart, exportChart]) {
      const chart = await ask(actorOf(thief), {}, at())
      expect(chart.ok && chart.value.byCode).toBe(true)
      expect(chart.ok && chart.value.appointments.map((each) => each.id)).toEqual([second])
      expect(JSON.stringify(chart)).not.toContain(first)
    }
  })

  // Defence: NOT_CONFIRMED in submitIntake and in signConsent.
  test('answers no form and signs no consent, and neither counts as done', async () => {
    const { own, thief, second } = await stolenMailbox()
    expect(await intakeOf(thief, second)).toEqual({ ok: false, code: 'NOT_CONFIRMED' })
    expect(await consentOf(thief, second)).toEqual({ ok: false, code: 'NOT_CONFIRMED' })
    expect(await doneOf(second)).toEqual({ intake: false, consent: false })
    expect(await intakeOf(own, second)).toMatchObject({ ok: true })
    expect(await consentOf(own, second)).toMatchObject({ ok: true })
    expect(await doneOf(second)).toEqual({ intake: true, consent: true })
  })

  test('that “matches” has vouched for since is the patient’s own', async () => {
    const { thief, first, second } = await stolenMailbox()
    await admin(`UPDATE patient_key SET state = 'vouched' WHERE id = $1`, [thief.keyId])
    const chart = await loadChart(actorOf(thief), {}, at())
    expect(chart.ok && chart.value.appointments.map((each) => each.id).sort()).toEqual([first, second].sort())
    expect(await intakeOf(thief, second)).toMatchObject({ ok: true })
  })
})

describe('a consent', () => {
  // Defence: the comparison with the service's text in bookIn.
  test('to another text of the clinic is none for this service', async () => {
    expect(await bookAs(world, await testDevice(), { text: otherText })).toMatchObject({ ok: false, code: 'STALE' })
    const booked = await bookAs(world, await testDevice(), { text })
    expect(await doneOf(booked.appointmentId)).toEqual({ intake: false, consent: true })
  })

  // Defence: listDone asks for the signed event, not for a record of that name.
  test('is not given by a record without a signature over the text', async () => {
    const booked = await bookAs(world, await testDevice(), { types: ['identity', 'consent'] })
    expect(booked.ok).toBe(true)
    expect(await doneOf(booked.appointmentId)).toEqual({ intake: false, consent: false })
  })
})

// Defence: the limit `hand-in` of submitIntake.
test('what a device hands in is counted: nothing of it is ever taken away again', async () => {
  const own = await testDevice()
  const { appointmentId } = await bookAs(world, own)
  for (let sent = 0; sent < handIns.points; sent++) expect((await intakeOf(own, appointmentId)).ok).toBe(true)
  expect(await intakeOf(own, appointmentId)).toEqual({ ok: false, code: 'TOO_MANY' })
  expect(await consentOf(own, appointmentId)).toEqual({ ok: false, code: 'TOO_MANY' })
})
