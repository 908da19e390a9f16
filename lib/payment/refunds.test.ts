import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import { stripeChild, webhookSecret, type StripeChild } from '../../scripts/stripe/testing'
import { signatureOf } from '../../scripts/stripe/webhooks'
import type { StaffActor } from '../access/rules'
import { cancelAppointment } from '../booking/cancel'
import { listDay } from '../encounter/store'
import type { Ctx } from '../server/action'
import { startWorker } from '../server/jobs'
import { readWebhook, stripe as api } from '../server/stripe'
import { testDb } from '../server/testing'
import { inClinic } from '../server/tx'
import { handBack, take } from './desk'
import { openCheckout } from './flow'
import { paymentJobs } from './settle'
import { booksOf, clinicWorld, factsOf, type Waiting } from './testing'
import { takeEvent } from './webhook'

const { admin } = testDb()
let stripe: StripeChild
let world: Awaited<ReturnType<typeof clinicWorld>>

beforeAll(async () => {
  stripe = await stripeChild()
  Object.assign(process.env, stripe.env)
  world = await clinicWorld(admin)
}, 60_000)
afterAll(() => stripe?.down())

async function pay(at: Waiting) {
  const now = new Date()
  await openCheckout(at.clinicId, at.appointmentId, now)
  await stripe.press((await factsOf(admin, at)).sessionId!, 'pay')
}
async function deliver(at: Waiting, types: string[]) {
  const { events } = await stripe.state()
  const mine = events.filter(({ body }) => JSON.stringify(body).includes(at.appointmentId))
  for (const type of types)
    for (const event of mine.filter(({ body }) => body.type === type)) {
      const body = JSON.stringify(event.body)
      await takeEvent(readWebhook(body, signatureOf(body, webhookSecret, new Date())), new Date())
    }
}

// Fails when `settleIn` has no word for a payment whose refund came first.
it('a refund that is heard of before its payment ends as in the other order', async () => {
  const orders = [
    ['checkout.session.completed', 'charge.refunded'],
    ['charge.refunded', 'checkout.session.completed'],
    ['charge.refunded', 'checkout.session.completed', 'charge.refunded', 'checkout.session.completed'],
  ]
  const ends = []
  for (const order of orders) {
    const at = await world.waiting()
    await pay(at)
    const intents = await api()!.paymentIntents.list({ limit: 1 })
    await api()!.refunds.create({ payment_intent: intents.data[0]!.id })
    await deliver(at, order)
    const { appointment, payment, refundedMinor, jobs } = await factsOf(admin, at)
    ends.push({ appointment, payment, refundedMinor, jobs })
  }
  expect(ends[0]).toEqual({
    ...{ appointment: 'booked', payment: 'refunded', refundedMinor: 4500 },
    jobs: ['mail.booked', 'mail.document', 'mail.refunded'],
  })
  expect(ends[1]).toEqual(ends[0])
  expect(ends[2]).toEqual(ends[0])
})

// Fails when `takeRefunds` takes a page's refund for that of what the desk took.
it.each(['before', 'after'])(
  'a page that is paid beside the desk’s cash goes back; the cash is owed by itself: cancelled %s',
  async (when) => {
    const at = await world.waiting({ mode: 'later', payment: 'due', status: 'booked' })
    const { clinicId, appointmentId } = at
    const desk = {
      kind: 'staff',
      clinicId,
      memberId: world.memberId,
      sessionId: '',
      roles: ['frontdesk'],
    } as StaffActor
    const ctx = { now: new Date(), ip: '', locale: 'en' } as Ctx
    await openCheckout(clinicId, appointmentId, new Date())
    const press = { appointmentId, key: crypto.randomUUID(), method: 'cash', amountMinor: 4500 } as const
    expect(await take(desk, press, ctx)).toMatchObject({ ok: true })
    expect(await take(desk, { ...press, method: 'transfer' }, ctx)).toEqual({ ok: false, code: 'STALE' })
    await stripe.press((await factsOf(admin, at)).sessionId!, 'pay')
    await deliver(at, ['checkout.session.completed'])
    const cancel = () => cancelAppointment({ kind: 'public' }, { id: appointmentId, secret: at.secret }, ctx)
    const giveBack = () => paymentJobs.handlers['payment.refund']({ clinicId, appointmentId }, 'job')
    if (when === 'before') await cancel()
    await giveBack()
    await deliver(at, ['charge.refunded'])
    expect(await factsOf(admin, at)).toMatchObject({ payment: 'paid', refundedMinor: 0 })
    if (when === 'after') await cancel()
    expect(await booksOf(admin, at)).toEqual({ cash: 4500, refunds_due: -4500 })
    expect(await handBack(desk, { appointmentId, method: 'cash', amountMinor: 4500 }, ctx)).toMatchObject({ ok: true })
    expect(await factsOf(admin, at)).toMatchObject({ payment: 'refunded', refundedMinor: 4500 })
    expect(await booksOf(admin, at)).toEqual({})
  },
)

it('a cancelled appointment’s refund is asked for until Stripe gives it, and shown as owed until then', async () => {
  const startsAt = new Date(Date.now() + 5 * 86_400_000)
  const at = await world.waiting({ startsAt })
  await pay(at)
  await deliver(at, ['checkout.session.completed'])
  const ctx = { now: new Date(), ip: '', locale: 'en' } as Ctx
  expect(await cancelAppointment({ kind: 'public' }, { id: at.appointmentId, secret: at.secret }, ctx)).toMatchObject({
    value: { status: 'cancelled' },
  })
  const actor = { kind: 'staff', clinicId: at.clinicId } as StaffActor
  const span = { from: new Date(startsAt.getTime() - 1000), to: new Date(startsAt.getTime() + 1000) }
  const shown = async () => (await inClinic(at.clinicId, (tx) => listDay(tx, actor, span, new Date())))[0]!.paid
  expect(await shown()).toBe('owed')

  await stripe.kill()
  const job = () =>
    admin<{ state: string; wait: number }>(
      `SELECT state, extract(epoch FROM start_after - now())::int AS wait FROM pgboss.job
        WHERE name = 'payment.refund' AND data->>'appointmentId' = $1`,
      [at.appointmentId],
    ).then((rows) => rows[0]!)
  // As after days without Stripe.
  await admin(
    `UPDATE pgboss.job SET state = 'retry', retry_count = 40, start_after = now() WHERE name = 'payment.refund'`,
  )
  const stop = await startWorker({
    handlers: { 'payment.refund': paymentJobs.handlers['payment.refund'] },
    pollSeconds: 0.5,
  })
  await vi.waitFor(async () => expect((await job()).wait).toBeGreaterThan(0), 30_000)
  const { state, wait } = await job()
  expect(state, 'not given up').toBe('retry')
  expect(wait, 'slower, though four times a day').toBeGreaterThan(3600)
  expect(wait).toBeLessThanOrEqual(6 * 3600)
  expect(await shown()).toBe('owed')

  await stripe.start()
  await admin(`UPDATE pgboss.job SET start_after = now() WHERE name = 'payment.refund'`)
  await vi.waitFor(async () => expect(await shown()).toBe('refunded'), 30_000)
  await stop()
}, 90_000)
