// A patient's new device, let in by a mailed code: real vaults on both sides, the server's doors and its database between them.
import { randomUUID } from 'node:crypto'
import { beforeAll, describe, expect, test } from 'vitest'
import { must, type TestStaff } from '../access/testing.ts'
import type { PatientActor } from '../access/rules.ts'
import { at } from '../booking/testing.ts'
import { createVault } from '../browser/vault-core.ts'
import { memoryStorage } from '../browser/vault-storage.ts'
import { input, sealAs, type PatientDevice } from '../browser/vault-world.ts'
import * as access from '../access/flow.ts'
import { showOwnLog } from '../audit/flow.ts'
import type { RecordType, Sealed } from '../crypto/types.ts'
import { loadChart } from '../patient/flow.ts'
import { insertRecords } from '../record/store.ts'
import { leavingWorld } from '../rewrap/testing.ts'
import { testDb } from '../server/testing.ts'
import { inClinic } from '../server/tx.ts'
import { newDevices, readableRecords, recognise } from './flow.ts'
import type { Reason } from './rules.ts'

const { admin } = testDb()
let world: Awaited<ReturnType<typeof leavingWorld>>
let serviceId: string
beforeAll(async () => {
  world = await leavingWorld(admin)
  const chain = must(await access.loadChain(null, { clinicId: world.clinicId }))
  for (const { vault } of [world.stays, world.desk]) await vault.loadChain(chain)
  serviceId = randomUUID()
  await admin(
    `INSERT INTO service (id, clinic_id, name, minutes, price_minor, currency, payment_mode, intake_form)
     VALUES ($1, $2, 'S', 20, 0, 'eur', 'free', '[]')`,
    [serviceId, world.clinicId],
  )
}, 120_000)

async function device(patientId: string, state: 'booking' | 'confirmed'): Promise<PatientDevice> {
  const { clinicId } = world
  const vault = createVault(memoryStorage())
  await vault.loadChain(must(await access.loadChain(null, { clinicId })))
  const handle = await vault.createPatient({ clinicId, patientId, home: 'memory' })
  await admin(
    'INSERT INTO patient_key (id, clinic_id, patient_id, sign_key, dh_key, state) VALUES ($1, $2, $3, $4, $5, $6)',
    [handle.keyId, clinicId, patientId, handle.keys.sign, handle.keys.dh, state],
  )
  return { vault, handle }
}

let slot = 0
/** An appointment, records of every kind, and a new device of the same patient. */
async function lostPhone() {
  const { clinicId, stays } = world
  const [patientId, appointmentId] = [randomUUID(), randomUUID()]
  await admin('INSERT INTO patient (id, clinic_id) VALUES ($1, $2)', [patientId, clinicId])
  const start = new Date(Date.now() + 86_400_000 + slot++ * 3_600_000)
  const times = [start, new Date(start.getTime() + 1_200_000)]
  await admin(
    `INSERT INTO appointment (id, clinic_id, service_id, member_id, patient_id, status, starts_at, ends_at, blocked_from,
       blocked_until, price_minor, currency, payment_mode) VALUES ($1, $2, $3, $4, $5, 'booked', $6, $7, $6, $7, 0, 'eur', 'free')`,
    [appointmentId, clinicId, serviceId, stays.memberId, patientId, ...times],
  )
  const lost = await device(patientId, 'booking')
  const theirs = await Promise.all([
    sealAs(lost, 'identity', { name: 'Vera Lind' }),
    ...(['checklist', 'reason', 'intake'] as const).map((type) => sealAs(lost, type, {})),
  ])
  await stays.vault.open(theirs, { patientId })
  const write = (type: RecordType, content: unknown) => stays.vault.seal(input(lost.handle, type, content))
  const written = [await write('note', { shared: true }), await write('prescription', {})]
  const hidden = [await stays.vault.seal(input(lost.handle, 'note', { shared: false }, []))]
  const all: Sealed[] = [...theirs, ...written, ...hidden]
  must(
    await inClinic(clinicId, (tx) =>
      insertRecords(tx, { kind: 'system', clinicId }, all, { patientId, appointmentId }),
    ),
  )
  const fresh = await device(patientId, 'confirmed')
  return { patientId, appointmentId, lost, fresh, hidden: hidden[0]! }
}
type Lost = Awaited<ReturnType<typeof lostPhone>>

