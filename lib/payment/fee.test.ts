// What a visit that does not take place costs: what was agreed to when it was booked, never more than was read out, once.
import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { stripeChild, webhookSecret, type StripeChild } from '../../scripts/stripe/testing'
import { signatureOf } from '../../scripts/stripe/webhooks'
import type { StaffActor } from '../access/rules'
import { cancelAppointment, cancelByClinic } from '../booking/cancel'
import { showAppointment } from '../booking/flow'
import { mailJobs } from '../booking/mail'
import { anyone, at as ctxAt, bookAs, testDevice } from '../booking/testing'
import { saveCancellation, saveService } from '../clinic/flow'
import { miss, missing } from '../encounter/flow'
import { listDay } from '../encounter/store'
import { loadMonth } from '../ledger/flow'
import type { CancellationPolicy } from '../price/rules'
import { readWebhook } from '../server/stripe'
import { testDb } from '../server/testing'
import { inClinic } from '../server/tx'
import { take } from './desk'
import { openCheckout } from './flow'
import { giveBack, standing, writeOff } from './goodwill'
import { paymentJobs, settle } from './settle'
import { booksOf, clinicWorld, factsOf, type Waiting } from './testing'
import { takeEvent } from './webhook'

const mails = vi.hoisted(() => [] as { subject: string; text: string }[])
vi.mock('../server/mail.ts', () => ({ sendMail: (mail: (typeof mails)[number]) => void mails.push(mail) }))
vi.setConfig({ testTimeout: 60_000 })

const { admin } = testDb()
let stripe: StripeChild
let world: Awaited<ReturnType<typeof clinicWorld>>
let owner: StaffActor
beforeAll(async () => {
  stripe = await stripeChild()
  Object.assign(process.env, stripe.env)
  world = await clinicWorld(admin)
  const { clinicId, memberId } = world
  owner = { kind: 'staff', clinicId, memberId, sessionId: randomUUID(), roles: ['admin', 'practitioner', 'frontdesk'] }
}, 60_000)
afterAll(() => stripe?.down())

const hour = 3_600_000
const policy: CancellationPolicy = {
  freeUntilMinutes: 1440,
  lateFee: { kind: 'percent', percent: 50 },
  noShowFee: { kind: 'percent', percent: 100 },
}
let far = 40 * 24
/** A booking of 45 under the policy, three hours before it begins, at no other's time. */
async function booked(
  more: Parameters<typeof world.waiting>[0] = {},
  terms: CancellationPolicy = policy,
): Promise<Waiting & { soon: Date }> {
  const startsAt = new Date(Math.ceil(Date.now() / hour) * hour + (far += 24) * hour)
  const at = await world.waiting({ status: 'booked', taxRate: 20_000, startsAt, ...more })
  await admin('UPDATE appointment SET cancellation = $2 WHERE id = $1', [at.appointmentId, JSON.stringify(terms)])
  return { ...at, soon: new Date(at.startsAt.getTime() - 3 * hour) }
}
const later = { mode: 'later', payment: 'due' } as const
const pay = ({ clinicId, appointmentId }: Waiting, intent = `pi_${randomUUID().slice(0, 8)}`) =>
  settle(
    { clinicId, appointmentId },
    { paymentIntent: intent, paidMinor: 4500, currency: 'eur', page: { part: 'whole', attempt: 1 } },
    new Date(),
  )
async function paid(terms?: CancellationPolicy) {
  const at = await booked({ status: 'held' }, terms)
  await pay(at)
  return at
}
const cancel = ({ appointmentId, secret }: Waiting, now: Date, feeMinor?: number) =>
  cancelAppointment(anyone, { id: appointmentId, secret, feeMinor }, ctxAt(now))
const look = async ({ appointmentId, secret }: Waiting, now: Date) => {
  const seen = await showAppointment(anyone, { id: appointmentId, secret }, ctxAt(now))
  if (!seen.ok) throw new Error(seen.code)
  return seen.value
}
const documents = async ({ paymentId }: Waiting) =>
  admin<{ series: string; gross: number; text: string }>(
    `SELECT series, gross_minor AS gross, content->'lines'->0->>'text' AS text FROM document WHERE payment_id = $1
     ORDER BY issued_at, number`,
    [paymentId],
  )
const told = async (at: Waiting) => (await documents(at)).map(({ series, gross }) => [series, gross])
const takeCash = ({ appointmentId }: Waiting, amountMinor: number) =>
  take(owner, { appointmentId, key: randomUUID(), method: 'cash', amountMinor }, { now: new Date() })
