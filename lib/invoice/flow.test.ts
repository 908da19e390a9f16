// Invoices and credit notes beside the flows that move money, on a real database: each thing is documented once, numbers have no
// gap, and the books say what the documents say.
import { randomUUID } from 'node:crypto'
import { beforeAll, describe, expect, it, vi } from 'vitest'
import type { StaffActor } from '../access/rules'
import { cancelAppointment } from '../booking/cancel'
import { mailJobs } from '../booking/mail'
import { complete } from '../encounter/flow'
import { listEntries } from '../ledger/flow'
import { handBack, take } from '../payment/desk'
import { giveBack, standing, writeOff } from '../payment/goodwill'
import { settle } from '../payment/settle'
import { booksOf, clinicWorld, factsOf, type Waiting } from '../payment/testing'
import type { Ctx } from '../server/action'
import { testDb } from '../server/testing'
import { inClinic } from '../server/tx'
import { issueInvoice, listIssued } from './flow'
import { totalsOf, type DocumentContent } from './rules'

const mails = vi.hoisted(() => [] as { to: string; subject: string; text: string; messageId: string }[])
vi.mock('../server/mail.ts', () => ({ sendMail: (mail: (typeof mails)[number]) => void mails.push(mail) }))

vi.setConfig({ testTimeout: 60_000 })
const { admin } = testDb()
let world: Awaited<ReturnType<typeof clinicWorld>>
let owner: StaffActor
beforeAll(async () => {
  world = await clinicWorld(admin)
  const { clinicId, memberId } = world
  owner = { kind: 'staff', clinicId, memberId, sessionId: randomUUID(), roles: ['admin', 'practitioner', 'frontdesk'] }
}, 60_000)

const now = () => ({ now: new Date() })
interface Row {
  id: string
  series: string
  number: string
  grossMinor: number
  content: DocumentContent
}
const documents = ({ paymentId }: Waiting) =>
  admin<Row>(
    `SELECT id, series, number, gross_minor AS "grossMinor", content FROM document WHERE payment_id = $1 ORDER BY issued_at, number`,
    [paymentId],
  )
const told = async (at: Waiting) => (await documents(at)).map(({ series, grossMinor }) => [series, grossMinor])
const later = (more: Parameters<typeof world.waiting>[0] = {}) =>
  world.waiting({ mode: 'later', payment: 'due', status: 'booked', taxRate: 20_000, ...more })
const pay = ({ clinicId, appointmentId }: Waiting, intent = `pi_${randomUUID().slice(0, 8)}`) =>
  settle(
    { clinicId, appointmentId },
    { paymentIntent: intent, paidMinor: 4500, currency: 'eur', page: { part: 'whole', attempt: 1 } },
    new Date(),
  )
async function paid(more: Parameters<typeof world.waiting>[0] = {}): Promise<Waiting> {
  const at = await world.waiting({ taxRate: 20_000, ...more })
  await pay(at)
  return at
}
const takeCash = ({ appointmentId }: Waiting) =>
  take(owner, { appointmentId, key: randomUUID(), method: 'cash', amountMinor: 4500 }, now())
async function takePlace({ appointmentId }: Waiting) {
  await admin(`UPDATE appointment SET status = 'in_consult' WHERE id = $1`, [appointmentId])
  expect(await complete(owner, { appointmentId }, now())).toMatchObject({ ok: true })
}
const cancel = ({ appointmentId, secret }: Waiting) =>
  cancelAppointment({ kind: 'public' }, { id: appointmentId, secret }, { now: new Date(), ip: '', locale: 'en' } as Ctx)
const give = ({ appointmentId }: Waiting, amountMinor: number, key: string = randomUUID()) =>
  giveBack(owner, { appointmentId, key, amountMinor }, now())

