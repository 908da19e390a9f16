import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { stripeChild, webhookSecret, type StripeChild } from '../../scripts/stripe/testing'
import type { Session } from '../../scripts/stripe/state'
import { signatureOf } from '../../scripts/stripe/webhooks'
import { readWebhook } from '../server/stripe'
import { testDb } from '../server/testing'
import { findReturn, openCheckout } from './flow'
import { paymentJobs } from './settle'
import { clinicWorld, factsOf, type Waiting } from './testing'
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

const open = (at: Waiting, now = new Date()) => openCheckout(at.clinicId, at.appointmentId, now)
const facts = (at: Waiting) => factsOf(admin, at)
const sessionsOf = async (at: Waiting) =>
  Object.values((await stripe.state()).kept)
    .map((kept) => kept.object)
    .filter((each) => each.object === 'checkout.session' && each.client_reference_id === at.paymentId) as Session[]
const refundsOf = async (at: Waiting) =>
  Object.values((await stripe.state()).kept)
    .map((kept) => kept.object as { object: string; metadata: Record<string, string>; amount: number })
    .filter((each) => each.object === 'refund' && each.metadata.appointment === at.appointmentId)

/** Takes the emulator's events about this payment in the order asked for, through the signature's check. */
async function deliver(at: Waiting, order: (events: string[]) => string[] = (events) => events) {
  const { events } = await stripe.state()
  const mine = events.map((event) => JSON.stringify(event.body)).filter((body) => body.includes(at.appointmentId))
  const answers: string[] = []
  for (const body of order(mine))
    answers.push(await takeEvent(readWebhook(body, signatureOf(body, webhookSecret, new Date())), new Date()))
  return answers
}
const run = (name: keyof typeof paymentJobs.handlers, at: Waiting) =>
  paymentJobs.handlers[name]({ clinicId: at.clinicId, appointmentId: at.appointmentId }, 'job')

describe('the page to pay on', () => {
  it('is one, however often and from however many tabs it is asked for', async () => {
    const at = await world.waiting()
    const answers = await Promise.all(Array.from({ length: 8 }, () => open(at)))
    expect(new Set(answers.map((answer) => answer.ok && answer.value.url)).size).toBe(1)
    expect(await open(at)).toEqual(answers[0])
    const [session, ...others] = await sessionsOf(at)
    expect(others).toEqual([])
    // The slot outlives the page, and Stripe is told ids and neutral words alone.
    const { heldUntil, payment } = await facts(at)
    expect(payment).toBe('pending')
    expect(heldUntil!.getTime()).toBeGreaterThan(session!.expires_at * 1000)
    const told = JSON.stringify([session, (await stripe.state()).lines[session!.id]])
    expect(told).toContain('Appointment at Lumen Clinic')
    for (const word of ['Fertility', 'pat@example.org', 'Ada', at.secret]) expect(told).not.toContain(word)
  })

  it('survives an answer that was lost, and Stripe being away', async () => {
    const at = await world.waiting()
    await stripe.kill()
    expect(await open(at)).toEqual({ ok: false, code: 'PAYMENT_UNAVAILABLE' })
    expect((await facts(at)).appointment).toBe('held')
    await stripe.start()
    const first = await open(at)
    expect(first.ok).toBe(true)
    // As if the server had died before it wrote the session down.
    await admin('UPDATE payment SET session_id = NULL, session_url = NULL WHERE id = $1', [at.paymentId])
    expect(await open(at)).toEqual(first)
    expect(await sessionsOf(at)).toHaveLength(1)
  }, 20_000)

  it('is made anew once the first has run out, which is ended', async () => {
    const at = await world.waiting()
    const first = await open(at)
    const later = new Date(Date.now() + 31 * 60_000)
    const second = await open(at, later)
    expect(second.ok && first.ok && second.value.url !== first.value.url).toBe(true)
    expect((await sessionsOf(at)).map((session) => session.status).sort()).toEqual(['expired', 'open'])
    // The end of the first says nothing of the second.
    await deliver(at)
    expect(await facts(at)).toMatchObject({ payment: 'pending', appointment: 'held', attempt: 2 })
  })

  // The defence is `mayHoldForPage` in lib/payment/flow.ts.
  it('keeps an unpaid slot no longer than half an hour and two pages, however often it is asked for', async () => {
    const at = await world.waiting()
    const begun = Date.now()
    const answers: string[] = []
    for (let after = 0; after <= 240; after += 31) {
      const answer = await open(at, new Date(begun + after * 60_000))
      answers.push(answer.ok ? 'page' : answer.code)
    }
    expect(answers.slice(0, 2)).toEqual(['page', 'page'])
    expect(answers.at(-1)).toBe('HOLD_EXPIRED')
    expect((await facts(at)).heldUntil!.getTime()).toBeLessThanOrEqual(begun + 99 * 60_000)
  })

  it('is refused where there is nothing to pay, nobody to pay it to, or no slot any more', async () => {
    const poor = await clinicWorld(admin, { account: null })
    expect(await open(await poor.waiting({ payment: 'due', mode: 'later' }))).toMatchObject({
      code: 'PAYMENTS_NOT_CONNECTED',
    })
    expect(await open(await world.waiting({ payment: 'none', mode: 'free', status: 'booked' }))).toMatchObject({
      code: 'WRONG_STATE',
    })
    expect(await open(await world.waiting({ payment: 'paid', status: 'booked' }))).toMatchObject({
      code: 'WRONG_STATE',
    })
    expect(await open(await world.waiting({ payment: 'expired', status: 'expired' }))).toMatchObject({
      code: 'HOLD_EXPIRED',
    })
    expect(
      await open({ ...(await world.waiting()), appointmentId: '00000000-0000-4000-8000-000000000000' }),
    ).toMatchObject({
      code: 'NOT_FOUND',
    })
    expect((await sessionsOf(await world.waiting())).length).toBe(0)
  })

  it('goes to the account that the clinic has connected', async () => {
    const connected = await clinicWorld(admin, { account: 'acct_lumen' })
    const at = await connected.waiting()
    await open(at)
    const [session] = await sessionsOf(at)
    expect((await stripe.state()).kept[session!.id]!.account).toBe('acct_lumen')
    await stripe.press(session!.id, 'pay')
    await deliver(at)
    expect(await facts(at)).toMatchObject({ payment: 'paid', appointment: 'booked' })
  })
})

