import 'server-only'
import type { z } from 'zod'
import { partOf } from '../access/part.ts'
import { runsVisits, type StaffActor } from '../access/rules.ts'
import * as bookings from '../booking/store.ts'
import { findClinic } from '../clinic/store.ts'
import { ok, refuse, type Result } from '../errors.ts'
import { takeNumber } from '../invoice/store.ts'
import { post } from '../ledger/flow.ts'
import type { TakeInput } from '../ledger/rules.ts'
import { audit } from '../server/audit.ts'
import { enqueue } from '../server/jobs.ts'
import { notify } from '../server/notify.ts'
import { inClinic, type Tx } from '../server/tx.ts'
import { dayIn } from '../time.ts'
import { earnIn } from './settle.ts'
import { isOver, nextPayment, type HandBackInput } from './rules.ts'
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

/** The whole price at once. The same key again is the same payment, with the same receipt. */
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
    if (!status || appointment.status === 'held' || isOver(appointment.status)) return refuse('WRONG_STATE')
    // What the page showed is not what is owed.
    if (amountMinor !== payment.amountMinor) return refuse('STALE')
    const { clinicId, memberId } = actor
    const clinic = (await findClinic(tx, clinicId))!
    const today = dayIn(clinic.timeZone, now)
    const { number, day } = await takeNumber(tx, clinicId, { series: 'receipt', prefix: 'REC', today })
    const { id: paymentId, currency, sessionId } = payment
    const taking = { id: key, clinicId, paymentId, method, amountMinor, currency, number, takenBy: memberId }
    await store.insertTaking(tx, { ...taking, day: new Date(day) }, now)
    await store.updatePayment(tx, paymentId, { status }, now)
    await post(tx, payment, [{ kind: 'paid', key, method, amountMinor }], now)
    // Paid after it took place, and perhaps before the books were kept.
    if (appointment.status === 'completed') await earnIn(tx, appointmentId, now)
    // A page that is open still must take nothing more.
    if (sessionId)
      await enqueue(tx, 'payment.end-session', { clinicId, appointmentId }, { singletonKey: appointmentId })
    await audit(tx, actor, 'payment.taken', appointmentId)
    await told(tx, clinicId, appointment.patientId)
    return ok({ number })
  })

/** What the desk took and owes was handed back, or sent to the patient's bank. */
export const handBack = (
  actor: StaffActor,
  { appointmentId }: z.output<typeof HandBackInput>,
  { now }: { now: Date },
): Promise<Result<{ done: true }>> =>
  inClinic(actor.clinicId, async (tx) => {
    const found = await locked(tx, actor, appointmentId)
    if (!found) return refuse('NOT_FOUND')
    const { appointment, payment } = found
    const takings = await store.listTakings(tx, payment.id)
    const due = (await store.listRefunds(tx, payment.id)).filter(({ state, takingId }) => state === 'due' && takingId)
    if (!due.length) return refuse('WRONG_STATE')
    let back = payment.refundedMinor
    for (const { id, takingId, amountMinor } of due) {
      const { method } = takings.find((each) => each.id === takingId)!
      await store.updateRefund(tx, id, { state: 'paid' }, now)
      await post(tx, payment, [{ kind: 'refund-paid', key: `${id}/hand`, method, amountMinor }], now)
      back += amountMinor
    }
    const status = back === payment.amountMinor ? nextPayment(payment.status, 'refund') : null
    await store.updatePayment(tx, payment.id, { refundedMinor: back, ...(status ? { status } : {}) }, now)
    await audit(tx, actor, 'payment.handed-back', appointmentId)
    await told(tx, actor.clinicId, appointment.patientId)
    return ok({ done: true as const })
  })
