import { randomBytes, randomUUID } from 'node:crypto'
import { beforeAll, describe, expect, test } from 'vitest'
import type { PatientActor } from '../access/rules.ts'
import { clinicWorld } from '../payment/testing.ts'
import { openField } from '../server/kms.ts'
import { testDb } from '../server/testing.ts'
import { inClinic } from '../server/tx.ts'
import { admitPatient } from './admit.ts'
import * as store from './store.ts'

const { admin } = testDb()
let clinicId: string
beforeAll(async () => {
  ;({ clinicId } = await clinicWorld(admin))
})

const key = () => randomBytes(32).toString('base64url')
interface Device {
  keyId: string
  sign: string
  dh: string
}
const device = (): Device => ({ keyId: randomUUID(), sign: key(), dh: key() })
type Contact = { email: string; phone?: string; locale?: 'en' | 'fr' }
const admit = (patientId: string, { keyId, sign, dh }: Device, { email, phone = '', locale = 'en' }: Contact) => {
  const actor: PatientActor = { kind: 'patient', clinicId, patientId, keyId }
  const patient = { patientId, keyId, sign, dh, proof: '' }
  return inClinic(clinicId, (tx) =>
    admitPatient(tx, actor, { patient, email, phone, locale, timeZone: 'Europe/Paris' }),
  )
}
const emailOf = (patientId: string) =>
  inClinic(clinicId, async (tx) => {
    const { emailSealed } = (await store.findPatient(tx, patientId))!
    return openField(emailSealed!, `patient.email|${clinicId}|${patientId}`)
  })
const told = (patientId: string) =>
  admin<{ data: { to: string; locale: string } }>(
    `SELECT data FROM pgboss.job WHERE name = 'mail.contact' AND data->>'patientId' = $1`,
    [patientId],
  )
async function patientWith(state: 'booking' | 'confirmed' | 'vouched') {
  const [patientId, first, later] = [randomUUID(), device(), device()]
  expect(await admit(patientId, first, { email: 'old@example.org', locale: 'fr' })).toMatchObject({ ok: true })
  if (state === 'booking') return { patientId, who: first }
  await admin(
    'INSERT INTO patient_key (id, clinic_id, patient_id, sign_key, dh_key, state) VALUES ($1, $2, $3, $4, $5, $6)',
    [later.keyId, clinicId, patientId, later.sign, later.dh, state],
  )
  return { patientId, who: later }
}

describe('the contact address', () => {
  test.each(['booking', 'vouched'] as const)(
    'is changed by a %s key, and the address that was is told so',
    async (state) => {
      const { patientId, who } = await patientWith(state)
      expect(await admit(patientId, who, { email: 'new@example.org' })).toEqual({ ok: true, value: { isNew: false } })
      expect(await emailOf(patientId)).toBe('new@example.org')
      const [{ data } = { data: null }, ...more] = await told(patientId)
      expect(more).toEqual([])
      expect(data?.locale).toBe('fr')
      expect(JSON.stringify(data)).not.toContain('@')
      const to = await openField(Buffer.from(data!.to, 'base64url'), `patient.email|${clinicId}|${patientId}`)
      expect(to).toBe('old@example.org')
    },
  )

  // Defence: the state that admitPatient looks at.
  test('attack 4: is not changed by a key that only a mailed code confirmed', async () => {
    const { patientId, who } = await patientWith('confirmed')
    expect(await admit(patientId, who, { email: 'thief@example.org', phone: '+33 6 00 00 00 00' })).toMatchObject({
      ok: true,
    })
    expect(await emailOf(patientId)).toBe('old@example.org')
    expect(await told(patientId)).toEqual([])
  })

  test('that stays as it is is no news; another telephone number is', async () => {
    const { patientId, who } = await patientWith('booking')
    await admit(patientId, who, { email: 'old@example.org' })
    expect(await told(patientId)).toEqual([])
    await admit(patientId, who, { email: 'old@example.org', phone: '+33 6 12 34 56 78' })
    expect(await told(patientId)).toHaveLength(1)
  })

  test('attack 4: nobody books for a patient with another key', async () => {
    const { patientId, who } = await patientWith('booking')
    for (const other of [device(), { ...who, dh: key() }])
      expect(await admit(patientId, other, { email: 'thief@example.org' })).toEqual({ ok: false, code: 'NO_KEY' })
    expect(await emailOf(patientId)).toBe('old@example.org')
  })
})
