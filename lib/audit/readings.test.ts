import { randomUUID } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import ts from 'typescript'
import { expect, it } from 'vitest'
import { loadChain } from '../access/flow.ts'
import { at, must, openTestClinic } from '../access/testing.ts'
import { createVault } from '../browser/vault-core.ts'
import { memoryStorage } from '../browser/vault-storage.ts'
import { listOf } from '../emergency/flow-officers.ts'
import { openEncounter } from '../encounter/flow.ts'
import { insertRecords } from '../record/store.ts'
import { overview } from '../retention/flow.ts'
import { testDb } from '../server/testing.ts'
import { inClinic } from '../server/tx.ts'
import { showLog } from './flow.ts'

const { admin } = testDb()

/** What answers records of patients, in every flow. */
const readers = ['listRecords', 'listEscrowed', 'readItems', 'listNewest']
/** Reads to compare, and answers ids alone: of a chart whose opening is an entry already. */
const comparing = ['emergency/flow-keys.ts keep']

const lib = new URL('..', import.meta.url)
const files = readdirSync(lib, { recursive: true, encoding: 'utf8' }).filter(
  (file) => /flow[^/]*\.ts$/.test(file) && !file.includes('test'),
)

/** Top-level declarations of a file, with the names that each calls. */
function declarationsOf(file: string) {
  const source = ts.createSourceFile(file, readFileSync(new URL(file, lib), 'utf8'), ts.ScriptTarget.Latest, true)
  return source.statements.flatMap((statement) => {
    const name = ts.isFunctionDeclaration(statement)
      ? statement.name?.text
      : ts.isVariableStatement(statement)
        ? statement.declarationList.declarations[0]?.name.getText()
        : undefined
    if (!name) return []
    const calls = new Set<string>()
    const visit = (node: ts.Node): void => {
      if (ts.isCallExpression(node)) calls.add(node.expression.getText().split('.').at(-1)!)
      ts.forEachChild(node, visit)
    }
    visit(statement)
    const isExported = (ts.getCombinedModifierFlags(statement as never) & ts.ModifierFlags.Export) !== 0
    return [{ name, calls, isExported: isExported || /^export\b/.test(statement.getText()) }]
  })
}

it('whatever answers records writes it into the log: every flow that lists them audits', () => {
  let seen = 0
  const silent = files.flatMap((file) => {
    const all = declarationsOf(file)
    // Who calls, in the same file, what reads without an entry, has to write it.
    const reading = new Set(readers)
    const found: string[] = []
    for (let grown = true; grown;) {
      grown = false
      for (const { name, calls, isExported } of all) {
        if (reading.has(name) || ![...calls].some((call) => reading.has(call))) continue
        seen++
        if (['audit', 'auditAll', 'auditOpened', 'auditReadings'].some((call) => calls.has(call))) continue
        reading.add(name)
        grown = true
        if (isExported) found.push(`${file} ${name}`)
      }
    }
    return found
  })
  expect(seen).toBeGreaterThan(12)
  expect(silent).toEqual(comparing)
})

/** A clinic, a patient with one sealed record, and what an officer reads in the log about them. */
async function world() {
  const { owner, clinicId } = await openTestClinic()
  const patientId = randomUUID()
  await admin('INSERT INTO patient (id, clinic_id, email_sealed) VALUES ($1, $2, $3)', [
    ...[patientId, clinicId, Buffer.from([1])],
  ])
  const device = createVault(memoryStorage())
  await device.loadChain(must(await loadChain(null, { clinicId })))
  const { keys, keyId } = await device.createPatient({ clinicId, patientId, home: 'memory' })
  const writer = { kind: 'patient', clinicId, patientId, keyId } as const
  const write = async (appointmentId: string | null = null) => {
    const recordId = randomUUID()
    const record = await device.seal({
      ...{ clinicId, patientId, recordId, revision: 1, schema: 1, type: 'identity', content: { name: 'Vera' } },
      ...{
        managing: 'desk',
        groups: ['desk', 'clinical'],
        patients: [{ patientId, key: keys.dh }],
        asPatient: patientId,
      },
    })
    must(await inClinic(clinicId, (tx) => insertRecords(tx, writer, [record], { patientId, appointmentId })))
    return recordId
  }
  const told = async () => {
    const { entries } = must(await showLog(owner.actor, {}))
    const opened = await owner.vault.openAudit({ clinicId, entries })
    return opened
      .flatMap((each) => (each.ok ? [each.detail] : []))
      .filter((detail) => detail.patientId === patientId)
      .map(({ action, records }) => [action, records.map((record) => record.recordId)])
  }
  return { owner, clinicId, patientId, write, told }
}

// Defence: auditReadings in both.
it('an officer’s lists of names, and of which records a patient has, are entries of the log', async () => {
  const { owner, patientId, write, told } = await world()
  const recordId = await write()
  expect(must(await overview(owner.actor, {}, at())).identities).toHaveLength(1)
  expect(await told()).toEqual([['names.listed', [recordId]]])
  must(await listOf(owner.actor, { patientId }))
  expect(await told()).toEqual([
    ['names.listed', [recordId]],
    ['patient.records-listed', [recordId]],
  ])
})

// Defence: auditOpened in openEncounter, and `remembered` in it.
it('a chart whose page draws itself anew was opened once; with something new in it, once more', async () => {
  const { owner, clinicId, patientId, write, told } = await world()
  const [serviceId, appointmentId] = [randomUUID(), randomUUID()]
  await admin(
    `INSERT INTO service (id, clinic_id, name, minutes, price_minor, currency, payment_mode, intake_form)
     VALUES ($1, $2, 'Consultation', 10, 0, 'eur', 'free', '[]')`,
    [serviceId, clinicId],
  )
  await admin(
    `INSERT INTO appointment (id, clinic_id, patient_id, service_id, member_id, status, starts_at, ends_at, blocked_from,
       blocked_until, held_since, held_until, hold_hash, price_minor, currency, payment_mode, locale, time_zone)
     VALUES ($1, $2, $3, $4, $5, 'booked', $6, $7, $6, $7, $6, $6, $8, 0, 'eur', 'free', 'en', 'UTC')`,
    [
      ...[appointmentId, clinicId, patientId, serviceId, owner.actor.memberId],
      ...[new Date(), new Date(Date.now() + 600_000), Buffer.alloc(32)],
    ],
  )
  const one = await write(appointmentId)
  const open = () => openEncounter(owner.actor, { appointmentId }, at())
  must(await open())
  must(await open())
  expect(await told()).toEqual([['encounter.opened', [one]]])

  const two = await write(appointmentId)
  must(await open())
  const [, second] = await told()
  expect(second).toEqual(['encounter.opened', expect.arrayContaining([one, two])])
  must(await openEncounter({ ...owner.actor, sessionId: randomUUID() }, { appointmentId }, at()))
  expect(await told()).toHaveLength(3)
})