const actorOf = ({ handle: { clinicId, patientId, keyId } }: PatientDevice): PatientActor => ({
  ...{ kind: 'patient' as const, clinicId },
  ...{ patientId, keyId },
})
/** Types of what this device is given by its own door, and opens. */
async function opens({ fresh, patientId }: Lost): Promise<RecordType[]> {
  const { records, statements, clinicId } = must(await loadChart(actorOf(fresh), {}, at()))
  await fresh.vault.loadChain({ clinicId, statements })
  const opened = await fresh.vault.open(records, { asPatient: patientId, patientId })
  expect(opened.every((each) => each.ok)).toBe(true)
  return opened.flatMap((each) => (each.ok ? [each.value.type] : [])).sort()
}
/** What lib/browser/recognition.ts does, with this member's vault and actor. */
async function recogniseAs(
  { vault, actor }: Pick<TestStaff, 'vault' | 'actor'>,
  lost: Lost,
  reason: Reason = 'document',
) {
  const { appointmentId, patientId, fresh } = lost
  const found = must(await newDevices(actor, { appointmentId }))
  expect(found.patientId).toBe(patientId)
  const { clinicId, statements, keys, records } = found
  await vault.loadChain({ clinicId, statements })
  await vault.loadPatientKeys({ clinicId, patientId, keys })
  await vault.open(records, { patientId })
  const listed = found.devices.find((each) => each.keyId === fresh.handle.keyId)!
  const code = await fresh.vault.ownDeviceCode(patientId)
  const device = { clinicId, patientId, keys: listed.keys, code, name: 'Vera Lind' }
  const { vouch } = await vault.recogniseDevice({ ...device, reason })
  const to = { kind: 'patient', id: patientId, key: listed.keys.dh, epoch: 0 } as const
  const readable = must(await readableRecords(actor, { appointmentId })).records
  const regranted = await vault.regrant(readable, to)
  const grants = regranted.map((each) => ({ ...each, grant: { ...each.grant, recipient: to } }))
  return { appointmentId, keyId: listed.keyId, keys: listed.keys, vouch, grants }
}
const stateOf = async ({ fresh }: Lost) =>
  (await admin<{ state: string }>('SELECT state FROM patient_key WHERE id = $1', [fresh.handle.keyId]))[0]!.state
const all = ['checklist', 'identity', 'intake', 'note', 'prescription', 'reason']

// Defences: the doors answer a patient's device what was granted to its key (listRecords); no browser grants to an unknown key.
test('attack 14: a code by e-mail alone decrypts nothing, by its doors or with every row of the database in its hands', async () => {
  const lost = await lostPhone()
  const { fresh, patientId, appointmentId } = lost
  expect(await opens(lost)).toEqual([])
  // A hostile server hands it whatever anybody else is answered, under its own name too.
  const rows = must(await readableRecords(world.stays.actor, { appointmentId })).records
  expect(rows.length).toBeGreaterThan(6)
  const own = { kind: 'patient', id: patientId, key: fresh.handle.keys.dh, epoch: 0 } as const
  const renamed = rows.map((row) => ({ ...row, grants: row.grants.map((grant) => ({ ...grant, recipient: own })) }))
  for (const hostile of [rows, renamed]) {
    const opened = await fresh.vault.open(hostile, { asPatient: patientId, patientId })
    expect(opened.map((each) => each.ok)).toEqual(hostile.map(() => false))
  }
  expect(await stateOf(lost)).toBe('confirmed')
})

