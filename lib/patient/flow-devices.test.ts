import { randomUUID } from 'node:crypto'
import { beforeAll, expect, test } from 'vitest'
import type { PatientActor } from '../access/rules.ts'
import { at, bookAs, testDevice, type TestDevice } from '../booking/testing.ts'
import { clinicWorld } from '../payment/testing.ts'
import { insertGrants, listRecords } from '../record/store.ts'
import { sealed } from '../record/testing.ts'
import { testDb } from '../server/testing.ts'
import { inClinic } from '../server/tx.ts'
import { loadChart } from './flow.ts'
import { addDevice, findBackup, handOn, listBehind, listDevices, removeDevice } from './flow-devices.ts'
import { apart, deviceName, MOST_KEYS, tellApart } from './rules.ts'
import { findDeviceKey, listLinks, markUsed } from './store.ts'
import { patientWhoReadsTheLog } from './testing.ts'

const { admin } = testDb()
let world: Awaited<ReturnType<typeof clinicWorld>>
beforeAll(async () => {
  world = await clinicWorld(admin)
  await admin(`UPDATE service SET payment_mode = 'free', price_minor = 0 WHERE id = $1`, [world.serviceId])
})

const actorOf = ({ patientId, keyId }: TestDevice): PatientActor => ({
  ...{ kind: 'patient' as const, clinicId: world.clinicId },
  ...{ patientId, keyId },
})
async function file(device: TestDevice, state: string) {
  const { keyId, patientId, keys } = device
  await admin(
    'INSERT INTO patient_key (id, clinic_id, patient_id, sign_key, dh_key, state) VALUES ($1, $2, $3, $4, $5, $6)',
    [keyId, world.clinicId, patientId, keys.sign, keys.dh, state],
  )
  return device
}
const recipientOf = ({ patientId, keys }: TestDevice) => ({
  ...{ kind: 'patient' as const, id: patientId, key: keys.dh, epoch: 0 },
})
async function patient() {
  const own = await testDevice()
  expect((await bookAs(world, own)).ok).toBe(true)
  const phone = await file(await testDevice(own.patientId), 'vouched')
  const thief = await file(await testDevice(own.patientId), 'confirmed')
  const [row] = await admin<{ recordId: string }>(
    'SELECT record_id AS "recordId" FROM record WHERE patient_id = $1 LIMIT 1',
    [own.patientId],
  )
  const grantTo = (device: TestDevice) => {
    const place = { clinicId: world.clinicId, patientId: own.patientId, recordId: row!.recordId, revision: 1 }
    const [grant] = sealed({ ...place, type: 'identity' }, recipientOf(device)).grants
    return inClinic(world.clinicId, (tx) => insertGrants(tx, actorOf(own), [{ ...place, grant: grant! }]))
  }
  return { own, phone, thief, grantTo }
}
const readBy = (device: TestDevice) => inClinic(world.clinicId, (tx) => listRecords(tx, actorOf(device), {}))

test('a patient sees their devices, and which of them this is', async () => {
  const { own, phone, thief } = await patient()
  const listed = await listDevices(actorOf(phone))
  const devices = listed.ok ? listed.value.devices : []
  expect(devices.map(({ keyId, state, mine }) => [keyId, state, mine])).toEqual([
    [own.keyId, 'booking', false],
    [phone.keyId, 'vouched', true],
    [thief.keyId, 'confirmed', false],
  ])
})