describe('an invoice', () => {
  it('is issued when it is paid online, once, and stays so when the visit takes place', async () => {
    const at = await world.waiting({ taxRate: 20_000 })
    await Promise.all([pay(at, 'pi_once'), pay(at, 'pi_once'), pay(at, 'pi_once')])
    const [invoice] = await documents(at)
    expect(invoice).toMatchObject({
      series: 'invoice',
      number: expect.stringMatching(/^INV-20\d\d-\d{6}$/),
      content: {
        ...{ locale: 'en', practitioner: 'Dr Ada', paid: { method: 'stripe', receipt: null }, credits: null },
        lines: [{ text: 'Fertility consultation', grossMinor: 4500, taxRate: 20_000 }],
        taxes: [{ taxRate: 20_000, netMinor: 3750, taxMinor: 750 }],
        totals: { netMinor: 3750, taxMinor: 750, grossMinor: 4500 },
      },
    })
    await takePlace(at)
    expect(await documents(at)).toEqual([invoice])
    expect(await booksOf(admin, at)).toEqual({ stripe: 4500, revenue: -3750, tax: -750 })
  })

  it('is issued at the desk with the receipt’s number, and at the end of a visit that is not paid', async () => {
    const atDesk = await later()
    const taken = await takeCash(atDesk)
    const number = taken.ok && taken.value.number
    expect((await documents(atDesk))[0]!.content.paid).toMatchObject({ method: 'cash', receipt: number })
    const owed = await later()
    await takePlace(owed)
    expect((await documents(owed))[0]!.content.paid).toBeNull()
    // Paid afterwards: what was issued says what it said.
    await takeCash(owed)
    expect(await told(owed)).toEqual([['invoice', 4500]])
    expect((await documents(owed))[0]!.content.paid).toBeNull()
    const free = await world.waiting({ payment: 'none', mode: 'free', status: 'booked' })
    await admin('UPDATE payment SET amount_minor = 0 WHERE id = $1', [free.paymentId])
    await takePlace(free)
    expect(await documents(free)).toEqual([])
  })

  it('is not issued for a slot that another has, and says the clinic’s legal words of its own day', async () => {
    const at = await world.waiting({ status: 'expired' })
    await world.waiting({ startsAt: at.startsAt, status: 'booked', payment: 'due' })
    await pay(at)
    expect(await documents(at)).toEqual([])
    await admin(
      `UPDATE clinic SET legal_name = 'Lumen SAS', tax_number = 'FR 12', invoice_footer = 'RCS Paris' WHERE id = $1`,
      [world.clinicId],
    )
    const french = await paid({ locale: 'fr' })
    await admin(`UPDATE clinic SET legal_name = '', tax_number = '', invoice_footer = '' WHERE id = $1`, [
      world.clinicId,
    ])
    expect((await documents(french))[0]!.content).toMatchObject({
      locale: 'fr',
      seller: { name: 'Lumen SAS', taxNumber: 'FR 12', footer: 'RCS Paris' },
    })
  })

  // Defence: the grants and the triggers on `document`.
  it('is never changed nor taken away, by the app or by the tables’ owner', async () => {
    const at = await paid()
    const [{ id }] = (await documents(at)) as [Row]
    const asApp = (sql: string) => inClinic(world.clinicId, (tx) => tx.$executeRawUnsafe(sql))
    for (const sql of [
      `UPDATE document SET gross_minor = 1 WHERE id = '${id}'`,
      `DELETE FROM document WHERE id = '${id}'`,
      'TRUNCATE document',
    ]) {
      await expect(asApp(sql)).rejects.toThrow(/permission denied/)
      await expect(admin(sql)).rejects.toThrow(/never changed/)
    }
    expect(await documents(at)).toHaveLength(1)
  })
})

