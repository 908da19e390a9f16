import 'server-only'
import type { z } from 'zod'
import type { PatientActor } from '../access/rules.ts'
import * as bookings from '../booking/store.ts'
import { ok, refuse, type Result } from '../errors.ts'
import { handIns } from '../patient/rules.ts'
import { findDeviceKey } from '../patient/store.ts'
import { insertRecords } from '../record/store.ts'
import { audit } from '../server/audit.ts'
import { notify } from '../server/notify.ts'
import { limit } from '../server/rate-limit.ts'
import { inClinic } from '../server/tx.ts'
import type { SubmitInput } from './rules.ts'

/** Answers handed in after the booking, or changed until the consult is over. */
export async function submitIntake(
  actor: PatientActor,
  input: z.output<typeof SubmitInput>,
): Promise<Result<{ done: true }>> {
  const counted = await limit('hand-in', actor.keyId, handIns)
  if (!counted.ok) return counted
  return inClinic(actor.clinicId, async (tx) => {
    const row = await bookings.lockAppointment(tx, input.appointmentId)
    if (!row || row.patientId !== actor.patientId) return refuse('NOT_FOUND')
    const key = await findDeviceKey(tx, actor)
    if (!key) return refuse('NO_KEY')
    // Let in by a mailed code alone: whoever reads the mail would answer for the patient.
    if (key.state === 'confirmed') return refuse('NOT_CONFIRMED')
    if (!['held', 'booked', 'arrived', 'in_consult'].includes(row.status)) return refuse('WRONG_STATE')
    if (input.records.some(({ meta }) => meta.type !== 'intake' && meta.type !== 'checklist'))
      return refuse('NOT_ALLOWED')
    const stored = await insertRecords(tx, actor, input.records, { patientId: actor.patientId, appointmentId: row.id })
    if (!stored.ok) return stored
    await audit(tx, actor, 'intake.submitted', row.id)
    await notify(tx, 'staff', actor.clinicId)
    await notify(tx, 'patient', actor.patientId)
    return ok({ done: true as const })
  })
}
