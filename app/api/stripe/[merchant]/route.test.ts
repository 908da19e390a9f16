// A clinic's own account at Stripe: a key is tried before it counts, each payment stays with the account that took it, and no other
// clinic's account has a word in it.
import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { POST } from './route'
import { stripeChild, type StripeChild } from '@/scripts/stripe/testing'
import { signatureOf } from '@/scripts/stripe/webhooks'
import type { StaffActor } from '@/lib/access/rules'
import { cancelAppointment } from '@/lib/booking/cancel'
import { loadClinicPage } from '@/lib/clinic/flow'
import { giveBack } from '@/lib/payment/goodwill'
import { openCheckout } from '@/lib/payment/flow'
import { reconcile } from '@/lib/payment/reconcile'
import { paymentJobs } from '@/lib/payment/settle'
import { booksOf, clinicWorld, factsOf, type Waiting } from '@/lib/payment/testing'
import { eventJobs } from '@/lib/payment/webhook'
import type { Ctx } from '@/lib/server/action'
import { env } from '@/lib/server/env'
import type { JobData } from '@/lib/server/jobs'
import { openField } from '@/lib/server/kms'
import { testDb } from '@/lib/server/testing'
import { stripeFor } from '@/lib/merchant/api'
import { connect, loadRoutes, remove } from '@/lib/merchant/flow'
import { ConnectInput, permissions } from '@/lib/merchant/rules'

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 })
const { admin } = testDb()
let stripe: StripeChild
let origin: string

beforeAll(async () => {
  stripe = await stripeChild()
  Object.assign(process.env, stripe.env)
  origin = env().APP_ORIGIN
})
afterAll(() => stripe?.down())
beforeEach(() => admin('DELETE FROM rate_limit'))

const name = (prefix: string) => `${prefix}_${randomBytes(6).toString('hex')}`
async function clinic() {
  const world = await clinicWorld(admin, { account: null })
  const { clinicId, memberId } = world
  const owner: StaffActor = { kind: 'staff', clinicId, memberId, sessionId: '', roles: ['admin'] }
  return { ...world, owner }
}
type World = Awaited<ReturnType<typeof clinic>>

/** A key that Stripe knows. */
async function keyOf(account = name('acct'), lacks: string[] = []): Promise<{ key: string; account: string }> {
  const key = name('rk_test')
  await stripe.key(key, account, lacks)
  return { key, account }
}
async function connected(account?: string) {
  const world = await clinic()
  const given = await keyOf(account)
  const answer = await connect(world.owner, { key: given.key }, { now: new Date() })
  if (!answer.ok) throw new Error(answer.code)
  return { ...world, ...given, id: answer.value.own[0]!.id }
}
const rowOf = async ({ clinicId }: World, account: string) =>
  (
    await admin<{ id: string; key_sealed: Buffer | null; secret_sealed: Buffer | null; endpoint: string | null }>(
      'SELECT id, key_sealed, secret_sealed, endpoint FROM merchant WHERE clinic_id = $1 AND account = $2',
      [clinicId, account],
    )
  )[0]!
const secretOf = async (world: World, account: string) => {
  const { id, secret_sealed } = await rowOf(world, account)
  return openField(secret_sealed!, `merchant.secret|${world.clinicId}|${id}`)
}
const endpoints = async (account: string) =>
  Object.values((await stripe.state()).kept)
    .filter((each) => each.account === account && each.object.object === 'webhook_endpoint')
    .map(({ object }) => object as { id: string; url: string; secret: string })

async function pay(at: Waiting) {
  const opened = await openCheckout(at.clinicId, at.appointmentId, new Date())
  if (!opened.ok) throw new Error(opened.code)
  const { sessionId } = await factsOf(admin, at)
  await stripe.press(sessionId!, 'pay')
  return sessionId!
}
const send = (id: string, body: string, secret: string) =>
  POST(
    new Request(`${origin}/api/stripe/${id}`, {
      method: 'POST',
      body,
      headers: { 'stripe-signature': signatureOf(body, secret, new Date()) },
    }),
    { params: Promise.resolve({ merchant: id }) },
  )