const asShown = async (at: Waiting) => {
  const span = { from: new Date(+at.startsAt - 1000), to: new Date(+at.startsAt + 1000) }
  const [row] = await inClinic(at.clinicId, (tx) => listDay(tx, owner, span, new Date()))
  return [row!.paid, row!.moneyMinor]
}

describe('cancelled too late', () => {
  it('keeps what the page said, gives back the rest, and does so once', async () => {
    const at = await paid()
    expect((await look(at, at.soon)).ending).toEqual({ feeMinor: 2250, backMinor: 2250, owedMinor: 0 })
    const answers = await Promise.all([cancel(at, at.soon, 2250), cancel(at, at.soon, 2250), cancel(at, at.soon)])
    expect(answers.filter(({ ok }) => ok).length).toBeGreaterThanOrEqual(2)
    expect(await booksOf(admin, at)).toEqual({ stripe: 4500, refunds_due: -2250, revenue: -1875, tax: -375 })
    expect(await told(at)).toEqual([
      ['invoice', 4500],
      ['credit_note', 2250],
    ])
    expect((await look(at, at.soon)).ending).toEqual({ feeMinor: 2250, backMinor: 2250, owedMinor: 0 })
    expect(await asShown(at)).toEqual(['owed', 2250])
    mails.length = 0
    await mailJobs.handlers['mail.cancelled']({ clinicId: at.clinicId, appointmentId: at.appointmentId }, 'job')
    expect(mails[0]!.text).toContain('Cancelling costs €22.50, as said when it was booked. €22.50 goes back to you.')
  })

  // Fails when `cancelAppointment` does not compare what the page said.
  it('is refused when the free time ran out between the question and the press', async () => {
    const at = await paid()
    const last = new Date(+at.startsAt - 24 * hour)
    expect((await look(at, last)).ending).toEqual({ feeMinor: 0, backMinor: 4500, owedMinor: 0 })
    expect(await cancel(at, new Date(+last + 1), 0)).toEqual({ ok: false, code: 'STALE' })
    // A page from before there were fees says nothing of one.
    expect(await cancel(at, new Date(+last + 1))).toEqual({ ok: false, code: 'STALE' })
    expect(await booksOf(admin, at)).toEqual({ stripe: 4500, deposits: -4500 })
    expect(await cancel(at, last, 0)).toMatchObject({ ok: true })
    expect(await booksOf(admin, at)).toEqual({ stripe: 4500, refunds_due: -4500 })
    expect(await told(at)).toEqual([
      ['invoice', 4500],
      ['credit_note', 4500],
    ])
  })

  it('and not paid yet, is owed: the desk takes the fee and no more, or lets it go', async () => {
    const at = await booked(later)
    expect((await look(at, at.soon)).ending).toEqual({ feeMinor: 2250, backMinor: 0, owedMinor: 2250 })
    expect(await cancel(at, at.soon, 2250)).toMatchObject({ ok: true })
    expect(await documents(at)).toEqual([
      { series: 'invoice', gross: 2250, text: 'Late cancellation: Fertility consultation' },
    ])
    expect(await booksOf(admin, at)).toEqual({ receivable: 2250, revenue: -1875, tax: -375 })
    expect(await asShown(at)).toEqual(['due', 2250])
    expect(await takeCash(at, 4500)).toEqual({ ok: false, code: 'STALE' })
    const twice = await Promise.all([takeCash(at, 2250), takeCash(at, 2250)])
    expect(twice.filter(({ ok }) => ok)).toHaveLength(1)
    expect(await booksOf(admin, at)).toEqual({ cash: 2250, revenue: -1875, tax: -375 })
    expect(await asShown(at)).toEqual(['fee', 2250])
    expect(await takeCash(at, 2250)).toEqual({ ok: false, code: 'WRONG_STATE' })

    const { appointmentId, ...forgiven } = await booked(later)
    await cancel({ appointmentId, ...forgiven }, forgiven.soon, 2250)
    const ask = { appointmentId, key: randomUUID(), amountMinor: 2250 }
    expect(await standing(owner, { appointmentId }, { now: new Date() })).toMatchObject({ value: { owedMinor: 2250 } })
    expect(await writeOff(owner, ask, { now: new Date() })).toMatchObject({ ok: true })
    expect(await booksOf(admin, { appointmentId, ...forgiven })).toEqual({})
  })

  it('ends in the same books whether the page that was open is paid before or after', async () => {
    const ends = []
    for (const isFirst of [true, false]) {
      const at = await booked(later)
      const page = `pi_${isFirst}`
      if (isFirst) await pay(at, page)
      await cancel(at, at.soon, 2250)
      if (!isFirst) await pay(at, page)
      if (!isFirst) await pay(at, page)
      ends.push(await booksOf(admin, at))
    }
    expect(ends[0]).toEqual({ stripe: 4500, refunds_due: -2250, revenue: -1875, tax: -375 })
    expect(ends[1]).toEqual(ends[0])
  })

  it('is never more than what is left of the price, and of what went back whole, nothing', async () => {
    const all = { ...policy, lateFee: { kind: 'percent', percent: 100 } as const }
    const at = await paid(all)
    const give = (amountMinor: number, to: Waiting) =>
      giveBack(owner, { appointmentId: to.appointmentId, key: randomUUID(), amountMinor }, { now: new Date() })
    expect(await give(1500, at)).toMatchObject({ ok: true })
    expect((await look(at, at.soon)).ending).toEqual({ feeMinor: 3000, backMinor: 0, owedMinor: 0 })
    expect(await cancel(at, at.soon, 3000)).toMatchObject({ ok: true })
    expect(await booksOf(admin, at)).toEqual({ stripe: 4500, refunds_due: -1500, revenue: -2500, tax: -500 })
    // What was kept can still be given back out of kindness, with a credit note.
    expect(await give(3000, at)).toMatchObject({ ok: true })
    expect(await booksOf(admin, at)).toEqual({ stripe: 4500, refunds_due: -4500 })
    expect(await give(1, at)).toEqual({ ok: false, code: 'WRONG_STATE' })
  })

  // Fails when `cancelByClinic` ends it as a patient would.
  it('by the clinic, keeps nothing', async () => {
    const at = await paid()
    const ask = { id: at.appointmentId, startsAt: at.startsAt.toISOString() }
    expect(await cancelByClinic(owner, ask, { now: at.soon })).toMatchObject({ ok: true })
    expect(await booksOf(admin, at)).toEqual({ stripe: 4500, refunds_due: -4500 })
  })

  it('the card gets back exactly the rest, whatever is delivered again', async () => {
    const at = await booked({ status: 'held' })
    await openCheckout(at.clinicId, at.appointmentId, new Date())
    await stripe.press((await factsOf(admin, at)).sessionId!, 'pay')
    const deliver = async () => {
      const { events } = await stripe.state()
      for (const { body } of events.filter((event) => JSON.stringify(event.body).includes(at.appointmentId))) {
        const text = JSON.stringify({ ...body, id: `evt_${randomUUID().slice(0, 8)}` })
        await takeEvent(readWebhook(text, signatureOf(text, webhookSecret, new Date())), new Date())
      }
    }
    await deliver()
    expect(await cancel(at, at.soon, 2250)).toMatchObject({ ok: true })
    const job = () =>
      paymentJobs.handlers['payment.refund']({ clinicId: at.clinicId, appointmentId: at.appointmentId }, 'job')
    await Promise.allSettled([job(), job()])
    await job()
    await deliver()
    expect(await booksOf(admin, at)).toEqual({ stripe: 2250, revenue: -1875, tax: -375 })
    expect(await factsOf(admin, at)).toMatchObject({ payment: 'paid', refundedMinor: 2250 })
    expect(await asShown(at)).toEqual(['fee', 2250])
  })
})

