import { randomUUID } from 'node:crypto'
import { beforeAll, expect, test } from 'vitest'
import type { PatientActor, StaffActor } from '../access/rules.ts'
import type { RecordType, Sealed } from '../crypto/types.ts'
import { clinicWorld } from '../payment/testing.ts'
import { destroyOuter } from '../server/keystore.ts'
import { testDb } from '../server/testing.ts'
import { inClinic } from '../server/tx.ts'
import { insertRecords, listRecords } from './store.ts'
import { sealed as sealedAt } from './testing.ts'

const { admin } = testDb()
let doctor: StaffActor
beforeAll(async () => {
  const { clinicId, memberId } = await clinicWorld(admin)
  doctor = { kind: 'staff', clinicId, memberId, sessionId: '', roles: ['practitioner'] }
})

const sealed = (patientId: string, type: RecordType) =>
  sealedAt({ clinicId: doctor.clinicId, patientId, recordId: randomUUID(), revision: 1, type })
async function patientWith(types: RecordType[]) {
  const patientId = randomUUID()
  await admin('INSERT INTO patient (id, clinic_id) VALUES ($1, $2)', [patientId, doctor.clinicId])
  const patient: PatientActor = { kind: 'patient', clinicId: doctor.clinicId, patientId, keyId: randomUUID() }
  // One booking is one moment: its records come in no order of their own.
  const place = (record: Sealed) => types.indexOf(record.meta.type)
  const records = types.map((type) => sealed(patientId, type))
  const add = (more: Sealed[]) =>
    inClinic(doctor.clinicId, (tx) => insertRecords(tx, patient, more, { patientId, appointmentId: null }))
  expect(await add(records)).toMatchObject({ ok: true })
  const list = async () => {
    const listed = await inClinic(doctor.clinicId, (tx) => listRecords(tx, doctor, { patientIds: [patientId] }))
    return listed.sort((a, b) => place(a) - place(b))
  }
  return { patientId, records, add, list }
}

// Defence: the catch in openGrant. Without it one damaged row shuts the whole chart.
test('a grant that does not open is left out, its record is named, and the rest is answered whole', async () => {
  const { records, list } = await patientWith(['identity', 'reason'])
  const [identity, reason] = records
  expect(await list()).toMatchObject(records)
  await admin(
    'UPDATE record_grant SET wrapped = set_byte(wrapped, 20, get_byte(wrapped, 20) # 1) WHERE record_id = $1',
    [identity!.meta.recordId],
  )
  expect(await list()).toMatchObject([{ ...identity, grants: [] }, reason])
})

test('of a purged patient nothing is answered', async () => {
  const { patientId, list } = await patientWith(['identity', 'reason'])
  const name = { clinicId: doctor.clinicId, patientId }
  await destroyOuter({ ...name, class: 'clinical' })
  expect(await list()).toMatchObject([{ meta: { type: 'identity' } }])
  await destroyOuter({ ...name, class: 'identity' })
  expect(await list()).toEqual([])
})

// Defence: `meta.revision > 1` in insertRecords. A later device would stand in the place, and the order, of the first one's.
test('attack 7: nothing is put over what a patient handed in', async () => {
  const { records, add, list } = await patientWith(['identity'])
  const over = sealed(records[0]!.meta.patientId, 'identity')
  const { recordId } = records[0]!.meta
  expect(await add([{ ...over, meta: { ...over.meta, recordId, revision: 2 } }])).toMatchObject({ code: 'NOT_ALLOWED' })
  expect(await list()).toMatchObject(records)
})
