// A deposit at the booking, and the rest later: by a second page or at the desk, each once, in whatever order it is said.
import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import { stripeChild, webhookSecret, type StripeChild } from '../../scripts/stripe/testing'
import { signatureOf } from '../../scripts/stripe/webhooks'
import type { StaffActor } from '../access/rules'
import { cancelAppointment } from '../booking/cancel'
import { showAppointment } from '../booking/flow'
import { mailJobs } from '../booking/mail'
import { anyone, at as ctxAt, bookAs, testDevice } from '../booking/testing'
import { complete } from '../encounter/flow'
import type { DocumentContent } from '../invoice/rules'
import { readWebhook } from '../server/stripe'
import { testDb } from '../server/testing'
import { inClinic } from '../server/tx'
import { dayIn } from '../time'
import { take } from './desk'
import { findReturn, openCheckout } from './flow'
import { giveBack, writeOff } from './goodwill'
import { takeRefunds } from './refund'
import { paymentJobs, settle } from './settle'
import { booksOf, clinicWorld, factsOf, type Waiting } from './testing'
import { takeEvent } from './webhook'

const mails = vi.hoisted(() => [] as { subject: string; text: string }[])
vi.mock('../server/mail.ts', () => ({ sendMail: (mail: (typeof mails)[number]) => void mails.push(mail) }))
vi.setConfig({ testTimeout: 90_000 })

const { admin } = testDb()
let stripe: StripeChild
let world: Awaited<ReturnType<typeof clinicWorld>>
let owner: StaffActor
beforeAll(async () => {
  stripe = await stripeChild()
  Object.assign(process.env, stripe.env)
  world = await clinicWorld(admin)
  const { clinicId, memberId } = world
  owner = { kind: 'staff', clinicId, memberId, sessionId: randomUUID(), roles: ['admin', 'practitioner', 'frontdesk'] }
}, 60_000)
afterAll(() => stripe?.down())

const now = () => ({ now: new Date() })
/** 45, of which 22.50: a second deposit would look like the rest. */
const held = () => world.waiting({ mode: 'deposit', depositMinor: 2250 })
const pay = (at: Waiting, intent: string, part: 'deposit' | 'rest' = 'deposit', paidMinor = 2250) =>
  settle(at, { paymentIntent: intent, paidMinor, currency: 'eur', page: { part, attempt: 1 } }, new Date())
const open = (at: Waiting) => openCheckout(at.clinicId, at.appointmentId, new Date())
const amountOf = async (at: Waiting) => {
  const { sessionId } = await factsOf(admin, at)
  const { kept } = await stripe.state()
  const found = Object.values(kept).map(({ object }) => object as { id: string; amount_total: number })
  return found.find(({ id }) => id === sessionId)!.amount_total
}
async function deliver(at: Waiting) {
  const { events } = await stripe.state()
  for (const { body } of events.filter((event) => JSON.stringify(event.body).includes(at.appointmentId))) {
    const text = JSON.stringify({ ...body, id: `evt_${randomUUID().slice(0, 8)}` })
    await takeEvent(readWebhook(text, signatureOf(text, webhookSecret, new Date())), new Date())
  }
}
const look = async (at: Waiting) => {
  const seen = await showAppointment(anyone, { id: at.appointmentId, secret: at.secret }, ctxAt())
  if (!seen.ok) throw new Error(seen.code)
  return seen.value
}
const mailed = async ({ clinicId, appointmentId }: Waiting, more = {}) => {
  mails.length = 0
  await mailJobs.handlers['mail.booked']({ clinicId, appointmentId, ...more }, 'job')
  return mails[0]!.text
}
const invoiced = async ({ paymentId }: Waiting) => {
  const [row] = await admin<{ content: DocumentContent }>(
    `SELECT content FROM document WHERE payment_id = $1 AND series = 'invoice'`,
    [paymentId],
  )
  return row!.content
}
const visited = async (at: Waiting) => {
  await admin(`UPDATE appointment SET status = 'in_consult' WHERE id = $1`, [at.appointmentId])
  expect(await complete(owner, { appointmentId: at.appointmentId }, now())).toMatchObject({ ok: true })
}
const today = () => dayIn('Europe/Paris', new Date())
const told = async ({ paymentId }: Waiting) =>
  (
    await admin<{ series: string; gross: number }>(
      'SELECT series, gross_minor AS gross FROM document WHERE payment_id = $1 ORDER BY issued_at, number',
      [paymentId],
    )
  ).map(({ series, gross }) => [series, gross])

