import { type AppointmentView, bookingFields, bookingPurpose } from '../booking/rules.ts'
import type { ChecklistContent, IdentityContent } from '../record/rules.ts'
import { type Answer, call } from './api.ts'
import { keepRoot, linkOf } from './booking-device.ts'
import { sealFor } from './booking-send.ts'
import { sendSealed } from './send-sealed.ts'
import type { KeyHome } from './vault-api.ts'
import { vault } from './vault.ts'
import { refusalCode } from './vault-error.ts'

/**
 * This browser becomes the first of somebody for whom the clinic booked: keys of its own, and their own word of who they are. Asked
 * twice, by a double click or a lost answer, they are the same keys.
 */
export async function claimAppointment(
  view: AppointmentView,
  secret: string,
  { identity, home }: { identity: IdentityContent; home: KeyHome },
): Promise<Answer<{ patientId: string; keyId: string }>> {
  const { id: appointmentId, clinic, practitioner, site } = view
  const clinicId = clinic.id
  const patientId = view.unclaimed!
  const made = await vault()
    .createPatient({ clinicId, patientId, home, claims: appointmentId })
    .catch((error: unknown) => {
      if (refusalCode(error) !== 'HELD_ALREADY') throw error
      return null
    })
  if (!made) return { ok: false, code: 'NOT_ALLOWED' }
  const { keyId, keys } = made
  const place = { clinicId, patientId, key: keys.dh, practitioner: practitioner.id, site: site?.id ?? null }
  const draft = sealFor(place)
  const checklist: ChecklistContent = { appointmentId, formDone: false, consentSigned: false }
  const drafts = [draft('identity', identity), draft('checklist', checklist)]
  const fields = bookingFields({ clinicId, appointmentId, patientId, keyId, sign: keys.sign, dh: keys.dh })
  const proof = await vault().signPatient({ patientId, purpose: bookingPurpose, fields })
  await vault().bindAppointment({ appointmentId, patientId, linkSecret: secret })
  const patient = { patientId, keyId, sign: keys.sign, dh: keys.dh, proof }
  const answer = await sendSealed(
    clinicId,
    () => vault().sealMany(drafts),
    (records) => call('desk/claim', { id: appointmentId, secret, patient, records: records as never }, { retry: true }),
  )
  // A link on paper or on the desk's screen names the clinic's key: the chain was held against it before the form was shown.
  const root = linkOf(clinicId)
  if (answer.ok && root && home === 'stored') await keepRoot(made, root)
  return answer
}