test('two of one make are told apart by when they were first seen, and keep their numbers when an earlier one goes', async () => {
  const minute = (count: number) => new Date(Date.UTC(2026, 10, 22, 9, count))
  const [phone, tablet] = ['Chrome · Android', 'Safari · iPad']
  const all = [
    { id: 'c', called: phone, since: minute(30) },
    { id: 'b', called: tablet, since: minute(20) },
    { id: 'a', called: phone, since: minute(10) },
    // Filed in one moment: told apart all the same, and as at the look before.
    { id: 'e', called: phone, since: minute(40) },
    { id: 'd', called: phone, since: minute(40) },
  ]
  const expected = { a: 1, b: 1, c: 2, d: 3, e: 4 }
  for (const seen of [all, all.toReversed()]) expect(Object.fromEntries(tellApart(seen))).toEqual(expected)
  expect([apart(phone, 1), apart(phone, 2)]).toEqual([phone, 'Chrome · Android (2)'])

  const { own, phone: second, thief } = await patient()
  await admin(`UPDATE patient_key SET name = 'Chrome · Android' WHERE patient_id = $1`, [own.patientId])
  const numbers = async () => {
    const listed = await listDevices(actorOf(own))
    return listed.ok && listed.value.devices.map(({ keyId, nth }) => [keyId, nth])
  }
  expect(await numbers()).toEqual([
    [own.keyId, 1],
    [second.keyId, 2],
    [thief.keyId, 3],
  ])
  expect(await removeDevice(actorOf(own), { keyId: second.keyId }, at())).toMatchObject({ ok: true })
  expect(await numbers()).toEqual([
    [own.keyId, 1],
    [thief.keyId, 3],
  ])
})

// Defence: NOT_CONFIRMED in asOwn.
test('attack 14: whom a mailed code alone let in sees no device and removes none', async () => {
  const { own, thief } = await patient()
  expect(await listDevices(actorOf(thief))).toEqual({ ok: false, code: 'NOT_CONFIRMED' })
  expect(await removeDevice(actorOf(thief), { keyId: own.keyId }, at())).toEqual({ ok: false, code: 'NOT_CONFIRMED' })
  expect((await listDevices(actorOf(own))).ok).toBe(true)
})

// Defence: revokeDevice deletes the grants, and insertGrants leaves out what is sealed to a removed device.
test('a removed device reads nothing, opens no session and is granted nothing', async () => {
  const { own, phone, grantTo } = await patient()
  expect(await grantTo(phone)).toBe(1)
  expect(await readBy(phone)).toHaveLength(1)
  expect(await removeDevice(actorOf(own), { keyId: phone.keyId }, at())).toEqual({ ok: true, value: { done: true } })
  expect(await inClinic(world.clinicId, (tx) => findDeviceKey(tx, phone))).toBeNull()
  expect(await readBy(phone)).toEqual([])
  expect(await grantTo(phone)).toBe(0)
  expect(await readBy(phone)).toEqual([])
  expect(await listDevices(actorOf(phone))).toEqual({ ok: false, code: 'SIGN_IN_FIRST' })
  const left = await listDevices(actorOf(own))
  expect(left.ok && left.value.devices.map(({ keyId }) => keyId)).not.toContain(phone.keyId)
  expect(await removeDevice(actorOf(own), { keyId: phone.keyId }, at())).toEqual({ ok: false, code: 'NOT_FOUND' })
})

const added = ({ keyId, keys }: TestDevice) => ({
  ...{ keyId, keys, kind: 'device' as const, name: 'Phone', link: 'bGluaw' },
})

// Defences: isOwn in handOn, line by line, and mayBeHanded.
test('a device that was added is handed what the first was granted, by that one and by no other', async () => {
  const { own, thief, grantTo } = await patient()
  expect(await grantTo(own)).toBe(1)
  const tablet = await testDevice(own.patientId)
  expect(await addDevice(actorOf(own), added(tablet))).toMatchObject({ ok: true })
  expect(await addDevice(actorOf(own), added(tablet))).toMatchObject({ ok: true })
  const behind = await listBehind(actorOf(own))
  const lacking = behind.ok ? behind.value.lacking.filter((each) => each.key === tablet.keys.dh) : []
  expect(lacking).toHaveLength(1)
  // Never for the mailed code's device.
  expect(behind.ok && behind.value.lacking.some((each) => each.key === thief.keys.dh)).toBe(false)
  const [{ recordId, revision }] = lacking as [(typeof lacking)[number]]
  const place = { clinicId: world.clinicId, patientId: own.patientId, recordId, revision, type: 'identity' as const }
  const grantFor = (device: TestDevice, granter = own.keys.sign) => {
    const [grant] = sealed(place, recipientOf(device)).grants
    return { recordId, revision, grant: { ...grant!, recipient: recipientOf(device), granter } }
  }
  const refused = { ok: false, code: 'NOT_ALLOWED' }
  const other = await testDevice()
  const gone = await file(await testDevice(own.patientId), 'revoked')
  const named = (over: object) => {
    const { grant, ...of } = grantFor(tablet)
    return { ...of, grant: { ...grant, recipient: { ...grant.recipient, ...over } } } as ReturnType<typeof grantFor>
  }
  for (const wrong of [
    ...[grantFor(thief), grantFor(tablet, tablet.keys.sign), grantFor(other), grantFor(gone)],
    ...[named({ id: other.patientId }), named({ kind: 'escrow' })],
  ])
    expect(await handOn(actorOf(own), { grants: [wrong] })).toEqual(refused)
  expect(await handOn(actorOf(thief), { grants: [grantFor(tablet)] })).toEqual({ ok: false, code: 'NOT_CONFIRMED' })
  expect(await handOn(actorOf(own), { grants: [grantFor(tablet)] })).toEqual({ ok: true, value: { granted: 1 } })
  expect(await readBy(tablet)).toHaveLength(1)
  expect((await loadChart(actorOf(tablet), {}, at())).ok).toBe(true)
})

