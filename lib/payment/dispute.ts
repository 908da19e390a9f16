import 'server-only'
import type Stripe from 'stripe'
import * as bookings from '../booking/store.ts'
import { postFact } from '../ledger/flow.ts'
import { audit } from '../server/audit.ts'
import { notify } from '../server/notify.ts'
import type { Tx } from '../server/tx.ts'
import type { Place } from './place.ts'
import { letGo, oweRest } from './refund.ts'
import { disputeState, keepsNoDeposit, laterDispute, type DisputeState } from './rules.ts'
import * as store from './store.ts'

// A payer's bank takes a payment back, and the clinic answers in Stripe's own pages. Here it is only heard of: the books follow, the
// day and the money page show it, and nothing is given back twice.

export interface DisputeFact {
  intent: string
  paidMinor: number
  currency: string
  dispute: string
  amountMinor: number
  state: DisputeState
  answerBy: Date | null
}

/** All disputes of one of Stripe's payments as they stand now. */
export async function disputesAt(api: Stripe, intent: string): Promise<DisputeFact[]> {
  const paid = await api.paymentIntents.retrieve(intent)
  const { data } = await api.disputes.list({ payment_intent: intent, limit: 100 })
  return data.toReversed().map(({ id: dispute, amount: amountMinor, status, evidence_details }) => ({
    ...{ intent, paidMinor: paid.amount_received, currency: paid.currency, dispute, amountMinor },
    state: disputeState(status),
    answerBy: evidence_details?.due_by ? new Date(evidence_details.due_by * 1000) : null,
  }))
}

/** What banks say of one payment, however often and in whatever order it is said. */
export async function takeDisputes(tx: Tx, place: Place, facts: readonly DisputeFact[], now: Date): Promise<void> {
  const { clinicId, appointmentId } = place
  const appointment = await bookings.lockAppointment(tx, appointmentId)
  const payment = await store.lockPayment(tx, appointmentId)
  const first = facts[0]
  if (!appointment || !payment || !first) return
  const news = []
  for (const fact of facts) news.push(await takeDispute(tx, payment, fact, now))
  const changes = news.filter((state) => state !== null)
  if (!changes.length) return
  // The bank gave it to the payer: what was promised of it is not owed twice.
  if (changes.includes('lost')) await letGo(tx, payment, first, now)
  if (keepsNoDeposit(appointment.status) && (changes.includes('won') || changes.includes('lost')))
    await oweRest(tx, place, payment, 'cancelled', now)
  for (const state of changes) await audit(tx, { kind: 'system', clinicId }, `payment.dispute-${state}`, appointmentId)
  await notify(tx, 'staff', clinicId)
}

/** Where it stands now, if that is news. */
async function takeDispute(
  tx: Tx,
  payment: store.PaymentRow,
  fact: DisputeFact,
  now: Date,
): Promise<DisputeState | null> {
  const { intent: paymentIntent, dispute: stripeDispute, amountMinor, currency, answerBy } = fact
  const row = (await store.listDisputes(tx, payment.id)).find((each) => each.stripeDispute === stripeDispute)
  const state = row ? laterDispute(row.state, fact.state) : fact.state
  if (state === 'open' || state === 'won' || state === 'lost') {
    const { paidMinor: paid } = fact
    // What was withdrawn at first is what comes back.
    const of = { intent: paymentIntent, paidMinor: paid, currency, amountMinor: row?.amountMinor ?? amountMinor }
    await postFact(tx, payment, { kind: 'dispute', ...of, dispute: stripeDispute, state }, now)
  }
  if (row) {
    if (row.state === state && +(row.answerBy ?? 0) === +(answerBy ?? 0)) return null
    await store.updateDispute(tx, row.id, { state, answerBy }, now)
    return row.state === state ? null : state
  }
  const { id: paymentId, clinicId } = payment
  const heard = { clinicId, paymentId, paymentIntent, stripeDispute, amountMinor, currency, state, answerBy }
  await store.insertDispute(tx, heard, now)
  return state
}
