// Who may book a follow-up: by what they show, against a real database.
import { randomUUID } from 'node:crypto'
import { beforeEach, expect, test } from 'vitest'
import { inOrderFor } from '../clinic/rules.ts'
import { toB64 } from '../crypto/bytes.ts'
import { sign } from '../crypto/sign.ts'
import { loadChart } from '../patient/flow.ts'
import { clinicWorld } from '../payment/testing.ts'
import { openField } from '../server/kms.ts'
import { testDb } from '../server/testing.ts'
import * as waitlist from '../waitlist/flow.ts'
import { tendClinic } from '../waitlist/offers.ts'
import { knownFields, knownPurpose } from '../waitlist/rules.ts'
import { bookSlot } from './flow.ts'
import { bookingFields, bookingPurpose } from './rules.ts'
import { anyone, at, bookAs, sealedStub, testDevice, type TestDevice } from './testing.ts'

const { admin } = testDb()

/** A clinic with a first visit and a follow-up, both free of charge. */
async function world() {
  const made = await clinicWorld(admin)
  const { clinicId, serviceId, memberId } = made
  const followUp = randomUUID()
  await admin(`UPDATE service SET payment_mode = 'free', price_minor = 0, audience = 'first_visit' WHERE id = $1`, [
    serviceId,
  ])
  await admin(
    `INSERT INTO service (id, clinic_id, name, minutes, price_minor, currency, payment_mode, intake_form, audience)
     VALUES ($1, $2, 'Check-up', 15, 0, 'eur', 'free', '[]', 'follow_up')`,
    [followUp, clinicId],
  )
  await admin('INSERT INTO service_practitioner (clinic_id, service_id, member_id) VALUES ($1, $2, $3)', [
    ...[clinicId, followUp, memberId],
  ])
  return { ...made, first: { clinicId, serviceId }, followUp: { clinicId, serviceId: followUp } }
}
let clinic: Awaited<ReturnType<typeof world>>
let other: typeof clinic
beforeEach(async () => {
  await admin('DELETE FROM rate_limit')
  clinic = await world()
  other = await world()
})
const refused = { ok: false, code: 'FOLLOW_UP_ONLY' }
const setStatus = (id: string, status: string) =>
  admin(
    `UPDATE appointment SET status = $2::appointment_status, cancelled_at = CASE WHEN $2 = 'cancelled' THEN now() END WHERE id = $1`,
    [id, status],
  )

// Defence: the look at the audience in bookIn.
test('attack: a stranger with the name, and the very address, of somebody who has been there is told what any stranger is', async () => {
  const patient = await testDevice()
  expect(await bookAs(clinic.first, patient, { email: 'pat@example.org' })).toMatchObject({ ok: true })
  const known = await bookAs(clinic.followUp, await testDevice(), { email: 'pat@example.org' })
  const unknown = await bookAs(clinic.followUp, await testDevice(), { email: 'nobody@example.org' })
  expect(known).toMatchObject(refused)
  expect(Object.keys(known)).toEqual(Object.keys(unknown))
  expect(unknown).toMatchObject(refused)
  const [row] = await admin<{ count: number }>('SELECT count(*)::int AS count FROM patient WHERE clinic_id = $1', [
    clinic.clinicId,
  ])
  // Nothing of theirs is left behind.
  expect(row!.count).toBe(1)
})

test('attack: the id of a patient who has been there, with a key that is not theirs', async () => {
  const patient = await testDevice()
  await bookAs(clinic.first, patient)
  expect(await bookAs(clinic.followUp, await testDevice(patient.patientId))).toMatchObject({
    ok: false,
    code: 'NO_KEY',
  })
})

// Defence: `visitStates`, and the id in hasVisit: what is being booked is no earlier visit of its own.
test('whose visit stands or took place may; whose was cancelled, missed or never paid may not', async () => {
  const patient = await testDevice()
  const first = await bookAs(clinic.first, patient)
  for (const status of ['cancelled', 'no_show', 'held', 'expired']) {
    await setStatus(first.appointmentId, status)
    expect([status, await bookAs(clinic.followUp, patient)]).toMatchObject([status, refused])
  }
  for (const status of ['booked', 'completed']) {
    await setStatus(first.appointmentId, status)
    expect([status, await bookAs(clinic.followUp, patient)]).toMatchObject([status, { ok: true }])
  }
  const actor = {
    kind: 'patient' as const,
    clinicId: clinic.clinicId,
    patientId: patient.patientId,
    keyId: patient.keyId,
  }
  expect(await loadChart(actor, {}, at())).toMatchObject({ ok: true, value: { hasBeen: true } })
})