describe('a credit note', () => {
  it('takes back all of a cancelled visit that was paid, once; nothing of one that was not', async () => {
    const at = await paid()
    await Promise.all([cancel(at), cancel(at)])
    const [invoice, note] = await documents(at)
    expect(await told(at)).toEqual([
      ['invoice', 4500],
      ['credit_note', 4500],
    ])
    expect(note!.number).toMatch(/^INV-CR-20\d\d-\d{6}$/)
    expect(note!.content).toMatchObject({ credits: { number: invoice!.number }, taxes: invoice!.content.taxes })
    // It was never earned: the books know what is owed to the patient alone.
    expect(await booksOf(admin, at)).toEqual({ stripe: 4500, refunds_due: -4500 })
    const unpaid = await later()
    await cancel(unpaid)
    expect(await documents(unpaid)).toEqual([])
  })

  it('comes with a part that is given back after the visit, and the books take back its revenue and tax', async () => {
    const at = await paid()
    await takePlace(at)
    const key = randomUUID()
    const answers = await Promise.all([give(at, 1000, key), give(at, 1000, key), give(at, 1000, key)])
    expect(answers.map(({ ok }) => ok)).toEqual([true, true, true])
    expect(await told(at)).toEqual([
      ['invoice', 4500],
      ['credit_note', 1000],
    ])
    expect(await booksOf(admin, at)).toEqual({ stripe: 4500, refunds_due: -1000, revenue: -2917, tax: -583 })
    expect((await factsOf(admin, at)).jobs).toContain('payment.refund')
    expect(await give(at, 3501)).toEqual({ ok: false, code: 'STALE' })
    expect(await give(at, 3500)).toMatchObject({ ok: true })
    expect(await booksOf(admin, at)).toEqual({ stripe: 4500, refunds_due: -4500 })
    expect(await give(at, 1)).toEqual({ ok: false, code: 'WRONG_STATE' })
  })

  it('of a visit to come lowers what the visit earns', async () => {
    const at = await paid()
    await give(at, 1500)
    expect(await booksOf(admin, at)).toEqual({ stripe: 4500, deposits: -3000, refunds_due: -1500 })
    await takePlace(at)
    expect(await booksOf(admin, at)).toEqual({ stripe: 4500, refunds_due: -1500, revenue: -2500, tax: -500 })
    // What is left of it when it is cancelled is credited then.
    const other = await paid()
    await give(other, 1500)
    await cancel(other)
    expect(await told(other)).toEqual([
      ['invoice', 4500],
      ['credit_note', 1500],
      ['credit_note', 3000],
    ])
    expect(await booksOf(admin, other)).toEqual({ stripe: 4500, refunds_due: -4500 })
  })

  // Defence: the names apart in `asked` (payment/goodwill.ts). A key that a browser chose stands in nobody else's way.
  it('of one visit names no other’s: the key of one request may be another visit’s id, and that visit is cancelled all the same', async () => {
    const [one, other] = [await paid(), await paid()]
    expect(await give(one, 1000, other.appointmentId)).toMatchObject({ ok: true })
    expect(await give(other, 500, other.appointmentId)).toMatchObject({ ok: true })
    expect(await cancel(other)).toMatchObject({ ok: true })
    expect(await told(other)).toEqual([
      ['invoice', 4500],
      ['credit_note', 500],
      ['credit_note', 4000],
    ])
    const key = randomUUID()
    for (const at of [await paid(), await paid()]) expect(await give(at, 100, key)).toMatchObject({ ok: true })
  })

  it('comes with cash that goes back over the counter', async () => {
    const at = await later()
    await takeCash(at)
    await takePlace(at)
    await give(at, 2000)
    expect(await booksOf(admin, at)).toEqual({ cash: 4500, refunds_due: -2000, revenue: -2083, tax: -417 })
    const { appointmentId } = at
    expect(await handBack(owner, { appointmentId, method: 'cash', amountMinor: 2000 }, now())).toMatchObject({
      ok: true,
    })
    expect(await booksOf(admin, at)).toEqual({ cash: 2500, revenue: -2083, tax: -417 })
    expect(await told(at)).toEqual([
      ['invoice', 4500],
      ['credit_note', 2000],
    ])
  })

  it('lets go what is owed: nobody pays it any more, and nothing is left in the books', async () => {
    const at = await later()
    await takePlace(at)
    const { appointmentId } = at
    const let_ = (amountMinor: number) => writeOff(owner, { appointmentId, key: randomUUID(), amountMinor }, now())
    expect(await standing(owner, { appointmentId }, now())).toMatchObject({ value: { owedMinor: 4500 } })
    expect(await let_(4000)).toEqual({ ok: false, code: 'STALE' })
    const twice = await Promise.all([let_(4500), let_(4500)])
    expect(twice.filter(({ ok }) => ok)).toHaveLength(1)
    expect(await booksOf(admin, at)).toEqual({})
    expect((await factsOf(admin, at)).payment).toBe('none')
    expect(await takeCash(at)).toEqual({ ok: false, code: 'WRONG_STATE' })
    expect(await told(at)).toEqual([
      ['invoice', 4500],
      ['credit_note', 4500],
    ])
  })

  it('is of nothing that is over already, and of no other clinic’s visit', async () => {
    const at = await paid()
    await cancel(at)
    expect(await give(at, 100)).toEqual({ ok: false, code: 'WRONG_STATE' })
    const other = await clinicWorld(admin)
    const theirs = await other.waiting({ status: 'booked' })
    expect(await give(theirs, 100)).toEqual({ ok: false, code: 'NOT_FOUND' })
  })
})

