import { knownFields, knownPurpose } from '../waitlist/rules.ts'
import { knownPatients } from './booking-device.ts'
import { vault } from './vault.ts'

/** A patient of this device who has been to the clinic, or is coming: `show` is their key's word for one place in the clinic's line. */
export interface Visitor {
  show: (id: string) => Promise<{ patientId: string; keyId: string; proof: string }>
}

/** Null where there is none. */
export default async function findVisitor(clinicId: string): Promise<Visitor | null> {
  if ((await vault().probe()) !== 'stored') return null
  const found = (await knownPatients(clinicId)).find(({ hasBeen }) => hasBeen)
  if (!found) return null
  const { patientId, keyId } = found.handle
  return {
    show: async (id) => {
      const fields = knownFields({ clinicId, id, patientId, keyId })
      return { patientId, keyId, proof: await vault().signPatient({ patientId, purpose: knownPurpose, fields }) }
    },
  }
}
