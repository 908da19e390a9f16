import 'server-only'
import type Stripe from 'stripe'
import type { z } from 'zod'
import type { PublicActor } from '../access/rules.ts'
import { linkedAppointment } from '../booking/link.ts'
import * as bookings from '../booking/store.ts'
import { findClinic } from '../clinic/store.ts'
import { ok, refuse, type Result } from '../errors.ts'
import { isId } from '../ids.ts'
import { stripeFor } from '../merchant/api.ts'
import { holdKey } from '../merchant/store.ts'
import { translator } from '../messages/translator.ts'
import type { Ctx } from '../server/action.ts'
import { env } from '../server/env.ts'
import { log } from '../server/log.ts'
import { notify } from '../server/notify.ts'
import { inClinic, inNoClinic, type Tx } from '../server/tx.ts'
import { watchAccount } from './accounts.ts'
import {
  decideCheckout,
  decideReturn,
  heldForPage,
  mayHoldForPage,
  nextPart,
  nextPayment,
  pageMinor,
  toMetadata,
  waitsForMoney,
  type CheckoutInput,
  type PagePart,
  type PaymentStatus,
  type ReturnInput,
  type ReturnState,
} from './rules.ts'
import type { Place } from './place.ts'
import { closeSession, moneyOf, settle } from './settle.ts'
import * as store from './store.ts'

type Plan =
  | { kind: 'use'; url: string }
  | { kind: 'close'; sessionId: string; payment: store.PaymentRow }
  | { kind: 'make'; payment: store.PaymentRow; request: Stripe.Checkout.SessionCreateParams }

const payable = ['held', 'booked', 'arrived', 'in_consult', 'completed']

/** Stripe's page for what an appointment costs. However often and from however many tabs it is asked for, one page is open. */
export async function openCheckout(
  clinicId: string,
  appointmentId: string,
  now: Date,
): Promise<Result<{ url: string }>> {
  const place = { clinicId, appointmentId }
  for (let turn = 0; turn < 4; turn++) {
    const planned = await inClinic(clinicId, (tx) => planIn(tx, place, now))
    if (!planned.ok) return planned
    const plan = planned.value
    if (plan.kind === 'use') return ok({ url: plan.url })
    const { payment } = plan
    try {
      const api = await stripeFor(clinicId, payment.account)
      if (plan.kind === 'close') {
        await closeSession(api, place, plan.sessionId, now)
        await inClinic(clinicId, (tx) => store.forgetSession(tx, payment.id, plan.sessionId, now))
        continue
      }
      const session = await api.checkout.sessions.create(plan.request, {
        idempotencyKey: `checkout-${payment.id}-${payment.attempt}`,
      })
      if (!session.url) throw Object.assign(new Error('a session without a page'), { code: 'NO_PAGE' })
      const made = {
        sessionId: session.id,
        sessionUrl: session.url,
        sessionExpiresAt: new Date(session.expires_at * 1000),
      }
      // Another tab may have begun the next attempt meanwhile: then its page is the one. Or the clinic took its key away: then none is.
      const isKept = (tx: Tx) =>
        hasKey(tx, payment.account).then((has) => has && store.saveSession(tx, payment, made, now))
      if (await inClinic(clinicId, isKept)) return ok({ url: session.url })
      await closeSession(api, place, session.id, now)
    } catch (error) {
      // The words under this key have changed, since the clinic has another name now: the next attempt has a key of its own.
      if ((error as { type?: string }).type === 'StripeIdempotencyError') {
        await inClinic(clinicId, (tx) => store.forgetSession(tx, payment.id, null, now))
        continue
      }
      log.error({ code: 'CHECKOUT_FAILED', appointmentId, err: error })
      return refuse('PAYMENT_UNAVAILABLE')
    }
  }
  return refuse('PAYMENT_UNAVAILABLE')
}

/** Writes down what will be asked of Stripe, before it is asked. */
async function planIn(tx: Tx, { clinicId, appointmentId }: Place, now: Date): Promise<Result<Plan>> {
  const appointment = await bookings.lockAppointment(tx, appointmentId)
  const before = appointment && (await store.lockPayment(tx, appointmentId))
  if (!appointment || !before) return refuse('NOT_FOUND')
  if (['none', 'paid', 'refunded'].includes(before.status)) return refuse('WRONG_STATE')
  const clinic = await findClinic(tx, clinicId)
  // Money of one booking lies on one account, where it is given back: what is left to pay after another was connected, the desk takes.
  const isOther = before.counted.length > 0 && before.account !== clinic?.stripeAccount
  if (!clinic?.stripeAccount || isOther) return refuse('PAYMENTS_NOT_CONNECTED')
  const held = appointment.status === 'held'
  if (!payable.includes(appointment.status) || (held && appointment.startsAt <= now)) return refuse('HOLD_EXPIRED')
  // Of a page that nobody here can ask about any more nothing is expected: another account's takes its place.
  const speaks = await hasKey(tx, before.account)
  if (before.sessionId && !speaks) await store.forgetSession(tx, before.id, before.sessionId, now)
  const plan = decideCheckout(speaks ? before : { ...before, ...store.noSession }, now)
  if (plan.kind === 'use') return ok(plan)
  if (plan.kind === 'close') return ok({ ...plan, payment: before })
  if (held && !mayHoldForPage(appointment.heldSince!, plan.expiresAt)) return refuse('HOLD_EXPIRED')
  // Where it was begun it goes on: money that comes late to an earlier page of it is found there.
  const account = before.attempt > 0 && speaks ? before.account : clinic.stripeAccount
  const change = {
    status: nextPayment(before.status, 'open') ?? before.status,
    attempt: plan.attempt,
    account,
    sessionExpiresAt: plan.expiresAt,
  }
  await store.updatePayment(tx, before.id, change, now)
  await watchAccount(tx, account ?? 'platform', now)
  if (held) await bookings.updateAppointment(tx, appointmentId, { heldUntil: heldForPage(plan.expiresAt) })
  await notify(tx, 'staff', clinicId)
  const payment = { ...before, ...change }
  const { depositMinor } = appointment
  const facts = {
    payment: { ...payment, amountMinor: pageMinor({ ...payment, depositMinor }) },
    part: nextPart({ ...payment, depositMinor }),
    ...{ clinic: clinic.name, locale: appointment.locale, origin: env().APP_ORIGIN },
  }
  return ok({ kind: 'make', payment, request: checkoutRequest({ ...facts, expiresAt: plan.expiresAt }) })
}

