// The desk books for who calls, and the caller's first device comes: against a real database.
import { randomBytes, randomUUID } from 'node:crypto'
import { encode } from 'cborg'
import { beforeEach, expect, test } from 'vitest'
import type { Role, StaffActor } from '../access/rules.ts'
import { showAppointment } from '../booking/flow.ts'
import { anyone, at, sealedStub, testDevice, type TestDevice } from '../booking/testing.ts'
import { bookingFields, bookingPurpose } from '../booking/rules.ts'
import { toB64 } from '../crypto/bytes.ts'
import { sign } from '../crypto/sign.ts'
import type { RecordType } from '../crypto/types.ts'
import { clinicWorld, factsOf } from '../payment/testing.ts'
import { insertRecords } from '../record/store.ts'
import { testDb } from '../server/testing.ts'
import { inClinic } from '../server/tx.ts'
import { book } from './book.ts'
import { claim } from './claim.ts'
import { options, patients, place, sendLink, showLink } from './flow.ts'

const { admin } = testDb()
let world: Awaited<ReturnType<typeof clinicWorld>>
let desk: StaffActor
const now = new Date('2026-11-20T09:00:00Z')
const secretOf = () => randomBytes(16).toString('base64url')

async function member(roles: Role[], clinicId = world.clinicId): Promise<StaffActor> {
  const memberId = randomUUID()
  await admin(
    `INSERT INTO member (id, clinic_id, email_index, email_sealed, display_name, roles, status)
     VALUES ($1, $2, $3, $4, 'Robin', $5, 'active')`,
    [memberId, clinicId, randomBytes(32), randomBytes(8), `{${roles.join()}}`],
  )
  return { kind: 'staff', clinicId, memberId, sessionId: '', roles }
}
beforeEach(async () => {
  world = await clinicWorld(admin)
  desk = await member(['frontdesk'])
})

const sealed = (patientId: string, type: RecordType, managing = type === 'identity' ? 'desk' : 'clinical') => ({
  ...sealedStub(world.clinicId, patientId, type),
  header: Buffer.from(encode([...Array<number>(12).fill(0), managing])).toString('base64url'),
})
type Input = Parameters<typeof book>[1]
type New = Extract<Input['patient'], { kind: 'new' }>
function input(change: Partial<Omit<Input, 'patient'>> = {}, patient: Partial<New> = {}): Input {
  const patientId = patient.patientId ?? randomUUID()
  return {
    ...{ id: randomUUID(), key: randomUUID(), linkSecret: secretOf(), serviceId: world.serviceId },
    ...{ memberId: world.memberId, siteId: null, startsAt: '2026-11-30T09:00:00.000Z', anyway: false, ...change },
    patient: {
      ...{ kind: 'new', patientId, email: `${patientId}@example.org`, phone: '', locale: 'en' },
      records: [sealed(patientId, 'identity'), sealed(patientId, 'reason')] as never,
      ...patient,
    },
  }
}
const ask = (given: Input, actor = desk) => book(actor, given, { now })
const rowsOf = (table: string) =>
  admin<{ count: number }>(`SELECT count(*)::int AS count FROM ${table} WHERE clinic_id = $1`, [world.clinicId]).then(
    ([row]) => row!.count,
  )

async function claimed(given: Input, device: TestDevice, change: { secret?: string; appointmentId?: string } = {}) {
  const { keyId, keys, privateKey } = device
  const patientId = device.patientId
  const id = change.appointmentId ?? given.id
  const ids = { clinicId: world.clinicId, appointmentId: id, patientId, keyId, sign: keys.sign, dh: keys.dh }
  const proof = toB64(await sign(privateKey, bookingPurpose, bookingFields(ids)))
  return claim(
    anyone,
    {
      ...{ id, secret: change.secret ?? given.linkSecret },
      patient: { patientId, keyId, sign: keys.sign, dh: keys.dh, proof },
      records: [sealedStub(world.clinicId, patientId, 'identity')] as never,
    },
    at(now),
  )
}

test('booked at once with its money due, mailed once, and once only however often it is sent', async () => {
  const given = input()
  const answers = await Promise.all([ask(given), ask(given), ask(given)])
  expect(answers.every(({ ok }) => ok)).toBe(true)
  expect(await ask(given)).toMatchObject({ ok: true, value: { appointmentId: given.id, sent: 'mail' } })
  expect(await factsOf(admin, { appointmentId: given.id })).toMatchObject({
    ...{ appointment: 'booked', payment: 'due', jobs: ['mail.booked'] },
  })
  expect([await rowsOf('patient'), await rowsOf('record'), await rowsOf('patient_key')]).toEqual([1, 2, 0])
})

