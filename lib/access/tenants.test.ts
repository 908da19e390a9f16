// Every exported function of every store, reaching from one clinic's transaction for another clinic's rows.
import { existsSync, readdirSync } from 'node:fs'
import { beforeAll, describe, expect, it } from 'vitest'
import { auditCases } from '../audit/tenant-cases.ts'
import { accountCases } from '../account/tenant-cases.ts'
import { bookingCases } from '../booking/tenant-cases.ts'
import { callCases } from '../call/tenant-cases.ts'
import { careCases } from '../care/tenant-cases.ts'
import { clinicCases } from '../clinic/tenant-cases.ts'
import { deskCases } from '../desk/tenant-cases.ts'
import { elsewhereCases } from '../elsewhere/tenant-cases.ts'
import { emergencyCases } from '../emergency/tenant-cases.ts'
import { encounterCases } from '../encounter/tenant-cases.ts'
import { feedCases } from '../feed/tenant-cases.ts'
import { invoiceCases } from '../invoice/tenant-cases.ts'
import { lateCases } from '../late/tenant-cases.ts'
import { ledgerCases } from '../ledger/tenant-cases.ts'
import { merchantCases } from '../merchant/tenant-cases.ts'
import { pairingCases } from '../pairing/tenant-cases.ts'
import { patientCases } from '../patient/tenant-cases.ts'
import { paymentCases } from '../payment/tenant-cases.ts'
import { prescriptionCases } from '../prescription/tenant-cases.ts'
import { recallCases } from '../recall/tenant-cases.ts'
import { recognitionCases } from '../recognition/tenant-cases.ts'
import { recordCases } from '../record/tenant-cases.ts'
import { rekeyCases } from '../rekey/tenant-cases.ts'
import { reminderCases } from '../reminder/tenant-cases.ts'
import { retentionCases } from '../retention/tenant-cases.ts'
import { rewrapCases } from '../rewrap/tenant-cases.ts'
import { scheduleCases } from '../schedule/tenant-cases.ts'
import { siteCases } from '../site/tenant-cases.ts'
import { companionCases } from '../companion/tenant-cases.ts'
import { waitlistCases } from '../waitlist/tenant-cases.ts'
import { voucherCases } from '../voucher/tenant-cases.ts'
import { testDb } from '../server/testing.ts'
import { inClinic } from '../server/tx.ts'
import type { StaffActor } from './rules.ts'
import { accessCases } from './tenant-cases.ts'
import { rowsOf, tenant, type Reach, type Tenant, type TenantCase } from './tenant-world.ts'

const tables: Record<string, Record<string, TenantCase>> = {
  access: accessCases,
  audit: auditCases,
  account: accountCases,
  booking: bookingCases,
  call: callCases,
  care: careCases,
  clinic: clinicCases,
  desk: deskCases,
  elsewhere: elsewhereCases,
  emergency: emergencyCases,
  encounter: encounterCases,
  feed: feedCases,
  invoice: invoiceCases,
  late: lateCases,
  ledger: ledgerCases,
  merchant: merchantCases,
  pairing: pairingCases,
  patient: patientCases,
  payment: paymentCases,
  prescription: prescriptionCases,
  recall: recallCases,
  recognition: recognitionCases,
  record: recordCases,
  rekey: rekeyCases,
  reminder: reminderCases,
  retention: retentionCases,
  rewrap: rewrapCases,
  schedule: scheduleCases,
  site: siteCases,
  companion: companionCases,
  waitlist: waitlistCases,
  voucher: voucherCases,
}
const cases = Object.entries(tables).flatMap(([domain, table]) =>
  Object.entries(table).map(([name, row]) => ({ name: `${domain}/store ${name}`, row })),
)
const reaching = cases.flatMap(({ name, row }) => {
  if (row === 'pure' || (typeof row === 'object' && 'lookup' in row)) return []
  return [typeof row === 'function' ? { name, reach: row, own: false } : { name, reach: row.own, own: true }]
})

const { admin } = testDb()
let b: Tenant
/** A's own. */
let mine: StaffActor
/** Says in A's transaction that it is of B: what a bug or a forged session could bring about. */
let forged: StaffActor
let theirRows: string
let before: unknown

beforeAll(async () => {
  const a = await tenant(admin)
  b = await tenant(admin)
  const { clinicId, memberId, sessionId } = a
  mine = { kind: 'staff', clinicId, memberId, sessionId, roles: ['admin', 'practitioner', 'frontdesk'] }
  forged = { ...mine, clinicId: b.clinicId, memberId: b.memberId, sessionId: b.sessionId }
  theirRows = await rowsOf(admin, b.clinicId)
  before = await admin(theirRows)
}, 60_000)

class Done extends Error {
  readonly outcome: { answer: unknown; after: unknown }
  constructor(outcome: { answer: unknown; after: unknown }) {
    super('done')
    this.outcome = outcome
  }
}

