import 'server-only'
import type Stripe from 'stripe'
import type { z } from 'zod'
import type { PublicActor, SystemActor } from '../access/rules.ts'
import { nextAppointment } from '../booking/rules.ts'
import * as bookings from '../booking/store.ts'
import { linkedAppointment } from '../booking/link.ts'
import { confirmBooking } from '../booking/confirm.ts'
import { findClinic } from '../clinic/store.ts'
import { ok, refuse, type Result } from '../errors.ts'
import { audit } from '../server/audit.ts'
import type { Ctx } from '../server/action.ts'
import { env } from '../server/env.ts'
import { enqueue, type JobHandler } from '../server/jobs.ts'
import { log } from '../server/log.ts'
import { notify } from '../server/notify.ts'
import { stripe } from '../server/stripe.ts'
import { inClinic, inNoClinic, type Tx } from '../server/tx.ts'
import { translator } from '../messages/translator.ts'
import {
  decidePaid,
  holdForPaymentMinutes,
  nextPayment,
  sessionMinutes,
  waitsForMoney,
  type CheckoutInput,
  type PaymentStatus,
  type ReturnInput,
} from './rules.ts'
import * as store from './store.ts'

const minute = 60_000
const onAccount = (account: string | null) => (account && account !== 'platform' ? { stripeAccount: account } : {})

/** Stripe's page for what an appointment costs. The same attempt asked twice is one session. */
export async function openCheckout(clinicId: string, appointmentId: string, now: Date): Promise<Result<{ url: string }>> {
  const api = stripe()
  const plan = await inClinic(clinicId, async (tx): Promise<Result<{ kind: 'open'; url: string } | { kind: 'make'; payment: store.PaymentRow; locale: string }>> => {
    const appointment = await bookings.lockAppointment(tx, appointmentId)
    const payment = appointment && (await store.lockPayment(tx, appointmentId))
    if (!appointment || !payment) return refuse('NOT_FOUND')
    if (payment.status === 'paid' || payment.status === 'refunded' || payment.status === 'none') return refuse('WRONG_STATE')
    const clinic = await findClinic(tx, clinicId)
    if (!clinic?.stripeAccount) return refuse('PAYMENTS_NOT_CONNECTED')
    if (!api) return refuse('PAYMENT_UNAVAILABLE')
    if (!['held', 'booked', 'arrived', 'in_consult', 'completed'].includes(appointment.status)) return refuse('HOLD_EXPIRED')
    const openStill = payment.sessionExpiresAt && payment.sessionExpiresAt.getTime() > now.getTime() + 2 * minute
    if (payment.status === 'pending' && payment.sessionUrl && openStill) return ok({ kind: 'open' as const, url: payment.sessionUrl })
    if (appointment.status === 'held')
      await bookings.updateAppointment(tx, appointmentId, { heldUntil: new Date(now.getTime() + holdForPaymentMinutes * minute) })
    // A request that got no answer is repeated word for word, under its own key; what was made and has ended gets a new one.
    const asked = !payment.sessionId && payment.sessionExpiresAt && payment.sessionExpiresAt.getTime() > now.getTime() + 30.2 * minute
    const attempt = asked ? payment.attempt : payment.attempt + 1
    const sessionExpiresAt = asked ? payment.sessionExpiresAt! : new Date(now.getTime() + sessionMinutes * minute)
    const status = nextPayment(payment.status, 'open') ?? payment.status
    const change = { status, attempt, account: clinic.stripeAccount, sessionId: null, sessionUrl: null, sessionExpiresAt }
    await store.updatePayment(tx, payment.id, change, now)
    await notify(tx, 'staff', clinicId)
    return ok({ kind: 'make' as const, payment: { ...payment, ...change }, locale: appointment.locale })
  })
  if (!plan.ok) return plan
  if (plan.value.kind === 'open') return ok({ url: plan.value.url })
  const { payment, locale } = plan.value
  const session = await api!.checkout.sessions
    .create(checkoutRequest({ payment, appointmentId, locale, origin: env().APP_ORIGIN }), {
      idempotencyKey: `checkout-${payment.id}-${payment.attempt}`,
      ...onAccount(payment.account),
    })
    .catch((error: unknown) => (log.error({ code: 'CHECKOUT_FAILED', appointmentId, err: error }), null))
  if (!session?.url) return refuse('PAYMENT_UNAVAILABLE')
  const { id: sessionId, url: sessionUrl } = session
  await inClinic(clinicId, (tx) =>
    store.updatePayment(tx, payment.id, { sessionId, sessionUrl, sessionExpiresAt: new Date(session.expires_at * 1000) }, now),
  )
  return ok({ url: sessionUrl })
}

