import 'server-only'
import type Stripe from 'stripe'
import type { SystemActor } from '../access/rules.ts'
import { confirmBooking } from '../booking/confirm.ts'
import { nextAppointment } from '../booking/rules.ts'
import * as bookings from '../booking/store.ts'
import { audit } from '../server/audit.ts'
import { enqueue, type JobHandler } from '../server/jobs.ts'
import { log } from '../server/log.ts'
import { notify } from '../server/notify.ts'
import { stripe } from '../server/stripe.ts'
import { inClinic, type Tx } from '../server/tx.ts'
import { afterLoss, decidePaid, nextPayment } from './rules.ts'
import * as store from './store.ts'

// What money does to a booking, whoever brings the word: the webhook, the return page, a job. Each runs any number of times with
// one effect: the rows are locked, appointment first, and payment/rules decides.

export interface Place {
  clinicId: string
  appointmentId: string
}
export interface Money {
  paymentIntent: string | null
  paidMinor: number | null
  currency: string | null
}

/** The account that a call speaks for: the platform's own, or a clinic's. */
export const onAccount = (account: string | null) =>
  account && account !== 'platform' ? { stripeAccount: account } : {}

export const idOf = (value: string | { id: string } | null | undefined) =>
  typeof value === 'string' ? value : (value?.id ?? null)

export const moneyOf = (session: Stripe.Checkout.Session): Money => ({
  paymentIntent: idOf(session.payment_intent),
  paidMinor: session.amount_total,
  currency: session.currency,
})

/** Somebody's money: asked for until Stripe gives it back, at last four times a day, for months. */
const untilDone = { retryLimit: 500, retryDelayMax: 6 * 3600, retentionSeconds: 120 * 86_400 }

/** All of it goes back. Until it has, the clinic's day says that it is owed. */
export const askRefund = (tx: Tx, place: Place) =>
  enqueue(tx, 'payment.refund', { ...place }, { singletonKey: place.appointmentId, ...untilDone })

/** Money arrived: the booking counts, or takes its slot again, or the money goes back. */
export const settle = (place: Place, money: Money, now: Date): Promise<void> =>
  overtaken(() => inClinic(place.clinicId, (tx) => settleIn(tx, place, money, now)))

export async function settleIn(tx: Tx, place: Place, money: Money, now: Date): Promise<void> {
  const { clinicId, appointmentId } = place
  const actor: SystemActor = { kind: 'system', clinicId }
  const appointment = await bookings.lockAppointment(tx, appointmentId)
  const payment = await store.lockPayment(tx, appointmentId)
  if (!appointment || !payment) return
  const next = nextPayment(payment.status, 'pay')
  const whole = money.paidMinor === payment.amountMinor && money.currency === payment.currency
  if (!next || !whole) {
    // Paid twice by two pages, or not what was asked for: that money is nobody's.
    const known = money.paymentIntent === null || money.paymentIntent === payment.paymentIntent
    // Its refund was heard of first: the booking ends as it would have in the other order, booked, and its money back.
    if (whole && known && payment.status === 'refunded' && appointment.status === 'held')
      return confirmBooking(tx, actor, appointment)
    if (whole && known) return
    log.error({ code: 'PAYMENT_TWICE', appointmentId })
    if (money.paymentIntent) {
      const job = { clinicId, appointmentId, paymentIntent: money.paymentIntent }
      await enqueue(tx, 'payment.refund-other', job, { singletonKey: money.paymentIntent, ...untilDone })
    }
    return
  }
  await store.updatePayment(tx, payment.id, { status: next, paymentIntent: money.paymentIntent }, now)
  await audit(tx, actor, 'payment.paid', appointmentId)
  await notify(tx, 'staff', clinicId)
  if (appointment.patientId) await notify(tx, 'patient', appointment.patientId)
  const decision = decidePaid(appointment.status)
  if (decision === 'nothing') return
  if (decision === 'confirm' || (decision === 'rebook' && (await freeAgain(tx, appointment, now))))
    await confirmBooking(tx, actor, appointment)
  else await askRefund(tx, place)
}

/** Whether the slot that was freed can still be theirs. Two late payments for one slot look one after the other. */
async function freeAgain(tx: Tx, appointment: bookings.AppointmentRow, now: Date): Promise<boolean> {
  if (appointment.startsAt <= now || !nextAppointment(appointment.status, 'rebook')) return false
  await tx.$queryRaw`SELECT pg_advisory_xact_lock(hashtextextended(${appointment.memberId}, 0))::text`
  return !(await bookings.isTaken(tx, appointment, now))
}

/** A slot taken between the look and the booking breaks the exclusion constraint: the second look sees it. */
export async function overtaken<T>(run: () => Promise<T>): Promise<T> {
  try {
    return await run()
  } catch (error) {
    if (!/23P01|appointment_slot/.test(wordsOf(error))) throw error
    return run()
  }
}

function wordsOf(error: unknown, depth = 0): string {
  if (depth > 4 || typeof error !== 'object' || error === null) return ''
  const { code, originalCode, message, meta, cause } = error as Record<string, unknown>
  const inner = (meta as { driverAdapterError?: unknown } | undefined)?.driverAdapterError ?? cause
  return `${String(code)} ${String(originalCode)} ${String(message)} ${wordsOf(inner, depth + 1)}`
}

