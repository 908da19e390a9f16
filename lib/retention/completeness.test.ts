// Every table that is about a patient, as the database has them: each is decided upon, and a purge does what was decided.
import { randomBytes, randomUUID } from 'node:crypto'
import { beforeAll, expect, it } from 'vitest'
import { tenant, type Tenant } from '../access/tenant-world.ts'
import { readerOf } from '../server/audit.ts'
import { testDb } from '../server/testing.ts'
import { purgeNow } from './purge.ts'
import { fates, retentionClasses, type RetentionClass } from './rules.ts'

const { admin } = testDb()
let one: Tenant
beforeAll(async () => {
  one = await tenant(admin)
}, 60_000)

/** Tables with a column that names a patient or something of one, and tables that refer to those, however far. */
async function tablesAboutPatients(): Promise<string[]> {
  const named = await admin<{ name: string }>(
    `SELECT DISTINCT table_name AS name FROM information_schema.columns WHERE table_schema = 'public'
       AND column_name IN ('patient_id', 'appointment_id', 'record_id', 'call_id', 'patient_key_id', 'card_id')`,
  )
  const references = await admin<{ from: string; to: string }>(
    `SELECT conrelid::regclass::text AS from, confrelid::regclass::text AS to FROM pg_constraint
     WHERE contype = 'f' AND connamespace = 'public'::regnamespace`,
  )
  const found = new Set(['patient', ...named.map(({ name }) => name)])
  for (let size = 0; size < found.size;) {
    size = found.size
    for (const { from, to } of references) if (found.has(to)) found.add(from)
  }
  return [...found].sort()
}

it('a purge knows every table that is about a patient: one that is new fails here until it is decided', async () => {
  const found = await tablesAboutPatients()
  expect(found).toContain('call_message')
  expect(found).toEqual(Object.keys(fates).sort())
})

/** How many rows of this patient each table has. */
async function count({ patientId }: Tenant): Promise<Record<string, number>> {
  const visits = `SELECT id FROM appointment WHERE patient_id = $1`
  const payments = `SELECT id FROM payment WHERE appointment_id IN (${visits})`
  const through: Record<string, string> = {
    patient: 'id = $1',
    rewrap_lease: 'record_id IN (SELECT record_id FROM record WHERE patient_id = $1)',
    email_code: `appointment_id IN (${visits})`,
    reminder: `appointment_id IN (${visits})`,
    late_notice: `appointment_id IN (${visits})`,
    waitlist_offer: `appointment_id IN (${visits})`,
    companion: `appointment_id IN (${visits})`,
    payment: `appointment_id IN (${visits})`,
    refund: `payment_id IN (${payments})`,
    dispute: `payment_id IN (${payments})`,
    taking: `payment_id IN (${payments})`,
    document: `payment_id IN (${payments})`,
    posting: `sale_id IN (${payments})`,
    open_item: `sale_id IN (${payments})`,
    entry: `posting_id IN (SELECT id FROM posting WHERE sale_id IN (${payments}))`,
    call: `appointment_id IN (${visits})`,
    call_participant: `call_id IN (SELECT id FROM call WHERE appointment_id IN (${visits}))`,
    call_message: `call_id IN (SELECT id FROM call WHERE appointment_id IN (${visits}))`,
  }
  const rows: Record<string, number> = {}
  for (const table of Object.keys(fates)) {
    const where = through[table] ?? 'patient_id = $1'
    const [row] = await admin<{ n: number }>(`SELECT count(*)::int AS n FROM ${table} WHERE ${where}`, [patientId])
    rows[table] = row!.n
  }
  return rows
}

async function purge({ clinicId, patientId }: Tenant, classes: readonly RetentionClass[]) {
  const id = randomUUID()
  await admin(`UPDATE legal_hold SET lifted_at = now() WHERE patient_id = $1`, [patientId])
  await admin(`INSERT INTO purge (id, clinic_id, patient_id, classes, ordered_at) VALUES ($1, $2, $3, $4, now())`, [
    ...[id, clinicId, patientId, classes],
  ])
  await purgeNow(clinicId, id, new Date())
}
const box = async ({ clinicId, entryId }: Tenant, key: string) => {
  await admin('INSERT INTO audit_box (clinic_id, entry_id, reader, enc, ct) VALUES ($1, $2, $3, $4, $5)', [
    ...[clinicId, entryId, Buffer.from(await readerOf(key)), randomBytes(32), randomBytes(9)],
  ])
}
const boxesOf = async ({ clinicId }: Tenant, key: string) =>
  (
    await admin('SELECT FROM audit_box WHERE clinic_id = $1 AND reader = $2', [
      clinicId,
      Buffer.from(await readerOf(key)),
    ])
  ).length

