import 'server-only'
import type Stripe from 'stripe'
import * as bookings from '../booking/store.ts'
import { isId } from '../ids.ts'
import { post, postFact } from '../ledger/flow.ts'
import { planRefund, type StripeFact } from '../ledger/rules.ts'
import { stripeFor } from '../merchant/api.ts'
import { audit } from '../server/audit.ts'
import { enqueue, type JobHandler } from '../server/jobs.ts'
import { notify } from '../server/notify.ts'
import { inClinic, type Tx } from '../server/tx.ts'
import { listRefundable, paidWhole } from './parts.ts'
import { placeOf, type Place } from './place.ts'
import { countedOf, keepsNoDeposit, nextAsk, nextPayment, nextRefund, promisedOf, withdrawnOf } from './rules.ts'
import * as store from './store.ts'

// Money back. It is owed by a row and a posting of the transaction that decides it; Stripe is asked afterwards, by a job; what
// Stripe says is written down by whoever hears it first, and changes nothing the second time.

/** Somebody's money: asked for until Stripe gives it back, at last four times a day, for months. */
const untilDone = { retryLimit: 500, retryDelayMax: 6 * 3600, retentionSeconds: 120 * 86_400 }

interface Owed {
  /** One of Stripe's payments, or what the desk took. */
  from: { intent: string } | { taking: string }
  amountMinor: number
  currency: string
  reason: 'cancelled' | 'slot_taken' | 'twice' | 'goodwill'
  /** The request that decided it, where somebody asked. */
  requestKey?: string
}

/** Owes so much of one payment. What Stripe took it gives back by a job; what the desk took the desk hands back. */
export async function owe(tx: Tx, place: Place, payment: store.PaymentRow, owed: Owed, now: Date): Promise<void> {
  const { from, amountMinor, currency, reason, requestKey = null } = owed
  const { id: paymentId, clinicId } = payment
  const of = 'intent' in from ? { paymentIntent: from.intent } : { takingId: from.taking }
  const row = {
    ...{ clinicId, paymentId, paymentIntent: null, takingId: null, ...of },
    amountMinor,
    currency,
    reason,
    requestKey,
  }
  const refundId = await store.insertRefund(tx, { ...row, state: 'due', stripeRefund: null, handed: null }, now)
  await post(tx, { ...payment, currency }, [{ kind: 'refund-due', refundId, amountMinor }], now)
  if (!('intent' in from)) return
  await enqueue(tx, 'payment.refund', { ...place }, { singletonKey: place.appointmentId, ...untilDone })
  // Should the job be lost: it is looked at as well.
  await store.updatePayment(tx, paymentId, { askAt: nextAsk(0, now), asks: 0 }, now)
}

/** Owes so much of whatever was paid: of a card first. */
export async function owePart(
  tx: Tx,
  place: Place,
  payment: store.PaymentRow,
  { amountMinor, ...why }: Pick<Owed, 'amountMinor' | 'reason' | 'requestKey'>,
  now: Date,
): Promise<void> {
  const { currency } = payment
  for (const part of planRefund(await listRefundable(tx, payment), amountMinor)) {
    const from = part.method === 'stripe' ? { intent: part.paymentId } : { taking: part.paymentId }
    await owe(tx, place, payment, { from, amountMinor: part.amountMinor, currency, ...why }, now)
  }
}

/** A booking that is over keeps no deposit: what is left of it, after a fee that was earned, is owed. Its payment is locked. */
export async function oweRest(
  tx: Tx,
  place: Place,
  payment: store.PaymentRow,
  reason: 'cancelled' | 'slot_taken',
  now: Date,
): Promise<void> {
  const { paymentIntent: key, amountMinor, status } = payment
  // What was paid before the books were kept is posted now.
  const before = key && status === 'paid' ? [{ kind: 'paid', key, method: 'stripe', amountMinor } as const] : []
  const { owedMinor } = await post(tx, payment, before, now)
  await owePart(tx, place, payment, { amountMinor: -owedMinor, reason }, now)
}