describe('a visit that nobody came to', () => {
  const after = (at: Waiting) => ({ now: new Date(+at.startsAt + hour) })
  const missed = (at: Waiting, feeMinor?: number) =>
    miss(owner, { appointmentId: at.appointmentId, feeMinor }, after(at))

  it('costs what was agreed to, and only once it has begun', async () => {
    const at = await paid()
    const { appointmentId } = at
    expect(await missing(owner, { appointmentId }, after(at))).toEqual({
      ok: true,
      value: { feeMinor: 4500, backMinor: 0, owedMinor: 0, currency: 'eur' },
    })
    expect(await miss(owner, { appointmentId, feeMinor: 4500 }, { now: at.soon })).toMatchObject({ ok: false })
    // What was not read out is not charged, and nothing of it is left behind.
    expect(await missed(at, 2250)).toEqual({ ok: false, code: 'STALE' })
    expect(await booksOf(admin, at)).toEqual({ stripe: 4500, deposits: -4500 })
    const twice = await Promise.all([missed(at, 4500), missed(at, 4500)])
    expect(twice.filter(({ ok }) => ok)).toHaveLength(1)
    expect(await booksOf(admin, at)).toEqual({ stripe: 4500, revenue: -3750, tax: -750 })
    expect(await told(at)).toEqual([['invoice', 4500]])
    expect(await asShown(at)).toEqual(['fee', 4500])
  })

  it('is owed where it was not paid, and gives everything back where the clinic keeps nothing', async () => {
    const owed = await booked(later)
    expect(await missed(owed, 4500)).toMatchObject({ ok: true })
    expect(await booksOf(admin, owed)).toEqual({ receivable: 4500, revenue: -3750, tax: -750 })
    expect((await documents(owed))[0]!.text).toBe('Missed appointment: Fertility consultation')
    const kind = await paid({ ...policy, noShowFee: { kind: 'none' } })
    expect(await missed(kind)).toMatchObject({ ok: true })
    expect(await booksOf(admin, kind)).toEqual({ stripe: 4500, refunds_due: -4500 })
  })

  it('stands on the money page as a fee', async () => {
    const other = await clinicWorld(admin)
    const startsAt = new Date(Date.now() - 2 * hour)
    const at = await other.waiting({ ...later, status: 'booked', startsAt })
    await admin('UPDATE appointment SET cancellation = $2 WHERE id = $1', [at.appointmentId, JSON.stringify(policy)])
    const actor = { ...owner, clinicId: at.clinicId, memberId: other.memberId }
    expect(await miss(actor, { appointmentId: at.appointmentId, feeMinor: 4500 }, { now: new Date() })).toMatchObject({
      ok: true,
    })
    const month = await loadMonth(actor, { month: null }, { now: new Date() })
    expect(month).toMatchObject({
      value: {
        currencies: [
          {
            ...{ month: { earnedMinor: 4500, feesMinor: 4500 }, unpaidMinor: 4500 },
            services: [{ service: null, visits: 1, earnedMinor: 4500 }],
          },
        ],
        unpaid: { total: 1, visits: [{ appointmentId: at.appointmentId, amountMinor: 4500 }] },
      },
    })
  })
})

