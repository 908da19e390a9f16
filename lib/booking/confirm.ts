import 'server-only'
import type { Actor } from '../access/rules.ts'
import { audit } from '../server/audit.ts'
import { enqueue } from '../server/jobs.ts'
import { notify } from '../server/notify.ts'
import type { Tx } from '../server/tx.ts'
import * as store from './store.ts'

/** The slot is theirs: with its audit row, and the mail that says so, unless another says it. */
export async function confirmBooking(
  tx: Tx,
  actor: Exclude<Actor, { kind: 'public' }>,
  row: store.AppointmentRow,
  now: Date,
  isMailed = true,
): Promise<void> {
  await store.updateAppointment(tx, row.id, { status: 'booked', heldUntil: null, timedAt: now })
  await audit(tx, actor, 'appointment.booked', row.id)
  if (isMailed)
    await enqueue(tx, 'mail.booked', { clinicId: row.clinicId, appointmentId: row.id }, { singletonKey: row.id })
  await notify(tx, 'staff', row.clinicId)
  if (row.patientId) await notify(tx, 'patient', row.patientId)
}
