import { createHash, randomBytes, randomUUID } from 'node:crypto'
import { beforeEach, expect, test } from 'vitest'
import { toB64 } from '../crypto/bytes.ts'
import { generateDeviceKeys } from '../crypto/keys.ts'
import { sign } from '../crypto/sign.ts'
import { clinicWorld } from '../payment/testing.ts'
import { testDb } from '../server/testing.ts'
import { inClinic } from '../server/tx.ts'
import { addConsent } from './flow.ts'
import { consentFields, consentPurpose, consentWords } from './rules.ts'

const { admin } = testDb()
const text = { title: 'Consent', body: 'I agree.' }
const sha256 = (bytes: string | Buffer) => createHash('sha256').update(bytes).digest('base64url')

let add: (place: { seq: number; previous: string }) => Promise<string>
let history: () => Promise<{ seq: number; previous: string; hash: string }[]>

beforeEach(async () => {
  const { clinicId, waiting } = await clinicWorld(admin)
  const { appointmentId } = await waiting()
  const [row] = await admin<{ patient_id: string }>('SELECT patient_id FROM appointment WHERE id = $1', [appointmentId])
  const patientId = row!.patient_id
  const consentTextId = randomUUID()
  const textHash = sha256(consentWords(text))
  await admin('INSERT INTO consent_text (id, clinic_id, version, title, body, hash) VALUES ($1, $2, 1, $3, $4, $5)', [
    ...[consentTextId, clinicId, text.title, text.body, textHash],
  ])
  const keys = await generateDeviceKeys()
  const actor = { kind: 'patient', clinicId, patientId, keyId: randomUUID() } as const
  // Signed for the very place that it names, so that nothing but the history can refuse it.
  add = async (place) => {
    const facts = { clinicId, patientId, appointmentId, consentTextId, textHash, recordId: randomUUID(), ...place }
    const fields = consentFields({ ...facts, state: 'signed' })
    const signature = toB64(await sign(keys.sign.privateKey, consentPurpose, fields))
    const signKey = toB64(keys.public.sign)
    const consent = { ...facts, signature }
    const answer = await inClinic(clinicId, (tx) => addConsent(tx, actor, { appointmentId, signKey, consent }))
    return answer.ok ? 'ok' : answer.code
  }
  history = () => admin('SELECT seq, previous, hash FROM consent_event WHERE patient_id = $1 ORDER BY seq', [patientId])
})

// Defence: the line with `consent.seq !==` in addConsent; each of its two halves has cases that the other one lets through.
test('attack 11: a consent takes the next place of the history, after the event that stands last, or none', async () => {
  const foreign = sha256(randomBytes(8))
  expect(await add({ seq: 1, previous: '' }), 'a first one in the second place').toBe('STALE')
  expect(await add({ seq: 0, previous: foreign }), 'a first one after another').toBe('STALE')
  expect(await add({ seq: 0, previous: '' })).toBe('ok')

  const [first] = await history()
  expect(await add({ seq: 2, previous: first!.hash }), 'one left out').toBe('STALE')
  expect(await add({ seq: 0, previous: '' }), 'the same place again').toBe('STALE')
  expect(await add({ seq: 1, previous: '' }), 'after none: a fork').toBe('STALE')
  expect(await add({ seq: 1, previous: foreign }), 'after an event that is not there').toBe('STALE')
  expect(await add({ seq: 1, previous: first!.hash })).toBe('ok')

  const [, second] = await history()
  expect(await add({ seq: 2, previous: first!.hash }), 'after the last but one').toBe('STALE')
  expect(await history()).toEqual([first, { ...second, seq: 1, previous: first!.hash }])
})
