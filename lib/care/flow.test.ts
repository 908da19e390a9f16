import { randomUUID } from 'node:crypto'
import { beforeAll, expect, test } from 'vitest'
import type { PatientActor } from '../access/rules.ts'
import { at, bookAs, testDevice, type TestDevice } from '../booking/testing.ts'
import type { CareRole } from '../crypto/types.ts'
import { saveCard } from '../emergency/flow-card.ts'
import { loadChart } from '../patient/flow.ts'
import { addDevice, handOn, listBehind, listDevices, listLinks, removeDevice } from '../patient/flow-devices.ts'
import { MOST_KEYS } from '../patient/rules.ts'
import { findDeviceKey } from '../patient/store.ts'
import { patientWhoReadsTheLog } from '../patient/testing.ts'
import { clinicWorld } from '../payment/testing.ts'
import { insertGrants, listRecords } from '../record/store.ts'
import { sealed } from '../record/testing.ts'
import { ask } from '../retention/flow.ts'
import { testDb } from '../server/testing.ts'
import { inClinic } from '../server/tx.ts'
import { end, letIn } from './flow.ts'
import { tellEnding } from './mail.ts'

const { admin } = testDb()
let world: Awaited<ReturnType<typeof clinicWorld>>
beforeAll(async () => {
  world = await clinicWorld(admin)
  await admin(`UPDATE service SET payment_mode = 'free', price_minor = 0 WHERE id = $1`, [world.serviceId])
})

interface Helper extends TestDevice {
  careId: string
  role: CareRole
  until: string | null
}
const actorOf = ({ patientId, keyId }: TestDevice, helps?: Helper): PatientActor => ({
  ...{ kind: 'patient' as const, clinicId: world.clinicId, patientId, keyId },
  ...(helps && { care: { id: helps.careId, role: helps.role } }),
})
const asHelper = (helper: Helper) => actorOf(helper, helper)
const in_ = (days: number) => new Date(Date.now() + days * 86_400_000).toISOString()
const done = { ok: true, value: { done: true } }
const refused = (code: string) => ({ ok: false, code })

async function patient() {
  const own = await testDevice()
  expect((await bookAs(world, own)).ok).toBe(true)
  return own
}
function asked(by: TestDevice, helper: TestDevice, given: { careId: string; role: CareRole; until: string | null }) {
  const place = { clinicId: world.clinicId, patientId: by.patientId, recordId: randomUUID(), revision: 1 }
  const { keyId, keys } = helper
  return {
    ...given,
    keyId,
    keys,
    name: 'Firefox',
    record: sealed({ ...place, type: 'care' }, recipientOf(by)) as never,
  }
}
async function help(by: TestDevice, role: CareRole = 'carer', until: string | null = in_(30)): Promise<Helper> {
  const device = await testDevice(by.patientId)
  const given = { careId: randomUUID(), role, until }
  expect(await letIn(actorOf(by), asked(by, device, given), at())).toEqual(done)
  return { ...device, ...given }
}
/** Who booked for a child says so of themselves. */
async function guardian(until = in_(400)): Promise<Helper> {
  const own = await patient()
  const given = { careId: randomUUID(), role: 'guardian' as const, until }
  expect(await letIn(actorOf(own), asked(own, own, given), at())).toEqual(done)
  return { ...own, ...given }
}
const recipientOf = ({ patientId, keys }: TestDevice) => ({
  kind: 'patient' as const,
  id: patientId,
  key: keys.dh,
  epoch: 0,
})
async function grantTo(by: TestDevice, to: TestDevice) {
  const [row] = await admin<{ recordId: string }>(
    `SELECT record_id AS "recordId" FROM record WHERE patient_id = $1 AND type <> 'care' LIMIT 1`,
    [by.patientId],
  )
  const place = { clinicId: world.clinicId, patientId: by.patientId, recordId: row!.recordId, revision: 1 }
  const [grant] = sealed({ ...place, type: 'identity' }, recipientOf(to)).grants
  return inClinic(world.clinicId, (tx) => insertGrants(tx, actorOf(by), [{ ...place, grant: grant! }]))
}
const readBy = (device: TestDevice) => inClinic(world.clinicId, (tx) => listRecords(tx, actorOf(device), {}))
const isKnown = async (device: TestDevice) =>
  (await inClinic(world.clinicId, (tx) => findDeviceKey(tx, device))) !== null

