import 'server-only'
import type Stripe from 'stripe'
import * as bookings from '../booking/store.ts'
import { log } from '../server/log.ts'
import { inClinic, inNoClinic, lookup } from '../server/tx.ts'
import type { Place } from './place.ts'
import { stripe } from '../server/stripe.ts'
import { onAccount } from './place.ts'
import { disputesAt, takeDisputes } from './dispute.ts'
import { refundsAt, takeRefunds } from './refund.ts'
import { idOf, loseIn, moneyOf, overtaken, settleIn, unlessMissing } from './settle.ts'
import * as store from './store.ts'
import { isId } from '../ids.ts'

type Ids = Record<string, string> | null | undefined

/** The payment whose refunds an event tells of. */
function refundedBy(event: Stripe.Event): string | null {
  switch (event.type) {
    case 'charge.refunded':
    case 'refund.created':
    case 'refund.updated':
    case 'refund.failed':
    case 'charge.refund.updated':
      return idOf(event.data.object.payment_intent)
    default:
      return null
  }
}

/** The payment that an event of a bank's dispute is about. */
function disputedBy(event: Stripe.Event): string | null {
  switch (event.type) {
    case 'charge.dispute.created':
    case 'charge.dispute.updated':
    case 'charge.dispute.closed':
    case 'charge.dispute.funds_withdrawn':
    case 'charge.dispute.funds_reinstated':
      return idOf(event.data.object.payment_intent)
    default:
      return null
  }
}

/** The ids that we gave a payment: what is made of it in Stripe's own pages has none. */
async function idsOf(intent: string, event: Stripe.Event): Promise<Ids> {
  const account = onAccount(event.account ?? null)
  return (await stripe()?.paymentIntents.retrieve(intent, {}, account).catch(unlessMissing))?.metadata
}

/** Where an event belongs: a session by its row, the rest by the ids that we gave it or its payment. Null for what is not ours. */
async function placeOf(event: Stripe.Event): Promise<Place | null> {
  const object = event.data.object as { object?: string; id: string; metadata?: Ids }
  if (object.object === 'checkout.session') {
    const known = await inNoClinic((tx) => store.lookupCheckout(tx, object.id))
    if (known) return known
  }
  const intent = object.metadata?.appointment ? null : (refundedBy(event) ?? disputedBy(event))
  const { clinic = '', appointment = '' } = (intent ? await idsOf(intent, event) : object.metadata) ?? {}
  return isId(clinic) && isId(appointment) ? { clinicId: clinic, appointmentId: appointment } : null
}

/** Those that `takeEvent` knows. */
export const eventTypes = [
  'checkout.session.completed',
  'checkout.session.async_payment_succeeded',
  'checkout.session.async_payment_failed',
  'checkout.session.expired',
  'charge.refunded',
  'refund.created',
  'refund.updated',
  'refund.failed',
  'charge.refund.updated',
  'charge.dispute.created',
  'charge.dispute.updated',
  'charge.dispute.closed',
  'charge.dispute.funds_withdrawn',
  'charge.dispute.funds_reinstated',
] as const

/** A verified event, once. Late, twice and out of order end in the same state: payment/rules decides, the rows are locked. */
export async function takeEvent(event: Stripe.Event, now: Date): Promise<'done' | 'repeat' | 'not-ours'> {
  if (await lookup((tx) => store.lookupEvent(tx, event.id))) return 'repeat'
  const place = await placeOf(event)
  if (!place) return 'not-ours'
  const account = event.account ?? null
  // A charge says how much of it went back, an old word of a refund what was so then; how it stands, only Stripe's list does.
  const intent = refundedBy(event)
  const refunds = (intent && (await refundsAt(intent, account).catch(unlessMissing))) || []
  const disputed = disputedBy(event)
  const disputes = (disputed && (await disputesAt(disputed, account).catch(unlessMissing))) || []
  return overtaken(() =>
    inClinic(place.clinicId, async (tx) => {
      await bookings.lockAppointment(tx, place.appointmentId)
      const payment = await store.lockPayment(tx, place.appointmentId)
      // Another account's event, however well signed, moves no money here.
      if (!payment || (event.account ?? 'platform') !== (payment.account ?? 'platform')) return 'not-ours'
      const { object } = event.data
      if (object.object === 'checkout.session' && object.client_reference_id !== payment.id) return 'not-ours'
      const createdAt = new Date(event.created * 1000)
      // The event's id is written in the same transaction as its effect: the second time there is nothing to do.
      const fresh = await store.insertEvent(tx, { id: event.id, clinicId: place.clinicId, type: event.type, createdAt })
      if (!fresh) return 'repeat'
      switch (event.type) {
        case 'checkout.session.completed':
        case 'checkout.session.async_payment_succeeded':
          if (event.data.object.payment_status === 'paid') await settleIn(tx, place, moneyOf(event.data.object), now)
          break
        case 'checkout.session.async_payment_failed':
          await loseIn(tx, place, event.data.object.id, 'fail', now)
          break
        case 'checkout.session.expired':
          await loseIn(tx, place, event.data.object.id, 'expire', now)
          break
        case 'charge.refunded':
        case 'refund.created':
        case 'refund.updated':
        case 'refund.failed':
        case 'charge.refund.updated':
          await takeRefunds(tx, place, refunds, now)
          break
        case 'charge.dispute.created':
        case 'charge.dispute.updated':
        case 'charge.dispute.closed':
        case 'charge.dispute.funds_withdrawn':
        case 'charge.dispute.funds_reinstated':
          await takeDisputes(tx, place, disputes, now)
          break
        default:
          log.info({ code: 'STRIPE_EVENT_IGNORED' })
      }
      return 'done'
    }),
  )
}