/** The worker's part. */
async function work(): Promise<number> {
  const jobs = await admin<{ id: string; data: JobData }>(
    `DELETE FROM pgboss.job WHERE name = 'payment.event' RETURNING id, data`,
  )
  for (const { id, data } of jobs) await eventJobs.handlers['payment.event'](data, id)
  return jobs.length
}
/** What Stripe tells of this session, as it would be sent. */
async function toldOf(sessionId: string, type = 'checkout.session.completed'): Promise<string> {
  const { events } = await stripe.state()
  const found = events.find(({ body }) => body.type === type && JSON.stringify(body).includes(sessionId))
  return JSON.stringify(found!.body)
}
const unpaid = { payment: 'pending', appointment: 'held' }
const paid = { payment: 'paid', appointment: 'booked' }
const refund = (at: Waiting) =>
  paymentJobs.handlers['payment.refund']({ clinicId: at.clinicId, appointmentId: at.appointmentId }, 'job')
const cancel = async (at: Waiting) => {
  await admin(
    `UPDATE appointment SET starts_at = now() + interval '40 days', ends_at = now() + interval '41 days',
    blocked_from = now() + interval '40 days', blocked_until = now() + interval '41 days' WHERE id = $1`,
    [at.appointmentId],
  )
  const ctx = { now: new Date(), ip: '::1', locale: 'en' } as Ctx
  const answer = await cancelAppointment({ kind: 'public' }, { id: at.appointmentId, secret: at.secret } as never, ctx)
  expect(answer).toMatchObject({ ok: true })
}

describe('a key', () => {
  it.each([
    ['sk_live_abcdefgh', 'stripeFull'],
    ['sk_test_abcdefgh', 'stripeFull'],
    ['pk_live_abcdefgh', 'stripePublic'],
    ['rk_abcdefgh', 'stripeKey'],
    ['whsec_abcdefgh', 'stripeKey'],
    ['', 'required'],
  ])('of another kind is refused before Stripe hears of it: %s', (key, fault) => {
    expect(ConnectInput.safeParse({ key }).error?.issues[0]?.message).toBe(fault)
  })

  // Fails when `probe` does not try one of them, or when a key that lacks one is kept.
  it('that may not do all that is needed is refused by each name, and leaves nothing', async () => {
    const world = await clinic()
    const slugs = {
      checkout: 'rak_checkout_session_write',
      refunds: 'rak_charge_write',
      payments: 'rak_payment_intent_read',
      disputes: 'rak_dispute_read',
      events: 'rak_event_read',
      webhooks: 'rak_webhook_write',
    }
    for (const [permission, slug] of Object.entries(slugs)) {
      const { key, account } = await keyOf(undefined, [slug])
      expect(await connect(world.owner, { key }, { now: new Date() })).toEqual({
        ...{ ok: false, code: 'STRIPE_KEY_LACKS', fields: { [permission]: 'missing' } },
      })
      expect(await rowOf(world, account)).toBeUndefined()
      expect(await endpoints(account)).toEqual([])
    }
    await admin('DELETE FROM rate_limit')
    const { key } = await keyOf(undefined, Object.values(slugs))
    const answer = await connect(world.owner, { key }, { now: new Date() })
    expect(Object.keys(answer.ok ? {} : answer.fields!).sort()).toEqual(Object.keys(slugs).sort())
    expect(Object.keys(slugs).length).toBe(permissions.length - 1)
    expect((await loadRoutes(world.owner)).uses).toBe('none')
  })

  it('that may not read its own account counts: Stripe names the account all the same', async () => {
    const world = await clinic()
    const { key, account } = await keyOf(undefined, ['rak_accounts_kyc_basic_read'])
    const answer = await connect(world.owner, { key }, { now: new Date() })
    expect(answer).toMatchObject({
      ok: true,
      value: { uses: 'own', own: [{ account, name: account, currency: null }] },
    })
  })

  it('that Stripe does not know is refused, and tried a few times an hour only', async () => {
    const world = await clinic()
    const codes = []
    for (let turn = 0; turn < 13; turn++) {
      const answer = await connect(world.owner, { key: 'rk_test_nobodys' }, { now: new Date() })
      codes.push(answer.ok ? 'ok' : answer.code)
    }
    expect(codes.slice(0, 12)).toEqual(Array.from({ length: 12 }, () => 'STRIPE_KEY_UNKNOWN'))
    expect(codes[12]).toBe('TOO_MANY')
  })

  // Fails when the key or the secret is written anywhere but sealed, or told to a browser.
  it('lies sealed in its row, and nowhere else', async () => {
    const lines: string[] = []
    const spy = vi.spyOn(process.stdout, 'write').mockImplementation((chunk) => (lines.push(String(chunk)), true))
    const world = await connected().finally(() => spy.mockRestore())
    const secret = await secretOf(world, world.account)
    const { key_sealed, id } = await rowOf(world, world.account)
    expect(await openField(key_sealed!, `merchant.key|${world.clinicId}|${id}`)).toBe(world.key)
    const routes = JSON.stringify(await loadRoutes(world.owner))
    const tables = await admin<{ name: string }>(
      `SELECT format('%I.%I', schemaname, tablename) AS name FROM pg_tables WHERE schemaname IN ('public', 'pgboss')`,
    )
    const rows = []
    for (const each of tables) rows.push(...(await admin(`SELECT t::text AS row FROM ${each.name} t`)))
    const all = [routes, ...lines, JSON.stringify(rows)].join('\n')
    for (const word of [world.key, secret])
      for (const spelt of [word, Buffer.from(word).toString('hex'), Buffer.from(word).toString('base64')])
        expect(all.includes(spelt)).toBe(false)
    expect(all).toContain(id)
    expect(JSON.parse(routes)).toMatchObject({ uses: 'own', own: [{ lastFour: world.key.slice(-4), live: false }] })
  })
})

