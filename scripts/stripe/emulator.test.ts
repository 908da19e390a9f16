import Stripe from 'stripe'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { secretKey, stripeChild, until, webhookSecret, webhookSink, type StripeChild } from './testing.ts'

let child: StripeChild
let sink: Awaited<ReturnType<typeof webhookSink>>
let stripe: Stripe
let refuseNext = 0

const client = (url: string, key = secretKey) =>
  new Stripe(key, { host: 'localhost', port: Number(new URL(url).port), protocol: 'http', maxNetworkRetries: 0 })
const soon = (minutes: number) => Math.floor(Date.now() / 1000) + minutes * 60
const request = (more: Partial<Stripe.Checkout.SessionCreateParams> = {}): Stripe.Checkout.SessionCreateParams => ({
  mode: 'payment',
  line_items: [
    {
      quantity: 1,
      price_data: { currency: 'eur', unit_amount: 4500, product_data: { name: 'Appointment at <Lumen>' } },
    },
  ],
  success_url: 'http://localhost:9/done?session={CHECKOUT_SESSION_ID}',
  cancel_url: 'http://localhost:9/back',
  client_reference_id: 'ref-1',
  metadata: { appointment: 'a1' },
  payment_intent_data: { metadata: { appointment: 'a1' } },
  expires_at: soon(31),
  ...more,
})

beforeAll(async () => {
  sink = await webhookSink(() => (refuseNext-- > 0 ? 500 : 200))
  child = await stripeChild(sink.url)
  stripe = client(child.url)
}, 30_000)
afterAll(async () => {
  await child?.down()
  await sink?.down()
})