test('a time that somebody took meanwhile is refused, and nothing of the caller is left', async () => {
  expect(await ask(input())).toMatchObject({ ok: true })
  expect(await ask(input())).toEqual({ ok: false, code: 'SLOT_TAKEN' })
  expect([await rowsOf('patient'), await rowsOf('record'), await rowsOf('appointment')]).toEqual([1, 2, 1])
})

test('of ten who book one time at once, one does', async () => {
  const answers = await Promise.all(Array.from({ length: 10 }, () => ask(input())))
  expect(answers.filter(({ ok }) => ok).length).toBe(1)
  expect(answers.filter((each) => !each.ok && each.code === 'SLOT_TAKEN').length).toBe(9)
})

test('outside of the hours it is asked about first; what is over or too far is refused', async () => {
  await admin('UPDATE weekly_hours SET start_minute = 600, end_minute = 960 WHERE clinic_id = $1', [world.clinicId])
  const early = { startsAt: '2026-11-30T07:00:00.000Z' }
  expect(await place(desk, { serviceId: world.serviceId, memberId: world.memberId, ...early }, { now })).toMatchObject({
    ...{ ok: true, value: { outside: true, taken: false } },
  })
  expect(await ask(input(early))).toEqual({ ok: false, code: 'OUTSIDE_HOURS' })
  expect(await ask(input({ ...early, anyway: true }))).toMatchObject({ ok: true })
  expect(await ask(input({ startsAt: '2026-11-20T08:00:00.000Z' }))).toMatchObject({
    fields: { startsAt: 'tooSmall' },
  })
  expect(await ask(input({ startsAt: '2028-11-20T08:00:00.000Z' }))).toMatchObject({
    fields: { startsAt: 'tooLarge' },
  })
})

// Defence: `mayWriteUnder` in patientIn. What such a member signs is believed by no browser.
// Defence: the look at the number in book.
test('by telephone, somebody new is booked with a number to call, and not without', async () => {
  await admin(`UPDATE service SET way = 'phone' WHERE id = $1`, [world.serviceId])
  expect(await ask(input())).toEqual({ ok: false, code: 'BAD_INPUT', fields: { 'patient.phone': 'required' } })
  const given = input({}, { phone: '+33 6 12 34 56 78' })
  expect(await ask(given)).toMatchObject({ ok: true })
  expect(await admin('SELECT way FROM appointment WHERE id = $1', [given.id])).toEqual([{ way: 'phone' }])
})

test('who is in no group that knows names writes none', async () => {
  const own = await member(['practitioner'])
  await admin('UPDATE member SET own_patients = true WHERE id = $1', [own.memberId])
  expect(await ask(input(), own)).toEqual({ ok: false, code: 'NOT_ALLOWED' })
  expect(await options(own, {}, { now })).toMatchObject({ ok: true, value: { mayWrite: false } })
  const patientId = randomUUID()
  const records = [sealed(patientId, 'identity', 'officers')] as never
  expect(await ask(input({}, { patientId, records }))).toEqual({ ok: false, code: 'NOT_ALLOWED' })
  const bare = [{ ...sealed(patientId, 'identity'), header: 'AAAA' }] as never
  expect(await ask(input({}, { patientId, records: bare }))).toEqual({ ok: false, code: 'NOT_ALLOWED' })
  expect(await rowsOf('patient')).toBe(0)
})

test('a member of another clinic books nothing here, and sees no link', async () => {
  const given = input()
  expect(await ask(given)).toMatchObject({ ok: true })
  const other = await clinicWorld(admin)
  const theirs = await member(['frontdesk'], other.clinicId)
  expect(await ask(input({ startsAt: '2026-12-01T09:00:00.000Z' }), theirs)).toEqual({ ok: false, code: 'NOT_FOUND' })
  expect(await showLink(theirs, { id: given.id })).toEqual({ ok: false, code: 'NOT_FOUND' })
  expect(await sendLink(theirs, { id: given.id }, { now })).toEqual({ ok: false, code: 'NOT_FOUND' })
  expect(await ask(given, theirs)).toMatchObject({ ok: false })
})

