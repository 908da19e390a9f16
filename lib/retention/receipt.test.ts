// What is left to somebody who was erased: their device gets in, and finds the clinic's answer.
import { beforeAll, expect, it } from 'vitest'
import type { PatientActor, StaffActor } from '../access/rules.ts'
import { anyone, at, testDevice } from '../booking/testing.ts'
import { toB64 } from '../crypto/bytes.ts'
import { sign } from '../crypto/sign.ts'
import { challenge, loadChart, openSession } from '../patient/flow.ts'
import { sessionFields } from '../patient/rules.ts'
import { clinicWorld } from '../payment/testing.ts'
import { insertRecords } from '../record/store.ts'
import { sealed } from '../record/testing.ts'
import { env } from '../server/env.ts'
import { testDb } from '../server/testing.ts'
import { inClinic } from '../server/tx.ts'
import * as flow from './flow.ts'
import { purgeNow } from './purge.ts'
import { officersWord } from './testing.ts'

const { admin } = testDb()
let officer: StaffActor
let says: Awaited<ReturnType<typeof officersWord>>
beforeAll(async () => {
  const { clinicId, memberId } = await clinicWorld(admin)
  officer = { kind: 'staff', clinicId, memberId, sessionId: '', roles: ['admin'] }
  says = await officersWord(admin, officer)
})
const now = new Date()

// Fails when a purge takes the device's public keys with the rest (`patient_key` in rules.ts).
it('after everything was erased the patient’s device still gets in, and finds the answer as it was signed', async () => {
  const { clinicId } = officer
  const { patientId, keyId, keys, privateKey } = await testDevice()
  await admin('INSERT INTO patient (id, clinic_id) VALUES ($1, $2)', [patientId, clinicId])
  await admin(
    `INSERT INTO patient_key (id, clinic_id, patient_id, sign_key, dh_key, state) VALUES ($1, $2, $3, $4, $5, 'booking')`,
    [keyId, clinicId, patientId, keys.sign, keys.dh],
  )
  /** As a browser does: a fresh proof that it holds the device's key. */
  const enter = async (): Promise<PatientActor> => {
    const asked = await challenge(anyone, { clinicId, patientId, keyId }, at())
    const nonce = asked.ok ? asked.value.nonce : ''
    const fields = sessionFields(env().APP_ORIGIN, { nonce, patientId, keyId })
    const signature = toB64(await sign(privateKey, 'patient-session', fields))
    const opened = await openSession(anyone, { clinicId, patientId, keyId, nonce, signature }, at())
    expect(opened).toMatchObject({ ok: true })
    return { kind: 'patient', clinicId, patientId, keyId }
  }
  const patient = await enter()
  await inClinic(clinicId, (tx) =>
    insertRecords(
      tx,
      patient,
      [sealed({ clinicId, patientId, recordId: crypto.randomUUID(), revision: 1, type: 'identity' })],
      { patientId, appointmentId: null },
    ),
  )
  await flow.ask(patient, {}, { now })
  const mine = async () => {
    const answer = await flow.mine(await enter(), {}, { now })
    return answer.ok ? answer.value : null
  }
  const [request] = (await mine())!.requests
  const input = await says.answer(request!, 'erased', now)
  const { statement } = input
  await flow.answer(officer, input, { now })
  const [{ id } = { id: '' }] = await admin<{ id: string }>('SELECT id FROM purge WHERE patient_id = $1', [patientId])
  await purgeNow(clinicId, id, now)

  const chart = await loadChart(await enter(), {}, at())
  expect(chart.ok && chart.value).toMatchObject({ patientId, records: [], prescriptions: [] })
  expect(await mine()).toMatchObject({
    requests: [{ state: 'erased', answer: statement }],
    purges: [{ state: 'destroyed', requestId: request!.id, destroyedAt: expect.any(String) as string }],
  })
})
