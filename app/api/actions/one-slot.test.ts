import { randomBytes, randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { secretHash } from '@/lib/booking/link'
import { openCheckout } from '@/lib/payment/flow'
import { clinicWorld } from '@/lib/payment/testing'
import { testDb } from '@/lib/server/testing'
import { stripeChild, type StripeChild } from '@/scripts/stripe/testing'
import { door } from './registry'

const { admin } = testDb()
const clients = 100
let stripe: StripeChild
beforeAll(async () => {
  stripe = await stripeChild()
  Object.assign(process.env, stripe.env)
}, 60_000)
afterAll(() => stripe?.down())

/** A client of its own: its own address, so that no limit but the slot's decides. */
async function ask(client: number, name: string, input: object) {
  const headers = {
    origin: 'http://localhost:3000',
    'content-type': 'application/json',
    'x-forwarded-for': `10.0.${Math.floor(client / 200)}.${client % 200}`,
  }
  const request = new Request(`http://localhost:3000/api/${name}`, {
    method: 'POST',
    headers,
    body: JSON.stringify(input),
  })
  const answer = await door(request, name)
  const body = (await answer.json()) as { ok: boolean; code?: string; value?: unknown }
  return { status: answer.status, code: body.ok ? 'ok' : body.code }
}

// The defence: the exclusion constraint appointment_slot, and ON CONFLICT DO NOTHING in insertHold (lib/booking/store.ts).
it('attack 20: a hundred clients at once for one slot: one wins, the rest get SLOT_TAKEN, none is charged', async () => {
  const { clinicId, serviceId, memberId } = await clinicWorld(admin)
  const startsAt = new Date(Math.floor(Date.now() / 3_600_000 + 48) * 3_600_000).toISOString()
  const holds = Array.from({ length: clients }, () => ({
    id: randomUUID(),
    secret: randomBytes(16).toString('base64url'),
    clinicId,
    serviceId,
    memberId,
    startsAt,
  }))
  const answers = await Promise.all(holds.map((hold, client) => ask(client, 'booking/hold', hold)))
  const won = answers.flatMap((answer, client) => (answer.code === 'ok' ? [client] : []))
  expect(won).toHaveLength(1)
  expect(answers.filter((_, client) => client !== won[0])).toEqual(
    Array.from({ length: clients - 1 }, () => ({ status: 409, code: 'SLOT_TAKEN' })),
  )
  expect(await admin('SELECT id, status FROM appointment')).toEqual([{ id: holds[won[0]!]!.id, status: 'held' }])

  // Nobody of the rest gets any further, to a page that takes money least of all.
  const losers = holds.filter((_, client) => client !== won[0])
  const further = await Promise.all(
    losers.map(({ id, secret }, client) => ask(client, 'payment/checkout', { id, secret })),
  )
  expect(new Set(further.map((answer) => answer.code))).toEqual(new Set(['NOT_FOUND']))
  expect(await admin('SELECT id FROM payment')).toEqual([])

  // The winner pays once, though impatient.
  const winner = holds[won[0]!]!
  const link = randomBytes(16).toString('base64url')
  await admin('UPDATE appointment SET link_hash = $1 WHERE id = $2', [secretHash(link), winner.id])
  await admin(
    `INSERT INTO payment (clinic_id, appointment_id, status, amount_minor, currency) VALUES ($1, $2, 'pending', 4500, 'eur')`,
    [clinicId, winner.id],
  )
  const pages = await Promise.all(
    Array.from({ length: 10 }, (_, client) => ask(client, 'payment/checkout', { id: winner.id, secret: link })),
  )
  expect(pages.every((page) => page.status === 200)).toBe(true)
  expect(await openCheckout(clinicId, winner.id, new Date())).toMatchObject({ ok: true })
  const kept = Object.values((await stripe.state()).kept).map(({ object }) => object.object)
  expect(kept).toEqual(['checkout.session'])
}, 60_000)