/** All that Stripe is told: a neutral word, an amount, ids. */
export function checkoutRequest(facts: {
  payment: Pick<store.PaymentRow, 'id' | 'clinicId' | 'amountMinor' | 'currency' | 'sessionExpiresAt'>
  appointmentId: string
  locale: string
  origin: string
}): Stripe.Checkout.SessionCreateParams {
  const { payment, appointmentId, origin } = facts
  const locale = facts.locale === 'fr' ? 'fr' : 'en'
  const metadata = { clinic: payment.clinicId, appointment: appointmentId, payment: payment.id }
  return {
    mode: 'payment',
    locale,
    client_reference_id: payment.id,
    line_items: [
      {
        quantity: 1,
        price_data: {
          currency: payment.currency,
          unit_amount: payment.amountMinor,
          product_data: { name: translator(locale, 'payment')('product') },
        },
      },
    ],
    metadata,
    payment_intent_data: { metadata },
    expires_at: Math.floor(payment.sessionExpiresAt!.getTime() / 1000),
    success_url: `${origin}/a/${appointmentId}/paid?session={CHECKOUT_SESSION_ID}`,
    cancel_url: `${origin}/a/${appointmentId}`,
  }
}

export async function checkout(_: PublicActor, input: z.output<typeof CheckoutInput>, { now }: Ctx): Promise<Result<{ url: string }>> {
  const found = await linkedAppointment(input)
  return found.ok ? openCheckout(found.value.clinicId, input.id, now) : found
}

/** The return page's question. Stripe is asked too, since its webhook may be slower than the patient. */
export async function paymentReturn(
  _: PublicActor,
  input: z.output<typeof ReturnInput>,
  { now }: Ctx,
): Promise<Result<{ status: PaymentStatus; appointment: string }>> {
  const known = await inNoClinic((tx) => store.lookupCheckout(tx, input.sessionId))
  if (!known || known.appointmentId !== input.appointmentId) return refuse('NOT_FOUND')
  const read = () =>
    inClinic(known.clinicId, async (tx) => {
      const payment = await store.findPayment(tx, known.appointmentId)
      const appointment = await bookings.findAppointment(tx, known.appointmentId)
      return { payment: payment!, appointment: appointment! }
    })
  const before = await read()
  if (waitsForMoney(before.payment.status)) {
    const session = await stripe()
      ?.checkout.sessions.retrieve(input.sessionId, {}, onAccount(before.payment.account))
      .catch(() => null)
    if (session?.payment_status === 'paid')
      await settle(known.clinicId, known.appointmentId, { paymentIntent: idOf(session.payment_intent), paidMinor: session.amount_total }, now)
  }
  const { payment, appointment } = await read()
  return ok({ status: payment.status, appointment: appointment.status })
}

export const idOf = (value: string | { id: string } | null | undefined) => (typeof value === 'string' ? value : (value?.id ?? null))

/** Money arrived: the booking counts, or takes its slot again, or the money goes back. Any number of times, one effect. */
export async function settle(
  clinicId: string,
  appointmentId: string,
  money: { paymentIntent: string | null; paidMinor: number | null },
  now: Date,
): Promise<void> {
  await inClinic(clinicId, (tx) => settleIn(tx, clinicId, appointmentId, money, now))
}