test('anything but one identity and one reason is refused', async () => {
  const patientId = randomUUID()
  const of = (...types: RecordType[]) => ({ patientId, records: types.map((type) => sealed(patientId, type)) as never })
  for (const wrong of [of('reason'), of('identity', 'identity'), of('identity', 'intake'), of('identity', 'note')])
    expect(await ask(input({}, wrong))).toMatchObject({ ok: false, code: 'BAD_INPUT' })
  const later = [{ ...sealed(patientId, 'identity'), meta: { ...sealed(patientId, 'identity').meta, revision: 2 } }]
  expect(await ask(input({}, { patientId, records: later as never }))).toMatchObject({ code: 'BAD_INPUT' })
})

test('the first device registers once; a second is an ordinary new one; sent again it is done', async () => {
  const given = input()
  await ask(given)
  const { patientId } = given.patient
  const link = { id: given.id, secret: given.linkSecret }
  expect(await showAppointment(anyone, link, at(now))).toMatchObject({ value: { unclaimed: patientId, payable: true } })
  const first = await testDevice(patientId)
  expect(await claimed(given, first, { secret: secretOf() })).toEqual({ ok: false, code: 'NOT_FOUND' })
  expect(await claimed(given, await testDevice())).toEqual({ ok: false, code: 'NOT_FOUND' })
  expect(await claimed(given, first)).toEqual({ ok: true, value: { patientId, keyId: first.keyId } })
  expect(await claimed(given, first)).toEqual({ ok: true, value: { patientId, keyId: first.keyId } })
  expect(await claimed(given, await testDevice(patientId))).toEqual({ ok: false, code: 'WRONG_STATE' })
  expect(await showAppointment(anyone, link, at(now))).toMatchObject({ value: { unclaimed: null } })
  expect(await rowsOf('patient_key')).toBe(1)
})

// Defence: the row lock in `lockKeys`. Without it both count no key, and the patient has two first devices.
test('of two first devices at once, one is', async () => {
  const given = input()
  await ask(given)
  const devices = await Promise.all(Array.from({ length: 6 }, () => testDevice(given.patient.patientId)))
  const answers = await Promise.all(devices.map((device) => claimed(given, device)))
  expect(answers.filter(({ ok }) => ok).length).toBe(1)
  expect(await rowsOf('patient_key')).toBe(1)
})

// Defence: the same lock. The links of two appointments hold no row in common but the patient's.
test('nor by the links of two appointments that the desk made for one patient', async () => {
  const given = input()
  await ask(given)
  const { patientId } = given.patient
  const wish = { startsAt: '2026-12-03T09:00:00.000Z' }
  const further = { ...input(wish), patient: { kind: 'known' as const, patientId } }
  expect(await ask(further)).toMatchObject({ ok: true })
  const devices = await Promise.all(Array.from({ length: 6 }, () => testDevice(patientId)))
  const answers = await Promise.all(devices.map((device, index) => claimed(index % 2 ? given : further, device)))
  expect(answers.filter(({ ok }) => ok).length).toBe(1)
  expect(await rowsOf('patient_key')).toBe(1)
})

test('a proof by another key, for another appointment, or a key that is filed already is refused', async () => {
  const [given, other] = [input(), input({ startsAt: '2026-12-01T09:00:00.000Z' })]
  await ask(given)
  await ask(other)
  const { patientId } = given.patient
  const [device, thief] = [await testDevice(patientId), await testDevice(patientId)]
  expect(await claimed(given, { ...device, privateKey: thief.privateKey })).toEqual({ ok: false, code: 'BAD_PROOF' })
  expect(await claimed(given, device, { appointmentId: other.id })).toEqual({ ok: false, code: 'NOT_FOUND' })
  expect(await claimed(given, device)).toMatchObject({ ok: true })
  const same = { ...(await testDevice(other.patient.patientId)), keyId: device.keyId }
  expect(await claimed(other, same)).toEqual({ ok: false, code: 'NOT_ALLOWED' })
})

test('a cancelled appointment makes nobody a first device', async () => {
  const given = input()
  await ask(given)
  await admin(`UPDATE appointment SET status = 'cancelled' WHERE id = $1`, [given.id])
  expect(await claimed(given, await testDevice(given.patient.patientId))).toEqual({ ok: false, code: 'WRONG_STATE' })
})

