import 'server-only'
import type { z } from 'zod'
import { type PatientActor, type PublicActor, runsVisits, type StaffActor } from '../access/rules.ts'
import { partOf } from '../access/part.ts'
import { endWaiting } from '../call/move.ts'
import { ok, refuse, type Result } from '../errors.ts'
import { creditInvoice } from '../invoice/flow.ts'
import { waitsForMoney } from '../payment/rules.ts'
import { oweRest } from '../payment/refund.ts'
import { lockPayment } from '../payment/store.ts'
import type { Ctx } from '../server/action.ts'
import { audit } from '../server/audit.ts'
import { enqueue } from '../server/jobs.ts'
import { notify } from '../server/notify.ts'
import { inClinic, type Tx } from '../server/tx.ts'
import { expirePayment } from './hold.ts'
import { linkedAppointment } from './link.ts'
import * as rules from './rules.ts'
import * as store from './store.ts'

type In<S extends z.ZodType> = z.output<S>
type Cancelled = Result<{ status: rules.AppointmentStatus }>

/** Whoever holds the link may cancel before the start. What was paid goes back. */
export async function cancelAppointment(
  _: PublicActor,
  input: In<typeof rules.HoldRef>,
  { now }: Ctx,
): Promise<Cancelled> {
  const found = await linkedAppointment(input)
  if (!found.ok) return found
  const { clinicId } = found.value
  return inClinic(clinicId, async (tx) => {
    const row = (await store.lockAppointment(tx, input.id))!
    if (row.status !== 'cancelled' && row.startsAt <= now && rules.nextAppointment(row.status, 'cancel'))
      return refuse('TOO_LATE')
    return cancelIn(tx, { kind: 'patient', clinicId, patientId: row.patientId!, keyId: '' }, row, now)
  })
}

/** Whoever runs the day may cancel until the visit begins, however late it is: the clinic keeps nothing of what was paid. */
export async function cancelByClinic(
  actor: StaffActor,
  input: In<typeof rules.CancelInput>,
  { now }: { now: Date },
): Promise<Cancelled> {
  return inClinic(actor.clinicId, async (tx) => {
    const row = await store.lockAppointment(tx, input.id)
    const seen = runsVisits(actor, await partOf(tx, actor))
    if (!row?.patientId || !(await store.isSeen(tx, row.id, seen))) return refuse('NOT_FOUND')
    // It was moved since: nobody cancels a time that they have not seen.
    if (row.status !== 'cancelled' && +row.startsAt !== Date.parse(input.startsAt)) return refuse('STALE')
    return cancelIn(tx, actor, row, now)
  })
}

/** Once, however often it is asked. The row is locked. */
async function cancelIn(
  tx: Tx,
  actor: StaffActor | PatientActor,
  row: store.AppointmentRow,
  now: Date,
): Promise<Cancelled> {
  const { clinicId } = actor
  if (row.status === 'cancelled') return ok({ status: row.status })
  const status = rules.nextAppointment(row.status, 'cancel')
  if (!status) return refuse('WRONG_STATE')
  await store.updateAppointment(tx, row.id, { status, cancelledAt: now, heldUntil: null, sequence: { increment: 1 } })
  await endWaiting(tx, row.id, now)
  await audit(tx, actor, 'appointment.cancelled', row.id)
  const payment = await lockPayment(tx, row.id)
  const job = { clinicId, appointmentId: row.id }
  if (payment?.status === 'paid') await oweRest(tx, job, payment, 'cancelled', now)
  else if (payment && waitsForMoney(payment.status)) await expirePayment(tx, clinicId, row.id, now)
  await creditInvoice(tx, job, { key: `cancelled/${row.id}`, most: 'all' }, now)
  if (row.status !== 'held') await enqueue(tx, 'mail.cancelled', job, { singletonKey: row.id })
  await notify(tx, 'staff', clinicId)
  if (row.patientId) await notify(tx, 'patient', row.patientId)
  return ok({ status })
}