test('it is the person who is known: a child whom the same device has not been with is new, and so is everybody elsewhere', async () => {
  const parent = await testDevice()
  await bookAs(clinic.first, parent)
  const child = { ...parent, ...(await testDevice()) }
  expect(await bookAs(clinic.followUp, child)).toMatchObject(refused)
  // Another clinic's patients count for nothing, whichever key they have.
  expect(await bookAs(other.followUp, await testDevice())).toMatchObject(refused)
  expect(await bookAs(clinic.first, child)).toMatchObject({ ok: true })
  expect(await bookAs(clinic.followUp, child)).toMatchObject({ ok: true })
})

// Defence: service and status in isRecalled.
test('a recall’s link opens the service that it asks for, on whichever device, for as long as it is open', async () => {
  const patient = await testDevice()
  const first = await bookAs(clinic.first, patient)
  const recall = async (of: typeof clinic, serviceId: string, status: string, patientId: string) => {
    const id = randomUUID()
    await admin(
      `INSERT INTO recall (id, clinic_id, patient_id, member_id, service_id, record_id, due_on, status)
       VALUES ($1, $2, $3, $4, $5, $6, current_date, $7::recall_status)`,
      [id, of.clinicId, patientId, of.memberId, serviceId, randomUUID(), status],
    )
    return id
  }
  const { patientId } = patient
  const of = (service: { serviceId: string }, status: string) => recall(clinic, service.serviceId, status, patientId)
  const ask = async (recallId: string) => bookAs(clinic.followUp, await testDevice(), { recallId })
  expect(first.ok).toBe(true)
  expect(await ask(randomUUID())).toMatchObject(refused)
  expect(await ask(await of(clinic.first, 'invited'))).toMatchObject(refused)
  for (const status of ['booked', 'declined'])
    expect(await ask(await of(clinic.followUp, status))).toMatchObject(refused)
  for (const status of ['scheduled', 'invited', 'overdue'])
    expect(await ask(await of(clinic.followUp, status))).toMatchObject({ ok: true })
  const foreigner = await testDevice()
  await bookAs(other.first, foreigner)
  expect(await ask(await recall(other, other.followUp.serviceId, 'invited', foreigner.patientId))).toMatchObject(
    refused,
  )
})

// Defence: `matches` in mayFollowUp.
test('the link of an earlier visit here is as good as a key; half of one, or another clinic’s, is not', async () => {
  const first = await bookAs(clinic.first, await testDevice())
  const link = { id: first.appointmentId, secret: first.linkSecret }
  const there = await bookAs(other.first, await testDevice())
  const ask = async (earlier: typeof link) => bookAs(clinic.followUp, await testDevice(), { earlier })
  expect(await ask({ ...link, secret: 'x'.repeat(22) })).toMatchObject(refused)
  expect(await ask({ id: there.appointmentId, secret: there.linkSecret })).toMatchObject(refused)
  await setStatus(link.id, 'cancelled')
  expect(await ask(link)).toMatchObject(refused)
  await setStatus(link.id, 'completed')
  expect(await ask(link)).toMatchObject({ ok: true })
})

test('as they are listed: follow-ups last for a stranger, first for who has been, each in the clinic’s order', () => {
  const all = (['anyone', 'follow_up', 'first_visit', 'anyone', 'follow_up'] as const).map((audience, index) => ({
    ...{ audience, index },
  }))
  expect(inOrderFor(all, false).map(({ index }) => index)).toEqual([0, 2, 3, 1, 4])
  expect(inOrderFor(all, true).map(({ index }) => index)).toEqual([1, 4, 0, 3, 2])
})