describe('numbers', () => {
  // Fails when takeNumber does not lock, takes a sequence, or is committed before what it numbers.
  it('of twenty settlements at once are 1 to 20, though ten more are undone beside them', async () => {
    const clinic = await clinicWorld(admin)
    const visits = await Promise.all(Array.from({ length: 30 }, () => clinic.waiting()))
    const undone = ({ clinicId, appointmentId }: Waiting) =>
      inClinic(clinicId, async (tx) => {
        await issueInvoice(tx, { clinicId, appointmentId }, new Date())
        throw new Error('undone')
      }).catch(() => null)
    await Promise.all(visits.map((at, index) => (index % 3 === 2 ? undone(at) : pay(at))))
    const rows = await admin<{ number: string }>(`SELECT number FROM document WHERE clinic_id = $1 ORDER BY number`, [
      clinic.clinicId,
    ])
    const year = new Date().getFullYear()
    expect(rows.map(({ number }) => number)).toEqual(
      Array.from({ length: 20 }, (_, index) => `INV-${year}-${String(index + 1).padStart(6, '0')}`),
    )
  })

  it('of what was issued add up to the books', async () => {
    const rows = await admin<{ series: string; content: DocumentContent }>(
      `SELECT d.series, d.content FROM document d JOIN payment p ON p.id = d.payment_id
         JOIN appointment a ON a.id = p.appointment_id WHERE a.status = 'completed' AND d.clinic_id = $1`,
      [world.clinicId],
    )
    const sum = (series: string, of: 'netMinor' | 'taxMinor') =>
      rows.filter((row) => row.series === series).reduce((all, { content }) => all + totalsOf(content.taxes)[of], 0)
    const [books] = await admin<{ revenue: number; tax: number }>(
      `SELECT -sum(amount_minor) FILTER (WHERE account = 'revenue')::int AS revenue,
         -sum(amount_minor) FILTER (WHERE account = 'tax')::int AS tax FROM entry WHERE clinic_id = $1`,
      [world.clinicId],
    )
    expect(books).toEqual({
      revenue: sum('invoice', 'netMinor') - sum('credit_note', 'netMinor'),
      tax: sum('invoice', 'taxMinor') - sum('credit_note', 'taxMinor'),
    })
  })

  it('stand in the accountant’s sheet beside what they are of', async () => {
    const sheet = await listEntries(owner, { month: null }, now())
    const entries = sheet.ok ? sheet.value.entries : []
    const of = (kind: string) =>
      new Set(
        entries.filter(({ cause }) => cause.startsWith(kind)).map(({ document }) => document?.replace(/\d/g, '0')),
      )
    expect(of('earned/')).toEqual(new Set(['INV-0000-000000']))
    expect(of('credited/')).toEqual(new Set(['INV-CR-0000-000000']))
    // No entry twice, though a sale has several documents.
    const sums = entries.reduce((sum, { amountMinor }) => sum + amountMinor, 0)
    const [kept] = await admin('SELECT count(*)::int AS n FROM entry WHERE clinic_id = $1', [world.clinicId])
    expect([sums, { n: entries.length }]).toEqual([0, kept])
  })

  it('of a month are the money page’s, the newest first', async () => {
    const listed = await listIssued(owner, { month: null }, now())
    const all = listed.ok ? listed.value.documents : []
    expect(all.length).toBeGreaterThan(10)
    expect(JSON.stringify(all)).not.toMatch(/pat@example/)
  })
})

it('a mail says that a document is there: once for each, without a price, a service or a number', async () => {
  const at = await paid({ email: 'mail@example.org' })
  const jobs = await admin<{ data: Record<string, string> }>(
    `SELECT data FROM pgboss.job WHERE name = 'mail.document' AND data->>'appointmentId' = $1`,
    [at.appointmentId],
  )
  expect(jobs).toHaveLength(1)
  await mailJobs.handlers['mail.document'](jobs[0]!.data, 'job')
  const [{ id }] = (await documents(at)) as [Row]
  expect(mails).toHaveLength(1)
  const [mail] = mails as [(typeof mails)[number]]
  expect(mail).toMatchObject({ to: 'mail@example.org', messageId: `document-${id}` })
  expect(mail.text).toContain(`/a/${at.appointmentId}#s=`)
  expect(mail.subject + mail.text).not.toMatch(/€|Fertility|INV-/)
})