/** Whether somebody can speak for this account, and can until this transaction ends where it is the clinic's own. */
async function hasKey(tx: Tx, account: string | null): Promise<boolean> {
  if (account !== null && isId(account)) return holdKey(tx, account)
  return Boolean(env().STRIPE_SECRET_KEY)
}

/** All that Stripe is told: neutral words, an amount, ids. */
export function checkoutRequest(facts: {
  payment: Pick<store.PaymentRow, 'id' | 'clinicId' | 'appointmentId' | 'amountMinor' | 'currency' | 'attempt'>
  part: PagePart
  clinic: string
  locale: string
  origin: string
  expiresAt: Date
}): Stripe.Checkout.SessionCreateParams {
  const { payment, origin } = facts
  const locale = facts.locale === 'fr' ? 'fr' : 'en'
  const { currency, amountMinor: unit_amount, attempt } = payment
  const page = toMetadata({ part: facts.part, attempt })
  const metadata = { clinic: payment.clinicId, appointment: payment.appointmentId, payment: payment.id, ...page }
  const name = translator(locale, 'payment')(`product.${facts.part}`, { clinic: facts.clinic })
  return {
    mode: 'payment',
    locale,
    client_reference_id: payment.id,
    line_items: [{ quantity: 1, price_data: { currency, unit_amount, product_data: { name } } }],
    metadata,
    payment_intent_data: { metadata },
    expires_at: Math.floor(facts.expiresAt.getTime() / 1000),
    success_url: `${origin}/a/${payment.appointmentId}/paid?session={CHECKOUT_SESSION_ID}`,
    cancel_url: `${origin}/a/${payment.appointmentId}`,
  }
}

export async function checkout(
  _: PublicActor,
  input: z.output<typeof CheckoutInput>,
  { now }: Ctx,
): Promise<Result<{ url: string }>> {
  const found = await linkedAppointment(input)
  return found.ok ? openCheckout(found.value.clinicId, input.id, now) : found
}

/** The return page's question, which Stripe's session id answers without any key. Stripe is asked too: its webhook may be late. */
export async function findReturn(
  input: z.output<typeof ReturnInput>,
  now: Date,
): Promise<
  Result<{
    status: PaymentStatus
    appointment: string
    isDepositPaid: boolean
    clinicSlug: string
    clinicName: string
  }>
> {
  const place = await inNoClinic((tx) => store.lookupCheckout(tx, input.sessionId))
  if (!place || place.appointmentId !== input.appointmentId) return refuse('NOT_FOUND')
  const read = () =>
    inClinic(place.clinicId, async (tx) => ({
      payment: (await store.findPayment(tx, place.appointmentId))!,
      appointment: (await bookings.findAppointment(tx, place.appointmentId))!,
      clinic: (await findClinic(tx, place.clinicId))!,
    }))
  const before = await read()
  if (waitsForMoney(before.payment.status)) {
    const session = await stripeFor(place.clinicId, before.payment.account)
      .then((api) => api.checkout.sessions.retrieve(input.sessionId, {}, { timeout: 5000, maxNetworkRetries: 0 }))
      .catch(() => null)
    if (session?.payment_status === 'paid' && session.client_reference_id === before.payment.id)
      await settle(place, moneyOf(session), now)
  }
  const { payment, appointment, clinic } = await read()
  return ok({
    status: payment.status,
    appointment: appointment.status,
    isDepositPaid: appointment.depositMinor > 0 && payment.counted.length > 0,
    clinicSlug: clinic.slug,
    clinicName: clinic.name,
  })
}

export async function paymentReturn(
  _: PublicActor,
  input: z.output<typeof ReturnInput>,
  { now }: Ctx,
): Promise<Result<{ status: PaymentStatus; state: ReturnState }>> {
  const found = await findReturn(input, now)
  if (!found.ok) return found
  const { status, appointment, isDepositPaid } = found.value
  return ok({ status, state: decideReturn(status, appointment, isDepositPaid) })
}