export async function settleIn(
  tx: Tx,
  clinicId: string,
  appointmentId: string,
  money: { paymentIntent: string | null; paidMinor: number | null },
  now: Date,
): Promise<void> {
  const actor: SystemActor = { kind: 'system', clinicId }
  const appointment = await bookings.lockAppointment(tx, appointmentId)
  const payment = await store.lockPayment(tx, appointmentId)
  if (!appointment || !payment) return
  const next = nextPayment(payment.status, 'pay')
  // Two of its pages were paid, in two tabs: what came second goes back.
  const second = payment.status === 'paid' && money.paymentIntent && payment.paymentIntent && money.paymentIntent !== payment.paymentIntent
  if (second) await enqueue(tx, 'payment.refund-extra', { clinicId, appointmentId, paymentIntent: money.paymentIntent }, { singletonKey: money.paymentIntent! })
  if (!next) return
  if (money.paidMinor !== null && money.paidMinor < payment.amountMinor) return
  await store.updatePayment(tx, payment.id, { status: next, paymentIntent: money.paymentIntent ?? payment.paymentIntent }, now)
  await audit(tx, actor, 'payment.paid', appointmentId)
  await notify(tx, 'staff', clinicId)
  const decision = decidePaid(appointment.status)
  if (decision === 'confirm') await confirmBooking(tx, actor, appointment)
  if (decision === 'rebook' && appointment.startsAt > now) {
    await bookings.lapseInTheWay(tx, appointment.memberId, appointment.blockedFrom, appointment.blockedUntil, now)
    // Two late payments for one slot: the lock makes the second look after the first is done.
    await tx.$queryRaw`SELECT pg_advisory_xact_lock(hashtext(${appointment.memberId}))::text`
    if (!(await bookings.isTaken(tx, appointment, now)) && nextAppointment(appointment.status, 'rebook'))
      return confirmBooking(tx, actor, appointment)
  }
  if (decision === 'refund' || decision === 'rebook')
    await enqueue(tx, 'payment.refund', { clinicId, appointmentId }, { singletonKey: appointmentId })
}

/** Money back in full, once: Stripe's idempotency key is the payment. */
const refundPayment: JobHandler = async (data) => {
  const { clinicId, appointmentId } = data as { clinicId: string; appointmentId: string }
  const payment = await inClinic(clinicId, (tx) => store.findPayment(tx, appointmentId))
  if (!payment || payment.status !== 'paid' || !payment.paymentIntent) return
  const api = stripe()
  if (!api) throw new Error('Stripe is not configured')
  await api.refunds.create(
    { payment_intent: payment.paymentIntent, metadata: { clinic: clinicId, appointment: appointmentId } },
    { idempotencyKey: `refund-${payment.id}`, ...onAccount(payment.account) },
  )
  await markRefunded(clinicId, appointmentId, payment.amountMinor, new Date())
}

const refundExtra: JobHandler = async (data) => {
  const { clinicId, appointmentId, paymentIntent } = data as { clinicId: string; appointmentId: string; paymentIntent: string }
  const payment = await inClinic(clinicId, (tx) => store.findPayment(tx, appointmentId))
  await stripe()!.refunds.create({ payment_intent: paymentIntent }, { idempotencyKey: `refund-${paymentIntent}`, ...onAccount(payment!.account) })
}

async function markRefunded(clinicId: string, appointmentId: string, refundedMinor: number, now: Date): Promise<void> {
  await inClinic(clinicId, (tx) => refundIn(tx, clinicId, appointmentId, refundedMinor, now))
}

export async function refundIn(tx: Tx, clinicId: string, appointmentId: string, refundedMinor: number, now: Date): Promise<void> {
  const payment = await store.lockPayment(tx, appointmentId)
  const next = payment && nextPayment(payment.status, 'refund')
  if (!payment || !next) return
  await store.updatePayment(tx, payment.id, { status: next, refundedMinor: Math.min(refundedMinor, payment.amountMinor) }, now)
  await audit(tx, { kind: 'system', clinicId }, 'payment.refunded', appointmentId)
  await notify(tx, 'staff', clinicId)
  await enqueue(tx, 'mail.refunded', { clinicId, appointmentId }, { singletonKey: appointmentId })
}

/** The slot is free again: its Stripe page must not take money any more. */
const endSession: JobHandler = async (data) => {
  const { clinicId, appointmentId } = data as { clinicId: string; appointmentId: string }
  const payment = await inClinic(clinicId, (tx) => store.findPayment(tx, appointmentId))
  if (!payment?.sessionId || payment.status === 'paid' || payment.status === 'refunded') return
  const session = await stripe()?.checkout.sessions.retrieve(payment.sessionId, {}, onAccount(payment.account))
  if (session?.status === 'open') await stripe()!.checkout.sessions.expire(payment.sessionId, {}, onAccount(payment.account))
}

export const paymentJobs = {
  handlers: { 'payment.refund': refundPayment, 'payment.refund-extra': refundExtra, 'payment.end-session': endSession },
  every: {},
}
