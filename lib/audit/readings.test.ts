import { randomUUID } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import ts from 'typescript'
import { expect, it } from 'vitest'
import { loadChain } from '../access/flow.ts'
import { at, must, openTestClinic } from '../access/testing.ts'
import { createVault } from '../browser/vault-core.ts'
import { memoryStorage } from '../browser/vault-storage.ts'
import { listOf } from '../emergency/flow-officers.ts'
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
        if (['audit', 'auditAll', 'auditReadings'].some((call) => calls.has(call))) continue
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

// Defence: auditReadings in both.
it('an officer’s lists of names, and of which records a patient has, are entries of the log', async () => {
  const { owner, clinicId } = await openTestClinic()
  const [patientId, recordId] = [randomUUID(), randomUUID()]
  await admin('INSERT INTO patient (id, clinic_id, email_sealed) VALUES ($1, $2, $3)', [
    ...[patientId, clinicId, Buffer.from([1])],
  ])
  const device = createVault(memoryStorage())
  await device.loadChain(must(await loadChain(null, { clinicId })))
  const { keys, keyId } = await device.createPatient({ clinicId, patientId, home: 'memory' })
  const record = await device.seal({
    ...{ clinicId, patientId, recordId, revision: 1, schema: 1, type: 'identity', content: { name: 'Vera' } },
    ...{
      managing: 'desk',
      groups: ['desk', 'clinical'],
      patients: [{ patientId, key: keys.dh }],
      asPatient: patientId,
    },
  })
  const writer = { kind: 'patient', clinicId, patientId, keyId } as const
  const written = { patientId, appointmentId: null }
  must(await inClinic(clinicId, (tx) => insertRecords(tx, writer, [record], written)))
  const told = async () => {
    const { entries } = must(await showLog(owner.actor, {}))
    const opened = await owner.vault.openAudit({ clinicId, entries })
    return opened
      .flatMap((each) => (each.ok ? [each.detail] : []))
      .filter((detail) => detail.patientId === patientId)
      .map(({ action, records }) => [action, records[0]?.recordId])
  }

  expect(must(await overview(owner.actor, {}, at())).identities).toHaveLength(1)
  expect(await told()).toEqual([['names.listed', recordId]])
  must(await listOf(owner.actor, { patientId }))
  expect(await told()).toEqual([
    ['names.listed', recordId],
    ['patient.records-listed', recordId],
  ])
})
