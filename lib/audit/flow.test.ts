// The log from the server's pen to an officer's and a patient's browser, against a real database.
import { randomUUID } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import type { PatientActor } from '../access/rules.ts'
import { vouch } from '../access/flow.ts'
import { answer, at, must, openTestClinic, signIn, vouchFor } from '../access/testing.ts'
import { createVault } from '../browser/vault-core.ts'
import { memoryStorage } from '../browser/vault-storage.ts'
import { audit, auditAll } from '../server/audit.ts'
import { auditReadings, auditRefusal } from '../server/audit-readings.ts'
import { testDb } from '../server/testing.ts'
import { inClinic } from '../server/tx.ts'
import * as flow from './flow.ts'

const { admin } = testDb()

async function world() {
  const clinic = await openTestClinic()
  const vault = createVault(memoryStorage())
  const [patientId, keyId] = [randomUUID(), randomUUID()]
  const patient = await vault.createPatient({ clinicId: clinic.clinicId, patientId, home: 'memory' })
  await admin(`INSERT INTO patient (id, clinic_id, email_index, email_sealed) VALUES ($1, $2, '\\x00', '\\x00')`, [
    patientId,
    clinic.clinicId,
  ])
  await admin(
    `INSERT INTO patient_key (id, clinic_id, patient_id, sign_key, dh_key, state) VALUES ($1, $2, $3, $4, $5, 'booking')`,
    [keyId, clinic.clinicId, patientId, patient.keys.sign, patient.keys.dh],
  )
  const actor: PatientActor = { kind: 'patient', clinicId: clinic.clinicId, patientId, keyId }
  return { ...clinic, patient: { vault, actor, patientId } }
}
type World = Awaited<ReturnType<typeof world>>

const read = (world: World, count = 1) =>
  inClinic(world.clinicId, (tx) =>
    auditAll(
      tx,
      world.owner.actor,
      Array.from({ length: count }, () => ({
        action: 'encounter.opened',
        patientId: world.patient.patientId,
        records: [['note', randomUUID(), 2] as const],
      })),
    ),
  )

describe('the log', () => {
  it('opens for an officer and for the patient concerned, and says the same to both', async () => {
    const it = await world()
    await read(it)
    const { entries } = must(await flow.showLog(it.owner.actor, {}))
    const opened = await it.owner.vault.openAudit({ clinicId: it.clinicId, entries })
    const details = opened.map((each) => (each.ok ? each.detail : each.code))
    expect(details.map((each) => (typeof each === 'string' ? each : each.action))).toEqual([
      'access.clinic-opened',
      'access.signed-in',
      'encounter.opened',
    ])
    const own = must(await flow.showOwnLog(it.patient.actor, { skip: 0 }))
    const [mine] = await it.patient.vault.openAudit({
      ...{ clinicId: it.clinicId, entries: own.entries, asPatient: it.patient.patientId },
    })
    expect(own.entries).toHaveLength(1)
    expect(mine).toMatchObject({
      ok: true,
      detail: {
        actor: { kind: 'staff', id: it.owner.actor.memberId },
        action: 'encounter.opened',
        patientId: it.patient.patientId,
        records: [{ type: 'note', revision: 2 }],
        refused: null,
      },
    })
    expect(mine).toEqual(opened[2])
  })

  // Defence: 'paired' in patientKeys.
  it('opens for a device that another of the patient’s added, and for their printed page; not for a mailed code’s', async () => {
    const it = await world()
    const { clinicId, patient } = it
    const { patientId } = patient
    const file = async (state: string, kind: string) => {
      const [vault, keyId] = [createVault(memoryStorage()), randomUUID()]
      const { keys } = await vault.createPatient({ clinicId, patientId, home: 'memory' })
      await admin(
        `INSERT INTO patient_key (id, clinic_id, patient_id, sign_key, dh_key, state, kind) VALUES ($1, $2, $3, $4, $5, $6, $7)`,
        [keyId, clinicId, patientId, keys.sign, keys.dh, state, kind],
      )
      return { vault, actor: { ...patient.actor, keyId } }
    }
    const further = [await file('paired', 'device'), await file('paired', 'kit'), await file('confirmed', 'device')]
    await read(it)
    const opened = await Promise.all(
      further.map(async ({ vault, actor }) => {
        const { entries } = must(await flow.showOwnLog(actor, { skip: 0 }))
        const [mine] = await vault.openAudit({ clinicId, entries, asPatient: patientId })
        return mine?.ok
      }),
    )
    expect(opened).toEqual([true, true, undefined])
  })

  it('holds in the database neither who, nor what, nor about whom', async () => {
    const it = await world()
    await read(it)
    const rows = await admin('SELECT e::text, b::text FROM audit_entry e JOIN audit_box b ON b.entry_id = e.id')
    const text = JSON.stringify(rows)
    const hex = (word: string) => Buffer.from(word).toString('hex')
    for (const word of [it.owner.actor.memberId, it.patient.patientId, 'encounter.opened']) {
      expect(text).not.toContain(word)
      expect(text).not.toContain(hex(word))
    }
    // Defence: the salt in detailOf (lib/server/audit.ts). Without it, whoever has a dump tries out ids and codes.
    const same = { action: 'names.listed', patientId: it.patient.patientId }
    await inClinic(it.clinicId, (tx) => auditAll(tx, it.owner.actor, [same, same]))
    const leaves = await admin<{ leaf: Buffer }>('SELECT leaf FROM audit_entry WHERE clinic_id = $1', [it.clinicId])
    expect(new Set(leaves.map(({ leaf }) => leaf.toString('hex'))).size).toBe(leaves.length)
  })

  it('does not open for a member who is no officer, nor for another patient', async () => {
    const it = await world()
    const { invitation, vault, email } = await answer(it, ['frontdesk'])
    const kept = { ...invitation }
    const signed = await vouchFor(it, invitation.id, kept)
    must(await vouch(it.owner.actor, { id: invitation.id, ...signed }, at()))
    await signIn(vault, email)
    await read(it)
    const { entries } = must(await flow.showLog(it.owner.actor, {}))
    const opened = await vault.openAudit({ clinicId: it.clinicId, entries })
    expect(opened.every((each) => !each.ok)).toBe(true)
    const other = await world()
    expect(must(await flow.showOwnLog(other.patient.actor, { skip: 0 })).entries).toEqual([])
  })

  it('gives each entry one place, however many link at once, and an entry rolled back gets none', async () => {
    const it = await world()
    await Promise.all([read(it, 5), read(it, 5), flow.linkLog(it.clinicId), flow.linkLog(it.clinicId)])
    await inClinic(it.clinicId, async (tx) => {
      await audit(tx, it.owner.actor, 'never.happened')
      return { ok: false as const, code: 'STALE' as const }
    })
    await Promise.all([flow.linkLog(it.clinicId), flow.linkLog(it.clinicId)])
    const rows = await admin<{ seq: number }>('SELECT seq FROM audit_entry WHERE clinic_id = $1 ORDER BY seq', [
      it.clinicId,
    ])
    expect(rows.map((row) => row.seq)).toEqual(Array.from({ length: 12 }, (_, index) => index))
  })

  it('an entry keeps its place, and the app takes none away', async () => {
    const it = await world()
    await flow.linkLog(it.clinicId)
    const run = (sql: string) => inClinic(it.clinicId, (tx) => tx.$executeRawUnsafe(sql))
    await expect(run('UPDATE audit_entry SET seq = 99, hash = leaf')).rejects.toThrow('keeps its place')
    await expect(run('UPDATE audit_entry SET leaf = hash')).rejects.toThrow('permission denied')
    await expect(run('DELETE FROM audit_box')).rejects.toThrow('permission denied')
    await expect(run('DELETE FROM audit_entry')).rejects.toThrow('permission denied')
  })
})

