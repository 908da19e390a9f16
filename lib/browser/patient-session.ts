import { sessionFields } from '../patient/rules.ts'
import { call, type Answer } from './api.ts'
import type { PatientHandle } from './vault-api.ts'
import { vault } from './vault.ts'

/** By key: what a browser is given back after a loss speaks with another than before. */
const live = new Map<string, number>()

/** Opens a device session for this patient, or finds that one is open. Ask again before each use: it costs nothing then. */
export async function openPatientSession(patient: PatientHandle): Promise<Answer<true>> {
  const { clinicId, patientId, keyId } = patient
  if ((live.get(keyId) ?? 0) > performance.now()) return { ok: true, value: true }
  const asked = await call('patient/challenge', { clinicId, patientId, keyId })
  if (!asked.ok) return asked
  const fields = sessionFields(location.origin, { nonce: asked.value.nonce, patientId, keyId })
  const signature = await vault().signPatient({ patientId, purpose: 'patient-session', fields })
  const opened = await call('patient/session', { clinicId, patientId, keyId, nonce: asked.value.nonce, signature })
  if (!opened.ok) return opened
  // Renewed well before its half hour is over; the page's own clock may be wrong, so it only measures.
  live.set(keyId, performance.now() + 20 * 60_000)
  return { ok: true, value: true }
}