it('books by its deposit, and takes the rest by a second page; every word again changes nothing', async () => {
  const at = await held()
  expect(await open(at)).toMatchObject({ ok: true })
  expect(await amountOf(at)).toBe(2250)
  const first = (await factsOf(admin, at)).sessionId!
  await stripe.press(first, 'pay')
  await deliver(at)
  await deliver(at)
  expect(await factsOf(admin, at)).toMatchObject({ appointment: 'booked', payment: 'due' })
  expect(await booksOf(admin, at)).toEqual({ stripe: 2250, deposits: -2250 })
  expect(await told(at)).toEqual([])
  const back = await findReturn({ appointmentId: at.appointmentId, sessionId: first }, new Date())
  expect(back).toMatchObject({ ok: true, value: { isDepositPaid: true } })
  expect(await look(at)).toMatchObject({ askedMinor: 2250, paidMinor: 2250, payable: true })
  expect(await mailed(at)).toContain('€22.50 was paid online as a deposit; €22.50 is to be paid to the clinic.')

  const pages = await Promise.all([open(at), open(at)])
  expect(new Set(pages.map((page) => page.ok && page.value.url)).size).toBe(1)
  const second = (await factsOf(admin, at)).sessionId!
  expect(second).not.toBe(first)
  await stripe.press(second, 'pay')
  await deliver(at)
  await deliver(at)
  expect(await factsOf(admin, at)).toMatchObject({ appointment: 'booked', payment: 'paid', refundedMinor: 0 })
  expect(await booksOf(admin, at)).toEqual({ stripe: 4500, deposits: -4500 })
  expect(await told(at)).toEqual([['invoice', 4500]])
  expect(await open(at)).toEqual({ ok: false, code: 'WRONG_STATE' })
})

it('the rest is taken at the desk, once, and earned with the visit', async () => {
  const at = await held()
  await pay(at, 'pi_deposit')
  const press = (amountMinor: number) =>
    take(owner, { appointmentId: at.appointmentId, key: randomUUID(), method: 'cash', amountMinor }, now())
  expect(await press(4500)).toEqual({ ok: false, code: 'STALE' })
  const twice = await Promise.all([press(2250), press(2250)])
  expect(twice.filter(({ ok }) => ok)).toHaveLength(1)
  await admin(`UPDATE appointment SET status = 'in_consult' WHERE id = $1`, [at.appointmentId])
  expect(await complete(owner, { appointmentId: at.appointmentId }, now())).toMatchObject({ ok: true })
  expect(await booksOf(admin, at)).toEqual({ stripe: 2250, cash: 2250, revenue: -4500 })
  // A deposit again, long after: nobody's.
  await pay(at, 'pi_late')
  expect(await booksOf(admin, at)).toEqual({ stripe: 4500, cash: 2250, refunds_due: -2250, revenue: -4500 })
})

it('a visit with its deposit alone leaves the rest owed', async () => {
  const at = await held()
  await pay(at, 'pi_alone')
  await admin(`UPDATE appointment SET status = 'in_consult' WHERE id = $1`, [at.appointmentId])
  await complete(owner, { appointmentId: at.appointmentId }, now())
  expect(await booksOf(admin, at)).toEqual({ stripe: 2250, receivable: 2250, revenue: -4500 })
})

it('cancelled, the card gets the deposit back; cancelled late, what is left of it after the fee, or the fee is owed', async () => {
  const policy = (percent: number) =>
    JSON.stringify({ freeUntilMinutes: 40_320, lateFee: { kind: 'percent', percent }, noShowFee: { kind: 'none' } })
  const ends = []
  for (const percent of [0, 20, 80]) {
    const at = await held()
    if (percent)
      await admin('UPDATE appointment SET cancellation = $2 WHERE id = $1', [at.appointmentId, policy(percent)])
    await open(at)
    await stripe.press((await factsOf(admin, at)).sessionId!, 'pay')
    await deliver(at)
    const ask = { id: at.appointmentId, secret: at.secret, feeMinor: (4500 * percent) / 100 }
    expect(await cancelAppointment(anyone, ask, ctxAt())).toMatchObject({ ok: true })
    const job = () =>
      paymentJobs.handlers['payment.refund']({ clinicId: at.clinicId, appointmentId: at.appointmentId }, 'job')
    await job()
    await job()
    await deliver(at)
    const { payment, refundedMinor } = await factsOf(admin, at)
    ends.push([await booksOf(admin, at), payment, refundedMinor])
  }
  expect(ends).toEqual([
    [{}, 'refunded', 2250],
    [{ stripe: 900, revenue: -900 }, 'due', 1350],
    [{ stripe: 2250, receivable: 1350, revenue: -3600 }, 'due', 0],
  ])
})

