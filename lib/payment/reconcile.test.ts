// No webhook ever comes here: whatever Stripe did is learned by asking, a bounded number of times, and by reading its events.
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { stripeChild, type StripeChild } from '../../scripts/stripe/testing'
import { cancelAppointment } from '../booking/cancel'
import type { Ctx } from '../server/action'
import { stripe as api } from '../server/stripe'
import { testDb } from '../server/testing'
import { openCheckout } from './flow'
import { reconcile } from './reconcile'
import { nextAsk } from './rules'
import { booksOf, clinicWorld, factsOf, type Waiting } from './testing'

vi.setConfig({ testTimeout: 60_000 })
const { admin } = testDb()
let stripe: StripeChild
let world: Awaited<ReturnType<typeof clinicWorld>>

beforeAll(async () => {
  stripe = await stripeChild()
  Object.assign(process.env, stripe.env)
  world = await clinicWorld(admin)
}, 60_000)
afterAll(() => stripe?.down())
beforeEach(() => {
  vi.restoreAllMocks()
})

const run = () => reconcile({}, 'job')
const open = async (options: Parameters<typeof world.waiting>[0] = {}): Promise<Waiting> => {
  const at = await world.waiting(options)
  await openCheckout(at.clinicId, at.appointmentId, new Date())
  return at
}
const press = async (at: Waiting) => stripe.press((await factsOf(admin, at)).sessionId!, 'pay')
/** As if its time had come. */
const due = (at: Waiting) =>
  admin('UPDATE payment SET ask_at = now() WHERE id = $1 AND ask_at IS NOT NULL', [at.paymentId])
const asked = async (at: Waiting) =>
  (
    await admin<{ ask_at: Date | null; asks: number }>('SELECT ask_at, asks FROM payment WHERE id = $1', [at.paymentId])
  )[0]!
/** The events alone, or the questions alone: what the other would have told is not read. */
const eventsUnread = () => admin(`UPDATE stripe_account_read SET read_until = now() + interval '1 hour'`)
const eventsReadFrom = (ago: string) => admin(`UPDATE stripe_account_read SET read_until = now() - $1::interval`, [ago])

describe('asking about a payment', () => {
  it('settles what was paid and never told, once, and asks no more', async () => {
    const at = await open()
    await eventsUnread()
    await press(at)
    await run()
    expect(await factsOf(admin, at), 'its time has not come').toMatchObject({ payment: 'pending' })
    await due(at)
    await Promise.all([run(), run()])
    expect(await factsOf(admin, at)).toMatchObject({
      payment: 'paid',
      appointment: 'booked',
      jobs: ['mail.booked', 'mail.document'],
    })
    expect(await booksOf(admin, at)).toEqual({ stripe: 4500, deposits: -4500 })
    expect(await asked(at)).toEqual({ ask_at: null, asks: 0 })
    const retrieve = vi.spyOn(api()!.checkout.sessions, 'retrieve')
    await run()
    expect(retrieve).not.toHaveBeenCalled()
  })

  it('frees the slot of a page that ended unheard, and waits for one that is open, later and later', async () => {
    const at = await open()
    await eventsUnread()
    await due(at)
    await run()
    const first = await asked(at)
    expect(first.asks).toBe(1)
    expect(first.ask_at!.getTime()).toBeGreaterThan(Date.now() + 9 * 60_000)
    await stripe.clock({ advance: 33 * 60 })
    await due(at)
    await run()
    await stripe.clock({ now: new Date().toISOString() })
    expect(await factsOf(admin, at)).toMatchObject({ payment: 'expired', appointment: 'expired' })
    expect(await asked(at)).toEqual({ ask_at: null, asks: 0 })
  })

  // Fails when the next time is written down after Stripe was asked.
  it('that dies, or finds Stripe away, asks later, and gives up after five weeks', async () => {
    const at = await open()
    await eventsUnread()
    await due(at)
    await stripe.kill()
    await run()
    const { asks, ask_at } = await asked(at)
    expect(asks).toBe(1)
    expect(ask_at!.getTime()).toBeGreaterThan(Date.now())
    await stripe.start()
    await admin('UPDATE payment SET ask_at = now(), asks = 39 WHERE id = $1', [at.paymentId])
    await run()
    expect(await asked(at)).toEqual({ ask_at: null, asks: 40 })
    let [now, times] = [new Date(0), 0]
    for (let next = nextAsk(0, now); next; next = nextAsk(++times, now)) {
      expect(next.getTime() - now.getTime()).toBeLessThanOrEqual(86_400_000)
      now = next
    }
    expect(times).toBe(40)
    expect(now.getTime() / 86_400_000).toBeGreaterThan(30)
  })

  it('gives back what is owed, though the job for it was lost', async () => {
    const at = await open()
    await eventsUnread()
    await press(at)
    await due(at)
    await run()
    await cancelAppointment({ kind: 'public' }, { id: at.appointmentId, secret: at.secret }, {
      ...{ now: new Date(), ip: '', locale: 'en' },
    } as Ctx)
    await admin(`DELETE FROM pgboss.job WHERE name = 'payment.refund'`)
    await due(at)
    await run()
    expect(await booksOf(admin, at)).toEqual({})
    expect(await factsOf(admin, at)).toMatchObject({ payment: 'refunded' })
    expect(await asked(at)).toEqual({ ask_at: null, asks: 0 })
  })

  // Fails when freeAgain looks at appointments alone.
  it.each(['absence', 'clinic_day'])(
    'refunds a late payment whose slot is in an %s now, and rebooks one that is not',
    async (table) => {
      const startsAt = new Date(
        Math.floor(Date.now() / 86_400_000 + (table === 'absence' ? 11 : 12)) * 86_400_000 + 36_000_000,
      )
      const [at, other] = [
        await open({ startsAt }),
        await open({ startsAt: new Date(startsAt.getTime() + 5 * 86_400_000) }),
      ]
      await eventsUnread()
      for (const each of [at, other]) {
        await press(each)
        await admin(`UPDATE appointment SET status = 'expired' WHERE id = $1`, [each.appointmentId])
      }
      if (table === 'absence')
        await admin(
          `INSERT INTO absence (id, clinic_id, member_id, starts_at, ends_at) VALUES (gen_random_uuid(), $1, $2, $3, $4)`,
          [...[world.clinicId, world.memberId, startsAt, new Date(startsAt.getTime() + 3_600_000)]],
        )
      else
        await admin(
          `INSERT INTO clinic_day (id, clinic_id, first_day, last_day, closed) VALUES (gen_random_uuid(), $1, $2, $2, true)`,
          [world.clinicId, startsAt.toISOString().slice(0, 10)],
        )
      for (const each of [at, other]) await due(each)
      await run()
      expect(await factsOf(admin, at)).toMatchObject({
        appointment: 'expired',
        payment: 'refunded',
        refundedMinor: 4500,
      })
      expect(await factsOf(admin, other)).toMatchObject({ appointment: 'booked', payment: 'paid' })
    },
  )
})

