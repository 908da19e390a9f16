import { randomUUID } from 'node:crypto'
import { beforeAll, describe, expect, it } from 'vitest'
import { clinicWorld, factsOf, type Waiting } from '@/lib/payment/testing'
import { testDb } from '@/lib/server/testing'
import { signatureOf } from '@/scripts/stripe/webhooks'
import { POST } from './route'

const { admin } = testDb()
const secret = 'whsec_nothing'
let world: Awaited<ReturnType<typeof clinicWorld>>
beforeAll(async () => void (world = await clinicWorld(admin)), 60_000)

interface Said {
  id?: string
  account?: string
  type?: string
  session?: object
}

/** "Paid", as Stripe words it, for a booking whose page is open. */
async function paidEvent(at: Waiting, { id = `evt_${randomUUID()}`, account, type, session }: Said = {}) {
  const sessionId = `cs_test_${at.appointmentId.replaceAll('-', '')}`
  await admin('UPDATE payment SET session_id = $1 WHERE id = $2', [sessionId, at.paymentId])
  const metadata = { clinic: at.clinicId, appointment: at.appointmentId, payment: at.paymentId }
  const object = {
    id: sessionId,
    object: 'checkout.session',
    amount_total: 4500,
    currency: 'eur',
    client_reference_id: at.paymentId,
    metadata,
    payment_intent: `pi_${at.appointmentId}`,
    payment_status: 'paid',
    status: 'complete',
    ...session,
  }
  const created = Math.floor(Date.now() / 1000)
  const event = { id, object: 'event', created, type: type ?? 'checkout.session.completed', data: { object } }
  return JSON.stringify(account ? { ...event, account } : event)
}

const sign = (body: string, { key = secret, at = new Date() } = {}) => signatureOf(body, key, at)

async function post(body: string, signature: string | null) {
  const headers: Record<string, string> = signature === null ? {} : { 'stripe-signature': signature }
  const answer = await POST(new Request('http://localhost:3000/api/stripe/webhook', { method: 'POST', headers, body }))
  const said = (await answer.json()) as { ok: boolean; code?: string; value?: string }
  return [answer.status, said.code ?? said.value]
}

const untouched = { payment: 'pending', appointment: 'held', jobs: [] }
const booked = { payment: 'paid', appointment: 'booked', jobs: ['mail.booked'] }
const eventsOf = (at: Waiting) => admin('SELECT id FROM stripe_event WHERE clinic_id = $1', [at.clinicId])

describe('attack 19: webhooks', () => {
  // The defence: constructEvent in lib/server/stripe.ts, with its tolerance of 300 s.
  it.each<[string, (body: string) => [string, string | null]]>([
    ['unsigned', (body) => [body, null]],
    ['with an empty signature', (body) => [body, '']],
    ['signed with another secret', (body) => [body, sign(body, { key: 'whsec_other' })]],
    ['signed, then altered', (body) => [body.replace('"eur"', '"EUR"'), sign(body)]],
    ['signed six minutes ago', (body) => [body, sign(body, { at: new Date(Date.now() - 6 * 60_000) })]],
    [
      'with the time of its signature moved',
      (body) => [body, sign(body, { at: new Date(0) }).replace('t=0', `t=${Math.floor(Date.now() / 1000)}`)],
    ],
    ['signed without a scheme', (body) => [body, sign(body).replace('v1=', 'v0=')]],
  ])('attack 19: %s: refused, no effect', async (_, forge) => {
    const at = await world.waiting()
    const [body, signature] = forge(await paidEvent(at))
    expect(await post(body, signature)).toEqual([400, 'BAD_PROOF'])
    expect(await factsOf(admin, at)).toMatchObject(untouched)
  })

  // The defence: the comparison of event.account with payment.account in lib/payment/webhook.ts.
  it('attack 19: for another account: no effect', async () => {
    const connected = await clinicWorld(admin, { account: 'acct_lumen' })
    for (const [where, account] of [
      [world, 'acct_evil'],
      [connected, 'acct_evil'],
      [connected, undefined],
    ] as const) {
      const at = await where.waiting()
      const body = await paidEvent(at, { account })
      expect(await post(body, sign(body))).toEqual([200, 'not-ours'])
      expect(await factsOf(admin, at)).toMatchObject(untouched)
    }
    const at = await connected.waiting()
    const body = await paidEvent(at, { account: 'acct_lumen' })
    expect(await post(body, sign(body))).toEqual([200, 'done'])
    expect(await factsOf(admin, at)).toMatchObject(booked)
  })

  // The defence: client_reference_id in lib/payment/webhook.ts, and the amount in settleIn.
  it('attack 19: naming another payment, or paying less than was asked for: nothing is booked', async () => {
    for (const session of [
      { client_reference_id: randomUUID() },
      { amount_total: 50 },
      { currency: 'jpy' },
      { payment_status: 'unpaid' },
    ]) {
      const at = await world.waiting()
      const body = await paidEvent(at, { session })
      expect((await post(body, sign(body)))[0]).toBe(200)
      expect(await factsOf(admin, at)).toMatchObject({ payment: 'pending', appointment: 'held' })
    }
  })

  // The defence: insertEvent in the transaction of its effect (lib/payment/webhook.ts), and nextPayment under the row's lock.
  it('attack 19: repeated a hundred times at once: one effect', async () => {
    const at = await (world = await clinicWorld(admin)).waiting()
    const body = await paidEvent(at)
    const answers = await Promise.all(Array.from({ length: 100 }, () => post(body, sign(body))))
    expect(answers.filter(([, value]) => value === 'done')).toHaveLength(1)
    expect(answers.filter(([status, value]) => status === 200 && value === 'repeat')).toHaveLength(99)
    expect(await factsOf(admin, at)).toMatchObject(booked)
    expect(await eventsOf(at)).toHaveLength(1)
    const audited = await admin(`SELECT action FROM audit_entry WHERE subject_id = $1 ORDER BY action`, [
      at.appointmentId,
    ])
    expect(audited).toEqual([{ action: 'appointment.booked' }, { action: 'payment.paid' }])
  }, 30_000)

  it('attack 19: a hundred different events about one payment at once: one effect', async () => {
    const at = await world.waiting()
    const bodies = await Promise.all(
      Array.from({ length: 100 }, (_, index) =>
        paidEvent(at, index % 3 ? {} : { type: 'checkout.session.async_payment_succeeded' }),
      ),
    )
    const answers = await Promise.all(bodies.map((body) => post(body, sign(body))))
    expect(answers.every(([status]) => status === 200)).toBe(true)
    expect(await factsOf(admin, at)).toMatchObject(booked)
  }, 30_000)
})

it('takes no more than it must, and nothing that it does not understand', async () => {
  expect(await post('x'.repeat(600_000), 't=1,v1=00')).toEqual([413, 'TOO_LARGE'])
  const stray = JSON.stringify({
    id: 'evt_1',
    object: 'event',
    created: 1,
    type: 'payout.paid',
    data: { object: { object: 'payout' } },
  })
  expect(await post(stray, sign(stray))).toEqual([200, 'not-ours'])
  const injected = JSON.stringify({
    id: 'evt_2',
    object: 'event',
    created: 1,
    type: 'charge.refunded',
    data: { object: { object: 'charge', metadata: { clinic: "'; DROP TABLE payment; --", appointment: 'x' } } },
  })
  expect(await post(injected, sign(injected))).toEqual([200, 'not-ours'])
})
