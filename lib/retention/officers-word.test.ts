// What destroys charts for good: the officer's own key, and days in which the others hear of it.
import { randomUUID } from 'node:crypto'
import { beforeAll, expect, it } from 'vitest'
import type { StaffActor } from '../access/rules.ts'
import { clinicWorld } from '../payment/testing.ts'
import { insertRecords } from '../record/store.ts'
import { sealed } from '../record/testing.ts'
import { testDb } from '../server/testing.ts'
import { inClinic } from '../server/tx.ts'
import * as flow from './flow.ts'
import { decideSettings, defaultRetention, delayDays, retentionClasses, settingsAt } from './rules.ts'
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
const later = (days: number) => new Date(now.getTime() + days * 86_400_000)
const year = { identity: 1, clinical: 1, administrative: 1, autoDays: null }

/** Last seen thirteen months ago. */
async function somebody() {
  const { clinicId } = officer
  const [patientId, keyId] = [randomUUID(), randomUUID()]
  await admin(`INSERT INTO patient (id, clinic_id, created_at) VALUES ($1, $2, now() - interval '13 months')`, [
    ...[patientId, clinicId],
  ])
  const record = sealed({ clinicId, patientId, recordId: randomUUID(), revision: 1, type: 'intake' })
  const patient = { kind: 'patient', clinicId, patientId, keyId } as const
  await inClinic(clinicId, (tx) => insertRecords(tx, patient, [record], { patientId, appointmentId: null }))
  return { patientId, patient }
}
const mails = async () =>
  (
    await admin<{ data: { memberId: string } }>(
      `SELECT data FROM pgboss.job WHERE name = 'mail.retention-shorter' AND data->>'clinicId' = $1`,
      [officer.clinicId],
    )
  ).length

// Defences: isSigned in saveSettings and purge; the delay of decideSettings.
it('one officer’s session, their vault locked, shortens nothing and orders no purge', async () => {
  const { patientId } = await somebody()
  const word = { signedAt: now.toISOString(), signature: 'A'.repeat(86) }
  expect(await flow.saveSettings(officer, { ...year, word }, { now })).toMatchObject({ code: 'BAD_PROOF' })
  const purge = { patientId, classes: ['clinical' as const], word }
  expect(await flow.purge(officer, purge, { now })).toMatchObject({ code: 'BAD_PROOF' })
  // Somebody else's word, one of an hour ago, and one about something else.
  const good = await says.settings(year, now)
  const other = { ...officer, memberId: randomUUID() }
  expect(await flow.saveSettings(other, good, { now })).toMatchObject({ code: 'BAD_PROOF' })
  expect(await flow.saveSettings(officer, good, { now: later(1 / 24) })).toMatchObject({ code: 'BAD_PROOF' })
  expect(await flow.saveSettings(officer, { ...good, clinical: 2, identity: 2 }, { now })).toMatchObject({
    code: 'BAD_PROOF',
  })
})

it('a shorter time counts after seven days, every officer being told at once, and is set back by any of them', async () => {
  const { patientId } = await somebody()
  expect(await flow.saveSettings(officer, await says.settings(year, now), { now })).toMatchObject({ ok: true })
  expect(await mails()).toBe(1)
  const due = async (at: Date) => flow.purge(officer, await says.purge(patientId, ['clinical'], at), { now: at })
  expect(await due(now)).toMatchObject({ code: 'TOO_EARLY' })
  expect(await due(later(delayDays - 0.01))).toMatchObject({ code: 'TOO_EARLY' })
  const seen = await flow.overview(officer, {}, { now })
  expect(seen.ok && seen.value).toMatchObject({
    settings: defaultRetention,
    later: { settings: year, beginsAt: later(delayDays).toISOString() },
  })
  // Set back, and set again: the days begin anew.
  await flow.saveSettings(officer, await says.settings(defaultRetention, later(6)), { now: later(6) })
  expect(await due(later(delayDays + 1))).toMatchObject({ code: 'TOO_EARLY' })
  await flow.saveSettings(officer, await says.settings(year, later(8)), { now: later(8) })
  expect(await due(later(14))).toMatchObject({ code: 'TOO_EARLY' })
  expect(await due(later(8 + delayDays))).toMatchObject({ ok: true })
})

// Defences: isOwnAnswer, line by line, and the one encoding in fieldsOf (signed.ts).
it('attack 10: an answer to a wish to be forgotten that the officer’s key did not sign is none', async () => {
  const { patient, patientId } = await somebody()
  await admin(
    `INSERT INTO patient_key (id, clinic_id, patient_id, sign_key, dh_key, state) VALUES ($1, $2, $3, $4, $5, 'booking')`,
    [patient.keyId, officer.clinicId, patientId, 'A'.repeat(43), 'B'.repeat(43)],
  )
  expect(await flow.ask(patient, {}, { now })).toMatchObject({ ok: true })
  const mine = await flow.mine(patient, {}, { now })
  const request = mine.ok ? mine.value.requests[0]! : null!
  const good = await says.answer(request, 'erased', now)
  const bytes = Buffer.from(good.statement, 'base64url')
  bytes[bytes.length - 1]! ^= 1
  const before = Buffer.from(good.statement, 'base64url')
  const stranger = await officersWord(admin, { ...officer, memberId: randomUUID() })
  for (const wrong of [
    { ...good, statement: Buffer.from('forged').toString('base64url') },
    { ...good, statement: bytes.toString('base64url') },
    { ...good, statement: (await says.answer(request, 'refused', now)).statement },
    await says.answer({ ...request, patientId: randomUUID() }, 'erased', now),
    { ...(await says.answer({ ...request, id: randomUUID() }, 'erased', now)), id: request.id },
    await says.answer(request, 'erased', later(-1)),
    await says.answer(request, 'erased', now, { clinicId: randomUUID() }),
    await says.answer(request, 'erased', now, { classes: ['clinical'] }),
    // Signed by their key and naming another's: the patient's browser would show a forgery for good.
    await says.answer(request, 'erased', now, { signer: new Uint8Array(32).fill(7) }),
    { ...(await says.answer(request, 'refused', now, { classes: [...retentionClasses] })), state: 'erased' as const },
    await stranger.answer(request, 'erased', now),
    // The same fields in another encoding: a browser reads the one that there is.
    { ...good, statement: Buffer.concat([Buffer.from([0x98, 11]), before.subarray(1)]).toString('base64url') },
  ])
    expect(await flow.answer(officer, wrong, { now })).toMatchObject({ code: 'BAD_PROOF' })
  expect(await flow.answer(officer, good, { now })).toMatchObject({ ok: true })
})

it('what is longer counts at once, and what waits is the shorter part alone', () => {
  const wanted = { identity: 30, clinical: 10, administrative: 3, autoDays: 30 }
  const stored = decideSettings(defaultRetention, wanted, now)
  expect(settingsAt(stored, now).settings).toEqual({ identity: 30, clinical: 20, administrative: 3, autoDays: null })
  expect(settingsAt(stored, later(delayDays)).settings).toEqual(wanted)
  expect(decideSettings(defaultRetention, { ...defaultRetention, clinical: 20, identity: 25 }, now).beginsAt).toBeNull()
  expect(decideSettings(wanted, { ...wanted, autoDays: 60 }, now).beginsAt).toBeNull()
  expect(decideSettings(wanted, { ...wanted, autoDays: 7 }, now).beginsAt).not.toBeNull()
})
