import 'server-only'
import type Stripe from 'stripe'
import { log } from '../server/log.ts'
import { inClinic, inNoClinic } from '../server/tx.ts'
import { idOf, refundIn, settleIn } from './flow.ts'
import { nextPayment } from './rules.ts'
import * as store from './store.ts'

const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

/** Where an event belongs: a session by its row, a charge by the ids that we gave it. Null for what is not ours. */
async function placeOf(event: Stripe.Event): Promise<{ clinicId: string; appointmentId: string } | null> {
  const object = event.data.object as { object?: string; id: string; metadata?: Record<string, string> | null }
  if (object.object === 'checkout.session') {
    const known = await inNoClinic((tx) => store.lookupCheckout(tx, object.id))
    if (known) return known
  }
  const { clinic, appointment } = object.metadata ?? {}
  return clinic && appointment && uuid.test(clinic) && uuid.test(appointment) ? { clinicId: clinic, appointmentId: appointment } : null
}

/** A verified event, once. Late, twice and out of order end in the same state: payment/rules decides, the row is locked. */
export async function takeEvent(event: Stripe.Event, now: Date): Promise<'done' | 'repeat' | 'not-ours'> {
  const place = await placeOf(event)
  if (!place) return 'not-ours'
  const { clinicId, appointmentId } = place
  return inClinic(clinicId, async (tx) => {
    const payment = await store.lockPayment(tx, appointmentId)
    // Another account's event, however well signed, moves no money here.
    if (!payment || (event.account ?? 'platform') !== (payment.account ?? 'platform')) return 'not-ours'
    const object = event.data.object as Stripe.Checkout.Session
    const isSession = object.object === 'checkout.session'
    if (isSession && object.client_reference_id !== payment.id) return 'not-ours'
    if (!(await store.insertEvent(tx, { id: event.id, clinicId, type: event.type, createdAt: new Date(event.created * 1000) })))
      return 'repeat'
    switch (event.type) {
      case 'checkout.session.completed':
      case 'checkout.session.async_payment_succeeded':
        if (object.payment_status !== 'unpaid')
          await settleIn(tx, clinicId, appointmentId, { paymentIntent: idOf(object.payment_intent), paidMinor: object.amount_total }, now)
        break
      case 'checkout.session.async_payment_failed':
      case 'checkout.session.expired': {
        // An older attempt's end says nothing of the one that is open now.
        const next = nextPayment(payment.status, event.type === 'checkout.session.expired' ? 'expire' : 'fail')
        if (next && object.id === payment.sessionId) await store.updatePayment(tx, payment.id, { status: next }, now)
        break
      }
      case 'charge.refunded': {
        const charge = event.data.object as unknown as Stripe.Charge
        if (charge.amount_refunded >= payment.amountMinor) await refundIn(tx, clinicId, appointmentId, charge.amount_refunded, now)
        break
      }
      default:
        log.info({ code: 'STRIPE_EVENT_IGNORED' })
    }
    return 'done'
  })
}