describe('the Stripe emulator', () => {
  it('takes a payment on its own page and says so by signed webhooks', async () => {
    const session = await stripe.checkout.sessions.create(request())
    expect(session).toMatchObject({
      status: 'open',
      payment_status: 'unpaid',
      amount_total: 4500,
      payment_intent: null,
    })
    const page = await (await fetch(session.url!)).text()
    expect(page).toContain('€45.00')
    expect(page).toContain('Appointment at &#60;Lumen&#62;')
    expect(page).toContain('width=device-width')
    expect(page).not.toContain('<script')

    expect(await child.press(session.id, 'decline')).toContain('declined=1')
    expect((await stripe.checkout.sessions.retrieve(session.id)).status).toBe('open')
    expect(await child.press(session.id, 'pay')).toBe(`http://localhost:9/done?session=${session.id}`)
    // Pressed twice, paid once.
    await child.press(session.id, 'pay')
    const paid = await stripe.checkout.sessions.retrieve(session.id)
    expect(paid).toMatchObject({ status: 'complete', payment_status: 'paid', url: null, client_reference_id: 'ref-1' })
    const intent = await stripe.paymentIntents.retrieve(String(paid.payment_intent))
    expect(intent).toMatchObject({ status: 'succeeded', amount_received: 4500, metadata: { appointment: 'a1' } })

    await until(() => sink.types().includes('checkout.session.completed'), 'the webhook')
    expect(sink.types().filter((type) => type === 'checkout.session.completed')).toHaveLength(1)
    expect(sink.types()).toEqual(expect.arrayContaining(['payment_intent.payment_failed', 'charge.succeeded']))
    const { body, signature } = sink.taken.find((each) => each.body.includes('checkout.session.completed'))!
    const event = await stripe.webhooks.constructEventAsync(body, signature, webhookSecret)
    expect(event.data.object).toMatchObject({ id: session.id, payment_status: 'paid' })
    expect(() => stripe.webhooks.constructEvent(body.replace('4500', '4501'), signature, webhookSecret)).toThrow()
  })

  it('gives money back once, and never more than was taken', async () => {
    const session = await stripe.checkout.sessions.create(request())
    await child.press(session.id, 'pay')
    const payment_intent = String((await stripe.checkout.sessions.retrieve(session.id)).payment_intent)
    await expect(stripe.refunds.create({ payment_intent, amount: 4501 })).rejects.toThrow('greater than unrefunded')
    const key = { idempotencyKey: `refund-${payment_intent}` }
    const [one, two] = await Promise.all([
      stripe.refunds.create({ payment_intent }, key),
      stripe.refunds.create({ payment_intent }, key),
    ])
    expect(two.id).toBe(one.id)
    await expect(stripe.refunds.create({ payment_intent })).rejects.toMatchObject({ code: 'charge_already_refunded' })
    await expect(stripe.refunds.create({ payment_intent: 'pi_none' })).rejects.toMatchObject({
      code: 'resource_missing',
    })
    await until(() => sink.types().includes('charge.refunded'), 'the refund’s webhook')
  })

  it('honours idempotency keys as Stripe does', async () => {
    const key = { idempotencyKey: 'one-key' }
    const params = request()
    const first = await stripe.checkout.sessions.create(params, key)
    const again = await stripe.checkout.sessions.create(params, key)
    expect(again.id).toBe(first.id)
    expect(again.lastResponse.headers['idempotent-replayed']).toBe('true')
    await expect(stripe.checkout.sessions.create(request({ client_reference_id: 'ref-2' }), key)).rejects.toMatchObject(
      {
        type: 'StripeIdempotencyError',
      },
    )
    // Another account's keys are its own.
    const elsewhere = await stripe.checkout.sessions.create(params, { ...key, stripeAccount: 'acct_other' })
    expect(elsewhere.id).not.toBe(first.id)
    // What was refused is not kept under its key.
    const refused = { idempotencyKey: 'refused' }
    await expect(stripe.checkout.sessions.create(request({ expires_at: soon(5) }), refused)).rejects.toThrow(
      '30 minutes',
    )
    await expect(stripe.checkout.sessions.create(request(), refused)).resolves.toMatchObject({ status: 'open' })
  })

  it.each<[string, Record<string, unknown>, string]>([
    ['an unknown parameter', { colour: 'red' }, 'parameter_unknown'],
    ['an unknown parameter deep down', { payment_intent_data: { name: 'x' } }, 'parameter_unknown'],
    ['no line items', { line_items: undefined }, 'parameter_missing'],
    ['no success page', { success_url: undefined }, 'parameter_missing'],
    ['an address that is none', { success_url: '/done' }, 'url_invalid'],
    ['an empty text', { client_reference_id: '' }, 'parameter_invalid_empty'],
    [
      'an amount too small',
      { line_items: [{ quantity: 1, price_data: { currency: 'eur', unit_amount: 10, product_data: { name: 'x' } } }] },
      'amount_too_small',
    ],
    ['a price that is not there', { line_items: [{ quantity: 1, price: 'price_none' }] }, 'resource_missing'],
    [
      'no amount',
      { line_items: [{ quantity: 1, price_data: { currency: 'eur', product_data: { name: 'x' } } }] },
      'parameter_missing',
    ],
    ['no product', { line_items: [{ quantity: 1, price_data: { currency: 'eur', unit_amount: 4500 } }] }, ''],
    ['an expiry too soon', { expires_at: soon(29) }, ''],
    ['an expiry too late', { expires_at: soon(60 * 25) }, ''],
    ['another mode', { mode: 'subscription' }, ''],
  ])('refuses %s', async (_, change, code) => {
    const refused = await stripe.checkout.sessions.create(request(change)).catch((error: unknown) => error)
    expect(refused).toMatchObject({ type: 'StripeInvalidRequestError', ...(code ? { code } : {}) })
  })

  it('refuses a wrong key, and shows one account nothing of another', async () => {
    await expect(client(child.url, 'sk_test_other').checkout.sessions.create(request())).rejects.toMatchObject({
      statusCode: 401,
    })
    const session = await stripe.checkout.sessions.create(request(), { stripeAccount: 'acct_a' })
    await expect(stripe.checkout.sessions.retrieve(session.id)).rejects.toMatchObject({ code: 'resource_missing' })
    await child.press(session.id, 'pay')
    await until(() => sink.taken.some(({ body }) => JSON.parse(body).account === 'acct_a'), 'the account’s webhook')
  })

  it('keeps accounts with keys of their own apart, each with its own address and secret', async () => {
    const own = await webhookSink()
    await child.key('rk_test_a', 'acct_own_a')
    await child.key('rk_test_b', 'acct_own_b', ['rak_charge_write'])
    const [a, b] = [client(child.url, 'rk_test_a'), client(child.url, 'rk_test_b')]
    expect(await a.accounts.retrieveCurrent()).toMatchObject({ id: 'acct_own_a', charges_enabled: true })
    await expect(b.refunds.create({ payment_intent: 'pi_none' })).rejects.toMatchObject({
      type: 'StripePermissionError',
      message: expect.stringContaining('rak_charge_write') as string,
    })
    await expect(a.refunds.create({ payment_intent: 'pi_none' })).rejects.toMatchObject({ code: 'resource_missing' })
    const made = await a.webhookEndpoints.create({ url: own.url, enabled_events: ['checkout.session.completed'] })
    expect(made.secret).toMatch(/^whsec_/)
    expect((await a.webhookEndpoints.list()).data).toMatchObject([{ id: made.id }])
    expect((await a.webhookEndpoints.list()).data[0]).not.toHaveProperty('secret')
    expect((await b.webhookEndpoints.list()).data).toEqual([])
    const before = sink.taken.length
    const session = await a.checkout.sessions.create(request())
    await expect(b.checkout.sessions.retrieve(session.id)).rejects.toMatchObject({ code: 'resource_missing' })
    await child.press(session.id, 'pay')
    await until(() => own.types().length === 1, 'the event at its own address')
    const [{ body, signature }] = own.taken as [(typeof own.taken)[number]]
    expect(stripe.webhooks.constructEvent(body, signature, made.secret!).account).toBeUndefined()
    expect(() => stripe.webhooks.constructEvent(body, signature, webhookSecret)).toThrow()
    expect((await a.events.list({ types: ['checkout.session.completed'] })).data).toHaveLength(1)
    expect(sink.taken.slice(before)).toEqual([])
    await a.webhookEndpoints.del(made.id)
    await expect(a.webhookEndpoints.del(made.id)).rejects.toMatchObject({ code: 'resource_missing' })
    await own.down()
  })

  it('takes prices made before', async () => {
    const price = await stripe.prices.create({
      currency: 'eur',
      unit_amount: 3000,
      product_data: { name: 'Appointment' },
    })
    const session = await stripe.checkout.sessions.create(request({ line_items: [{ price: price.id, quantity: 2 }] }))
    expect(session.amount_total).toBe(6000)
  })

  it('delivers again what was not taken', async () => {
    refuseNext = 2
    const before = sink.taken.length
    const session = await stripe.checkout.sessions.create(request())
    await stripe.checkout.sessions.expire(session.id)
    await until(() => sink.taken.length >= before + 3, 'the third try')
    const ids = sink.taken.slice(before).map(({ body }) => JSON.parse(body).id as string)
    expect(new Set(ids).size).toBe(1)
    await expect(stripe.checkout.sessions.expire(session.id)).rejects.toThrow('Only Checkout Sessions')
  })

  it('loses no payment to kill -9, and delivers afterwards what it could not before', async () => {
    await child.hold(true)
    const session = await stripe.checkout.sessions.create(request(), { idempotencyKey: 'before-the-crash' })
    await child.press(session.id, 'pay')
    await child.kill()
    await child.start()
    const kept = await stripe.checkout.sessions.retrieve(session.id)
    expect(kept).toMatchObject({ status: 'complete', payment_status: 'paid' })
    await child.hold(false)
    const mine = () =>
      sink.taken.some(({ body }) => body.includes('checkout.session.completed') && body.includes(session.id))
    await until(mine, 'the webhook after the crash')
  })

  it('ends a session when its clock says so', async () => {
    const session = await stripe.checkout.sessions.create(request())
    await child.clock({ advance: 32 * 60 })
    expect(await stripe.checkout.sessions.retrieve(session.id)).toMatchObject({ status: 'expired', url: null })
    await child.press(session.id, 'pay')
    expect((await stripe.checkout.sessions.retrieve(session.id)).payment_status).toBe('unpaid')
    expect(await (await fetch(`${child.url}/c/pay/${session.id}`)).text()).toContain('expired')
    await until(
      () => sink.taken.some(({ body }) => body.includes('session.expired') && body.includes(session.id)),
      'expiry',
    )
    await child.clock({ now: new Date().toISOString() })
  })
})