// Defence: mayWriteForPatient in insertRecords, and findPatient in patientIn.
test('of a patient who has a key the desk writes nothing that is theirs to say', async () => {
  const given = input()
  await ask(given)
  const { patientId } = given.patient
  await claimed(given, await testDevice(patientId))
  const again = input({ startsAt: '2026-12-02T09:00:00.000Z' }, { patientId })
  expect(await ask(again)).toEqual({ ok: false, code: 'NOT_ALLOWED' })
  const write = (type: RecordType) =>
    inClinic(world.clinicId, (tx) =>
      insertRecords(tx, desk, [sealed(patientId, type)], { patientId, appointmentId: given.id }),
    )
  for (const type of ['identity', 'reason', 'intake', 'consent', 'checklist'] as const)
    expect(await write(type), type).toEqual({ ok: false, code: 'NOT_ALLOWED' })
  expect(await write('note')).toMatchObject({ ok: true })
})

test('the link is shown until somebody has it, and sent again to where messages go', async () => {
  const given = input()
  await ask(given)
  expect(await showLink(desk, { id: given.id })).toEqual({ ok: true, value: { linkSecret: given.linkSecret } })
  expect(await sendLink(desk, { id: given.id }, { now })).toEqual({ ok: true, value: { sent: 'mail' } })
  await claimed(given, await testDevice(given.patient.patientId))
  expect(await showLink(desk, { id: given.id })).toEqual({ ok: false, code: 'WRONG_STATE' })
  expect((await factsOf(admin, { appointmentId: given.id })).jobs).toEqual(['mail.booked', 'mail.booked'])
})

test('without an address nothing is sent, and it is said', async () => {
  const given = input({}, { email: '', phone: '+33 6 12 34 56 78' })
  expect(await ask(given)).toMatchObject({ ok: true, value: { sent: null } })
  expect(await sendLink(desk, { id: given.id }, { now })).toEqual({ ok: false, code: 'NOT_FOUND' })
})

test('somebody who is known gets a further appointment, and nothing is sealed anew', async () => {
  const given = input()
  await ask(given)
  const { patientId } = given.patient
  await claimed(given, await testDevice(patientId))
  const before = await rowsOf('record')
  const further = { ...input({ startsAt: '2026-12-03T09:00:00.000Z' }), patient: { kind: 'known' as const, patientId } }
  expect(await ask(further)).toMatchObject({ ok: true, value: { patientId, sent: 'mail' } })
  expect(await rowsOf('record')).toBe(before)
  const found = await patients(desk, {}, { now })
  expect(found).toMatchObject({ ok: true, value: { patientIds: [patientId], been: [patientId] } })
  // By the practitioner themselves, though they see their own patients alone.
  await admin('UPDATE member SET own_patients = true WHERE id = $1', [world.memberId])
  const own: StaffActor = { ...desk, memberId: world.memberId, roles: ['practitioner'] }
  const again = { ...input({ startsAt: '2026-12-04T09:00:00.000Z' }), patient: { kind: 'known' as const, patientId } }
  expect(await ask(again, own)).toMatchObject({ ok: true })
  await admin('UPDATE member SET own_patients = false WHERE id = $1', [world.memberId])
  const stranger = { ...input(), patient: { kind: 'known' as const, patientId: randomUUID() } }
  expect(await ask(stranger)).toEqual({ ok: false, code: 'NOT_FOUND' })
})

test('an id that a patient of another clinic has is refused, and says no more', async () => {
  const other = await clinicWorld(admin)
  const [row] = await admin<{ id: string }>('SELECT patient_id AS id FROM appointment WHERE id = $1', [
    (await other.waiting({ status: 'booked' })).appointmentId,
  ])
  expect(await ask(input({}, { patientId: row!.id }))).toEqual({ ok: false, code: 'NOT_ALLOWED' })
})

test('an address is written to ten times a day, be it of somebody who is known', async () => {
  await admin('DELETE FROM rate_limit')
  const given = input()
  await ask(given)
  const known = { kind: 'known' as const, patientId: given.patient.patientId }
  const codes = []
  for (let nth = 0; nth < 10; nth++) {
    const startsAt = `2026-12-${String(nth + 7).padStart(2, '0')}T09:00:00.000Z`
    const answer = await ask({ ...input({ startsAt, anyway: true }), patient: known })
    codes.push(answer.ok ? 'ok' : answer.code)
  }
  expect(codes).toEqual([...Array<string>(9).fill('ok'), 'TOO_MANY'])
})

test('nobody who does not see an appointment spends its sendings', async () => {
  const given = input()
  await ask(given)
  const other = await member(['frontdesk'], (await clinicWorld(admin)).clinicId)
  for (let nth = 0; nth < 6; nth++)
    expect(await sendLink(other, { id: given.id }, { now })).toMatchObject({ code: 'NOT_FOUND' })
  expect(await sendLink(desk, { id: given.id }, { now })).toMatchObject({ ok: true })
})