// Fails when `deleteRows` forgets a table that says it goes, and when a row is deleted that says it stays.
it('what goes is gone, and what stays is there without what it must lose', async () => {
  await admin(`UPDATE patient_key SET vouch = 'signed, and why', name = 'a phone' WHERE patient_id = $1`, [
    one.patientId,
  ])
  const before = await count(one)
  expect(Object.entries(before).filter(([, rows]) => rows === 0)).toEqual([])
  const officer = randomBytes(32).toString('base64url')
  await box(one, one.dh)
  await box(one, officer)
  const entries = (await admin('SELECT FROM audit_entry WHERE clinic_id = $1', [one.clinicId])).length

  await purge(one, ['clinical'])
  const half = await count(one)
  expect(await boxesOf(one, one.dh)).toBeGreaterThan(0)
  for (const [table, fate] of Object.entries(fates))
    if ('by' in fate) expect([table, half[table]]).toEqual([table, fate.goes === 'clinical' ? 0 : before[table]])

  await purge(one, retentionClasses)
  const after = await count(one)
  for (const [table, fate] of Object.entries(fates)) {
    if ('goes' in fate) expect([table, after[table]]).toEqual([table, 0])
    else expect([table, after[table]! >= before[table]!]).toEqual([table, true])
    const without: readonly string[] = 'without' in fate ? fate.without : []
    for (const column of without) {
      const at = table === 'patient' ? 'id' : 'patient_id'
      const left = await admin(`SELECT ${column} AS it FROM ${table} WHERE ${at} = $1`, [one.patientId])
      expect([column, left.filter((row) => row.it !== null && row.it !== '')]).toEqual([column, []])
    }
  }
  // The log: of what was sealed to the patient, that this purge was done is left; the officers' is whole, and so is the chain.
  expect(await boxesOf(one, one.dh)).toBe(1)
  expect(await boxesOf(one, officer)).toBe(1)
  expect((await admin('SELECT FROM audit_entry WHERE clinic_id = $1', [one.clinicId])).length).toBeGreaterThan(entries)
})

// Defences: forget_consents in deleteRows; and each column that it empties: with any of them the text is found by trying.
it('attack 16: after the chart is purged nothing tells which text was consented to, and who saw the history still knows it', async () => {
  const gone = await tenant(admin)
  const { clinicId, patientId, textId } = gone
  const [{ hash: textHash, event }] = (await admin<{ hash: string; event: Record<string, unknown> }>(
    `SELECT t.hash, to_jsonb(e) AS event FROM consent_event e JOIN consent_text t ON t.id = e.consent_text_id
     WHERE e.patient_id = $1`,
    [patientId],
  )) as [{ hash: string; event: Record<string, unknown> }]
  const row = async () =>
    (
      await admin<{ row: Record<string, unknown> }>(
        'SELECT to_jsonb(e) AS row FROM consent_event e WHERE patient_id = $1',
        [patientId],
      )
    )[0]!.row
  await purge(gone, ['administrative'])
  expect(await row()).toEqual(event)
  await purge(gone, ['clinical'])
  const left = await row()
  for (const told of [textId, textHash, event.text_hash, event.record_id])
    expect(Object.values(left)).not.toContain(told)
  expect(left).toMatchObject({ consent_text_id: null, record_id: null, text_hash: '', signature: '' })
  for (const stays of ['seq', 'previous', 'hash', 'state', 'signer', 'created_at'])
    expect([stays, left[stays]]).toEqual([stays, event[stays]])
  // Nobody does the same by themselves.
  const other = await tenant(admin)
  const { inClinic } = await import('../server/tx.ts')
  const forget = (id: string) =>
    inClinic(other.clinicId, (tx) => tx.$queryRaw`SELECT forget_consents(${id}::uuid) AS n`)
  expect([await forget(other.patientId), await forget(patientId)]).toEqual([[{ n: 0 }], [{ n: 0 }]])
  const emptied = inClinic(clinicId, (tx) => tx.consentEvent.updateMany({ data: { textHash: '' } }))
  await expect(emptied).rejects.toThrow(/permission denied/)
})

it('the app itself takes nothing out of the log where no purge was ordered', async () => {
  const other = await tenant(admin)
  await box(other, other.dh)
  const { inClinic } = await import('../server/tx.ts')
  const tag = await readerOf(other.dh)
  const forgotten = await inClinic(
    other.clinicId,
    (tx) => tx.$queryRaw`SELECT forget_audit_boxes(${other.patientId}::uuid, ${[tag]}::bytea[]) AS n`,
  )
  expect(forgotten).toEqual([{ n: 0 }])
  expect(await boxesOf(other, other.dh)).toBe(1)
  await expect(inClinic(other.clinicId, (tx) => tx.auditBox.deleteMany({}))).rejects.toThrow(/permission denied/)
})
