import { vault } from '@/lib/browser/vault'
import type { EncounterView } from '@/lib/encounter/rules'
import type { PrescriptionContent, PrescriptionForm, SharedPrescription } from '@/lib/prescription/rules'
import type { IdentityContent } from '@/lib/record/rules'
import { sealFor } from '../encounter/seal'
import type { Chart } from '../encounter/use-chart'

/**
 * What the practitioner looks at, and signs as it stands. The names of practitioner and clinic are the server's word up to
 * here: no statement of the chain holds a name. Their signature makes them theirs, so all of it is in the preview.
 */
export const prescriptionOf = (
  view: EncounterView,
  { name, birthDate }: IdentityContent,
  form: PrescriptionForm,
  now: Date,
): SharedPrescription => ({
  rxId: crypto.randomUUID(),
  clinic: { name: view.clinic.name, address: view.clinic.address, phone: view.clinic.phone },
  patient: { name, birthDate },
  prescriber: view.me,
  issuedAt: now.toISOString(),
  expiresAt: new Date(now.getTime() + form.validDays * 86_400_000).toISOString(),
  items: form.items,
  notes: form.notes,
})

/** Signs this prescription, nothing more and nothing else: the pharmacist's copy, and the patient's record. */
export async function signPrescription(chart: Chart, prescription: SharedPrescription) {
  const { clinicId } = chart
  const { rxId, prescriber } = prescription
  const { secret, share } = await vault().sealShare({ rxId, clinicId, prescriberName: prescriber.name, prescription })
  const content: PrescriptionContent = { ...prescription, secret }
  return { share, record: await sealFor(chart, { type: 'prescription', content, shared: true }) }
}
