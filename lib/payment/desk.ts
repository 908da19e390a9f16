import 'server-only'
import type { z } from 'zod'
import { partOf } from '../access/part.ts'
import { runsVisits, type StaffActor } from '../access/rules.ts'
import * as bookings from '../booking/store.ts'
import { ok, refuse, type Result } from '../errors.ts'
import { issueInvoice } from '../invoice/flow.ts'
import { receiptPrefix } from '../invoice/rules.ts'
import { takeNumber } from '../invoice/store.ts'
import { post, postingDayIn } from '../ledger/flow.ts'
import type { TakeInput } from '../ledger/rules.ts'
import { audit } from '../server/audit.ts'
import { enqueue } from '../server/jobs.ts'
import { notify } from '../server/notify.ts'
import { inClinic, type Tx } from '../server/tx.ts'
import { earnIn } from './settle.ts'
import { paidWhole } from './parts.ts'
import { oweAgain } from './refund.ts'
import {
  countedOf,
  keepsNoDeposit,
  nextPayment,
  pageMinor,
  type HandBackInput,
  type RefundAgainInput,
} from './rules.ts'
import * as store from './store.ts'

// Money over the counter: cash, or a transfer that the desk saw on the clinic's account.

/** Of a visit on the day's list of whoever asks. */
async function locked(tx: Tx, actor: StaffActor, appointmentId: string) {
  const appointment = await bookings.lockAppointment(tx, appointmentId)
  const seen = runsVisits(actor, await partOf(tx, actor))
  if (!appointment || !(await bookings.isSeen(tx, appointmentId, seen))) return null
  const payment = await store.lockPayment(tx, appointmentId)
  return payment && { appointment, payment }
}

async function told(tx: Tx, clinicId: string, patientId: string | null) {
  await notify(tx, 'staff', clinicId)
  if (patientId) await notify(tx, 'patient', patientId)
}

/** All that is asked for at once: the price, the rest after a deposit, or a fee. The same key again is the same payment, with the same receipt. */
export const take = (
  actor: StaffActor,
  { appointmentId, key, method, amountMinor }: z.output<typeof TakeInput>,
  { now }: { now: Date },
): Promise<Result<{ number: string }>> =>
  inClinic(actor.clinicId, async (tx) => {
    const found = await locked(tx, actor, appointmentId)
    if (!found) return refuse('NOT_FOUND')
    const { appointment, payment } = found
    const before = await store.findTaking(tx, key)
    const isSame = before?.paymentId === payment.id && before.method === method
    if (before) return isSame ? ok({ number: before.number }) : refuse('STALE')
    const status = nextPayment(payment.status, 'pay')
    // Of what did not take place, the fee alone.
    const { owedMinor } = await post(tx, payment, [], now)
    const askedMinor = keepsNoDeposit(appointment.status)
      ? Math.max(0, owedMinor)
      : pageMinor({ ...payment, depositMinor: appointment.depositMinor })
    if (!status || appointment.status === 'held' || askedMinor === 0) return refuse('WRONG_STATE')
    // What the page showed is not what is owed.
    if (amountMinor !== askedMinor) return refuse('STALE')
    const { clinicId, memberId } = actor
    const today = await postingDayIn(tx, clinicId, now)
    const { number, day } = await takeNumber(tx, clinicId, { series: 'receipt', prefix: receiptPrefix, today })
    const { id: paymentId, currency, sessionId } = payment
    const taking = { id: key, clinicId, paymentId, method, amountMinor, currency, number, takenBy: memberId }
    await store.insertTaking(tx, { ...taking, day: new Date(day) }, now)
    await store.updatePayment(tx, paymentId, { status }, now)
    await post(tx, payment, [{ kind: 'paid', key, method, amountMinor }], now)
    // Paid after it took place, and perhaps before the books were kept.
    if (appointment.status === 'completed') await earnIn(tx, appointmentId, now)
    else await issueInvoice(tx, { clinicId, appointmentId }, now)
    // A page that is open still must take nothing more.
    if (sessionId)
      await enqueue(tx, 'payment.end-session', { clinicId, appointmentId }, { singletonKey: appointmentId })
    await audit(tx, actor, 'payment.taken', appointmentId)
    await told(tx, clinicId, appointment.patientId)
    return ok({ number })
  })

const sum = (rows: readonly store.RefundRow[]) => rows.reduce((total, { amountMinor }) => total + amountMinor, 0)

/** What the desk took and owes, and what no card took back, was handed over or sent to the patient's bank. */
export const handBack = (
  actor: StaffActor,
  { appointmentId, method, amountMinor: shown }: z.output<typeof HandBackInput>,
  { now }: { now: Date },
): Promise<Result<{ done: true }>> =>
  inClinic(actor.clinicId, async (tx) => {
    const found = await locked(tx, actor, appointmentId)
    if (!found) return refuse('NOT_FOUND')
    const { appointment, payment } = found
    const rows = await store.listRefunds(tx, payment.id)
    const due = rows.filter(({ state, takingId }) => state === 'failed' || (state === 'due' && takingId))
    if (!due.length) return refuse('WRONG_STATE')
    // What the page showed is not what is owed.
    if (sum(due) !== shown) return refuse('STALE')
    for (const { id, amountMinor, currency } of due) {
      await store.updateRefund(tx, id, { state: 'paid', handed: method }, now)
      const handed = { kind: 'refund-paid', key: `${id}/hand`, method, amountMinor } as const
      await post(tx, { ...payment, currency }, [handed], now)
    }
    // A second page's money is no part of what the booking cost.
    const own = due.filter(
      ({ takingId, paymentIntent }) => takingId || countedOf(payment).includes(paymentIntent ?? ''),
    )
    const whole = await paidWhole(tx, payment)
    const back = Math.min(whole, payment.refundedMinor + sum(own))
    const isAll = whole === payment.amountMinor || keepsNoDeposit(appointment.status)
    const status = back === whole && isAll ? nextPayment(payment.status, 'refund') : null
    await store.updatePayment(tx, payment.id, { refundedMinor: back, ...(status ? { status } : {}) }, now)
    await audit(tx, actor, 'payment.handed-back', appointmentId)
    await told(tx, actor.clinicId, appointment.patientId)
    return ok({ done: true as const })
  })

/** The bank's troubles may be over: Stripe is asked once more for all that came back. */
export const refundAgain = (
  actor: StaffActor,
  { appointmentId, amountMinor: shown }: z.output<typeof RefundAgainInput>,
  { now }: { now: Date },
): Promise<Result<{ done: true }>> =>
  inClinic(actor.clinicId, async (tx) => {
    const found = await locked(tx, actor, appointmentId)
    if (!found) return refuse('NOT_FOUND')
    const { clinicId } = actor
    const failed = (await store.listRefunds(tx, found.payment.id)).filter(({ state }) => state === 'failed')
    if (!failed.length) return refuse('WRONG_STATE')
    if (sum(failed) !== shown) return refuse('STALE')
    for (const row of failed) await oweAgain(tx, { clinicId, appointmentId }, found.payment, row, now)
    await audit(tx, actor, 'payment.refund-again', appointmentId)
    await told(tx, clinicId, found.appointment.patientId)
    return ok({ done: true as const })
  })