type RefundFact = Extract<StripeFact, { kind: 'refund' }>

/** All that Stripe gave back of one of its payments, by us or by hand in its pages, the first first. */
export async function refundsAt(api: Stripe, intent: string): Promise<RefundFact[]> {
  const paid = await api.paymentIntents.retrieve(intent)
  const { data } = await api.refunds.list({ payment_intent: intent, limit: 100 })
  return data.toReversed().map(({ id: refund, amount: amountMinor, status, metadata }) => ({
    ...{ kind: 'refund', intent, paidMinor: paid.amount_received, currency: paid.currency, refund, amountMinor },
    state: status === 'failed' || status === 'canceled' ? 'failed' : 'made',
    asked: isId(metadata?.refund ?? '') ? metadata!.refund! : null,
  }))
}

/** Money went back: what Stripe says of all refunds of one payment, however often it is said. */
export async function takeRefunds(tx: Tx, place: Place, facts: readonly RefundFact[], now: Date): Promise<void> {
  const { clinicId, appointmentId } = place
  const appointment = await bookings.lockAppointment(tx, appointmentId)
  const payment = await store.lockPayment(tx, appointmentId)
  const intent = facts[0]?.intent
  if (!appointment || !payment || !intent) return
  let bounced = false
  for (const fact of facts) if (await takeRefund(tx, payment, fact, now)) bounced = true
  if (bounced) {
    await audit(tx, { kind: 'system', clinicId }, 'payment.refund-failed', appointmentId)
    await notify(tx, 'staff', clinicId)
  }
  // A refund is let go whole: what of it nobody gave back is promised anew.
  if ((await letGo(tx, payment, facts[0]!, now)) && keepsNoDeposit(appointment.status))
    await enqueue(tx, 'payment.refund', { ...place }, { singletonKey: appointmentId, ...untilDone })
  await countBack(tx, { place, appointment, payment, intent }, now)
}

/** What went back of what the booking was paid by, once one of Stripe's payments or a refund of it was heard of. All is locked. */
export async function countBack(
  tx: Tx,
  at: { place: Place; appointment: bookings.AppointmentRow; payment: store.PaymentRow; intent: string },
  now: Date,
): Promise<void> {
  const { place, appointment, payment, intent } = at
  const { clinicId, appointmentId } = place
  const rows = await store.listRefunds(tx, payment.id)
  // A second page's money is no part of what the booking costs; nor is a page's where the desk took that.
  const isOther = payment.counted.length
    ? !payment.counted.includes(intent)
    : payment.paymentIntent
      ? payment.paymentIntent !== intent
      : rows.some((row) => row.paymentIntent === intent && row.reason === 'twice') ||
        (await store.listTakings(tx, payment.id)).length > 0
  if (isOther) return
  const isOwn = (row: store.RefundRow) =>
    row.takingId !== null || row.paymentIntent === intent || countedOf(payment).includes(row.paymentIntent ?? '')
  const given = rows.filter((row) => isOwn(row) && row.state === 'paid')
  const whole = await paidWhole(tx, payment)
  const back = Math.min(
    whole,
    given.reduce((sum, row) => sum + row.amountMinor, 0),
  )
  // A deposit that went back leaves the rest due, as long as the visit is to take place.
  const isAll = whole === payment.amountMinor || keepsNoDeposit(appointment.status)
  const next = back === whole && isAll ? nextPayment(payment.status, 'refund') : null
  // The bank sent it back: it is owed still.
  const again = payment.status === 'refunded' && back < whole ? (whole < payment.amountMinor ? 'due' : 'paid') : null
  if (!next && !again && back === payment.refundedMinor) return
  const status = next ?? again ?? payment.status
  await store.updatePayment(tx, payment.id, { refundedMinor: back, paymentIntent: intent, status }, now)
  await audit(tx, { kind: 'system', clinicId }, next ? 'payment.refunded' : 'payment.refunded-partly', appointmentId)
  await notify(tx, 'staff', clinicId)
  if (appointment.patientId) await notify(tx, 'patient', appointment.patientId)
  if (next) await enqueue(tx, 'mail.refunded', { clinicId, appointmentId }, { singletonKey: appointmentId })
}

