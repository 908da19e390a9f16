import 'server-only'
import type Stripe from 'stripe'
import type { SystemActor } from '../access/rules.ts'
import { confirmBooking } from '../booking/confirm.ts'
import { placeAt } from '../booking/place.ts'
import { nextAppointment } from '../booking/rules.ts'
import { takeSeat } from '../booking/session.ts'
import * as bookings from '../booking/store.ts'
import { findClinic, findService } from '../clinic/store.ts'
import { stripeFor } from '../merchant/api.ts'
import { keepHours } from '../schedule/store.ts'
import { audit } from '../server/audit.ts'
import type { JobHandler } from '../server/jobs.ts'
import { log } from '../server/log.ts'
import { notify } from '../server/notify.ts'
import { inClinic, type Tx } from '../server/tx.ts'
import { issueInvoice } from '../invoice/flow.ts'
import { post, postFact } from '../ledger/flow.ts'
import { placeOf, type Place } from './place.ts'
import { countBack, owe, oweRest, refundJobs } from './refund.ts'
import { afterLoss, decidePaid, fromMetadata, nextPart, nextPayment, pageMinor, type Page } from './rules.ts'
import * as store from './store.ts'

// What money does to a booking, whoever brings the word: the webhook, the return page, a job. Each runs any number of times with
// one effect: the rows are locked, appointment first, and payment/rules decides.

export interface Money {
  paymentIntent: string | null
  paidMinor: number | null
  currency: string | null
  /** The page that took it. */
  page: Page
}

export const idOf = (value: string | { id: string } | null | undefined) =>
  typeof value === 'string' ? value : (value?.id ?? null)

export const moneyOf = (session: Stripe.Checkout.Session): Money => ({
  paymentIntent: idOf(session.payment_intent),
  paidMinor: session.amount_total,
  currency: session.currency,
  page: fromMetadata(session.metadata),
})

/** Money arrived: the booking counts, or takes its slot again, or the money goes back. */
export const settle = (place: Place, money: Money, now: Date): Promise<void> =>
  overtaken(() => inClinic(place.clinicId, (tx) => settleIn(tx, place, money, now)))

export async function settleIn(tx: Tx, place: Place, money: Money, now: Date): Promise<void> {
  const { clinicId, appointmentId } = place
  const actor: SystemActor = { kind: 'system', clinicId }
  const appointment = await bookings.lockAppointment(tx, appointmentId)
  const payment = await store.lockPayment(tx, appointmentId)
  if (!appointment || !payment) return
  const { paymentIntent: intent, paidMinor, currency, page } = money
  if (!intent || !paidMinor || !currency) throw Object.assign(new Error('paid, but nothing'), { code: 'NO_MONEY' })
  // Heard of before.
  if (payment.counted.includes(intent)) return
  const { depositMinor } = appointment
  const { fresh } = await postFact(tx, payment, { kind: 'payment', intent, paidMinor, currency }, now)
  const part = nextPart({ ...payment, depositMinor })
  const isPart = part === 'deposit'
  const next = nextPayment(payment.status, isPart ? 'pay-part' : 'pay')
  const isAll = paidMinor === pageMinor({ ...payment, depositMinor }) && currency === payment.currency
  if (!next || !isAll || page.part !== part) {
    // Its refund was heard of first: the booking ends as it would have in the other order, booked, and its money back.
    if (intent === payment.paymentIntent && payment.status === 'refunded' && appointment.status === 'held') {
      await confirmBooking(tx, actor, appointment, now)
      await issueInvoice(tx, place, now)
      return
    }
    // Paid twice by two pages, or not what was asked for: that money is nobody's.
    if (fresh.size === 0 || intent === payment.paymentIntent) return
    log.error({ code: 'PAYMENT_TWICE', appointmentId, ...page })
    return owe(tx, place, payment, { from: { intent }, amountMinor: paidMinor, currency, reason: 'twice' }, now)
  }
  const counted = [...payment.counted, intent]
  const paid = { ...payment, status: next, paymentIntent: intent, counted }
  // The page is over: what is asked for next has a page of its own.
  const over = isPart ? { sessionUrl: null, sessionExpiresAt: null } : {}
  await store.updatePayment(tx, payment.id, { status: next, paymentIntent: intent, counted, ...over }, now)
  // Some of it went back before: that was no part of the booking's money until now.
  if (fresh.size === 0) await countBack(tx, { place, appointment, payment: paid, intent }, now)
  await audit(tx, actor, 'payment.paid', appointmentId)
  await notify(tx, 'staff', clinicId)
  if (appointment.patientId) await notify(tx, 'patient', appointment.patientId)
  const decision = decidePaid(appointment.status)
  // Paid after it took place, and perhaps before the books were kept.
  if (appointment.status === 'completed') await earnIn(tx, appointmentId, now)
  if (decision === 'nothing') {
    await issueInvoice(tx, place, now)
    return
  }
  if (decision === 'confirm' || (decision === 'rebook' && (await freeAgain(tx, appointment, now)))) {
    await confirmBooking(tx, actor, appointment, now)
    // Of a deposit alone none is written: the visit's, or the rest's, comes with all of it.
    if (!isPart) await issueInvoice(tx, place, now)
  } else {
    const reason = decision === 'rebook' ? 'slot_taken' : 'cancelled'
    await oweRest(tx, place, paid, reason, now)
  }
}