test('somebody is let in, reads and acts for the patient, and both are told', async () => {
  const own = await patient()
  const son = await help(own)
  expect(await grantTo(own, son)).toBe(1)
  expect(await readBy(son)).toHaveLength(1)
  const [hers, his] = [await loadChart(actorOf(own), {}, at()), await loadChart(asHelper(son), {}, at())]
  for (const chart of [hers, his])
    expect(chart).toMatchObject({ ok: true, value: { care: [{ careId: son.careId, role: 'carer', endedAt: null }] } })
  expect(await listLinks(asHelper(son), {}, at())).toMatchObject({ ok: true })
  expect(await bookAs(world, son)).toMatchObject({ ok: true })
  // Not one of the patient's devices.
  const devices = await listDevices(actorOf(own))
  expect(devices.ok && devices.value.devices.map(({ keyId }) => keyId)).toEqual([own.keyId])
})

// Defences: `carer` in asOwn, in ask (lib/retention/flow.ts) and in isTheirs (lib/emergency/flow-card.ts); mayBeHanded.
test('attack 14: a carer’s thief lets nobody in, adds and removes no device, and has nothing erased', async () => {
  const own = await patient()
  const [son, other] = [await help(own), await help(own)]
  const friend = await testDevice(own.patientId)
  const given = { careId: randomUUID(), role: 'carer' as const, until: null }
  expect(await letIn(asHelper(son), asked(son, friend, given), at())).toEqual(refused('NOT_ALLOWED'))
  const device = { keyId: friend.keyId, keys: friend.keys, kind: 'device' as const, name: '', link: 'bGluaw' }
  expect(await addDevice(asHelper(son), device)).toEqual(refused('NOT_ALLOWED'))
  expect(await removeDevice(asHelper(son), { keyId: own.keyId }, at())).toEqual(refused('NOT_ALLOWED'))
  expect(await listDevices(asHelper(son))).toEqual(refused('NOT_ALLOWED'))
  expect(await ask(asHelper(son), {}, at())).toEqual(refused('NOT_ALLOWED'))
  // Nor where he booked, and the patient has no browser of their own.
  const booked = await patient()
  expect(await letIn(actorOf(booked), asked(booked, booked, { ...given, careId: randomUUID() }), at())).toEqual(done)
  expect(await ask(asHelper({ ...booked, ...given }), {}, at())).toEqual(refused('NOT_ALLOWED'))
  const card = { id: randomUUID(), claimHash: 'x'.repeat(43), sealed: 'x'.repeat(60) }
  expect(await saveCard(asHelper(son), card as never, at())).toEqual(refused('NOT_CONFIRMED'))
  expect(await end(asHelper(son), { careId: other.careId, ending: 'eA' }, at())).toEqual(refused('NOT_ALLOWED'))
  // What he hands in goes to the patient, and to no other helper.
  expect(await grantTo(own, son)).toBe(1)
  const behind = await listBehind(asHelper(son))
  expect(behind.ok && behind.value.lacking.map(({ key }) => key)).not.toContain(other.keys.dh)
  const place = { clinicId: world.clinicId, patientId: own.patientId, recordId: randomUUID(), revision: 1 }
  const [grant] = sealed({ ...place, type: 'identity' }, recipientOf(other)).grants
  const handed = { ...place, grant: { ...grant!, granter: son.keys.sign } }
  expect(await handOn(asHelper(son), { grants: [handed] })).toEqual(refused('NOT_ALLOWED'))
})

// Defences: mayHelp in findDeviceKey, mayNotBeGranted in insertGrants.
test('attack 15: from its end on a helper opens no session, reads nothing and is granted nothing', async () => {
  const own = await patient()
  const son = await help(own)
  expect(await grantTo(own, son)).toBe(1)
  await admin('UPDATE care SET until = now() WHERE id = $1', [son.careId])
  expect(await isKnown(son)).toBe(false)
  expect(await listLinks(asHelper(son), {}, at())).toEqual(refused('SIGN_IN_FIRST'))
  await admin('DELETE FROM record_grant WHERE recipient_key = $1', [son.keys.dh])
  expect(await grantTo(own, son)).toBe(0)
  expect(await bookAs(world, son)).toMatchObject(refused('NO_KEY'))
  expect(await isKnown(own)).toBe(true)
})

