import 'server-only'
import type { z } from 'zod'
import type { PatientActor, PublicActor } from '../access/rules.ts'
import { matches } from '../booking/link.ts'
import { bookingFields, bookingPurpose } from '../booking/rules.ts'
import { lockAppointment, lookupAppointment } from '../booking/store.ts'
import { ok, refuse, type Result } from '../errors.ts'
import { deviceName } from '../patient/rules.ts'
import { addKey } from '../patient/store.ts'
import { insertRecords } from '../record/store.ts'
import type { Ctx } from '../server/action.ts'
import { isAgreeable } from '../server/agreeable.ts'
import { audit } from '../server/audit.ts'
import { notify } from '../server/notify.ts'
import { verifyProof } from '../server/proof.ts'
import { limit } from '../server/rate-limit.ts'
import { inClinic, inNoClinic } from '../server/tx.ts'
import { type ClaimInput, isFirstWord } from './rules.ts'
import { lockKeys } from './store.ts'

/**
 * The first device that opens the link of somebody for whom the clinic booked: from now on it is theirs, as one that booked is, and
 * no further than first use until a member says that it matches. Once for each patient: a second device is an ordinary new one.
 */
export async function claim(
  _: PublicActor,
  input: z.output<typeof ClaimInput>,
  { ip, userAgent }: Ctx,
): Promise<Result<{ patientId: string; keyId: string }>> {
  const counted = await limit('claim', ip, { points: 30, seconds: 60 })
  if (!counted.ok) return counted
  const clinicId = await inNoClinic((tx) => lookupAppointment(tx, input.id))
  if (!clinicId) return refuse('NOT_FOUND')
  const { patientId, keyId, sign, dh, proof } = input.patient
  const fields = bookingFields({ clinicId, appointmentId: input.id, patientId, keyId, sign, dh })
  if (!(await verifyProof(sign, bookingPurpose, fields, proof))) return refuse('BAD_PROOF')
  return inClinic(clinicId, async (tx) => {
    const row = await lockAppointment(tx, input.id)
    // A wrong secret, a wrong id and another's patient are one answer.
    if (!row?.patientId || !matches(row.linkHash, input.secret) || row.patientId !== patientId)
      return refuse('NOT_FOUND')
    const keys = await lockKeys(tx, patientId)
    // Sent again after a lost answer: it is done.
    if (keys.some((key) => key.id === keyId && key.signKey === sign && key.dhKey === dh))
      return ok({ patientId, keyId })
    // The defence of first use: of two devices at once one waits here for the other, and then there is a key.
    if (keys.length) return refuse('WRONG_STATE')
    if (!['booked', 'arrived', 'in_consult'].includes(row.status)) return refuse('WRONG_STATE')
    if (!isAgreeable(dh)) return refuse('BAD_INPUT', { patient: 'invalid' })
    if (!isFirstWord(input.records)) return refuse('BAD_INPUT', { records: 'invalid' })
    const actor: PatientActor = { kind: 'patient', clinicId, patientId, keyId }
    const key = { keyId, keys: { sign, dh }, clinicId, patientId, kind: 'device', link: null } as const
    if (!(await addKey(tx, { ...key, state: 'booking', name: deviceName(userAgent) }))) return refuse('NOT_ALLOWED')
    const stored = await insertRecords(tx, actor, input.records, { patientId, appointmentId: row.id })
    if (!stored.ok) return stored
    await audit(tx, actor, 'patient.first-device', keyId)
    await notify(tx, 'staff', clinicId)
    await notify(tx, 'patient', patientId)
    return ok({ patientId, keyId })
  })
}
