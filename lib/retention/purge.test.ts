import { randomBytes, randomUUID } from 'node:crypto'
import { chmodSync, cpSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import type { PatientActor, StaffActor } from '../access/rules.ts'
import type { RecordType } from '../crypto/types.ts'
import { clinicWorld } from '../payment/testing.ts'
import { findCard, replaceCard } from '../emergency/store.ts'
import { findShare, savePrescription } from '../prescription/store.ts'
import { insertRecords, listRecords } from '../record/store.ts'
import { sealed } from '../record/testing.ts'
import { env } from '../server/env.ts'
import { openOuter } from '../server/keystore.ts'
import { openField, sealField } from '../server/kms.ts'
import { testDb } from '../server/testing.ts'
import { inClinic } from '../server/tx.ts'
import { withClient } from '../../scripts/stack/postgres.ts'
import * as flow from './flow.ts'
import { purgeDue, purgeNow } from './purge.ts'
import { rotate } from './rotation.ts'
import { officersWord } from './testing.ts'
import { defaultRetention, delayDays, settleMinutes } from './rules.ts'

const { admin, urls } = testDb()
let officer: StaffActor
let serviceId = ''
let says: Awaited<ReturnType<typeof officersWord>>
beforeAll(async () => {
  const world = await clinicWorld(admin)
  serviceId = world.serviceId
  officer = {
    ...{ kind: 'staff', clinicId: world.clinicId, memberId: world.memberId },
    ...{ sessionId: '', roles: ['admin', 'practitioner'] },
  }
  says = await officersWord(admin, officer)
})

const now = new Date()
const years = (count: number) => new Date(now.getTime() - count * 365.25 * 86_400_000)
const b64 = (length: number) => randomBytes(length).toString('base64url')

/** Somebody with a whole chart, last seen at that time. */
async function somebody(lastSeen = now) {
  const { clinicId } = officer
  const patient: PatientActor = { kind: 'patient', clinicId, patientId: randomUUID(), keyId: randomUUID() }
  const { patientId } = patient
  const email = await sealField('ada@patient.test', `patient.email|${clinicId}|${patientId}`)
  await admin('INSERT INTO patient (id, clinic_id, email_sealed, created_at) VALUES ($1, $2, $3, $4)', [
    ...[patientId, clinicId, Buffer.from(email), lastSeen],
  ])
  await admin(
    `INSERT INTO patient_key (id, clinic_id, patient_id, sign_key, dh_key, state) VALUES ($1, $2, $3, $4, $5, 'booking')`,
    [patient.keyId, clinicId, patientId, b64(32), b64(32)],
  )
  const write = (...types: RecordType[]) => {
    const records = types.map((type) => sealed({ clinicId, patientId, recordId: randomUUID(), revision: 1, type }))
    return inClinic(clinicId, (tx) => insertRecords(tx, patient, records, { patientId, appointmentId: null }))
  }
  await write('identity', 'intake', 'checklist')
  const types = async () => {
    const there = await inClinic(clinicId, (tx) => listRecords(tx, officer, { patientIds: [patientId] }))
    return there.filter((each) => each.grants.length > 0).map((each) => each.meta.type)
  }
  const left = async () =>
    (await admin<{ n: number }>('SELECT count(*)::int AS n FROM record WHERE patient_id = $1', [patientId]))[0]!.n
  const contact = async () => {
    const [row] = await admin<{ e: Buffer | null }>('SELECT email_sealed AS e FROM patient WHERE id = $1', [patientId])
    return row!.e && openField(row!.e, `patient.email|${clinicId}|${patientId}`)
  }
  // What a pharmacist's code and an emergency card's code are answered.
  const paper = { rx: randomUUID(), card: randomUUID(), claimHash: b64(32) }
  const paperSays = async () => {
    const [rx, card] = await inClinic(clinicId, async (tx) => [
      (await findShare(tx, clinicId, paper.rx, now))?.share ?? null,
      (await findCard(tx, clinicId, { id: paper.card, claimHash: paper.claimHash }))?.sealed ?? null,
    ])
    return [rx, card]
  }
  const printed = async () => {
    const [share, sealed] = [new Uint8Array(randomBytes(60)), new Uint8Array(randomBytes(60))]
    const appointmentId = await visitOf(patientId)
    const rx = { id: paper.rx, patientId, appointmentId, recordId: randomUUID(), share, issuedAt: now }
    await inClinic(clinicId, async (tx) => {
      await savePrescription(tx, officer, { ...rx, expiresAt: new Date(now.getTime() + 86_400_000) })
      await replaceCard(tx, patient, { id: paper.card, claimHash: paper.claimHash, sealed, madeAt: now })
    })
    const text = [share, sealed].map((each) => Buffer.from(each).toString('base64url'))
    expect(await paperSays()).toEqual(text)
    const rows = await admin<{ bytes: Buffer }>(
      `SELECT share AS bytes FROM prescription WHERE patient_id = $1 UNION ALL SELECT sealed FROM emergency_card WHERE patient_id = $1`,
      [patientId],
    )
    // A dump has neither, for whoever holds the codes.
    expect(rows.filter((row) => [share, sealed].some((each) => row.bytes.includes(Buffer.from(each))))).toEqual([])
    expect(rows).toHaveLength(2)
    return text
  }
  const mine = async () => {
    const answer = await flow.mine(patient, {}, { now })
    if (!answer.ok) throw new Error(answer.code)
    return answer.value
  }
  return { patient, patientId, write, types, left, contact, mine, printed, paperSays }
}

/** An appointment that is over. */
async function visitOf(patientId: string): Promise<string> {
  const [row] = await admin<{ id: string }>(
    `INSERT INTO appointment (clinic_id, service_id, member_id, patient_id, status, starts_at, ends_at, blocked_from,
       blocked_until, price_minor, currency, payment_mode)
     SELECT $1, $2, $3, $4, 'completed', t, t + interval '1 minute', t, t + interval '1 minute', 0, 'eur', 'free'
     FROM (SELECT now() - interval '1 day' - $5 * interval '1 hour' AS t) AS at RETURNING id`,
    [officer.clinicId, serviceId, officer.memberId, patientId, (visits += 1)],
  )
  return row!.id
}
let visits = 0

/** The worker's part. */
async function work(patientId: string) {
  const rows = await admin<{ id: string }>(`SELECT id FROM purge WHERE patient_id = $1 AND state = 'ordered'`, [
    patientId,
  ])
  for (const { id } of rows) await purgeNow(officer.clinicId, id, now)
}
const night = async () => {
  await rotate('store', { asked: 'begin', now: () => new Date() })
  return rotate('store', { asked: 'tend', now: () => new Date(Date.now() + (settleMinutes + 1) * 60_000) })
}
async function erase(who: Awaited<ReturnType<typeof somebody>>) {
  expect(await flow.ask(who.patient, {}, { now })).toMatchObject({ ok: true })
  const [request] = (await who.mine()).requests
  const input = await says.answer(request!, 'erased', now)
  expect(await flow.answer(officer, input, { now })).toMatchObject({ ok: true })
  await work(who.patientId)
}

/** The database's tables as they are, in files: what a nightly dump holds. */
async function dump() {
  const folder = mkdtempSync(join(tmpdir(), 'dump-'))
  chmodSync(folder, 0o777)
  const tables = await admin<{ name: string }>(
    `SELECT relname AS name FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace`,
  )
  for (const { name } of tables) await admin(`COPY "${name}" TO '${join(folder, name)}' (FORMAT binary)`)
  return {
    restore: () =>
      withClient(urls().admin, async (client) => {
        await client.query('SET session_replication_role = replica')
        for (const { name } of tables) {
          await client.query(`DELETE FROM "${name}"`)
          await client.query(`COPY "${name}" FROM '${join(folder, name)}' (FORMAT binary)`)
        }
      }),
  }
}
function copyKeyStore() {
  const folder = mkdtempSync(join(tmpdir(), 'keystore-'))
  cpSync(env().KEYSTORE_DIR, folder, { recursive: true })
  return {
    restore() {
      rmSync(env().KEYSTORE_DIR, { recursive: true })
      cpSync(folder, env().KEYSTORE_DIR, { recursive: true })
    },
  }
}
const grantsOf = (patientId: string) =>
  admin<{ record_id: string; revision: number; recipient_key: string; retention: string; wrapped: Buffer }>(
    'SELECT * FROM record_grant WHERE patient_id = $1',
    [patientId],
  )
type GrantRow = Awaited<ReturnType<typeof grantsOf>>[number]
const openRow = (patientId: string, row: GrantRow) =>
  openOuter(
    { clinicId: officer.clinicId, patientId, class: row.retention },
    { recordId: row.record_id, revision: row.revision, recipientKey: row.recipient_key },
    row.wrapped,
  )

// Defences, each taken out once: `destroyOuter` in purgeNow; `destroyVersions` in rotation.ts; the outer layer around a
// contact field in kms.ts (`owner` in sealField), around a pharmacist's copy (savePrescription) and a card (replaceCard); `kekOf`
// at the top of openKey in keystore.ts.
it('attack 16: after a purge neither live rows, nor a dump, nor backups of both put back open; others do', async () => {
  const [gone, stays] = [await somebody(), await somebody()]
  expect(await gone.types()).toHaveLength(3)
  await gone.printed()
  const theirs = await stays.printed()
  const [database, keys] = [await dump(), copyKeyStore()]
  const rows = await grantsOf(gone.patientId)
  expect(rows).toHaveLength(3)

  await erase(gone)
  expect([await gone.types(), await gone.left(), await gone.contact()]).toEqual([[], 0, null])
  expect(await gone.paperSays()).toEqual([null, null])
  // A dump, with the key store as it is now.
  for (const row of rows) expect(await openRow(gone.patientId, row)).toBeNull()
  expect((await gone.mine()).purges).toMatchObject([{ state: 'destroyed', finalAt: null }])

  const after = await night()
  expect(after).toMatchObject({ old: [], left: 0 })
  expect((await gone.mine()).purges).toMatchObject([{ state: 'final', finalAt: expect.any(String) as string }])
  expect(await stays.types()).toHaveLength(3)
  const newest = copyKeyStore()

  // Last week's dump and last week's key store.
  await database.restore()
  keys.restore()
  for (const row of rows) await expect(openRow(gone.patientId, row)).rejects.toMatchObject({ code: 'KEK_GONE' })
  expect(await gone.types()).toEqual([])
  await expect(gone.contact()).rejects.toMatchObject({ code: 'KEK_GONE' })
  await expect(gone.paperSays()).rejects.toMatchObject({ code: 'KEK_GONE' })

  // Last week's dump and the key store as it was saved after the last night: how a clinic is restored.
  newest.restore()
  expect(await gone.types()).toEqual([])
  await expect(gone.contact()).rejects.toMatchObject({ code: 'FIELD_GONE' })
  expect(await gone.paperSays()).toEqual([null, null])
  expect(await stays.paperSays()).toEqual(theirs)
  expect(await stays.types()).toHaveLength(3)
  expect(await stays.contact()).toBe('ada@patient.test')
}, 60_000)

describe('a purge', () => {
  it('that was killed after the keys were destroyed is finished by the next try', async () => {
    const who = await somebody()
    await flow.ask(who.patient, {}, { now })
    const [request] = (await who.mine()).requests
    await flow.answer(officer, await says.answer(request!, 'erased', now), { now })
    const [{ id } = { id: '' }] = await admin<{ id: string }>('SELECT id FROM purge WHERE patient_id = $1', [
      who.patientId,
    ])
    // Something after the keys fails, and the transaction with it.
    await admin(`CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'killed'; END $$`)
    await admin('CREATE TRIGGER fail BEFORE UPDATE ON purge EXECUTE FUNCTION fail()')
    await expect(purgeNow(officer.clinicId, id, now)).rejects.toThrow()
    expect([await who.types(), await who.left()]).toEqual([[], 3])
    await admin('DROP TRIGGER fail ON purge')
    await purgeNow(officer.clinicId, id, now)
    expect(await who.left()).toBe(0)
    await purgeNow(officer.clinicId, id, now)
    expect((await who.mine()).purges).toMatchObject([{ state: 'destroyed' }])
    // Defence: `ordered` in purgeNow. Who comes back writes anew, and a job that is delivered once more takes none of it.
    await who.write('identity')
    await purgeNow(officer.clinicId, id, now)
    expect(await who.types()).toEqual(['identity'])
  })

  it('takes what is due and no more, at an officer’s word', async () => {
    const who = await somebody(years(4))
    const { patientId } = who
    expect(
      await flow.purge(officer, await says.purge(patientId, ['administrative', 'clinical'], now), { now }),
    ).toMatchObject({
      code: 'TOO_EARLY',
    })
    expect(await flow.purge(officer, await says.purge(patientId, ['administrative'], now), { now })).toMatchObject({
      ok: true,
    })
    await work(patientId)
    expect((await who.types()).sort()).toEqual(['identity', 'intake'])
    // Defence: GREATEST in listKept (store.ts). Known for thirty years, and seen yesterday.
    const regular = await somebody(years(30))
    await visitOf(regular.patientId)
    const asked = await says.purge(regular.patientId, ['administrative'], now)
    expect(await flow.purge(officer, asked, { now })).toMatchObject({ code: 'TOO_EARLY' })
  })

  it('is not ordered while an appointment is to come', async () => {
    const who = await somebody(years(30))
    await admin(
      `INSERT INTO appointment (clinic_id, service_id, member_id, patient_id, status, starts_at, ends_at, blocked_from,
         blocked_until, price_minor, currency, payment_mode)
       SELECT $1, $2, $3, $4, 'booked', t, t + interval '1 hour', t, t + interval '1 hour', 0, 'eur', 'free'
       FROM (SELECT now() + interval '300 days' AS t) AS at`,
      [officer.clinicId, serviceId, officer.memberId, who.patientId],
    )
    expect(await flow.purge(officer, await says.purge(who.patientId, ['clinical'], now), { now })).toMatchObject({
      code: 'STILL_EXPECTED',
    })
  })

  it('by itself only where the clinic chose so, after its days, and once', async () => {
    const due = await somebody(new Date(years(20).getTime() - 40 * 86_400_000))
    const recent = await somebody(new Date(years(20).getTime() - 5 * 86_400_000))
    const held = await somebody(years(40))
    await flow.placeHold(officer, { patientId: held.patientId, ground: 'court' }, { now })
    expect(await purgeDue(now)).toBe(0)
    const before = new Date(now.getTime() - (delayDays + 1) * 86_400_000)
    const auto = { ...defaultRetention, autoDays: 30 }
    await flow.saveSettings(officer, await says.settings(auto, before), { now: before })
    await purgeDue(now)
    expect(await purgeDue(now)).toBe(0)
    await flow.saveSettings(officer, await says.settings(defaultRetention, now), { now })
    for (const { patientId } of [due, recent, held]) await work(patientId)
    expect(await due.left()).toBe(0)
    // Its check list was due long before.
    expect((await recent.types()).sort()).toEqual(['identity', 'intake'])
    expect(await held.left()).toBe(3)
  })
})

describe('a legal hold', () => {
  it('stops every purge, one that was ordered too, until it is lifted', async () => {
    const who = await somebody(years(30))
    const { patientId } = who
    await flow.ask(who.patient, {}, { now })
    expect(await flow.placeHold(officer, { patientId, ground: 'complaint' }, { now })).toMatchObject({ ok: true })
    expect(await flow.placeHold(officer, { patientId, ground: 'court' }, { now })).toMatchObject({
      code: 'WRONG_STATE',
    })
    const [request] = (await who.mine()).requests
    const erase = await says.answer(request!, 'erased', now)
    expect(await flow.answer(officer, erase, { now })).toMatchObject({ code: 'ON_HOLD' })
    expect((await who.mine()).requests).toMatchObject([{ state: 'asked' }])
    expect(await flow.purge(officer, await says.purge(patientId, ['clinical'], now), { now })).toMatchObject({
      code: 'ON_HOLD',
    })
    const overview = await flow.overview(officer, {}, { now })
    const [hold] = overview.ok ? overview.value.holds.filter((each) => each.patientId === patientId) : []
    expect(await flow.liftHold(officer, { id: hold!.id, ground: 'closed' }, { now })).toMatchObject({ ok: true })
    expect(await flow.answer(officer, erase, { now })).toMatchObject({ ok: true })
    // Placed between the officer's word and the worker's turn.
    await flow.placeHold(officer, { patientId, ground: 'court' }, { now })
    await work(patientId)
    expect(await who.left()).toBe(3)
    // Defence: the job in liftHold. The patient was promised it: nobody orders it a second time.
    const waiting = `name = 'retention.purge' AND data->>'purgeId' IN (SELECT id::text FROM purge WHERE patient_id = $1)`
    await admin(`DELETE FROM pgboss.job WHERE ${waiting}`, [patientId])
    const again = await flow.overview(officer, {}, { now })
    const [second] = again.ok ? again.value.holds.filter((each) => each.patientId === patientId) : []
    expect(await flow.liftHold(officer, { id: second!.id, ground: 'closed' }, { now })).toMatchObject({ ok: true })
    expect(await admin(`SELECT FROM pgboss.job WHERE ${waiting}`, [patientId])).toHaveLength(1)
    await work(patientId)
    expect(await who.left()).toBe(0)
  })

  // Defence: lockPatient in purgeNow. Without it the officer reads that nothing goes, of what goes that moment.
  it('that is being placed while the worker has its turn is waited for', async () => {
    const who = await somebody(years(30))
    await flow.purge(officer, await says.purge(who.patientId, ['clinical'], now), { now })
    await withClient(urls().admin, async (client) => {
      // What placeHold does, up to its end.
      await client.query('BEGIN')
      await client.query('SELECT FROM patient WHERE id = $1 FOR UPDATE', [who.patientId])
      await client.query(
        `INSERT INTO legal_hold (clinic_id, patient_id, ground, placed_by, placed_at) VALUES ($1, $2, 'court', $3, now())`,
        [officer.clinicId, who.patientId, officer.memberId],
      )
      let over = false
      const working = work(who.patientId).finally(() => (over = true))
      const isWaiting = async () =>
        (await admin(`SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%FROM patient%'`))
          .length > 0
      while (!over && !(await isWaiting()));
      await client.query('COMMIT')
      await working
    })
    expect(await who.left()).toBe(3)
  })
})

describe('a wish to be forgotten', () => {
  it('is one at a time, is answered once, and may be refused', async () => {
    const who = await somebody()
    await flow.ask(who.patient, {}, { now })
    expect(await flow.ask(who.patient, {}, { now })).toMatchObject({ code: 'WRONG_STATE' })
    const [request] = (await who.mine()).requests
    const no = await says.answer(request!, 'refused', now)
    const { statement } = no
    expect(await flow.answer(officer, no, { now })).toMatchObject({ ok: true })
    expect(await flow.answer(officer, await says.answer(request!, 'erased', now), { now })).toMatchObject({
      code: 'WRONG_STATE',
    })
    expect(await who.mine()).toMatchObject({ requests: [{ state: 'refused', answer: statement }], purges: [] })
    expect(await who.left()).toBe(3)
    expect(await flow.ask(who.patient, {}, { now })).toMatchObject({ ok: true })
  })

  it('is not taken from a device that a mailed code alone let in', async () => {
    const who = await somebody()
    await admin(`UPDATE patient_key SET state = 'confirmed' WHERE patient_id = $1`, [who.patientId])
    expect(await flow.ask(who.patient, {}, { now })).toMatchObject({ code: 'NOT_CONFIRMED' })
    expect(await flow.mine(who.patient, {}, { now })).toMatchObject({ code: 'NOT_CONFIRMED' })
  })
})