describe('a payment', () => {
  it('goes to the clinic’s own account, is heard at its own address, and is given back from there', async () => {
    const world = await connected()
    const at = await world.waiting()
    const sessionId = await pay(at)
    expect((await stripe.state()).kept[sessionId]!.account).toBe(world.account)
    const body = await toldOf(sessionId)
    const secret = await secretOf(world, world.account)
    expect((await send(world.id, body, secret)).status).toBe(200)
    expect(await work()).toBe(1)
    expect(await factsOf(admin, at)).toMatchObject(paid)
    expect(await (await send(world.id, body, secret)).json()).toEqual({ ok: true, value: 'repeat' })
    await cancel(at)
    await refund(at)
    expect(await factsOf(admin, at)).toMatchObject({ payment: 'refunded', refundedMinor: 4500 })
    expect(await booksOf(admin, at)).toEqual({})
  })

  it('that no webhook told of is found by asking with its own key', async () => {
    const world = await connected()
    const at = await world.waiting()
    await pay(at)
    await admin(`UPDATE stripe_account_read SET read_until = now() - interval '5 minutes'`)
    await reconcile({}, 'job')
    expect(await factsOf(admin, at)).toMatchObject(paid)
  })

  // Fails when the account of a payment is the clinic's of today.
  it('stays with the account that took it, whatever key comes after', async () => {
    const world = await connected()
    const at = await world.waiting()
    const sessionId = await pay(at)
    await send(world.id, await toldOf(sessionId), await secretOf(world, world.account))
    await work()
    const open = await world.waiting()
    await openCheckout(open.clinicId, open.appointmentId, new Date())
    const before = await factsOf(admin, open)
    const next = await keyOf()
    expect(await connect(world.owner, { key: next.key }, { now: new Date() })).toMatchObject({
      value: {
        uses: 'own',
        own: [
          { account: next.account, isCurrent: true },
          { account: world.account, hasKey: true },
        ],
      },
    })
    // A page that was open goes on, and so does what follows it.
    expect(await openCheckout(open.clinicId, open.appointmentId, new Date())).toEqual({
      ...{ ok: true, value: { url: before.sessionUrl } },
    })
    await cancel(at)
    await refund(at)
    expect((await factsOf(admin, at)).payment).toBe('refunded')
    const fresh = await world.waiting()
    const made = await pay(fresh)
    expect((await stripe.state()).kept[made]!.account).toBe(next.account)
  })

  it('is given back by a new key of its account, after the first was taken away', async () => {
    const world = await connected()
    const at = await world.waiting()
    const open = await world.waiting()
    const sessionId = await pay(at)
    await send(world.id, await toldOf(sessionId), await secretOf(world, world.account))
    await work()
    await openCheckout(open.clinicId, open.appointmentId, new Date())
    const page = (await factsOf(admin, open)).sessionId!
    await cancel(at)
    const [, other] = [await loadRoutes(world.owner), await clinic()]
    // Another clinic's owner takes nothing away.
    expect(await remove(other.owner, { id: world.id }, { now: new Date() })).toEqual({ ok: false, code: 'NOT_FOUND' })
    expect(await remove(world.owner, { id: world.id }, { now: new Date() })).toMatchObject({
      value: { uses: 'none', own: [{ hasKey: false, owed: 1, isCurrent: false }] },
    })
    expect(await rowOf(world, world.account)).toMatchObject({ key_sealed: null, secret_sealed: null, endpoint: null })
    expect(await endpoints(world.account)).toEqual([])
    // Its page takes nothing any more, and the time is free.
    expect((await stripe.state()).kept[page]!.object).toMatchObject({ status: 'expired' })
    expect(await factsOf(admin, open)).toMatchObject({ payment: 'expired', appointment: 'expired', sessionId: null })
    // No other account is asked instead.
    await expect(refund(at)).rejects.toMatchObject({ code: 'NO_STRIPE' })
    await expect(stripeFor(world.clinicId, world.id)).rejects.toMatchObject({ code: 'NO_STRIPE' })
    const { key } = await keyOf(world.account)
    expect(await connect(world.owner, { key }, { now: new Date() })).toMatchObject({
      value: { uses: 'own', own: [{ id: world.id, hasKey: true, owed: 1 }] },
    })
    await reconcile({}, 'job')
    expect((await factsOf(admin, at)).payment).toBe('refunded')
    expect((await loadRoutes(world.owner)).own).toMatchObject([{ owed: 0 }])
  })

  it('by choice goes back through its own account too', async () => {
    const world = await connected()
    const at = await world.waiting()
    const sessionId = await pay(at)
    await send(world.id, await toldOf(sessionId), await secretOf(world, world.account))
    await work()
    const { appointmentId } = at
    const asked = { appointmentId, key: crypto.randomUUID(), amountMinor: 1000 }
    expect(await giveBack(world.owner, asked, { now: new Date() })).toMatchObject({ ok: true })
    await refund(at)
    const made = Object.values((await stripe.state()).kept).filter(
      ({ account, object }) => account === world.account && object.object === 'refund',
    )
    expect(made.map(({ object }) => object.amount)).toEqual([1000])
  })
})

