// `npm run audit:verify -- DUMP|DATABASE_URL [--witness FILE|s3://…|URL --key=KEY]`: whether every clinic's log and members' chain is
// whole, and the one that a witness saw. 0: yes; 1: no, and what is wrong; 2: it could not be checked.
import { readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import pg from 'pg'
import { logAt } from '../lib/witness/run.ts'
import { readDump, verifyHeld } from '../lib/witness/verify.ts'

const usage =
  'npm run audit:verify -- DUMP.sql | - | postgresql://… [--witness FILE | s3://BUCKET/PREFIX | https://… --key=KEY]'
const say = (line) => process.stdout.write(`${line}\n`)
const b64 = (text) => new Uint8Array(Buffer.from(text, 'base64url'))

try {
  const { values, positionals } = parseArgs({
    options: { witness: { type: 'string' }, key: { type: 'string' } },
    allowPositionals: true,
  })
  const [source] = positionals
  if (!source || (values.witness && !values.key)) throw new Error(usage)
  const held = /^postgres(ql)?:/.test(source)
    ? await ask(source)
    : readDump(readFileSync(source === '-' ? 0 : source, 'utf8'))
  const clinics = [...new Set([...held.entries, ...held.statements].map((each) => each.clinicId))]
  const witness = values.witness ? { key: b64(values.key), statements: await heardFrom(values.witness, clinics) } : null
  const findings = await verifyHeld(held, witness)
  for (const { clinicId, kind, length, pending, witnessed, fault } of findings) {
    const what = kind === 'log' ? `log, ${length} entries` : `members, ${length} statements`
    const waiting = pending ? `, ${pending} more being added` : ''
    const seen = witness ? `, as witnessed ${witnessed} times` : ''
    say(fault ? `NOT WHOLE  ${clinicId}  ${what}: ${fault}` : `whole      ${clinicId}  ${what}${waiting}${seen}`)
  }
  if (!witness)
    say('No witness was asked: a chain that was cut at its end looks whole by itself. Give --witness and --key.')
  if (findings.length === 0) say('There is no clinic in it.')
  process.exitCode = findings.some((each) => each.fault) || findings.length === 0 ? 1 : 0
} catch (error) {
  process.stderr.write(`${error.message}\n`)
  process.exitCode = 2
}

/** As a role that sees every row (`postgres`): the app's sees no clinic's here. */
async function ask(url) {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    const entries = await client.query('SELECT clinic_id, seq, leaf, hash FROM audit_entry')
    const statements = await client.query('SELECT clinic_id, seq, body, signer, signature FROM chain_statement')
    const bytes = (value) => value && new Uint8Array(value)
    return {
      entries: entries.rows.map((row) => ({
        ...{ clinicId: row.clinic_id, seq: row.seq, leaf: bytes(row.leaf), hash: bytes(row.hash) },
      })),
      statements: statements.rows.map(({ clinic_id: clinicId, ...row }) => ({ clinicId, ...row })),
    }
  } finally {
    await client.end()
  }
}

async function heardFrom(place, clinics) {
  if (!/^https?:/.test(place)) return (await logAt(place, process.env).all()).map((each) => each.statement)
  const all = await Promise.all(
    clinics.map(
      async (clinicId) => (await (await fetch(`${place.replace(/\/$/, '')}/heads/${clinicId}`)).json()).heads,
    ),
  )
  return all.flat()
}
