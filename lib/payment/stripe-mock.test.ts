import { spawn, type ChildProcess } from 'node:child_process'
import { existsSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import { cacheDir, onPath } from '../../scripts/base.mjs'
import { freePorts, pause, tcpAnswers } from '../../scripts/stack/part'
import { stripeChild, type StripeChild } from '../../scripts/stripe/testing'
import { stripeFor } from '../merchant/api'
import { connect, loadRoutes, remove } from '../merchant/flow'
import { testDb } from '../server/testing'
import { inClinic } from '../server/tx'
import { disputesAt } from './dispute'
import { findReturn, openCheckout } from './flow'
import { reconcile } from './reconcile'
import { findPayment } from './store'
import { paymentJobs } from './settle'
import { clinicWorld, factsOf, type Waiting } from './testing'

// Stripe's own stand-in knows every parameter of Stripe's API and keeps nothing; the emulator keeps everything. Each request
// that the flows send goes to both: the first must take it, the second answers.

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 })
const { admin } = testDb()
const cached = join(cacheDir(), 'stripe-mock-v0.203.0')
const binary = process.env.STRIPE_MOCK_BIN || onPath('stripe-mock') || (existsSync(cached) ? cached : null)

interface Seen {
  call: string
  status: number
  answer: string
}
const seen: Seen[] = []
let mock: ChildProcess
let stripe: StripeChild
let relay: Server

beforeAll(async () => {
  if (!binary) throw new Error('stripe-mock is missing: `npm test` installs it')
  const [mockPort, relayPort] = [await freePorts(1), await freePorts(1)]
  mock = spawn(binary, ['-http-addr', `127.0.0.1:${mockPort}`], { stdio: 'ignore' })
  for (let tries = 0; !(await tcpAnswers(mockPort)()); tries++) {
    if (tries > 200) throw new Error('stripe-mock did not start')
    await pause(100)
  }
  stripe = await stripeChild()
  relay = createServer(async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    const headers = new Headers()
    for (const name of ['authorization', 'content-type', 'idempotency-key', 'stripe-account', 'stripe-version'])
      if (request.headers[name]) headers.set(name, String(request.headers[name]))
    const sent = { method: request.method, headers, ...(chunks.length ? { body: Buffer.concat(chunks) } : {}) }
    const judged = await fetch(`http://127.0.0.1:${mockPort}${request.url}`, sent)
    const call = `${request.method} ${request.url!.replace(/\?.*/, '').replace(/\/(cs|pi|re|we)_\w+/, '/:id')}`
    seen.push({ call, status: judged.status, answer: await judged.text() })
    const answer = await fetch(`${stripe.url}${request.url}`, sent)
    response.writeHead(answer.status, { 'content-type': 'application/json' }).end(await answer.text())
  })
  await new Promise<void>((resolve) => relay.listen(relayPort, '127.0.0.1', resolve))
  Object.assign(process.env, stripe.env, { STRIPE_API_BASE: `http://127.0.0.1:${relayPort}` })
})
afterAll(async () => {
  mock?.kill()
  relay?.close()
  await stripe?.down()
})

const run = (name: keyof typeof paymentJobs.handlers, at: Waiting) =>
  paymentJobs.handlers[name]({ clinicId: at.clinicId, appointmentId: at.appointmentId }, 'job')

it('every request that we send is one that Stripe accepts', async () => {
  for (const account of ['platform', 'acct_1PgafTB1WZ0gzYzV']) {
    const world = await clinicWorld(admin, { account })
    // Paid, seen by the return page, given back.
    const paid = await world.waiting({ locale: account === 'platform' ? 'en' : 'fr' })
    expect(await openCheckout(paid.clinicId, paid.appointmentId, new Date())).toMatchObject({ ok: true })
    const { sessionId } = await factsOf(admin, paid)
    await stripe.press(sessionId!, 'pay')
    const returned = await findReturn({ appointmentId: paid.appointmentId, sessionId: sessionId! }, new Date())
    expect(returned).toMatchObject({ value: { status: 'paid' } })
    await admin(`UPDATE appointment SET status = 'cancelled' WHERE id = $1`, [paid.appointmentId])
    await run('payment.refund', paid)
    expect((await factsOf(admin, paid)).payment).toBe('refunded')
    // Left alone: its page is ended.
    const left = await world.waiting()
    await openCheckout(left.clinicId, left.appointmentId, new Date())
    await run('payment.end-session', left)
    // What no webhook brought.
    await reconcile({}, 'job')
    const { paymentIntent } = (await inClinic(paid.clinicId, (tx) => findPayment(tx, paid.appointmentId)))!
    await disputesAt(await stripeFor(paid.clinicId, account), paymentIntent!)
  }
  // A clinic's own account, from its key to the end of it. The judge asks for a key of its own form.
  const { clinicId, memberId } = await clinicWorld(admin, { account: null })
  const owner = { kind: 'staff' as const, clinicId, memberId, sessionId: '', roles: ['admin' as const] }
  await stripe.key('rk_test_judged', 'acct_judged')
  for (let turn = 0; turn < 2; turn++)
    expect(await connect(owner, { key: 'rk_test_judged' }, { now: new Date() })).toMatchObject({ ok: true })
  const [own] = (await loadRoutes(owner)).own
  expect(await remove(owner, { id: own!.id }, { now: new Date() })).toMatchObject({ ok: true })
  expect(seen.filter(({ status }) => status !== 200)).toEqual([])
  expect(new Set(seen.map(({ call }) => call))).toEqual(
    new Set([
      'POST /v1/checkout/sessions',
      'GET /v1/checkout/sessions/:id',
      'POST /v1/checkout/sessions/:id/expire',
      'GET /v1/payment_intents/:id',
      'GET /v1/refunds',
      'POST /v1/refunds',
      'GET /v1/events',
      'GET /v1/disputes',
      'GET /v1/account',
      'GET /v1/payment_intents',
      'GET /v1/webhook_endpoints',
      'POST /v1/webhook_endpoints',
      'DELETE /v1/webhook_endpoints/:id',
    ]),
  )
})

it('the judge does refuse what Stripe does not know', async () => {
  const port = new URL(process.env.STRIPE_API_BASE!).port
  const body = new URLSearchParams({ mode: 'payment', colour: 'red' })
  const headers = { authorization: `Bearer ${stripe.env.STRIPE_SECRET_KEY}` }
  seen.length = 0
  await fetch(`http://127.0.0.1:${port}/v1/checkout/sessions`, { method: 'POST', headers, body })
  expect(seen[0]).toMatchObject({ call: 'POST /v1/checkout/sessions', status: 400 })
})