describe('a new key of the same account', () => {
  it('takes the place of the old one: one address, one secret, and the old secret signs nothing', async () => {
    const world = await connected()
    const old = await secretOf(world, world.account)
    const { key } = await keyOf(world.account)
    expect(await connect(world.owner, { key }, { now: new Date() })).toMatchObject({
      value: { own: [{ id: world.id, lastFour: key.slice(-4) }] },
    })
    const [left, ...more] = await endpoints(world.account)
    expect(more).toEqual([])
    expect(left).toMatchObject({
      url: `${origin}/api/stripe/${world.id}`,
      id: (await rowOf(world, world.account)).endpoint,
    })
    const at = await world.waiting()
    const body = await toldOf(await pay(at))
    expect((await send(world.id, body, old)).status).toBe(400)
    expect((await send(world.id, body, left!.secret)).status).toBe(200)
    await work()
  })
})

describe('attack 19', () => {
  // Defence: the comparison of `owner` and of the account in take(). Its owner can sign whatever he likes.
  it("attack 19: an event that one clinic's account signs moves no money of another clinic", async () => {
    const a = await connected()
    const b = await connected()
    const secret = await secretOf(a, a.account)
    const theirs = await b.waiting()
    await openCheckout(theirs.clinicId, theirs.appointmentId, new Date())
    const { sessionId } = await factsOf(admin, theirs)
    const mine = await a.waiting()
    const real = JSON.parse(await toldOf(await pay(mine))) as { data: { object: Record<string, unknown> } }
    const forged = (object: Record<string, unknown>, change: object = {}) =>
      JSON.stringify({ ...real, id: name('evt'), ...change, data: { object: { ...real.data.object, ...object } } })
    const metadata = { clinic: b.clinicId, appointment: theirs.appointmentId, payment: theirs.paymentId }
    const attempts = [
      forged({ id: sessionId, client_reference_id: theirs.paymentId, metadata }),
      forged({ client_reference_id: theirs.paymentId, metadata }),
      forged({
        metadata: { ...metadata, clinic: a.clinicId },
        client_reference_id: theirs.paymentId,
        id: 'cs_test_no',
      }),
      forged({ id: sessionId, metadata: null, client_reference_id: theirs.paymentId }),
      forged({ object: 'charge', metadata }, { type: 'charge.refunded' }),
      forged({ id: sessionId, client_reference_id: theirs.paymentId, metadata }, { type: 'checkout.session.expired' }),
    ]
    for (const body of attempts) {
      expect((await send(a.id, body, secret)).status).toBe(200)
      // Nor at the other's address, where the other's secret counts.
      expect((await send(b.id, body, secret)).status).toBe(400)
    }
    expect(await work()).toBe(attempts.length)
    expect(await factsOf(admin, theirs)).toMatchObject({ ...unpaid, sessionId })
    // What was forged under the name of the real one keeps it from nobody.
    await stripe.press(sessionId!, 'pay')
    const told = await toldOf(sessionId!)
    const copied = forged(
      { metadata: { clinic: a.clinicId, appointment: mine.appointmentId } },
      JSON.parse(told).id ? { id: JSON.parse(told).id } : {},
    )
    await send(a.id, copied, secret)
    await work()
    await send(b.id, told, await secretOf(b, b.account))
    await work()
    expect(await factsOf(admin, theirs)).toMatchObject(paid)
  })

  it('attack 19: what nobody signed, another signed, or is of another mode or account, is refused in one word', async () => {
    const world = await connected()
    const at = await world.waiting()
    const body = await toldOf(await pay(at))
    const secret = await secretOf(world, world.account)
    const changed = (change: object) => JSON.stringify({ ...(JSON.parse(body) as object), ...change })
    const answers = [
      await send(world.id, body, 'whsec_other'),
      await send(world.id, body, env().STRIPE_WEBHOOK_SECRET),
      await send(crypto.randomUUID(), body, secret),
      await send('no-id', body, secret),
      await send(world.id, changed({ livemode: true }), secret),
      await send(world.id, changed({ account: 'acct_connected' }), secret),
    ]
    for (const answer of answers) {
      expect(answer.status).toBe(400)
      expect(await answer.json()).toEqual({ ok: false, code: 'BAD_PROOF' })
    }
    expect(await work()).toBe(0)
    expect(await factsOf(admin, at)).toMatchObject(unpaid)
  })

  // Fails when the job of an event, or its row, is named by Stripe's id alone.
  it('one account of two clinics tells each of its own', async () => {
    const a = await connected()
    const b = await connected(a.account)
    const at = await b.waiting()
    const body = await toldOf(await pay(at))
    // Delivered to both, to the wrong one first, and taken only after.
    await send(a.id, body, await secretOf(a, a.account))
    await send(b.id, body, await secretOf(b, b.account))
    expect(await work()).toBe(2)
    expect(await factsOf(admin, at)).toMatchObject(paid)
  })
})