const detailsOf = async (world: World) => {
  const { entries } = must(await flow.showLog(world.owner.actor, {}))
  const opened = await world.owner.vault.openAudit({ clinicId: world.clinicId, entries })
  return opened.map((each) => (each.ok ? each.detail : null))
}

describe('readings and refusals', () => {
  it('a reading is one entry for each patient, and one within the hour however often a page draws itself anew', async () => {
    const it = await world()
    const record = (patientId: string, revision = 1) => ({
      meta: { patientId, type: 'identity', recordId: it.clinicId, revision },
    })
    const [one, other] = [it.patient.patientId, randomUUID()]
    const before = (await detailsOf(it)).length
    await auditReadings(it.owner.actor, 'names.listed', [record(one), record(other)])
    await auditReadings(it.owner.actor, 'names.listed', [record(other), record(one)])
    await auditReadings({ ...it.owner.actor, sessionId: 'another' }, 'names.listed', [record(one)])
    await auditReadings(it.owner.actor, 'names.listed', [record(one, 2)])
    const told = (await detailsOf(it)).slice(before).filter((each) => each?.action === 'names.listed')
    expect(told.map((each) => [each!.patientId, each!.records[0]!.revision])).toEqual([
      [one, 1],
      [other, 1],
      [one, 1],
      [one, 2],
    ])
  })

  it('a refusal is an entry, for the patient too whose it was, and a thousand of them are sixty', async () => {
    const it = await world()
    const actor = { ...it.owner.actor, sessionId: randomUUID() }
    const asked = { patientId: it.patient.patientId, secret: 'never written down' }
    await auditRefusal(actor, 'encounter/open', 'NOT_ALLOWED', asked)
    await auditRefusal(actor, 'encounter/open', 'BAD_INPUT', asked)
    const { entries } = must(await flow.showOwnLog(it.patient.actor, { skip: 0 }))
    const [mine] = await it.patient.vault.openAudit({
      ...{ clinicId: it.clinicId, entries, asPatient: it.patient.patientId },
    })
    expect(entries).toHaveLength(1)
    expect(mine).toMatchObject({ detail: { action: 'encounter/open', refused: 'NOT_ALLOWED' } })
    for (let tries = 0; tries < 80; tries++) await auditRefusal(actor, 'encounter/open', 'NOT_FOUND', {})
    const [count] = await admin<{ n: number }>('SELECT count(*)::int AS n FROM audit_entry WHERE clinic_id = $1', [
      it.clinicId,
    ])
    // Founding, signing in, and no more than sixty.
    expect(count!.n).toBe(62)
  })
})