/** Whether this is the first word of its failing. */
async function takeRefund(tx: Tx, payment: store.PaymentRow, fact: RefundFact, now: Date): Promise<boolean> {
  const rows = await store.listRefunds(tx, payment.id)
  const { refund: stripeRefund, intent: paymentIntent, amountMinor, currency } = fact
  const ours = (row: store.RefundRow) => row.id === fact.asked && row.stripeRefund === null && row.state !== 'dropped'
  const row = rows.find((each) => each.stripeRefund === stripeRefund) ?? rows.find(ours)
  const asked = row && row.reason !== 'outside' ? row.id : null
  await postFact(tx, payment, { ...fact, asked }, now)
  if (row) {
    const state = nextRefund(row, fact.state)
    if (state) await store.updateRefund(tx, row.id, { state, stripeRefund }, now)
    return state === 'failed' && row.state !== 'failed'
  }
  const { id: paymentId, clinicId } = payment
  const state = fact.state === 'made' ? ('paid' as const) : ('failed' as const)
  const heard = { clinicId, paymentId, paymentIntent, takingId: null, amountMinor, currency, state, stripeRefund }
  await store.insertRefund(tx, { ...heard, handed: null, reason: 'outside', requestKey: null }, now)
  return state === 'failed'
}

/**
 * What was promised, and given back by hand in Stripe's own pages or taken by the bank meanwhile: it is not owed twice. Answers whether
 * more was let go than that.
 */
export async function letGo(
  tx: Tx,
  payment: store.PaymentRow,
  { intent, paidMinor }: { intent: string; paidMinor: number },
  now: Date,
): Promise<boolean> {
  const rows = await store.listRefunds(tx, payment.id)
  const withdrawn = withdrawnOf(await store.listDisputes(tx, payment.id), intent)
  // Of a payment that a bank took back nothing can be asked any more; else what is due is asked for, and Stripe says.
  const ended = withdrawn > 0 ? ['failed', 'due'] : ['failed']
  let over = promisedOf(rows, intent) + withdrawn - paidMinor
  if (over <= 0) return false
  for (const { id, amountMinor, currency, paymentIntent, state } of rows) {
    if (over <= 0) break
    if (!ended.includes(state) || paymentIntent !== intent) continue
    await store.updateRefund(tx, id, { state: 'dropped' }, now)
    await post(tx, { ...payment, currency }, [{ kind: 'refund-dropped', refundId: id, amountMinor }], now)
    over -= amountMinor
  }
  return over < 0
}

/** What is owed of this booking's payments. */
export const refundPayment: JobHandler = async (data) => {
  const place = placeOf(data)
  const { payment, due } = await inClinic(place.clinicId, async (tx) => {
    const appointment = await bookings.lockAppointment(tx, place.appointmentId)
    const payment = await store.lockPayment(tx, place.appointmentId)
    if (!appointment || !payment) return { payment: null, due: [] }
    if (keepsNoDeposit(appointment.status)) await oweRest(tx, place, payment, 'cancelled', new Date())
    const rows = await store.listRefunds(tx, payment.id)
    return { payment, due: rows.filter(({ state, paymentIntent }) => state === 'due' && paymentIntent !== null) }
  })
  // One that Stripe will not give back now keeps no other waiting.
  if (!due.length) return
  const api = await stripeFor(place.clinicId, payment!.account)
  const given = await Promise.allSettled(due.map((row) => giveBack(place, row, api)))
  for (const each of given) if (each.status === 'rejected') throw each.reason
}

/**
 * Asks Stripe for one refund. It may die anywhere and begin anew: Stripe is asked first what it gave back already, since it forgets
 * idempotency keys, and the row's id is the key.
 */
