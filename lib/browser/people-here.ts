import { knownPatients, loadClinicChain } from './booking-device.ts'
import type { PatientHandle } from './vault-api.ts'
import type { CareView } from './vault-care-api.ts'
import { vault } from './vault.ts'

export interface PersonHere {
  patientId: string
  handle: PatientHandle
  name: string | null
  /** As what this browser's person helps them; null for themselves. */
  helper: CareView | null
  /** The newest of their appointments that this browser has the link of. */
  appointmentId: string | null
}

/** Everybody whose records this browser opens. */
export async function peopleHere(): Promise<PersonHere[]> {
  const clinics = [...new Set((await vault().patients()).map(({ clinicId }) => clinicId))]
  const found: PersonHere[] = []
  for (const clinicId of clinics) {
    if (!(await loadClinicChain(clinicId))) continue
    for (const { handle, identity, helper, appointments } of await knownPatients(clinicId)) {
      const bound = await Promise.all(appointments.map(async (id) => ((await vault().appointment(id)) ? id : null)))
      const { patientId } = handle
      found.push({
        ...{ patientId, handle, name: identity?.name ?? null, helper },
        appointmentId: bound.find((id) => id !== null) ?? null,
      })
    }
  }
  return found
}