describe('without a key of this server', () => {
  it('a clinic on this server’s account takes nothing online; one with its own key does', async () => {
    const host = await clinicWorld(admin)
    const own = await connected()
    const slugOf = async (clinicId: string) =>
      (await admin<{ slug: string }>('SELECT slug FROM clinic WHERE id = $1', [clinicId]))[0]!.slug
    const set = env()
    const before = set.STRIPE_SECRET_KEY
    try {
      set.STRIPE_SECRET_KEY = ''
      const bookable = async (clinicId: string) => (await loadClinicPage(await slugOf(clinicId)))!.services.length
      expect([await bookable(host.clinicId), await bookable(own.clinicId)]).toEqual([0, 1])
      const at = await own.waiting()
      expect(await openCheckout(at.clinicId, at.appointmentId, new Date())).toMatchObject({ ok: true })
      expect(await loadRoutes({ ...own.owner, clinicId: host.clinicId })).toMatchObject({
        ...{ uses: 'none', offersPlatform: false },
      })
      await reconcile({}, 'job')
    } finally {
      set.STRIPE_SECRET_KEY = before
    }
  })
})

// Fails when reading its events with a key that was ended does not say so.
it('a key that Stripe refuses since is shown as such, until it is taken again', async () => {
  const world = await connected()
  const state = async () => (await loadRoutes(world.owner)).own[0]!.refusedAt
  await stripe.key(world.key, world.account, ['rak_event_read'])
  await reconcile({}, 'job')
  expect(await state()).not.toBeNull()
  await stripe.key(world.key, world.account)
  await reconcile({}, 'job')
  expect(await state()).toBeNull()
})
