import { call } from './api.ts'
import type { PatientHandle } from './vault-api.ts'
import { vault } from './vault.ts'

/** The links of all their appointments, told to the patient's own key: some went with a device, or never came to this one. Newest first. */
export async function bindAll(patient: PatientHandle): Promise<string[]> {
  const { patientId } = patient
  const answer = await call('patient/links', {}, { as: 'patient', patientId, retry: true })
  const links = answer.ok ? answer.value.links : []
  for (const link of links) await vault().bindAppointment({ ...link, patientId })
  return links.map(({ appointmentId }) => appointmentId)
}
