// Webhooks that Stripe did not send, or sent before; and a crowd at one slot.
import { randomUUID } from 'node:crypto'
import { beforeAll, describe, expect, it } from 'vitest'
import { POST } from './route'
import { signatureOf } from '@/scripts/stripe/webhooks'
import { holdSlot } from '@/lib/booking/hold'
import { loadSlots } from '@/lib/booking/slots'
import type { Ctx } from '@/lib/server/action'
import { testDb } from '@/lib/server/testing'
import { clinicWorld, factsOf, type Waiting } from '@/lib/payment/testing'
import { eventJobs } from '@/lib/payment/webhook'
import type { JobData } from '@/lib/server/jobs'

const { admin } = testDb()
let world: Awaited<ReturnType<typeof clinicWorld>>
beforeAll(async () => {
  world = await clinicWorld(admin)
}, 60_000)

const secret = () => process.env.STRIPE_WEBHOOK_SECRET!
const untouched = { payment: 'pending', appointment: 'held', jobs: [] as string[] }

/** The event that Stripe would send when this booking was paid. */
async function paidEvent(at: Waiting, change: Record<string, unknown> = {}) {
  const sessionId = `cs_test_${randomUUID().replaceAll('-', '')}`
  await admin('UPDATE payment SET session_id = $2, attempt = 1 WHERE id = $1', [at.paymentId, sessionId])
  const session = {
    ...{ id: sessionId, object: 'checkout.session', client_reference_id: at.paymentId, payment_status: 'paid' },
    ...{ status: 'complete', amount_total: 4500, currency: 'eur', payment_intent: `pi_${sessionId}` },
    metadata: { clinic: at.clinicId, appointment: at.appointmentId },
  }
  return JSON.stringify({
    ...{ id: `evt_${randomUUID()}`, object: 'event', created: Math.floor(Date.now() / 1000) },
    ...{ type: 'checkout.session.completed', data: { object: session }, ...change },
  })
}

function send(body: string, signature: string | null): Promise<Response> {
  const headers = signature ? { 'stripe-signature': signature } : undefined
  return POST(new Request('http://localhost:3000/api/stripe/webhook', { method: 'POST', body, headers }))
}

/** The worker's part: each job that the webhook left for this payment's events, and each once more, as after a crash. */
async function work(at: Waiting): Promise<number> {
  const jobs = await admin<{ id: string; data: JobData }>(
    `DELETE FROM pgboss.job WHERE name = 'payment.event' AND (data->>'reference' = $1 OR data->>'appointment' = $2)
     RETURNING id, data`,
    [at.paymentId, at.appointmentId],
  )
  for (const { id, data } of [...jobs, ...jobs]) await eventJobs.handlers['payment.event'](data, id)
  return jobs.length
}

describe('attack 19', () => {
  // Defence: constructEvent() in readWebhook(); parse the body instead of checking it, and each of these books the slot.
  it('attack 19: unsigned, falsely signed, altered or old, a webhook has no effect', async () => {
    const at = await world.waiting()
    const body = await paidEvent(at)
    const good = signatureOf(body, secret(), new Date())
    const old = signatureOf(body, secret(), new Date(Date.now() - 10 * 60_000))
    for (const signature of [
      null,
      '',
      't=1,v1=00',
      signatureOf(body, 'whsec_other', new Date()),
      old,
      good.slice(0, -1),
    ]) {
      expect((await send(body, signature)).status).toBe(400)
    }
    expect((await send(body.replace('4500', '0001'), good)).status).toBe(400)
    expect(await work(at)).toBe(0)
    expect(await factsOf(admin, at)).toMatchObject(untouched)
    expect((await send(body, good)).status).toBe(200)
    expect(await work(at)).toBe(1)
    expect(await factsOf(admin, at)).toMatchObject({
      payment: 'paid',
      appointment: 'booked',
      jobs: ['mail.booked', 'mail.document'],
    })
  }, 60_000)

  // Defence: the comparisons of account and payment in take().
  it("attack 19: another account's event, or one about another booking's payment, moves nothing", async () => {
    const at = await world.waiting()
    const other = await world.waiting()
    for (const change of [{ account: 'acct_somebody' }, { account: 'acct_platform' }]) {
      const body = await paidEvent(at, change)
      expect((await send(body, signatureOf(body, secret(), new Date()))).status).toBe(200)
      expect(await work(at)).toBe(1)
    }
    const body = (await paidEvent(at)).replace(at.paymentId, other.paymentId)
    await send(body, signatureOf(body, secret(), new Date()))
    expect(await work(other)).toBe(1)
    expect(await factsOf(admin, at)).toMatchObject(untouched)
    expect(await factsOf(admin, other)).toMatchObject(untouched)
  }, 60_000)

  // Defence: the event's id is the primary key of a row written with its effect; state rules and row locks behind it.
  it('attack 19: repeated a hundred times at once, it has one effect', async () => {
    const at = await world.waiting()
    const body = await paidEvent(at)
    const signature = signatureOf(body, secret(), new Date())
    const entries = () =>
      admin<{ count: string }>('SELECT count(*) FROM audit_entry').then(([row]) => Number(row!.count))
    const before = await entries()
    const answers = await Promise.all(Array.from({ length: 100 }, () => send(body, signature)))
    expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 100 }, () => 200))
    const said = await Promise.all(answers.map(async (answer) => ((await answer.json()) as { value: string }).value))
    expect(new Set(said)).toEqual(new Set(['heard']))
    expect(await work(at)).toBe(1)
    // Once it was taken, whatever comes again is known at the door.
    const again = await send(body, signature)
    expect([await again.json(), await work(at)]).toEqual([{ ok: true, value: 'repeat' }, 0])
    expect(await factsOf(admin, at)).toMatchObject({
      payment: 'paid',
      appointment: 'booked',
      jobs: ['mail.booked', 'mail.document'],
    })
    // Paid, and booked: what the log says is sealed, so that only how much it says can be asked here.
    expect((await entries()) - before).toBe(2)
  }, 60_000)
})

// Defence: the exclusion constraint on appointment, with ON CONFLICT DO NOTHING in insertHold().
it('attack 20: a hundred clients at once for one slot: one wins, the rest get SLOT_TAKEN, nobody is charged', async () => {
  const from = new Date(Date.now() + 9 * 86_400_000).toISOString().slice(0, 10)
  const found = await loadSlots({ clinicId: world.clinicId, serviceId: world.serviceId, from, days: 1 }, new Date())
  const slot = found.ok ? found.value.slots[12]! : null
  const anyone = () =>
    ({
      now: new Date(),
      ip: randomUUID(),
      locale: 'en',
      requestId: '',
      userAgent: '',
      setCookie: () => undefined,
    }) as Ctx
  const { clinicId, serviceId } = world
  const answers = await Promise.all(
    Array.from({ length: 100 }, () =>
      holdSlot(
        { kind: 'public' },
        { id: randomUUID(), secret: 'x'.repeat(22), clinicId, serviceId, ...slot! },
        anyone(),
      ),
    ),
  )
  expect(answers.filter(({ ok }) => ok)).toHaveLength(1)
  for (const answer of answers) if (!answer.ok) expect(answer).toEqual({ ok: false, code: 'SLOT_TAKEN' })
  const [row] = await admin<{ holds: string; payments: string }>(
    `SELECT count(*) AS holds, count(p.id) AS payments FROM appointment a LEFT JOIN payment p ON p.appointment_id = a.id
     WHERE a.member_id = $1 AND a.starts_at = $2`,
    [world.memberId, slot!.startsAt],
  )
  expect(row).toEqual({ holds: '1', payments: '0' })
}, 60_000)
