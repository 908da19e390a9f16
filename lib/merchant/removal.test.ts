// A key that is taken away: what is under way through it, another key beside it, and what is paid afterwards.
import { randomBytes } from 'node:crypto'
import type Stripe from 'stripe'
import { afterAll, beforeAll, beforeEach, expect, it, vi } from 'vitest'
import { stripeChild, type StripeChild } from '@/scripts/stripe/testing'
import type { StaffActor } from '../access/rules'
import { openCheckout } from '../payment/flow'
import { closeSession } from '../payment/settle'
import { clinicWorld, factsOf, type Waiting } from '../payment/testing'
import { withLock } from '../server/lock'
import { testDb } from '../server/testing'
import { connect, remove } from './flow'

vi.setConfig({ testTimeout: 90_000, hookTimeout: 60_000 })
const { admin } = testDb()
let stripe: StripeChild
beforeAll(async () => {
  stripe = await stripeChild()
  Object.assign(process.env, stripe.env)
})
afterAll(() => stripe?.down())
beforeEach(() => admin('DELETE FROM rate_limit'))

const now = () => ({ now: new Date() })
const name = (prefix: string) => `${prefix}_${randomBytes(6).toString('hex')}`
async function clinic() {
  const world = await clinicWorld(admin, { account: null })
  const { clinicId, memberId } = world
  const owner: StaffActor = { kind: 'staff', clinicId, memberId, sessionId: '', roles: ['admin'] }
  /** Another account than before; answers its row. */
  const connected = async () => {
    const [key, account] = [name('rk_test'), name('acct')]
    await stripe.key(key, account, [])
    const answer = await connect(owner, { key }, now())
    if (!answer.ok) throw new Error(answer.code)
    return answer.value.own.find(({ isCurrent }) => isCurrent)!.id
  }
  const routes = async () =>
    (
      await admin<{ current: string | null; keys: number }>(
        `SELECT stripe_account AS current, (SELECT count(*)::int FROM merchant m WHERE m.clinic_id = c.id AND key_sealed IS NOT NULL) AS keys
         FROM clinic c WHERE id = $1`,
        [clinicId],
      )
    )[0]!
  return { ...world, owner, connected, routes }
}
const open = (at: Waiting) => openCheckout(at.clinicId, at.appointmentId, new Date())
const accountOf = async (at: Waiting) =>
  (await admin<{ account: string }>('SELECT account FROM payment WHERE id = $1', [at.paymentId]))[0]!.account
const expired = (at: Waiting, status: string) =>
  admin(`UPDATE payment SET session_expires_at = now() - interval '1 minute', status = $2 WHERE id = $1`, [
    ...[at.paymentId, status],
  ])

// Defence: `endPages` answers false, and `removeNow` sets back what it had begun.
it('stays while a page is open that cannot be ended, and goes once that is over', async () => {
  const world = await clinic()
  const id = await world.connected()
  const at = await world.waiting()
  expect(await open(at)).toMatchObject({ ok: true })
  await stripe.kill()
  try {
    expect(await remove(world.owner, { id }, now())).toEqual({ ok: false, code: 'STRIPE_KEY_IN_USE' })
    expect(await world.routes()).toEqual({ current: id, keys: 1 })
    expect(await factsOf(admin, at)).toMatchObject({ payment: 'pending', appointment: 'held' })
    await expired(at, 'pending')
    expect(await remove(world.owner, { id }, now())).toMatchObject({ ok: true })
    expect(await world.routes()).toEqual({ current: null, keys: 0 })
  } finally {
    await stripe.start()
  }
})

it('a page whose money a bank has not sent yet is under way', async () => {
  const sessions = (status: string) => ({ retrieve: () => Promise.resolve({ status, payment_status: 'unpaid' }) })
  const api = (status: string) => ({ checkout: { sessions: sessions(status) } }) as unknown as Stripe
  const place = { clinicId: '', appointmentId: '' }
  expect(await closeSession(api('complete'), place, 'cs_1', new Date())).toBe('under way')
  expect(await closeSession(api('expired'), place, 'cs_1', new Date())).toBe('over')
})

it('money that came while it was taken away is settled, and its page still says so', async () => {
  const world = await clinic()
  const id = await world.connected()
  const at = await world.waiting()
  await open(at)
  const { sessionId } = await factsOf(admin, at)
  await stripe.press(sessionId!, 'pay')
  expect(await remove(world.owner, { id }, now())).toMatchObject({ ok: true })
  expect(await factsOf(admin, at)).toMatchObject({ payment: 'paid', appointment: 'booked', sessionId })
})

// Defence: `speaks` in planIn, lib/payment/flow.ts.
it.each(['taken away', 'refused'])(
  'a booking whose page was over before its key was %s is paid by the next',
  async (how) => {
    const world = await clinic()
    const id = await world.connected()
    const at = await world.waiting({ status: 'booked', payment: 'due', mode: 'later' })
    expect(await open(at)).toMatchObject({ ok: true })
    await expired(at, 'due')
    if (how === 'taken away') expect(await remove(world.owner, { id }, now())).toMatchObject({ ok: true })
    else await admin('UPDATE merchant SET refused_at = now() WHERE id = $1', [id])
    const next = await world.connected()
    expect(await open(at)).toMatchObject({ ok: true })
    expect(await accountOf(at)).toBe(next)
  },
)

// Defence: the lock in `remove`.
it('waits for no one who connects in this moment: it is asked for again', async () => {
  const world = await clinic()
  const id = await world.connected()
  const both = () => remove(world.owner, { id }, now())
  expect(await withLock(`stripe key ${world.clinicId}`, 'leave', both)).toEqual({ ok: false, code: 'BUSY' })
  expect(await world.routes()).toEqual({ current: id, keys: 1 })
})