test('the patient ends it, from any device: at once, with what was granted; those whom a guardian let in go with them', async () => {
  const own = await patient()
  const son = await help(own)
  expect(await grantTo(own, son)).toBe(1)
  expect(await end(actorOf(own), { careId: son.careId, ending: 'ZW5k' }, at())).toEqual(done)
  expect(await isKnown(son)).toBe(false)
  expect(await admin('SELECT 1 FROM record_grant WHERE recipient_key = $1', [son.keys.dh])).toEqual([])
  const chart = await loadChart(actorOf(own), {}, at())
  expect(chart).toMatchObject({ ok: true, value: { care: [{ ending: 'ZW5k' }] } })
  expect(await end(actorOf(own), { careId: randomUUID(), ending: 'eA' }, at())).toEqual(refused('NOT_FOUND'))

  const mother = await guardian()
  const [father, sitter] = [await help(mother, 'guardian', in_(900)), await help(mother, 'carer', null)]
  const nested = await help(father, 'carer', null)
  // No longer than the one who gave it.
  const untils = await admin<{ until: Date }>('SELECT until FROM care WHERE patient_id = $1', [mother.patientId])
  expect(untils.every(({ until }) => until?.toISOString() === mother.until)).toBe(true)
  const child = await testDevice(mother.patientId)
  const link = { keyId: child.keyId, keys: child.keys, kind: 'device' as const, name: '', link: 'bGluaw' }
  expect(await addDevice(asHelper(mother), link)).toEqual(done)
  expect(await end(actorOf(child), { careId: father.careId, ending: 'eA' }, at())).toEqual(done)
  expect([await isKnown(father), await isKnown(nested), await isKnown(sitter)]).toEqual([false, false, true])
  expect(await end(actorOf(child), { careId: mother.careId, ending: 'eA' }, at())).toEqual(done)
  expect([await isKnown(mother), await isKnown(sitter), await isKnown(child)]).toEqual([false, false, true])
})

// Defences: `key.care` in removeDevice and addDevice; hasOwnDevice in ask.
test('attack 14: a guardian takes the child’s own access from it in no way, and keeps none for later', async () => {
  const mother = await guardian()
  const kit = await testDevice(mother.patientId)
  const made = { keyId: kit.keyId, keys: kit.keys, kind: 'kit' as const, name: '', link: 'bGluaw' }
  expect(await addDevice(asHelper(mother), made)).toEqual(refused('NOT_ALLOWED'))
  const child = await testDevice(mother.patientId)
  expect(await addDevice(asHelper(mother), { ...made, ...child, kind: 'device' })).toEqual(done)
  expect(await removeDevice(asHelper(mother), { keyId: child.keyId }, at())).toEqual(refused('NOT_ALLOWED'))
  expect(await ask(asHelper(mother), {}, at())).toEqual(refused('NOT_ALLOWED'))
  expect(await ask(asHelper(await guardian()), {}, at())).toMatchObject({ ok: true })
})

test('nobody says twice what they are, and a patient’s own device becomes nobody’s', async () => {
  const mother = await guardian()
  const again = { careId: randomUUID(), role: 'carer' as const, until: null }
  expect(await letIn(actorOf(mother), asked(mother, mother, again), at())).toEqual(refused('WRONG_STATE'))
  const same = { careId: mother.careId, role: 'guardian' as const, until: in_(400) }
  expect(await letIn(actorOf(mother), asked(mother, mother, same), at())).toEqual(done)
  const own = await patient()
  await admin(`UPDATE patient_key SET state = 'paired' WHERE id = $1`, [own.keyId])
  const made = asked(own, own, { careId: randomUUID(), role: 'carer', until: null })
  expect(await letIn(actorOf(own), made, at())).toEqual(refused('WRONG_STATE'))
})