/** The visit took place: what its invoice says is earned, less what was credited before, whether or not it was paid. */
export async function earnIn(tx: Tx, appointmentId: string, now: Date): Promise<void> {
  const payment = await store.lockPayment(tx, appointmentId)
  if (!payment || payment.amountMinor === 0) return
  const { id: saleId, clinicId, status, paymentIntent: key, amountMinor } = payment
  const left = await issueInvoice(tx, { clinicId, appointmentId }, now)
  const taxes = left.filter(({ netMinor, taxMinor }) => netMinor + taxMinor !== 0)
  const before = status === 'paid' && key ? [{ kind: 'paid', key, method: 'stripe', amountMinor } as const] : []
  await post(tx, payment, [...before, { kind: 'earned', saleId, occasion: 'visit', nth: 0, taxes }], now)
}

/** Whether the slot that was freed can still be theirs: nobody has it, and whoever sees them is there. Two late payments for one slot look one after the other. */
async function freeAgain(tx: Tx, appointment: bookings.AppointmentRow, now: Date): Promise<boolean> {
  if (appointment.startsAt <= now || !nextAppointment(appointment.status, 'rebook')) return false
  await tx.$queryRaw`SELECT pg_advisory_xact_lock(hashtextextended(${appointment.memberId}, 0))::text`
  if (await bookings.isTaken(tx, appointment, now)) return false
  const clinic = (await findClinic(tx, appointment.clinicId))!
  await keepHours(tx, clinic.id, appointment.memberId)
  if ((await placeAt(tx, clinic, appointment.memberId, appointment)) !== appointment.siteId) return false
  if (appointment.seat === null) return true
  // Somebody may have its place in the group by now, and another one be free.
  const place = await takeSeat(tx, (await findService(tx, appointment.serviceId))!, appointment)
  if (!place || place.seat === null) return false
  // Where nobody is expected by now though others were there before, the clinic may have cancelled the group or moved it. Others who
  // only looked cannot be told from that.
  const { sessionId, seat } = appointment
  const isAlone = (await bookings.listSession(tx, sessionId)).every(({ status }) => status === 'held')
  if (isAlone && (seat > 0 || (await bookings.listSession(tx, sessionId, ['cancelled'])).length)) return false
  await bookings.updateAppointment(tx, appointment.id, place)
  return true
}

/** A slot taken between the look and the booking breaks the exclusion constraint: the second look sees it. */
export async function overtaken<T>(run: () => Promise<T>): Promise<T> {
  try {
    return await run()
  } catch (error) {
    if (!/23P01|appointment_slot|appointment_seat/.test(wordsOf(error))) throw error
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
  const isDepositPaid = appointment.depositMinor > 0 && payment.counted.length > 0
  await store.updatePayment(tx, payment.id, { status: afterLoss(appointment.paymentMode, next, isDepositPaid) }, now)
  const status = appointment.status === 'held' ? nextAppointment('held', 'lapse') : null
  if (status) await bookings.updateAppointment(tx, appointment.id, { status })
  await notify(tx, 'staff', place.clinicId)
  if (appointment.patientId) await notify(tx, 'patient', appointment.patientId)
}

/** The slot is free again: its page must take no money any more. One that took some meanwhile is settled instead. */
const endSession: JobHandler = async (data) => {
  const place = placeOf(data)
  const payment = await inClinic(place.clinicId, (tx) => store.findPayment(tx, place.appointmentId))
  if (!payment?.sessionId) return
  await closeSession(await stripeFor(place.clinicId, payment.account), place, payment.sessionId, new Date())
}

/** Ends a page at Stripe. Money that it took is settled; money that a bank has not sent yet may still come of it. */
export async function closeSession(
  api: Stripe,
  place: Place,
  sessionId: string,
  now: Date,
): Promise<'paid' | 'over' | 'under way'> {
  const session = await api.checkout.sessions.retrieve(sessionId).catch(unlessMissing)
  if (!session) return 'over'
  if (session.payment_status === 'paid') {
    await settle(place, moneyOf(session), now)
    return 'paid'
  }
  if (session.status === 'open') await api.checkout.sessions.expire(sessionId)
  return session.status === 'complete' ? 'under way' : 'over'
}

/** What Stripe does not know of takes no money. */
export function unlessMissing(error: { code?: string }): null {
  if (error.code === 'resource_missing') return null
  throw error
}

export const paymentJobs = {
  handlers: {
    ...refundJobs,
    'payment.end-session': endSession,
  },
  every: {},
}
