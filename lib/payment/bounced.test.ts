// What a bank sends back days after Stripe gave it: heard of by any word, owed still, and given back another way or once more.
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import { stripeChild, webhookSecret, type StripeChild } from '../../scripts/stripe/testing'
import { signatureOf } from '../../scripts/stripe/webhooks'
import type { StaffActor } from '../access/rules'
import { cancelAppointment } from '../booking/cancel'
import { showAppointment } from '../booking/flow'
import { listDay } from '../encounter/store'
import { loadMonth } from '../ledger/flow'
import type { Ctx } from '../server/action'
import { readWebhook, stripe as api } from '../server/stripe'
import { testDb } from '../server/testing'
import { inClinic } from '../server/tx'
import { handBack, refundAgain } from './desk'
import { openCheckout } from './flow'
import { paymentJobs } from './settle'
import { booksOf, clinicWorld, factsOf, type Waiting } from './testing'
import { takeEvent } from './webhook'

vi.setConfig({ testTimeout: 60_000 })
const { admin } = testDb()
let stripe: StripeChild
let world: Awaited<ReturnType<typeof clinicWorld>>
let desk: StaffActor

beforeAll(async () => {
  stripe = await stripeChild()
  Object.assign(process.env, stripe.env)
  world = await clinicWorld(admin)
  const { clinicId, memberId } = world
  desk = { kind: 'staff', clinicId, memberId, sessionId: '', roles: ['frontdesk'] } as StaffActor
}, 60_000)
afterAll(() => stripe?.down())

const ctx = () => ({ now: new Date(), ip: '', locale: 'en' }) as Ctx
const refund = ({ clinicId, appointmentId }: Waiting) =>
  paymentJobs.handlers['payment.refund']({ clinicId, appointmentId }, 'job')
const rowsOf = (at: Waiting) =>
  admin<{ id: string; state: string; handed: string | null; stripe: string | null; amount: number }>(
    `SELECT id, state, handed, stripe_refund AS stripe, amount_minor AS amount FROM refund WHERE payment_id = $1
     ORDER BY created_at, id`,
    [at.paymentId],
  )
async function say(word: (body: { type: string; data: { object: { id: string } } }) => boolean) {
  const { events } = await stripe.state()
  const said = events.filter(({ body }) => word(body as never)).map((event) => JSON.stringify(event.body))
  expect(said.length).toBeGreaterThan(0)
  for (const body of said) await takeEvent(readWebhook(body, signatureOf(body, webhookSecret, new Date())), new Date())
}
const about = (at: Waiting, type?: string) =>
  say((body) => JSON.stringify(body).includes(at.appointmentId) && (!type || body.type === type))
const aboutRefund = (id: string, type: string) => say((body) => body.type === type && body.data.object.id === id)

async function paid(): Promise<Waiting> {
  const at = await world.waiting()
  await openCheckout(at.clinicId, at.appointmentId, new Date())
  await stripe.press((await factsOf(admin, at)).sessionId!, 'pay')
  await about(at)
  return at
}
/** Cancelled, given back, and sent back by the bank; nothing of that last was heard yet. */
async function sentBack() {
  const at = await paid()
  await cancelAppointment({ kind: 'public' }, { id: at.appointmentId, secret: at.secret }, ctx())
  await refund(at)
  expect(await booksOf(admin, at)).toEqual({})
  const [row] = await rowsOf(at)
  await stripe.failRefund(row!.stripe!)
  return { at, id: row!.stripe! }
}
const seen = async (at: Waiting) => {
  const span = { from: new Date(at.startsAt.getTime() - 1000), to: new Date(at.startsAt.getTime() + 1000) }
  const [row] = await inClinic(at.clinicId, (tx) => listDay(tx, desk, span, new Date()))
  const { paid, toHandMinor, bouncedMinor } = row!
  return { paid, toHandMinor, bouncedMinor }
}
const bounced = async (at: Waiting) => {
  const month = await loadMonth(desk, { month: null }, { now: new Date() })
  return month.ok && month.value.bounced.find(({ appointmentId }) => appointmentId === at.appointmentId)
}

it.each(['refund.failed', 'refund.updated', 'charge.refund.updated'])(
  'is heard of by %s alone, twice as once, and stands on the visit, the money page and the patient’s page',
  async (type) => {
    const { at, id } = await sentBack()
    await aboutRefund(id, type)
    await aboutRefund(id, type)
    expect(await booksOf(admin, at)).toEqual({ stripe: 4500, refunds_due: -4500 })
    expect(await factsOf(admin, at)).toMatchObject({ payment: 'paid', refundedMinor: 0 })
    expect(await seen(at)).toEqual({ paid: 'bounced', toHandMinor: 4500, bouncedMinor: 4500 })
    expect(await bounced(at)).toMatchObject({ amountMinor: 4500, toHandMinor: 4500 })
    const page = await showAppointment({ kind: 'public' }, { id: at.appointmentId, secret: at.secret }, ctx())
    expect(page).toMatchObject({ value: { payment: { bounced: true } } })
    // The word that it was given comes late, and says nothing any more.
    await about(at, 'charge.refunded')
    await about(at, 'refund.created')
    expect(await booksOf(admin, at)).toEqual({ stripe: 4500, refunds_due: -4500 })
    expect((await rowsOf(at)).map(({ state }) => state)).toEqual(['failed'])
  },
)