async function giveBack(place: Place, row: store.RefundRow, api: Stripe): Promise<void> {
  const { amountMinor: amount } = row
  const payment_intent = row.paymentIntent!
  const hear = async () => {
    const facts = await refundsAt(api, payment_intent)
    await inClinic(place.clinicId, (tx) => takeRefunds(tx, place, facts, new Date()))
    return facts
  }
  const isListed = (facts: readonly RefundFact[]) => facts.some(({ asked }) => asked === row.id)
  if (isListed(await hear())) return
  const metadata = { clinic: place.clinicId, appointment: place.appointmentId, refund: row.id }
  const given = await api.refunds
    .create({ payment_intent, amount, metadata }, { idempotencyKey: `refund-${row.id}` })
    .catch((error) => unlessRefused(error, place, row))
  const heard = await hear()
  if (given && !isListed(heard))
    throw Object.assign(new Error('Stripe does not list a refund it made'), { code: 'UNLISTED' })
  if (given) return
  const left = heard
    .filter(({ state }) => state === 'made')
    .reduce((sum, fact) => sum - fact.amountMinor, await paidAt(api, payment_intent))
  await inClinic(place.clinicId, (tx) => (left >= amount ? fail : drop)(tx, place, row, new Date()))
}

const paidAt = async (api: Stripe, intent: string) => (await api.paymentIntents.retrieve(intent)).amount_received

/** Stripe has that much, and gives it back to no card: it is owed still, and to be handed back otherwise. */
async function fail(tx: Tx, place: Place, { id }: store.RefundRow, now: Date): Promise<void> {
  const { clinicId, appointmentId } = place
  await bookings.lockAppointment(tx, appointmentId)
  const payment = await store.lockPayment(tx, appointmentId)
  const row = payment && (await store.listRefunds(tx, payment.id)).find((each) => each.id === id)
  if (row?.state !== 'due') return
  await store.updateRefund(tx, id, { state: 'failed' }, now)
  await audit(tx, { kind: 'system', clinicId }, 'payment.refund-failed', appointmentId)
  await notify(tx, 'staff', clinicId)
}

/** Null where Stripe will not give that: it was given back by hand, or a bank took the payment back for good. */
async function unlessRefused(
  error: { code?: string; param?: string },
  { clinicId }: Place,
  { paymentId, paymentIntent }: store.RefundRow,
): Promise<null> {
  if (error.code === 'charge_already_refunded' || error.param === 'amount') return null
  const disputes =
    error.code === 'charge_disputed' ? await inClinic(clinicId, (tx) => store.listDisputes(tx, paymentId)) : []
  if (disputes.some((each) => each.paymentIntent === paymentIntent && each.state === 'lost')) return null
  throw error
}

/** What a bank sent back is owed anew, by a row of its own: Stripe's key for the first one is used up. */
export async function oweAgain(
  tx: Tx,
  place: Place,
  payment: store.PaymentRow,
  row: store.RefundRow,
  now: Date,
): Promise<void> {
  const { id: refundId, amountMinor, currency, paymentIntent: intent } = row
  await store.updateRefund(tx, refundId, { state: 'dropped' }, now)
  await post(tx, { ...payment, currency }, [{ kind: 'refund-dropped', refundId, amountMinor }], now)
  const reason = row.reason === 'outside' ? 'cancelled' : row.reason
  await owe(tx, place, payment, { from: { intent: intent! }, amountMinor, currency, reason }, now)
}

/** Not owed by this row any more; what is still left of the deposit is owed by another. */
async function drop(tx: Tx, place: Place, { id, amountMinor, currency }: store.RefundRow, now: Date): Promise<void> {
  const appointment = await bookings.lockAppointment(tx, place.appointmentId)
  const payment = await store.lockPayment(tx, place.appointmentId)
  const row = payment && (await store.listRefunds(tx, payment.id)).find((each) => each.id === id)
  if (!appointment || !payment || row?.state !== 'due') return
  await store.updateRefund(tx, id, { state: 'dropped' }, now)
  await post(tx, { ...payment, currency }, [{ kind: 'refund-dropped', refundId: id, amountMinor }], now)
  if (keepsNoDeposit(appointment.status)) await oweRest(tx, place, payment, 'cancelled', now)
}

export const refundJobs = { 'payment.refund': refundPayment }