/** The page came to nothing: whoever was to pay at once loses the slot, and nobody else has to wait for it. */
export async function loseIn(
  tx: Tx,
  place: Place,
  sessionId: string,
  event: 'fail' | 'expire',
  now: Date,
): Promise<void> {
  const appointment = await bookings.lockAppointment(tx, place.appointmentId)
  const payment = await store.lockPayment(tx, place.appointmentId)
  // An older page's end says nothing of the one that is open now.
  if (!appointment || !payment || payment.sessionId !== sessionId) return
  const next = nextPayment(payment.status, event)
  if (!next) return
  await store.updatePayment(tx, payment.id, { status: afterLoss(appointment.paymentMode, next) }, now)
  const status = appointment.status === 'held' ? nextAppointment('held', 'lapse') : null
  if (status) await bookings.updateAppointment(tx, appointment.id, { status })
  await notify(tx, 'staff', place.clinicId)
  if (appointment.patientId) await notify(tx, 'patient', appointment.patientId)
}

/** Money went back, by us or by hand in Stripe's dashboard; `refundedMinor` is all of it so far. */
export async function refundIn(
  tx: Tx,
  { clinicId, appointmentId }: Place,
  refundedMinor: number,
  paymentIntent: string | null,
  now: Date,
): Promise<void> {
  const appointment = await bookings.lockAppointment(tx, appointmentId)
  const payment = await store.lockPayment(tx, appointmentId)
  if (!appointment || !payment) return
  if (payment.paymentIntent && paymentIntent && payment.paymentIntent !== paymentIntent) return
  const back = Math.min(Math.max(refundedMinor, payment.refundedMinor), payment.amountMinor)
  const next = back === payment.amountMinor ? nextPayment(payment.status, 'refund') : null
  if (!next && back === payment.refundedMinor) return
  const known = payment.paymentIntent ?? paymentIntent
  const change = { refundedMinor: back, paymentIntent: known, ...(next ? { status: next } : {}) }
  await store.updatePayment(tx, payment.id, change, now)
  await audit(tx, { kind: 'system', clinicId }, next ? 'payment.refunded' : 'payment.refunded-partly', appointmentId)
  await notify(tx, 'staff', clinicId)
  if (appointment.patientId) await notify(tx, 'patient', appointment.patientId)
  if (next) await enqueue(tx, 'mail.refunded', { clinicId, appointmentId }, { singletonKey: appointmentId })
}

const placeOf = (data: Record<string, unknown>): Place => ({
  clinicId: String(data.clinicId),
  appointmentId: String(data.appointmentId),
})

/** Asks Stripe for all of it back. The intent is the idempotency key; a refund that Stripe has forgotten the key of is no error. */
async function giveBack(place: Place, paymentIntent: string, account: string | null): Promise<void> {
  const api = stripe()
  if (!api) throw Object.assign(new Error('Stripe is not configured'), { code: 'NO_STRIPE' })
  await api.refunds
    .create(
      { payment_intent: paymentIntent, metadata: { clinic: place.clinicId, appointment: place.appointmentId } },
      { idempotencyKey: `refund-${paymentIntent}`, ...onAccount(account) },
    )
    .catch((error: { code?: string }) => {
      if (error.code !== 'charge_already_refunded') throw error
    })
}

const refundPayment: JobHandler = async (data) => {
  const place = placeOf(data)
  const payment = await inClinic(place.clinicId, (tx) => store.findPayment(tx, place.appointmentId))
  if (payment?.status !== 'paid' || !payment.paymentIntent) return
  const { paymentIntent, amountMinor, account } = payment
  await giveBack(place, paymentIntent, account)
  await inClinic(place.clinicId, (tx) => refundIn(tx, place, amountMinor, paymentIntent, new Date()))
}

/** Money that a second page took for what was paid already. */
const refundOther: JobHandler = async (data) => {
  const place = placeOf(data)
  const payment = await inClinic(place.clinicId, (tx) => store.findPayment(tx, place.appointmentId))
  if (payment) await giveBack(place, String(data.paymentIntent), payment.account)
}

/** The slot is free again: its page must take no money any more. One that took some meanwhile is settled instead. */
const endSession: JobHandler = async (data) => {
  const place = placeOf(data)
  const payment = await inClinic(place.clinicId, (tx) => store.findPayment(tx, place.appointmentId))
  if (!payment?.sessionId || payment.status === 'paid' || payment.status === 'refunded') return
  await closeSession(place, payment.sessionId, payment.account, new Date())
}

/** Ends a page at Stripe. Money that it took is settled. */
export async function closeSession(place: Place, sessionId: string, account: string | null, now: Date): Promise<void> {
  const api = stripe()
  if (!api) return
  const session = await api.checkout.sessions.retrieve(sessionId, {}, onAccount(account)).catch(unlessMissing)
  if (!session) return
  if (session.payment_status === 'paid') return settle(place, moneyOf(session), now)
  if (session.status === 'open') await api.checkout.sessions.expire(sessionId, {}, onAccount(account))
}

/** What Stripe does not know of takes no money. */
function unlessMissing(error: { code?: string }): null {
  if (error.code === 'resource_missing') return null
  throw error
}

export const paymentJobs = {
  handlers: {
    'payment.refund': refundPayment,
    'payment.refund-other': refundOther,
    'payment.end-session': endSession,
  },
  every: {},
}
