import { beforeAll, expect, test } from 'vitest'
import { testDevice } from '@/lib/booking/testing'
import { cookieName } from '@/lib/patient/rules'
import { signSession } from '@/lib/patient/session'
import { clinicWorld } from '@/lib/payment/testing'
import { notify } from '@/lib/server/notify'
import { testDb } from '@/lib/server/testing'
import { inClinic } from '@/lib/server/tx'
import { GET } from './route'

const { admin } = testDb()
let clinicId = ''
beforeAll(async () => {
  clinicId = (await clinicWorld(admin)).clinicId
})

// Defence: holdsKey, asked before each line.
test('a device that was removed hears nothing more of the patient, and its stream ends', async () => {
  const { patientId, keyId, keys } = await testDevice()
  await admin('INSERT INTO patient (id, clinic_id) VALUES ($1, $2)', [patientId, clinicId])
  await admin(
    `INSERT INTO patient_key (id, clinic_id, patient_id, sign_key, dh_key, state) VALUES ($1, $2, $3, $4, $5, 'booking')`,
    [keyId, clinicId, patientId, keys.sign, keys.dh],
  )
  const session = await signSession({ clinicId, patientId, keyId }, new Date())
  const gone = new AbortController()
  const answer = await GET(
    new Request(`http://localhost/api/appointments/x/events?patient=${patientId}`, {
      headers: { cookie: `${cookieName(patientId)}=${session}` },
      signal: gone.signal,
    }),
  )
  expect(answer.status).toBe(200)
  const reader = answer.body!.getReader()
  const line = async () => {
    const { done, value } = await reader.read()
    return done ? 'the end' : new TextDecoder().decode(value)
  }
  const change = () => inClinic(clinicId, (tx) => notify(tx, 'patient', patientId))
  expect(await line()).toBe('retry: 2000\n\n')
  await change()
  expect(await line()).toBe('data: changed\n\n')
  await admin(`UPDATE patient_key SET state = 'revoked', revoked_at = now() WHERE id = $1`, [keyId])
  await change()
  expect(await line()).toBe('the end')
  gone.abort()
})