// Defence: NOT_CONFIRMED in asOwn, the unique signing key, and MOST_KEYS.
test('attack 14: a mailed code’s device adds none; nobody adds another’s keys, nor without end', async () => {
  const { own, phone, thief } = await patient()
  const tablet = await testDevice(own.patientId)
  expect(await addDevice(actorOf(thief), added(tablet))).toEqual({ ok: false, code: 'NOT_CONFIRMED' })
  const stranger = await patient()
  expect(await addDevice(actorOf(stranger.own), added(phone))).toEqual({ ok: false, code: 'NOT_ALLOWED' })
  // Defence: isAgreeable. What is sealed to such a key could be opened by anybody, or by nobody.
  const zero = { ...added(tablet), keys: { ...tablet.keys, dh: 'A'.repeat(43) } }
  expect(await addDevice(actorOf(own), zero)).toMatchObject({ ok: false, code: 'BAD_INPUT' })
  for (let more = 3; more < MOST_KEYS; more++)
    expect((await addDevice(actorOf(own), added(await testDevice(own.patientId)))).ok).toBe(true)
  expect(await addDevice(actorOf(own), added(tablet))).toEqual({ ok: false, code: 'TOO_MANY' })
})

test('nobody removes the device that they hold, or another patient’s', async () => {
  const { own, phone } = await patient()
  const stranger = await patient()
  expect(await removeDevice(actorOf(own), { keyId: own.keyId }, at())).toEqual({ ok: false, code: 'NOT_ALLOWED' })
  const theirs = removeDevice(actorOf(stranger.own), { keyId: phone.keyId }, at())
  expect(await theirs).toEqual({ ok: false, code: 'NOT_FOUND' })
  expect((await loadChart(actorOf(phone), {}, at())).ok).toBe(true)
  expect(await removeDevice(actorOf(own), { keyId: randomUUID() }, at())).toEqual({ ok: false, code: 'NOT_FOUND' })
})

test('a browser’s own words become a name that a person knows it by', () => {
  const chrome = 'AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0 Safari/537.36'
  expect(deviceName(`Mozilla/5.0 (Windows NT 10.0; Win64; x64) ${chrome} Edg/120.0.0.0`)).toBe('Edge · Windows')
  expect(deviceName(`Mozilla/5.0 (Linux; Android 10; K) ${chrome}`)).toBe('Chrome · Android')
  expect(deviceName('Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0')).toBe('Firefox · Linux')
  expect(
    deviceName('Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Mobile/15E148 Safari/604.1'),
  ).toBe('Safari · iPhone')
  expect(deviceName('curl/8')).toBe('')
})