// Fails when nextRefund lets an old word of Stripe's undo what the desk did.
it('is handed back otherwise, once, and no old word owes it again', async () => {
  const { at, id } = await sentBack()
  await aboutRefund(id, 'refund.failed')
  const { appointmentId } = at
  const give = (amountMinor: number) => handBack(desk, { appointmentId, method: 'cash', amountMinor }, ctx())
  expect(await give(100)).toEqual({ ok: false, code: 'STALE' })
  const tabs = await Promise.all([give(4500), give(4500)])
  expect(tabs.filter(({ ok }) => ok)).toHaveLength(1)
  for (const type of ['refund.updated', 'charge.refund.updated']) await aboutRefund(id, type)
  await refund(at)
  expect(await booksOf(admin, at)).toEqual({ stripe: 4500, cash: -4500 })
  expect(await factsOf(admin, at)).toMatchObject({ payment: 'refunded', refundedMinor: 4500 })
  expect(await rowsOf(at)).toMatchObject([{ state: 'paid', handed: 'cash' }])
  expect(await seen(at)).toEqual({ paid: 'refunded', toHandMinor: 0, bouncedMinor: 0 })
  expect(await bounced(at)).toBeUndefined()
})

it('is asked of Stripe once more, from two tabs once, and may be sent back again', async () => {
  const { at, id } = await sentBack()
  await aboutRefund(id, 'refund.failed')
  const { appointmentId } = at
  const again = () => refundAgain(desk, { appointmentId, amountMinor: 4500 }, ctx())
  const tabs = await Promise.all([
    again(),
    again(),
    handBack(desk, { appointmentId, method: 'cash', amountMinor: 4500 }, ctx()),
  ])
  expect(tabs.filter(({ ok }) => ok)).toHaveLength(1)
  if (!tabs[2].ok) {
    expect(await booksOf(admin, at)).toEqual({ stripe: 4500, refunds_due: -4500 })
    await Promise.all([refund(at), refund(at)])
    expect(await booksOf(admin, at)).toEqual({})
    await aboutRefund(id, 'refund.updated')
    const rows = await rowsOf(at)
    expect(rows.map(({ state }) => state).sort()).toEqual(['dropped', 'paid'])
    const second = rows.find(({ state }) => state === 'paid')!.stripe!
    await stripe.failRefund(second)
    await aboutRefund(second, 'refund.failed')
    expect(await booksOf(admin, at)).toEqual({ stripe: 4500, refunds_due: -4500 })
    expect(await seen(at)).toMatchObject({ bouncedMinor: 4500 })
  }
})

// Fails when the webhook looks for our ids on the refund alone: one made in Stripe's own pages has none.
it('of a refund made by hand in Stripe’s pages is heard too, and a stranger’s payment moves nothing', async () => {
  const at = await paid()
  const { data } = await api()!.paymentIntents.list({ limit: 100 })
  const intent = data.find(({ metadata }) => metadata.appointment === at.appointmentId)!.id
  const made = await api()!.refunds.create({ payment_intent: intent, amount: 1500 })
  await aboutRefund(made.id, 'refund.created')
  expect(await booksOf(admin, at)).toEqual({ stripe: 3000, deposits: -3000 })
  await stripe.failRefund(made.id)
  await aboutRefund(made.id, 'refund.failed')
  expect(await booksOf(admin, at)).toEqual({ stripe: 4500, refunds_due: -1500, deposits: -3000 })
  expect(await seen(at)).toEqual({ paid: 'bounced', toHandMinor: 1500, bouncedMinor: 1500 })
})

// Fails when what is let go whole is not promised anew: the rest would stay a deposit of a visit that is over.
it('and given back in part by hand: the rest is given back as well', async () => {
  const { at, id } = await sentBack()
  await aboutRefund(id, 'refund.failed')
  const { data } = await api()!.paymentIntents.list({ limit: 100 })
  const intent = data.find(({ metadata }) => metadata.appointment === at.appointmentId)!.id
  const made = await api()!.refunds.create({ payment_intent: intent, amount: 1500 })
  await aboutRefund(made.id, 'refund.created')
  expect(await booksOf(admin, at)).toEqual({ stripe: 3000, deposits: -3000 })
  await refund(at)
  expect(await booksOf(admin, at)).toEqual({})
  expect(
    (await api()!.refunds.list({ payment_intent: intent })).data.filter(({ status }) => status === 'succeeded'),
  ).toHaveLength(2)
})

// Fails when `giveBack` lets go of what Stripe refuses though it has it: the job would owe and ask anew for ever.
it('that Stripe has, and refuses to give back, waits for the desk', async () => {
  const at = await paid()
  await cancelAppointment({ kind: 'public' }, { id: at.appointmentId, secret: at.secret }, ctx())
  const create = vi.spyOn(api()!.refunds, 'create').mockRejectedValue({ code: 'charge_already_refunded' })
  for (let run = 0; run < 3; run++) await refund(at)
  expect(create).toHaveBeenCalledTimes(1)
  create.mockRestore()
  expect((await rowsOf(at)).map(({ state }) => state)).toEqual(['failed'])
  expect(await booksOf(admin, at)).toEqual({ stripe: 4500, refunds_due: -4500 })
  const { appointmentId } = at
  expect(await refundAgain(desk, { appointmentId, amountMinor: 4500 }, ctx())).toMatchObject({ ok: true })
  await refund(at)
  expect(await booksOf(admin, at)).toEqual({})
})

// Fails without `letGo`: the desk would be asked to hand over what the payer has.
it('that somebody gives back again by hand, in Stripe’s pages, is not owed twice', async () => {
  const { at, id } = await sentBack()
  await aboutRefund(id, 'refund.failed')
  const { data } = await api()!.paymentIntents.list({ limit: 100 })
  const intent = data.find(({ metadata }) => metadata.appointment === at.appointmentId)!.id
  const made = await api()!.refunds.create({ payment_intent: intent })
  await aboutRefund(made.id, 'refund.created')
  expect(await booksOf(admin, at)).toEqual({})
  expect(await seen(at)).toEqual({ paid: 'refunded', toHandMinor: 0, bouncedMinor: 0 })
})
