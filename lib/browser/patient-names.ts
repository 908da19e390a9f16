import { knownPatients, loadClinicChain } from './booking-device.ts'
import type { PatientHandle } from './vault-api.ts'
import { vault } from './vault.ts'

export interface Named {
  patient: PatientHandle
  name: string | null
}

/** The patients whose records this browser opens, by the names that are in them. */
export async function namesOf(): Promise<Named[]> {
  const clinics = [...new Set((await vault().patients()).map(({ clinicId }) => clinicId))]
  const found: Named[] = []
  for (const clinicId of clinics) {
    if (!(await loadClinicChain(clinicId))) continue
    for (const { handle, identity } of await knownPatients(clinicId))
      found.push({ patient: handle, name: identity?.name ?? null })
  }
  return found
}