it('given back in part by kindness, the rest stays what it was', async () => {
  const at = await held()
  await pay(at, 'pi_kind')
  const ask = { appointmentId: at.appointmentId, key: randomUUID(), amountMinor: 1000 }
  expect(await giveBack(owner, ask, now())).toMatchObject({ ok: true })
  expect(await told(at)).toEqual([
    ['invoice', 4500],
    ['credit_note', 1000],
  ])
  await pay(at, 'pi_rest', 'rest')
  await admin(`UPDATE appointment SET status = 'in_consult' WHERE id = $1`, [at.appointmentId])
  await complete(owner, { appointmentId: at.appointmentId }, now())
  expect(await booksOf(admin, at)).toEqual({ stripe: 4500, refunds_due: -1000, revenue: -3500 })
})

it('is fixed when the time is held, whatever the service asks afterwards', async () => {
  const other = await clinicWorld(admin)
  const ask = { clinicId: other.clinicId, serviceId: other.serviceId }
  const set = (deposit: object) =>
    admin(`UPDATE service SET payment_mode = 'deposit', deposit = $2 WHERE id = $1`, [
      other.serviceId,
      JSON.stringify(deposit),
    ])
  await set({ kind: 'percent', percent: 30 })
  const made = await bookAs(ask, await testDevice())
  expect(made).toMatchObject({ ok: true, value: { status: 'held', payment: 'pending' } })
  await set({ kind: 'amount', minor: 4000 })
  const at = { clinicId: other.clinicId, appointmentId: made.appointmentId } as Waiting
  expect(await amountOf(at)).toBe(1350)
})

it('a second deposit is no rest, though it is the same amount: it goes back, and the rest stays due', async () => {
  const at = await held()
  await open(at)
  const slow = (await factsOf(admin, at)).sessionId!
  // Its bank takes its time, and its page is over: another is made.
  await admin('UPDATE payment SET session_id = NULL, session_url = NULL, session_expires_at = NULL WHERE id = $1', [
    at.paymentId,
  ])
  await open(at)
  const quick = (await factsOf(admin, at)).sessionId!
  expect(quick).not.toBe(slow)
  await stripe.press(quick, 'pay')
  await deliver(at)
  await stripe.press(slow, 'pay')
  await deliver(at)
  await deliver(at)
  expect(await factsOf(admin, at)).toMatchObject({ appointment: 'booked', payment: 'due' })
  expect(await booksOf(admin, at)).toEqual({ stripe: 4500, deposits: -2250, refunds_due: -2250 })
  // Its rest is taken by a page that is for the rest.
  await open(at)
  await stripe.press((await factsOf(admin, at)).sessionId!, 'pay')
  await deliver(at)
  expect(await factsOf(admin, at)).toMatchObject({ appointment: 'booked', payment: 'paid', refundedMinor: 0 })
  expect(await booksOf(admin, at)).toEqual({ stripe: 6750, deposits: -4500, refunds_due: -2250 })
})

it('the rest is paid on a page while the desk takes it: what came second goes back', async () => {
  const at = await held()
  await pay(at, 'pi_first')
  await open(at)
  const { sessionId } = await factsOf(admin, at)
  const ask = { appointmentId: at.appointmentId, key: randomUUID(), method: 'cash' as const, amountMinor: 2250 }
  expect(await take(owner, ask, now())).toMatchObject({ ok: true })
  await stripe.press(sessionId!, 'pay')
  await deliver(at)
  expect(await factsOf(admin, at)).toMatchObject({ payment: 'paid', refundedMinor: 0 })
  expect(await booksOf(admin, at)).toEqual({ stripe: 4500, cash: 2250, deposits: -4500, refunds_due: -2250 })
})