/** Runs it in A's transaction, looks at B's rows from within, and takes everything back. */
async function run(reach: Reach, actor: StaffActor) {
  try {
    return await inClinic(mine.clinicId, async (tx) => {
      const answer = await reach(tx, actor, b)
      await tx.$executeRaw`SELECT set_config('app.clinic', ${b.clinicId}, true)`
      throw new Done({ answer, after: await tx.$queryRawUnsafe(theirRows) })
    })
  } catch (error) {
    if (error instanceof Done) return { ...error.outcome, error: null }
    // Refused by a policy or a foreign key, or not found where it must be: nothing was answered, and nothing stays.
    if (!/row-level security|foreign key|required but not found/i.test(String(error))) throw error
    return { answer: null, after: before, error: String(error) }
  }
}

/** No row, no count, no yes; a refusal is none either. */
function isNothing(answer: unknown): boolean {
  if (answer instanceof Map) return isNothing([...answer.values()].flat())
  if (Array.isArray(answer)) return answer.length === 0
  if (typeof answer !== 'object' || answer === null) return !answer
  if ('ok' in answer && answer.ok === false) return true
  return Object.values(answer).every(isNothing)
}
const saysOf = (answer: unknown) => {
  const text = JSON.stringify(answer) ?? ''
  return Object.values(b).some((value) => typeof value === 'string' && text.includes(value))
}

/** What came of it, for the report of a failure; '' when B neither lost nor showed anything. */
async function harm(reach: Reach, actor: StaffActor, own: boolean): Promise<string> {
  const { answer, after, error } = await run(reach, actor)
  if (JSON.stringify(after) !== JSON.stringify(before)) return 'changed'
  if (error) return ''
  return (own ? saysOf(answer) : !isNothing(answer)) ? `answered ${JSON.stringify(answer)}` : ''
}

it('every exported function of every store has a row in the table', async () => {
  const lib = new URL('..', import.meta.url)
  const domains = readdirSync(lib).filter((each) => existsSync(new URL(`${each}/store.ts`, lib)))
  const found: Record<string, string[]> = {}
  for (const domain of domains) {
    // What several stores ask is a file of its own, which they may import.
    const files = ['store.ts', 'part.ts'].map((file) => new URL(`${domain}/${file}`, lib)).filter(existsSync)
    const stores = (await Promise.all(files.map(({ href }) => import(/* @vite-ignore */ href)))) as object[]
    found[domain] = stores.flatMap(Object.entries).flatMap(([name, value]) => (typeof value === 'function' ? name : []))
  }
  const sorted = (names: Record<string, string[]>) =>
    Object.fromEntries(Object.entries(names).map(([domain, each]) => [domain, each.sort()]))
  expect(found.access!.length).toBeGreaterThan(20)
  expect(sorted(found)).toEqual(
    sorted(Object.fromEntries(Object.entries(tables).map(([domain, table]) => [domain, Object.keys(table)]))),
  )
})

it('the world has a row of B in every table that a policy guards', async () => {
  const rows = await admin<{ name: string; rows: number }>(theirRows)
  expect(rows.length).toBeGreaterThan(20)
  expect(rows.filter((table) => table.rows === 0)).toEqual([])
})

// Each fails when the policy `tenant` is taken off the table that it reads or writes; the last test shows it.
describe("attack 17: in A's transaction nothing of B is read or written", () => {
  it.each(reaching)('$name, by an actor that says it is of B', async ({ reach, own }) => {
    expect(await harm(reach, forged, own)).toBe('')
  })

  it('nor by an actor of A, whatever id it gives', async () => {
    const harmed: string[] = []
    for (const { name, reach } of reaching) {
      // A's own rows may be changed and answered: that nothing of B is among them is what counts.
      const what = await harm(reach, mine, true)
      if (what) harmed.push(`${name}: ${what}`)
    }
    expect(harmed).toEqual([])
  })
})

// These answer the same with and without policies: they run as a role of their own, which reads these columns only.
it('attack 17: what runs before a clinic is known answers its ids and not a word more', async () => {
  for (const { name, row } of cases) {
    if (typeof row !== 'object' || !('lookup' in row)) continue
    const { answer, after } = await run(row.lookup, mine)
    expect(answer, name).toEqual(row.answers(b))
    expect(after, name).toEqual(before)
  }
})

describe('without row-level security', () => {
  beforeAll(async () => {
    for (const { name } of await admin<{ name: string }>(theirRows))
      await admin(`ALTER TABLE ${name} DISABLE ROW LEVEL SECURITY`)
  })

  it('every one of them answers or changes something of B: none of the tests above passes by itself', async () => {
    const harmless: string[] = []
    for (const { name, reach, own } of reaching)
      if (!(await harm(reach, forged, own))) harmless.push(`${name}: ${(await run(reach, forged)).error ?? 'nothing'}`)
    expect(harmless).toEqual([])
  })
})