describe('a member who recognised the patient', () => {
  test('is the desk: name and checklist open there, the rest waits for a practitioner, who does it', async () => {
    const lost = await lostPhone()
    const byDesk = await recogniseAs(world.desk, lost)
    expect(must(await recognise(world.desk.actor, byDesk))).toEqual({ granted: 2, partly: true })
    expect(await opens(lost)).toEqual(['checklist', 'identity'])
    expect(await stateOf(lost)).toBe('confirmed')
    const listed = must(await newDevices(world.stays.actor, { appointmentId: lost.appointmentId }))
    expect(listed.devices.map(({ keyId, vouch }) => [keyId, vouch])).toEqual([[lost.fresh.handle.keyId, byDesk.vouch]])

    const byDoctor = await recogniseAs(world.stays, lost, 'known')
    expect(byDoctor.grants.map(({ recordId }) => recordId)).not.toContain(lost.hidden.meta.recordId)
    expect(must(await recognise(world.stays.actor, byDoctor)).partly).toBe(false)
    expect(await opens(lost)).toEqual(all)
    expect(await stateOf(lost)).toBe('vouched')
    const after = must(await newDevices(world.stays.actor, { appointmentId: lost.appointmentId }))
    expect(after.devices).toEqual([])
    // Defence: `whole` in saveVouch's states. The desk's word takes the place of no practitioner's.
    expect(await recognise(world.desk.actor, { ...byDesk, grants: [] })).toEqual({ ok: false, code: 'NOT_FOUND' })
    expect(await opens(lost)).toEqual(all)
    const [row] = await admin('SELECT vouch FROM patient_key WHERE id = $1', [lost.fresh.handle.keyId])
    expect(row).toEqual({ vouch: byDoctor.vouch })
    // Defence: `audit` in recognise. The patient reads in the log who said it of them.
    const { vault, handle } = lost.lost
    const { entries } = must(await showOwnLog(actorOf(lost.lost), { skip: 0 }))
    const opened = await vault.openAudit({ clinicId: world.clinicId, entries, asPatient: handle.patientId })
    const said = opened.flatMap((each) => (each.ok ? [[each.detail.action, each.detail.actor.id]] : []))
    expect(said.filter(([action]) => action!.startsWith('patient.device-')).reverse()).toEqual([
      ['patient.device-recognised-at-desk', world.desk.memberId],
      ['patient.device-recognised', world.stays.memberId],
    ])
  })

  // Defence: what `recognise` takes grants of is what the actor may read.
  test('attack 7: the desk hands in grants of a clinical record, or for another key: nothing is taken', async () => {
    const lost = await lostPhone()
    const byDoctor = await recogniseAs(world.stays, lost)
    expect(byDoctor.grants).toHaveLength(6)
    expect(await recognise(world.desk.actor, byDoctor)).toEqual({ ok: false, code: 'NOT_ALLOWED' })
    const elsewhere = await lostPhone()
    const { keys, keyId } = elsewhere.fresh.handle
    // Defences: each part of `isTheirs`, and `readable` in recognise (flow.ts).
    const first = byDoctor.grants[0]!
    for (const over of [{ id: elsewhere.patientId }, { kind: 'group' as const }]) {
      const grant = { ...first.grant, recipient: { ...first.grant.recipient, ...over } } as typeof first.grant
      const named = { ...byDoctor, grants: [{ ...first, grant }] }
      expect(await recognise(world.stays.actor, named)).toEqual({ ok: false, code: 'BAD_INPUT' })
    }
    const { patientId, appointmentId } = lost
    const draft = await world.stays.vault.seal(input(lost.lost.handle, 'draft', {}, []))
    const place = { patientId, appointmentId }
    must(await inClinic(world.clinicId, (tx) => insertRecords(tx, world.stays.actor, [draft], place)))
    const unfinished = { ...byDoctor, grants: [{ ...first, recordId: draft.meta.recordId }] }
    expect(await recognise(world.stays.actor, unfinished)).toEqual({ ok: false, code: 'NOT_ALLOWED' })
    expect(await recognise(world.stays.actor, { ...byDoctor, keys })).toEqual({ ok: false, code: 'BAD_INPUT' })
    const foreign = { ...byDoctor, keys, keyId, grants: [] }
    expect(await recognise(world.stays.actor, foreign)).toEqual({ ok: false, code: 'NOT_FOUND' })
    expect(await opens(lost)).toEqual([])
    expect(await stateOf(lost)).toBe('confirmed')
  })

  // Defence: signKey and dhKey in saveVouch. The member compared the code of these keys, and of no others.
  test('attack 14: a device whose keys were replaced after they were read is not recognised', async () => {
    const lost = await lostPhone()
    const word = { ...(await recogniseAs(world.stays, lost)), grants: [] }
    const { sign, dh } = lost.lost.handle.keys
    for (const keys of [
      { ...word.keys, sign },
      { ...word.keys, dh },
    ])
      expect(await recognise(world.stays.actor, { ...word, keys })).toEqual({ ok: false, code: 'NOT_FOUND' })
    expect(await stateOf(lost)).toBe('confirmed')
  })

  // Defences: `state` in saveVouch and in listNewDevices.
  test.each(['revoked', 'booking'])(
    'attack 14: a device that is %s is not listed, and no word makes it known',
    async (state) => {
      const lost = await lostPhone()
      const word = { ...(await recogniseAs(world.stays, lost)), grants: [] }
      await admin('UPDATE patient_key SET state = $2 WHERE id = $1', [word.keyId, state])
      expect(must(await newDevices(world.stays.actor, word)).devices).toEqual([])
      for (const { actor } of [world.stays, world.desk])
        expect(await recognise(actor, word)).toEqual({ ok: false, code: 'NOT_FOUND' })
      expect(await stateOf(lost)).toBe(state)
    },
  )

  // Defence: `runsVisits` in findPatientOf.
  test('attack 17: who sees their own patients alone asks nothing of a colleague’s, and recognises none', async () => {
    const lost = await lostPhone()
    const word = await recogniseAs(world.stays, lost)
    const { memberId, actor } = world.stays
    await admin('UPDATE appointment SET member_id = $2 WHERE id = $1', [lost.appointmentId, world.desk.memberId])
    await admin('UPDATE member SET own_patients = true WHERE id = $1', [memberId])
    try {
      for (const answer of [newDevices(actor, word), readableRecords(actor, word), recognise(actor, word)])
        expect(await answer).toEqual({ ok: false, code: 'NOT_FOUND' })
      expect(await stateOf(lost)).toBe('confirmed')
    } finally {
      await admin('UPDATE member SET own_patients = false WHERE id = $1', [memberId])
    }
  })

  // Defences: `own` and `sites` of `whole` in recognise (flow.ts).
  test('attack 7: the word of who sees a part of the clinic files no device as the patient’s', async () => {
    const { memberId, actor } = world.stays
    const siteId = randomUUID()
    await admin(`INSERT INTO site (id, clinic_id, name, address) VALUES ($1, $2, 'North', '')`, [
      siteId,
      world.clinicId,
    ])
    const put = async (part: 'own' | 'site', on: boolean) => {
      if (part === 'own') return admin('UPDATE member SET own_patients = $2 WHERE id = $1', [memberId, on])
      const ids = [world.clinicId, memberId, siteId]
      return on
        ? admin('INSERT INTO member_site (clinic_id, member_id, site_id) VALUES ($1, $2, $3)', ids)
        : admin('DELETE FROM member_site WHERE clinic_id = $1 AND member_id = $2 AND site_id = $3', ids)
    }
    for (const part of ['own', 'site'] as const) {
      const lost = await lostPhone()
      const word = { ...(await recogniseAs(world.stays, lost)), grants: [] }
      await put(part, true)
      try {
        expect(must(await recognise(actor, word)), part).toEqual({ granted: 0, partly: true })
        expect(await stateOf(lost)).toBe('confirmed')
      } finally {
        await put(part, false)
      }
    }
  })
})