describe('reading events', () => {
  it('hears all that was missed, once, wherever it dies and begins again', async () => {
    const [paid, back] = [await open(), await open()]
    await press(paid)
    await press(back)
    await eventsReadFrom('3 days')
    // Dies in the middle of the second event.
    const real = api()!.paymentIntents.retrieve.bind(api()!.paymentIntents)
    await run()
    expect(await factsOf(admin, paid)).toMatchObject({
      payment: 'paid',
      appointment: 'booked',
      jobs: ['mail.booked', 'mail.document'],
    })
    const { data } = await api()!.paymentIntents.list({ limit: 100 })
    const intent = data.find(({ metadata }) => metadata.appointment === back.appointmentId)!.id
    const made = await api()!.refunds.create({ payment_intent: intent, amount: 1000 })
    await stripe.failRefund(made.id)
    await eventsReadFrom('3 days')
    const broken = vi.spyOn(api()!.paymentIntents, 'retrieve').mockRejectedValueOnce(new Error('killed'))
    await run()
    expect(await booksOf(admin, back)).toEqual({ stripe: 4500, deposits: -4500 })
    broken.mockImplementation(real as never)
    await Promise.all([run(), run()])
    await eventsReadFrom('3 days')
    await run()
    expect(await booksOf(admin, back)).toEqual({ stripe: 4500, deposits: -3500, refunds_due: -1000 })
    expect(await factsOf(admin, paid)).toMatchObject({ jobs: ['mail.booked', 'mail.document'] })
    const [row] = await admin<{ behind: number }>(
      `SELECT extract(epoch FROM now() - read_until)::int AS behind FROM stripe_account_read WHERE account = 'platform'`,
    )
    expect(row!.behind).toBeLessThan(30)
  })

  it('asks once for each account and time, and of what it heard before nothing more', async () => {
    await eventsReadFrom('1 hour')
    await run()
    const list = vi.spyOn(api()!.events, 'list')
    const retrieve = vi.spyOn(api()!.paymentIntents, 'retrieve')
    const refunds = vi.spyOn(api()!.refunds, 'list')
    await eventsReadFrom('5 minutes')
    await run()
    expect(list).toHaveBeenCalledTimes(1)
    // A refund made by hand names no booking: its payment does, and no more is asked.
    expect(retrieve.mock.calls.length).toBeLessThanOrEqual(4)
    expect(refunds).not.toHaveBeenCalled()
  })

  it('reads no further back than Stripe keeps them, and never goes back', async () => {
    await eventsReadFrom('90 days')
    const list = vi.spyOn(api()!.events, 'list')
    await run()
    expect(list.mock.calls.length).toBeLessThanOrEqual(31)
    expect(list.mock.calls.length).toBeGreaterThan(28)
  })
})