interface Shown {
  known?: { patientId: string; keyId: string; proof: string }
  recallId?: string
  earlier?: { id: string; secret: string }
}
const isoDay = (days: number) => new Date(Date.now() + days * 86_400_000).toISOString().slice(0, 10)
async function join(id: string, shown: Shown, email = `${randomUUID()}@example.org`) {
  const wish = { memberId: null, siteId: null, firstDay: isoDay(2), lastDay: isoDay(4), timeZone: 'Europe/Paris' }
  const answer = await waitlist.join(
    anyone,
    { id, ...clinic.followUp, ...wish, parts: ['morning', 'afternoon'], locale: 'en', email, ...shown },
    at(),
  )
  return answer
}
async function proofFor(who: TestDevice, id: string, clinicId = clinic.clinicId) {
  const { patientId, keyId, privateKey } = who
  const fields = knownFields({ clinicId, id, patientId, keyId })
  return { known: { patientId, keyId, proof: toB64(await sign(privateKey, knownPurpose, fields)) } }
}

// Defence: the look at the audience in join, and `shownBy`.
test('attack: nobody waits for a follow-up whom they could not book it as, with whichever word of a key', async () => {
  const patient = await testDevice()
  await bookAs(clinic.first, patient, { email: 'pat@example.org' })
  const stranger = await testDevice()
  const gone = await testDevice()
  await setStatus((await bookAs(clinic.first, gone)).appointmentId, 'cancelled')
  const id = randomUUID()
  expect(await join(id, {}, 'pat@example.org')).toEqual(refused)
  expect(await join(id, await proofFor(stranger, id))).toEqual(refused)
  expect(await join(id, await proofFor(gone, id))).toEqual(refused)
  // A word for another place, for another clinic, or by another's key.
  expect(await join(id, await proofFor(patient, randomUUID()))).toEqual(refused)
  expect(await join(id, await proofFor(patient, id, other.clinicId))).toEqual(refused)
  const forged = await proofFor({ ...patient, privateKey: stranger.privateKey }, id)
  expect(await join(id, forged)).toEqual(refused)
  expect(await join(id, await proofFor(patient, id))).toEqual({ ok: true, value: { sent: true } })
})

test('a time that the waiting list kept is booked by who opens its link, on a device that has never been there', async () => {
  const patient = await testDevice()
  await bookAs(clinic.first, patient)
  const id = randomUUID()
  // Nothing is free when they ask.
  const hours = (until: number) =>
    admin('UPDATE weekly_hours SET end_minute = $2 WHERE clinic_id = $1', [clinic.clinicId, until])
  await hours(10)
  expect(await join(id, await proofFor(patient, id))).toMatchObject({ ok: true })
  await hours(1440)
  const [row] = await admin<{ sealed: Buffer }>('SELECT link_sealed AS sealed FROM waitlist_entry WHERE id = $1', [id])
  const link = { id, secret: await openField(row!.sealed, `waitlist.link|${clinic.clinicId}|${id}`) }
  await waitlist.confirm(anyone, link, at())
  // By day, whatever the hour is: nobody is told at night.
  const now = new Date(`${isoDay(1)}T11:00:00Z`)
  await tendClinic(clinic.clinicId, now)
  const view = await waitlist.open(anyone, link, at(now))
  if (!view.ok || !view.value.offer) throw new Error('no offer')
  const { appointmentId } = view.value.offer
  const secret = 'y'.repeat(22)
  expect(await waitlist.take(anyone, { ...link, appointmentId, holdSecret: secret }, at(now))).toMatchObject({
    ok: true,
  })
  const { patientId, keyId, keys, privateKey } = await testDevice()
  const ids = { clinicId: clinic.clinicId, appointmentId, patientId, keyId, sign: keys.sign, dh: keys.dh }
  const proof = toB64(await sign(privateKey, bookingPurpose, bookingFields(ids)))
  const booked = await bookSlot(
    anyone,
    {
      ...{ id: appointmentId, secret, key: randomUUID(), linkSecret: 'z'.repeat(22) },
      patient: { patientId, keyId, ...keys, proof },
      ...{ email: 'new@example.org', phone: '', locale: 'en', timeZone: 'Europe/Paris', consent: null },
      records: [sealedStub(clinic.clinicId, patientId, 'identity')] as never,
    },
    at(now),
  )
  expect(booked).toMatchObject({ ok: true, value: { status: 'booked' } })
})
