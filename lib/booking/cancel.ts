import 'server-only'
import type { z } from 'zod'
import { type PatientActor, type PublicActor, runsVisits, type StaffActor } from '../access/rules.ts'
import { partOf } from '../access/part.ts'
import { endWaiting } from '../call/move.ts'
import { followEnd } from '../companion/ask.ts'
import { ok, refuse, type Result } from '../errors.ts'
import { endingOf } from '../payment/fee.ts'
import type { NotTaken } from '../price/rules.ts'
import type { Ctx } from '../server/action.ts'
import { audit } from '../server/audit.ts'
import { enqueue } from '../server/jobs.ts'
import { notify } from '../server/notify.ts'
import { inClinic, type Tx } from '../server/tx.ts'
import { endMoney } from './end.ts'
import { tellWaitlist } from './hold.ts'
import { linkedAppointment } from './link.ts'
import * as rules from './rules.ts'
import * as store from './store.ts'

type In<S extends z.ZodType> = z.output<S>
type Cancelled = Result<{ status: rules.AppointmentStatus }>

/** Whoever holds the link may cancel before the start, for what the page said that it costs. What was paid beyond that goes back. */
export async function cancelAppointment(
  _: PublicActor,
  input: In<typeof rules.CancelByLinkInput>,
  { now }: Ctx,
): Promise<Cancelled> {
  const found = await linkedAppointment(input)
  if (!found.ok) return found
  const { clinicId } = found.value
  return inClinic(clinicId, async (tx) => {
    const row = (await store.lockAppointment(tx, input.id))!
    if (row.status !== 'cancelled' && row.startsAt <= now && rules.nextAppointment(row.status, 'cancel'))
      return refuse('TOO_LATE')
    const end = { how: 'cancelled', by: 'patient', startsAt: row.startsAt, now } as const
    // The time until which it was free has passed while they thought about it: nobody pays what they have not seen.
    const isOpen = rules.nextAppointment(row.status, 'cancel') !== null
    if (isOpen && (await endingOf(tx, row, end)).feeMinor !== (input.feeMinor ?? 0)) return refuse('STALE')
    return cancelIn(tx, { kind: 'patient', clinicId, patientId: row.patientId!, keyId: '' }, row, end, now)
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
    // Held until somebody who comes along has said yes: its patient knows of nothing that could be cancelled. See companion/drop.
    if (row.status === 'held' && !row.holdHash) return refuse('WRONG_STATE')
    // It was moved since: nobody cancels a time that they have not seen.
    if (row.status !== 'cancelled' && +row.startsAt !== Date.parse(input.startsAt)) return refuse('STALE')
    return cancelIn(tx, actor, row, { how: 'cancelled', by: 'clinic', startsAt: row.startsAt, now }, now)
  })
}

/** Once, however often it is asked. The row is locked. A mail says so, unless another does. */
export async function cancelIn(
  tx: Tx,
  actor: StaffActor | PatientActor,
  row: store.AppointmentRow,
  end: NotTaken,
  now: Date,
  isMailed = true,
): Promise<Cancelled> {
  const { clinicId } = actor
  if (row.status === 'cancelled') return ok({ status: row.status })
  const status = rules.nextAppointment(row.status, 'cancel')
  if (!status) return refuse('WRONG_STATE')
  await store.updateAppointment(tx, row.id, { status, cancelledAt: now, heldUntil: null, sequence: { increment: 1 } })
  await endWaiting(tx, row.id, now)
  await audit(tx, actor, 'appointment.cancelled', row.id)
  await endMoney(tx, row, end, now)
  await followEnd(tx, actor, row)
  const job = { clinicId, appointmentId: row.id }
  if (row.status !== 'held' && isMailed) await enqueue(tx, 'mail.cancelled', job, { singletonKey: row.id })
  await tellWaitlist(tx, clinicId)
  await notify(tx, 'staff', clinicId)
  if (row.patientId) await notify(tx, 'patient', row.patientId)
  return ok({ status })
}
