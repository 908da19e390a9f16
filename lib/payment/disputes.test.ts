// A payer's bank takes a payment back: heard in any order, shown, in the books, and nothing is given back twice.
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import { stripeChild, webhookSecret, type StripeChild } from '../../scripts/stripe/testing'
import { signatureOf } from '../../scripts/stripe/webhooks'
import type { StaffActor } from '../access/rules'
import { cancelAppointment } from '../booking/cancel'
import { listDay } from '../encounter/store'
import { loadMonth } from '../ledger/flow'
import type { Ctx } from '../server/action'
import { readWebhook, stripe as api } from '../server/stripe'
import { testDb } from '../server/testing'
import { inClinic } from '../server/tx'
import { openCheckout } from './flow'
import { disputeState, laterDispute } from './rules'
import { earnIn, paymentJobs } from './settle'
import { booksOf, clinicWorld, factsOf, type Waiting } from './testing'
import { takeEvent } from './webhook'

vi.setConfig({ testTimeout: 60_000 })
const { admin } = testDb()
let stripe: StripeChild
let world: Awaited<ReturnType<typeof clinicWorld>>
let owner: StaffActor

beforeAll(async () => {
  stripe = await stripeChild()
  Object.assign(process.env, stripe.env)
  world = await clinicWorld(admin)
  const { clinicId, memberId } = world
  owner = { kind: 'staff', clinicId, memberId, sessionId: '', roles: ['admin'] } as StaffActor
}, 60_000)
afterAll(() => stripe?.down())

async function deliver(word: (body: string) => boolean) {
  const { events } = await stripe.state()
  for (const body of events.map((event) => JSON.stringify(event.body)).filter(word))
    await takeEvent(readWebhook(body, signatureOf(body, webhookSecret, new Date())), new Date())
}
async function paid() {
  const at = await world.waiting()
  await openCheckout(at.clinicId, at.appointmentId, new Date())
  await stripe.press((await factsOf(admin, at)).sessionId!, 'pay')
  await deliver((body) => body.includes(at.appointmentId))
  const { data } = await api()!.paymentIntents.list({ limit: 100 })
  return { at, intent: data.find(({ metadata }) => metadata.appointment === at.appointmentId)!.id }
}
const about = (dispute: string, type = '') =>
  deliver((body) => body.includes(dispute) && body.includes(`"type":"${type}`))
const seen = async (at: Waiting) => {
  const span = { from: new Date(at.startsAt.getTime() - 1000), to: new Date(at.startsAt.getTime() + 1000) }
  return (await inClinic(at.clinicId, (tx) => listDay(tx, owner, span, new Date())))[0]!.dispute
}
const listed = async (at: Waiting) => {
  const month = await loadMonth(owner, { month: null }, { now: new Date() })
  return month.ok && month.value.disputed.find(({ appointmentId }) => appointmentId === at.appointmentId)
}
const refund = ({ clinicId, appointmentId }: Waiting) =>
  paymentJobs.handlers['payment.refund']({ clinicId, appointmentId }, 'job')
const ctx = () => ({ now: new Date(), ip: '', locale: 'en' }) as Ctx
const cancel = (at: Waiting) =>
  cancelAppointment({ kind: 'public' }, { id: at.appointmentId, secret: at.secret }, ctx())

it('is withdrawn, shown on the visit and the money page, and comes back when it is won, in any order and twice', async () => {
  const { at, intent } = await paid()
  const id = await stripe.dispute(intent)
  await about(id)
  await about(id)
  expect(await booksOf(admin, at)).toEqual({ disputes: 4500, deposits: -4500 })
  expect(await seen(at)).toMatchObject({ state: 'open', amountMinor: 4500, answerBy: expect.any(String) })
  expect(await listed(at)).toMatchObject({ state: 'open', amountMinor: 4500 })
  await stripe.moveDispute(id, 'won')
  await about(id, 'charge.dispute.closed')
  await about(id, 'charge.dispute.created')
  await about(id)
  expect(await booksOf(admin, at)).toEqual({ stripe: 4500, deposits: -4500 })
  expect(await seen(at)).toBeNull()
  expect(await listed(at)).toMatchObject({ state: 'won' })
})

it('whose end alone is heard leaves the books as if all had been', async () => {
  const { at, intent } = await paid()
  await admin(`UPDATE appointment SET status = 'completed' WHERE id = $1`, [at.appointmentId])
  await inClinic(at.clinicId, (tx) => earnIn(tx, at.appointmentId, new Date()))
  const id = await stripe.dispute(intent)
  await stripe.moveDispute(id, 'lost')
  await about(id, 'charge.dispute.closed')
  // The visit took place, and is not paid for any more.
  expect(await booksOf(admin, at)).toEqual({ receivable: 4500, revenue: -4500 })
  expect(await seen(at)).toMatchObject({ state: 'lost' })
  // An appeal wins it.
  await stripe.moveDispute(id, 'won')
  await about(id)
  expect(await booksOf(admin, at)).toEqual({ stripe: 4500, revenue: -4500 })
})

it('that only asks withdraws nothing', async () => {
  const { at, intent } = await paid()
  const id = await stripe.dispute(intent, true)
  await about(id)
  expect(await booksOf(admin, at)).toEqual({ stripe: 4500, deposits: -4500 })
  expect(await seen(at)).toMatchObject({ state: 'inquiry' })
  await stripe.moveDispute(id, 'warning_closed')
  await about(id)
  expect(await seen(at)).toBeNull()
})

// Fails when `oweRest` forgets what the bank holds, or `letGo` what it keeps: the payer would have the money twice.
it.each(['before', 'after'])('a visit cancelled %s the dispute gives nothing back that the bank gave', async (when) => {
  const { at, intent } = await paid()
  if (when === 'before') await cancel(at)
  const id = await stripe.dispute(intent)
  await about(id)
  if (when === 'after') await cancel(at)
  // The job asks in vain, and waits.
  if (when === 'before') await expect(refund(at)).rejects.toMatchObject({ code: 'charge_disputed' })
  await stripe.moveDispute(id, 'lost')
  await about(id)
  await refund(at)
  expect(await booksOf(admin, at)).toEqual({})
  expect((await api()!.refunds.list({ payment_intent: intent })).data).toEqual([])
})

it('a visit cancelled while the bank decides is paid back once the clinic has won', async () => {
  const { at, intent } = await paid()
  const id = await stripe.dispute(intent)
  await about(id)
  await cancel(at)
  expect(await booksOf(admin, at)).toEqual({ disputes: 4500, deposits: -4500 })
  await stripe.moveDispute(id, 'won')
  await about(id)
  expect(await booksOf(admin, at)).toEqual({ stripe: 4500, refunds_due: -4500 })
  await refund(at)
  expect(await booksOf(admin, at)).toEqual({})
})

it('Stripe’s words, and which of two is the later', () => {
  const words = [
    'warning_needs_response',
    'warning_under_review',
    'warning_closed',
    'needs_response',
    'under_review',
    'won',
    'lost',
  ]
  expect(words.map(disputeState)).toEqual(['inquiry', 'inquiry', 'closed', 'open', 'open', 'won', 'lost'])
  expect(disputeState('prevented')).toBe('closed')
  for (const [a, b] of [
    ['inquiry', 'open'],
    ['open', 'lost'],
    ['lost', 'won'],
    ['inquiry', 'closed'],
  ] as const)
    expect([laterDispute(a, b), laterDispute(b, a)]).toEqual([b, b])
})
