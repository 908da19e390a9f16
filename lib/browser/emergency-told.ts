import type { ToldRow } from '../emergency/rules.ts'
import { call, type Answer } from './api.ts'
import { openPatientSession } from './patient-session.ts'
import type { PatientHandle } from './vault-api.ts'
import type { EmergencyRequestView } from './vault-emergency-api.ts'
import { VaultError } from './vault-error.ts'
import { vault } from './vault.ts'

export interface Told {
  row: ToldRow
  /** Null when no officer of the clinic signed what the server shows. */
  view: EmergencyRequestView | null
}

/** What of this patient was opened in an emergency, with the reason as it opens on this device. */
export async function loadTold({ clinicId, ...patient }: PatientHandle): Promise<Answer<Told[]>> {
  const session = await openPatientSession({ clinicId, ...patient })
  if (!session.ok) return session
  const { patientId } = patient
  const answer = await call('emergency/told', {}, { as: 'patient', patientId, retry: true })
  if (!answer.ok) return answer
  const told = answer.value.opened.map(async (row): Promise<Told> => {
    const view = await vault()
      .readEmergency({ clinicId, request: row.request, reason: row.reason, asPatient: patientId })
      .catch((error: unknown) => (error instanceof VaultError ? null : Promise.reject(error)))
    return { row, view: view?.id === row.id ? view : null }
  })
  return { ok: true, value: await Promise.all(told) }
}