// Fails when the hold does not keep the policy, or the fee is worked out by the clinic's own.
it('what was booked keeps its terms, whatever the clinic changes afterwards', async () => {
  const other = await clinicWorld(admin)
  const actor = { ...owner, clinicId: other.clinicId, memberId: other.memberId }
  const { clinicId, serviceId } = other
  await admin(`UPDATE service SET payment_mode = 'later' WHERE id = $1`, [serviceId])
  expect(await saveCancellation(actor, policy)).toMatchObject({ ok: true })
  const made = await bookAs({ clinicId, serviceId }, await testDevice())
  const service = {
    ...{ name: 'Dearer', description: '', minutes: 30, bufferBefore: 0, bufferAfter: 0, priceMinor: 9000, taxRate: 0 },
    ...{ stepMinutes: null, minNoticeMinutes: null, horizonDays: null, dailyLimit: null, position: 0, active: true },
    ...{
      way: 'video' as const,
      places: 1,
      assignment: 'choose' as const,
      audience: 'anyone' as const,
      paymentMode: 'later' as const,
      deposit: { kind: 'none' as const },
      intakeForm: { questions: [] },
    },
    consentTextId: null,
    practitionerIds: [other.memberId],
  }
  expect(await saveService(actor, { id: serviceId, version: 1, service })).toMatchObject({ ok: true })
  const none = { kind: 'none' } as const
  expect(await saveCancellation(actor, { freeUntilMinutes: 0, lateFee: none, noShowFee: none })).toMatchObject({
    ok: true,
  })
  const at = { appointmentId: made.appointmentId, secret: made.linkSecret } as Waiting
  const seen = await look(at, new Date())
  expect(seen.cancelling).toMatchObject({ lateMinor: 2250, missedMinor: 4500 })
  const late = new Date(Date.parse(seen.startsAt) - hour)
  // Moved by nobody who could not cancel it free of charge either.
  expect(Date.parse(seen.movableUntil)).toBe(Date.parse(seen.startsAt) - 24 * hour)
  expect((await look(at, late)).ending).toEqual({ feeMinor: 2250, backMinor: 0, owedMinor: 2250 })
  mails.length = 0
  await mailJobs.handlers['mail.booked']({ clinicId, appointmentId: made.appointmentId }, 'job')
  expect(mails[0]!.text).toMatch(
    /Cancelling is free of charge until .+\. After that it costs €22\.50\. If you do not come, €45 is charged\./,
  )
})
