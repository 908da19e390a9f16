import 'server-only'
import type { z } from 'zod'
import type { StaffActor } from '../access/rules.ts'
import * as bookings from '../booking/store.ts'
import { ok, refuse, type Result } from '../errors.ts'
import { creditInvoice, issueInvoice } from '../invoice/flow.ts'
import { post } from '../ledger/flow.ts'
import type { RefundInput, StandingInput, WriteOffInput } from '../ledger/rules.ts'
import { audit } from '../server/audit.ts'
import { enqueue } from '../server/jobs.ts'
import { notify } from '../server/notify.ts'
import { inClinic, type Tx } from '../server/tx.ts'
import { listRefundable } from './parts.ts'
import { owePart } from './refund.ts'
import { nextPayment, type VisitMoney } from './rules.ts'
import * as store from './store.ts'

// What the clinic gives back or lets go by its own choice. Each comes with a credit note.

interface Locked {
  appointment: bookings.AppointmentRow
  payment: store.PaymentRow
}

async function locked(tx: Tx, appointmentId: string): Promise<Locked | null> {
  const appointment = await bookings.lockAppointment(tx, appointmentId)
  const payment = appointment && (await store.lockPayment(tx, appointmentId))
  return payment && { appointment, payment }
}

/** Nothing of what is no booking yet. Of one that is over, what was kept: the rest goes back by itself. */
async function moneyIn(tx: Tx, { appointment, payment }: Locked, now: Date): Promise<VisitMoney> {
  const { currency } = payment
  if (appointment.status === 'held') return { currency, refundableMinor: 0, owedMinor: 0 }
  const left = payment.status === 'refunded' ? [] : await listRefundable(tx, payment)
  const { owedMinor } = await post(tx, payment, [], now)
  const refundableMinor = left.reduce((sum, { leftMinor }) => sum + leftMinor, 0)
  return { currency, refundableMinor, owedMinor: Math.max(0, owedMinor) }
}

export const standing = (
  actor: StaffActor,
  { appointmentId }: z.output<typeof StandingInput>,
  { now }: { now: Date },
): Promise<Result<VisitMoney>> =>
  inClinic(actor.clinicId, async (tx) => {
    const found = await locked(tx, appointmentId)
    return found ? ok(await moneyIn(tx, found, now)) : refuse('NOT_FOUND')
  })

async function told(tx: Tx, actor: StaffActor, what: string, { id, patientId }: bookings.AppointmentRow) {
  await audit(tx, actor, what, id)
  await notify(tx, 'staff', actor.clinicId)
  if (patientId) await notify(tx, 'patient', patientId)
}

/** Named apart from each other payment's, and from what a cancellation credits: the browser chose the key. */
const asked = ({ id }: store.PaymentRow, key: string) => `asked/${id}/${key}`

/** A part of what was paid, or all of it. Stripe gives its part back by a job; the desk hands back what it took. */
export const giveBack = (
  actor: StaffActor,
  { appointmentId, key, amountMinor }: z.output<typeof RefundInput>,
  { now }: { now: Date },
): Promise<Result<{ done: true }>> =>
  inClinic(actor.clinicId, async (tx) => {
    const found = await locked(tx, appointmentId)
    if (!found) return refuse('NOT_FOUND')
    const { payment } = found
    const place = { clinicId: actor.clinicId, appointmentId }
    // Sent again after a lost answer: it is done.
    if ((await store.listRefunds(tx, payment.id)).some(({ requestKey }) => requestKey === key))
      return ok({ done: true as const })
    const { refundableMinor } = await moneyIn(tx, found, now)
    if (refundableMinor === 0) return refuse('WRONG_STATE')
    if (amountMinor > refundableMinor) return refuse('STALE')
    // What was paid before invoices were written has none yet.
    await issueInvoice(tx, place, now)
    await owePart(tx, place, payment, { amountMinor, reason: 'goodwill', requestKey: key }, now)
    await creditInvoice(tx, place, { key: asked(payment, key), most: amountMinor }, now)
    await told(tx, actor, 'payment.given-back', found.appointment)
    return ok({ done: true as const })
  })

/** What is owed for a visit that took place is let go: a credit note takes it back, and what no note can is a loss. */
export const writeOff = (
  actor: StaffActor,
  { appointmentId, key, amountMinor: shown }: z.output<typeof WriteOffInput>,
  { now }: { now: Date },
): Promise<Result<{ done: true }>> =>
  inClinic(actor.clinicId, async (tx) => {
    const found = await locked(tx, appointmentId)
    if (!found) return refuse('NOT_FOUND')
    const { payment } = found
    const { clinicId } = actor
    const { owedMinor } = await moneyIn(tx, found, now)
    if (owedMinor === 0) return refuse('WRONG_STATE')
    // What the page showed is not what is owed.
    if (owedMinor !== shown) return refuse('STALE')
    const creditedMinor = await creditInvoice(
      tx,
      { clinicId, appointmentId },
      { key: asked(payment, key), most: owedMinor },
      now,
    )
    if (creditedMinor < owedMinor)
      await post(tx, payment, [{ kind: 'written-off', key, amountMinor: owedMinor - creditedMinor }], now)
    // Nobody pays it any more; a page that is open must take nothing.
    const status = nextPayment(payment.status, 'let-go')
    if (status) await store.updatePayment(tx, payment.id, { status }, now)
    if (payment.sessionId)
      await enqueue(tx, 'payment.end-session', { clinicId, appointmentId }, { singletonKey: appointmentId })
    await told(tx, actor, 'payment.written-off', found.appointment)
    return ok({ done: true as const })
  })