describe('money', () => {
  const paid = async (at: Waiting) => {
    await open(at)
    const [session] = await sessionsOf(at)
    await stripe.press(session!.id, 'pay')
    return session!.id
  }

  it('books the held slot, once, in whatever order and however often Stripe says so', async () => {
    for (const order of [(e: string[]) => e, (e: string[]) => [...e].reverse(), (e: string[]) => [...e, ...e]]) {
      const at = await world.waiting()
      await paid(at)
      await deliver(at, order)
      expect(await facts(at)).toMatchObject({
        payment: 'paid',
        appointment: 'booked',
        jobs: ['mail.booked', 'mail.document'],
      })
    }
  })

  it('that the webhook is late with is seen by the return page, which needs no key', async () => {
    const at = await world.waiting()
    await open(at)
    const { sessionId } = await facts(at)
    const ask = () => findReturn({ appointmentId: at.appointmentId, sessionId: sessionId! }, new Date())
    expect(await ask()).toMatchObject({ value: { status: 'pending', appointment: 'held' } })
    await stripe.press(sessionId!, 'pay')
    expect(await ask()).toMatchObject({ value: { status: 'paid', appointment: 'booked', clinicName: 'Lumen Clinic' } })
    await deliver(at)
    expect(await facts(at)).toMatchObject({ payment: 'paid', jobs: ['mail.booked', 'mail.document'] })
    expect(await findReturn({ appointmentId: world.clinicId, sessionId: sessionId! }, new Date())).toMatchObject({
      code: 'NOT_FOUND',
    })
  })

  it('after the hold takes the slot again, if nobody else has it', async () => {
    const at = await world.waiting()
    await paid(at)
    await admin(`UPDATE appointment SET status = 'expired' WHERE id = $1`, [at.appointmentId])
    await deliver(at)
    expect(await facts(at)).toMatchObject({ payment: 'paid', appointment: 'booked' })
  })

  it('for a slot that another took goes back by itself, once', async () => {
    const at = await world.waiting()
    await paid(at)
    await admin(`UPDATE appointment SET status = 'expired' WHERE id = $1`, [at.appointmentId])
    const other = await world.waiting({ startsAt: at.startsAt, status: 'booked', payment: 'paid' })
    await deliver(at)
    expect(await facts(at)).toMatchObject({ payment: 'paid', appointment: 'expired', jobs: ['payment.refund'] })
    await Promise.all([run('payment.refund', at), run('payment.refund', at)])
    await run('payment.refund', at)
    await deliver(at)
    expect(await facts(at)).toMatchObject({
      payment: 'refunded',
      refundedMinor: 4500,
      jobs: ['mail.refunded', 'payment.refund'],
    })
    expect(await refundsOf(at)).toMatchObject([{ amount: 4500 }])
    expect(await facts(other)).toMatchObject({ payment: 'paid', appointment: 'booked' })
  })

  it('from two late payers for one slot: one has it, the other’s goes back', async () => {
    const one = await world.waiting()
    await paid(one)
    await admin(`UPDATE appointment SET status = 'expired' WHERE id = $1`, [one.appointmentId])
    const two = await world.waiting({ startsAt: one.startsAt })
    await paid(two)
    await admin(`UPDATE appointment SET status = 'expired' WHERE id = $1`, [two.appointmentId])
    await Promise.all([deliver(one), deliver(two)])
    const ends = await Promise.all([facts(one), facts(two)])
    expect(ends.map((end) => end.appointment).sort()).toEqual(['booked', 'expired'])
    expect(ends.find((end) => end.appointment === 'expired')!.jobs).toEqual(['payment.refund'])
  })

  it('that two pages took for one booking goes back once', async () => {
    const at = await world.waiting()
    const first = await paid(at)
    // As if the first page had been forgotten while it was being paid.
    await admin(`UPDATE payment SET session_id = NULL, session_url = NULL, session_expires_at = NULL WHERE id = $1`, [
      at.paymentId,
    ])
    await open(at)
    const second = (await sessionsOf(at)).find((session) => session.id !== first)!
    await stripe.press(second.id, 'pay')
    await deliver(at)
    const { jobs, payment, appointment } = await facts(at)
    expect([payment, appointment, jobs]).toEqual(['paid', 'booked', ['mail.booked', 'mail.document', 'payment.refund']])
    await run('payment.refund', at)
    await run('payment.refund', at)
    await deliver(at)
    expect(await refundsOf(at)).toHaveLength(1)
    expect(await facts(at)).toMatchObject({ payment: 'paid', refundedMinor: 0, appointment: 'booked' })
  })

  it('for a cancelled appointment goes back', async () => {
    const at = await world.waiting()
    await paid(at)
    await admin(`UPDATE appointment SET status = 'cancelled' WHERE id = $1`, [at.appointmentId])
    await deliver(at)
    await run('payment.refund', at)
    expect(await facts(at)).toMatchObject({ payment: 'refunded', appointment: 'cancelled' })
  })
})