// Defences: what asOwn and mayHelp take from who helps, whoever recognised them; WRONG_STATE and NOT_CONFIRMED in letIn.
test('attack 15: a parent who lost the phone, and whom the clinic recognised on another, is out at the birthday again', async () => {
  const lost = await guardian()
  const phone = await testDevice(lost.patientId)
  await admin(
    `INSERT INTO patient_key (id, clinic_id, patient_id, sign_key, dh_key, state) VALUES ($1, $2, $3, $4, $5, 'confirmed')`,
    [phone.keyId, world.clinicId, phone.patientId, phone.keys.sign, phone.keys.dh],
  )
  const until = in_(400)
  const said = { careId: randomUUID(), role: 'guardian' as const, until }
  // By the mailed code alone nobody is anything.
  expect(await letIn(actorOf(phone), asked(phone, phone, said), at())).toEqual(refused('NOT_CONFIRMED'))
  await admin(`UPDATE patient_key SET state = 'vouched' WHERE id = $1`, [phone.keyId])
  // As the clinic left it, it is the child's own: it ends what the lost one had.
  expect(await end(actorOf(phone), { careId: lost.careId, ending: 'eA' }, at())).toEqual(done)
  expect(await isKnown(lost)).toBe(false)
  expect(await letIn(actorOf(phone), asked(phone, phone, said), at())).toEqual(done)
  const again = { careId: randomUUID(), role: 'guardian' as const, until: in_(800) }
  expect(await letIn(actorOf(phone), asked(phone, phone, again), at())).toEqual(refused('WRONG_STATE'))
  const mother: Helper = { ...phone, ...said }
  expect(await grantTo(mother, mother)).toBe(1)
  const kit = await testDevice(phone.patientId)
  const { keyId, keys } = kit
  const kept = { keyId, keys, kind: 'kit' as const, name: '', link: 'bGluaw' }
  expect(await addDevice(asHelper(mother), kept)).toEqual(refused('NOT_ALLOWED'))
  await admin('UPDATE care SET until = now() WHERE id = $1', [said.careId])
  expect(await isKnown(mother)).toBe(false)
  expect(await grantTo(mother, mother)).toBe(0)
})

// Defences: the lines of letIn that say BAD_INPUT, NOT_ALLOWED and TOO_MANY; NOT_CONFIRMED in end.
test('attack 7: what is filed is a record of who helps, for keys that are the browser’s own and can be sealed for', async () => {
  const [own, other] = [await patient(), await testDevice()]
  const given = { careId: randomUUID(), role: 'carer' as const, until: null }
  const itself = asked(own, own, given)
  expect(await letIn(actorOf(own), { ...itself, keys: other.keys }, at())).toEqual(refused('BAD_INPUT'))
  const place = { clinicId: world.clinicId, patientId: own.patientId, recordId: randomUUID(), revision: 1 }
  const record = sealed({ ...place, type: 'identity' }, recipientOf(own)) as never
  expect(await letIn(actorOf(own), { ...itself, record }, at())).toEqual(refused('NOT_ALLOWED'))
  const son = await testDevice(own.patientId)
  const zero = { sign: son.keys.sign, dh: 'A'.repeat(43) }
  expect(await letIn(actorOf(own), { ...asked(own, son, given), keys: zero }, at())).toEqual(refused('BAD_INPUT'))
  const helped = await help(own)
  for (let count = 2; count < MOST_KEYS; count++) await help(own)
  expect(await letIn(actorOf(own), asked(own, son, given), at())).toEqual(refused('TOO_MANY'))
  // A code by e-mail alone ends nobody's help.
  await admin(`UPDATE patient_key SET state = 'confirmed' WHERE id = $1`, [own.keyId])
  expect(await end(actorOf(own), { careId: helped.careId, ending: 'eA' }, at())).toEqual(refused('NOT_CONFIRMED'))
})

test('who helps for little longer is told of once, by a mail without a name, a relation or a day', async () => {
  const own = await patient()
  const [soon, later] = [await help(own, 'carer', in_(20)), await help(own, 'carer', in_(200))]
  const queued = async () =>
    (await admin<{ id: string }>(`SELECT data ->> 'careId' AS id FROM pgboss.job WHERE name = 'mail.care'`)).map(
      ({ id }) => id,
    )
  await tellEnding(new Date())
  await tellEnding(new Date())
  const told = await queued()
  expect(told.filter((id) => id === soon.careId)).toHaveLength(1)
  expect(told).not.toContain(later.careId)
})

// Defences: each `audit` of letIn and endWith.
test('who is let in, and that it ended, are entries of the log, which the patient’s own device opens', async () => {
  const { own, readLog } = await patientWhoReadsTheLog(admin, world.clinicId)
  const son = await help(own)
  expect(await end(actorOf(own), { careId: son.careId, ending: 'ZW5k' }, at())).toEqual(done)
  expect((await readLog()).map((each) => each && [each.action, each.subjectId])).toEqual([
    ['care.let-in', son.careId],
    ['care.ended', son.careId],
  ])
  const put = await admin(`SELECT FROM pgboss.job WHERE name = 'call.put-out' AND data->>'keyId' = $1`, [son.keyId])
  expect(put).toHaveLength(1)
})