test('a passkey is listed with where it was made and the day it was last used, and is taken off like a device', async () => {
  const { own } = await patient()
  const passkey = await testDevice(own.patientId)
  const filed = { ...added(passkey), kind: 'passkey' as const, name: 'Chrome · Android' }
  expect((await addDevice(actorOf(own), filed)).ok).toBe(true)
  const listed = async () => {
    const answer = await listDevices(actorOf(own))
    const row = answer.ok && answer.value.devices.find(({ keyId }) => keyId === passkey.keyId)
    return row && [row.kind, row.name, row.lastUsed]
  }
  expect(await listed()).toEqual(['passkey', 'Chrome · Android', null])
  const use = (now: string) => inClinic(world.clinicId, (tx) => markUsed(tx, passkey, new Date(now)))
  await use('2026-03-04T23:59:00Z')
  expect(await listed()).toEqual(['passkey', 'Chrome · Android', '2026-03-04'])
  // No clock takes it back.
  await use('2026-03-03T10:00:00Z')
  expect(await listed()).toEqual(['passkey', 'Chrome · Android', '2026-03-04'])
  const found = () => findBackup({ kind: 'public' }, { keyId: passkey.keyId }, at())
  expect(await found()).toMatchObject({ ok: true, value: { clinicId: world.clinicId, patientId: own.patientId } })
  expect((await removeDevice(actorOf(own), { keyId: passkey.keyId }, at())).ok).toBe(true)
  expect(await listed()).toBeUndefined()
  expect(await found()).toEqual({ ok: false, code: 'NOT_FOUND' })
})

// Defences: `kind` in findBackup (store.ts), and its `limit`.
test('attack 14: whose a device is, nobody learns by its id, and nobody tries ids without end', async () => {
  const { own } = await patient()
  const find = (keyId: string) => findBackup({ kind: 'public' }, { keyId }, { ...at(), ip: '203.0.113.77' })
  expect(await find(own.keyId)).toEqual({ ok: false, code: 'NOT_FOUND' })
  for (let more = 1; more < 30; more++) expect(await find(randomUUID())).toMatchObject({ code: 'NOT_FOUND' })
  expect(await find(randomUUID())).toMatchObject({ code: 'TOO_MANY' })
})

// Defences: `audit` in addDevice and in removeDevice.
test('attack 14: a device that comes and one that goes are entries of the log, which the patient’s own opens', async () => {
  const { own, readLog } = await patientWhoReadsTheLog(admin, world.clinicId)
  const [tablet, page] = [await testDevice(own.patientId), await testDevice(own.patientId)]
  expect((await addDevice(actorOf(own), added(tablet))).ok).toBe(true)
  expect((await addDevice(actorOf(own), { ...added(page), kind: 'kit' })).ok).toBe(true)
  expect((await removeDevice(actorOf(own), { keyId: tablet.keyId }, at())).ok).toBe(true)
  expect((await readLog()).map((each) => each && [each.action, each.subjectId])).toEqual([
    ['patient.device-added', tablet.keyId],
    ['patient.kit-added', page.keyId],
    ['patient.device-removed', tablet.keyId],
  ])
})

test('the soonest visit is among the links, however many are to come', async () => {
  const { own } = await patient()
  const [before] = await admin<{ id: string }>('SELECT id FROM appointment WHERE patient_id = $1', [own.patientId])
  const [columns] = await admin<{ all: string }>(
    `SELECT string_agg(quote_ident(attname), ',') AS all FROM pg_attribute
     WHERE attrelid = 'appointment'::regclass AND attnum > 0 AND NOT attisdropped AND attgenerated = ''`,
  )
  await admin(
    `INSERT INTO appointment (${columns!.all}) SELECT ${columns!.all} FROM (
       SELECT (jsonb_populate_record(a, jsonb_build_object('id', gen_random_uuid(), 'idempotency_key', gen_random_uuid(), 'status', 'cancelled',
       'starts_at', a.starts_at + n * interval '1 day', 'ends_at', a.ends_at + n * interval '1 day',
       'blocked_from', a.blocked_from + n * interval '1 day', 'blocked_until', a.blocked_until + n * interval '1 day'))).*
       FROM appointment a, generate_series(1, 60) n WHERE a.id = $1) copied`,
    [before!.id],
  )
  const links = await inClinic(world.clinicId, (tx) => listLinks(tx, own.patientId, new Date()))
  expect(links).toHaveLength(61)
  expect(links.at(-1)!.id).toBe(before!.id)
})