describe('a page that comes to nothing', () => {
  it('frees the slot when it runs out', async () => {
    const at = await world.waiting()
    await open(at)
    await stripe.clock({ advance: 33 * 60 })
    await deliver(at)
    await stripe.clock({ now: new Date().toISOString() })
    expect(await facts(at)).toMatchObject({ payment: 'expired', appointment: 'expired' })
  })

  it('leaves the booking of one who pays later as it was', async () => {
    const at = await world.waiting({ mode: 'later', payment: 'due', status: 'booked' })
    await open(at)
    expect((await facts(at)).payment).toBe('pending')
    const [session] = await sessionsOf(at)
    await stripe.press(session!.id, 'decline')
    await deliver(at)
    expect((await facts(at)).payment).toBe('pending')
    await stripe.clock({ advance: 33 * 60 })
    await deliver(at)
    await stripe.clock({ now: new Date().toISOString() })
    expect(await facts(at)).toMatchObject({ payment: 'due', appointment: 'booked' })
  })

  it('is ended at Stripe when its slot was freed, and money that came first is not lost', async () => {
    const at = await world.waiting()
    await open(at)
    await admin(`UPDATE appointment SET status = 'expired' WHERE id = $1`, [at.appointmentId])
    await run('payment.end-session', at)
    await run('payment.end-session', at)
    const [session] = await sessionsOf(at)
    expect(session!.status).toBe('expired')

    const quick = await world.waiting()
    await open(quick)
    const [other] = await sessionsOf(quick)
    await stripe.press(other!.id, 'pay')
    await admin(`UPDATE appointment SET status = 'expired' WHERE id = $1`, [quick.appointmentId])
    await run('payment.end-session', quick)
    expect(await facts(quick)).toMatchObject({ payment: 'paid', appointment: 'booked' })
  })
})