it('the invoice says what is paid of it, by what, and what is not', async () => {
  const online = { method: 'stripe', day: today(), receipt: null }
  const alone = await held()
  await pay(alone, 'pi_alone_too')
  await visited(alone)
  expect(await invoiced(alone)).toMatchObject({ paid: null, parts: [{ ...online, amountMinor: 2250 }] })

  const both = await held()
  await pay(both, 'pi_both_1')
  const key = randomUUID()
  const taken = await take(owner, { appointmentId: both.appointmentId, key, method: 'cash', amountMinor: 2250 }, now())
  const receipt = taken.ok ? taken.value.number : ''
  expect(await invoiced(both)).toMatchObject({
    paid: null,
    parts: [
      { ...online, amountMinor: 2250 },
      { method: 'cash', day: today(), receipt, amountMinor: 2250 },
    ],
  })

  // Of a fee, no more than it.
  for (const [percent, parts] of [
    [20, undefined],
    [80, [{ ...online, amountMinor: 2250 }]],
  ] as const) {
    const late = await held()
    const fee = { kind: 'percent', percent }
    const terms = { freeUntilMinutes: 40_320, lateFee: fee, noShowFee: fee }
    await admin('UPDATE appointment SET cancellation = $2 WHERE id = $1', [late.appointmentId, JSON.stringify(terms)])
    await pay(late, `pi_late_${percent}`)
    const ask = { id: late.appointmentId, secret: late.secret, feeMinor: (4500 * percent) / 100 }
    expect(await cancelAppointment(anyone, ask, ctxAt())).toMatchObject({ ok: true })
    const said = await invoiced(late)
    expect([said.totals.grossMinor, said.paid, said.parts]).toEqual([ask.feeMinor, parts ? null : online, parts])
  }
})

it('its page and its mail say what is paid and what is left, whatever came of the rest', async () => {
  const at = await held()
  await pay(at, 'pi_says')
  expect(await look(at)).toMatchObject({ paidMinor: 2250, askedMinor: 2250, payable: true })
  await open(at)
  expect(await look(at)).toMatchObject({ paidMinor: 2250, askedMinor: 2250, payable: true })
  await pay(at, 'pi_says_too', 'rest')
  expect(await look(at)).toMatchObject({ paidMinor: 4500, askedMinor: 0, payable: false })
  expect(await mailed(at, { again: new Date().toISOString() })).toContain('€45 was paid.')

  const settled = await held()
  await pay(settled, 'pi_let_go')
  await visited(settled)
  const ask = { appointmentId: settled.appointmentId, key: randomUUID(), amountMinor: 2250 }
  expect(await writeOff(owner, ask, now())).toMatchObject({ ok: true })
  expect(await look(settled)).toMatchObject({ paidMinor: 2250, askedMinor: 0, payable: false })
})

it('a refund of the rest that is heard of before its payment ends the same as after it', async () => {
  const ends = []
  for (const order of ['after', 'before'] as const) {
    const at = await held()
    await pay(at, `pi_${order}_1`)
    const fact = { kind: 'refund', intent: `pi_${order}_2`, paidMinor: 2250, currency: 'eur' } as const
    const refund = () =>
      inClinic(at.clinicId, (tx) =>
        takeRefunds(
          tx,
          at,
          [{ ...fact, refund: `re_${order}`, amountMinor: 1000, state: 'made', asked: null }],
          new Date(),
        ),
      )
    if (order === 'before') await refund()
    await pay(at, `pi_${order}_2`, 'rest')
    if (order === 'after') await refund()
    const { payment, refundedMinor } = await factsOf(admin, at)
    ends.push([payment, refundedMinor, await booksOf(admin, at)])
  }
  expect(ends[0]!.slice(0, 2)).toEqual(['paid', 1000])
  expect(ends[1]).toEqual(ends[0])
})

it('of a clinic that has another account by now, the rest is paid at the desk: one booking has one account', async () => {
  const other = await clinicWorld(admin, { account: 'acct_old' })
  const at = await other.waiting({ mode: 'deposit', depositMinor: 2250 })
  await pay(at, 'pi_old')
  await admin(`UPDATE clinic SET stripe_account = 'acct_new' WHERE id = $1`, [at.clinicId])
  expect(await open(at)).toEqual({ ok: false, code: 'PAYMENTS_NOT_CONNECTED' })
  expect(await look(at)).toMatchObject({ payable: false })
  const [row] = await admin<{ account: string }>('SELECT account FROM payment WHERE id = $1', [at.paymentId])
  expect(row).toEqual({ account: 'acct_old' })
})

// Defence: `heldSince` is set anew where a booking is made (lib/booking/flow.ts).
it('a time that was kept for longer than half an hour before it was booked can be paid for', async () => {
  const { clinicId, serviceId } = await clinicWorld(admin)
  const meanwhile = (id: string) =>
    admin(
      `UPDATE appointment SET held_since = now() - interval '200 minutes', held_until = now() + interval '9 minutes' WHERE id = $1`,
      [id],
    )
  const made = await bookAs({ clinicId, serviceId }, await testDevice(), { meanwhile })
  expect(made).toMatchObject({ ok: true, value: { status: 'held', checkoutUrl: expect.stringContaining('http') } })
})
