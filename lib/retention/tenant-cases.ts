import type { TenantCases } from '../access/tenant-world.ts'
import { sealedColumns } from './rules.ts'
import * as store from './store.ts'
import { expect } from 'vitest'

const head = new Uint8Array([1, 63])
const email = sealedColumns.find((each) => each.kind === 'patient.email')!

export const retentionCases: TenantCases<typeof store> = {
  lookupClinics: { lookup: (tx) => store.lookupClinics(tx), answers: (b) => expect.arrayContaining([b.clinicId]) },
  countOldFields: (tx, { clinicId }) => store.countOldFields(tx, { kind: 'system', clinicId }, email, head),
  listOldFields: (tx, { clinicId }) => store.listOldFields(tx, { kind: 'system', clinicId }, email, head, 10),
  replaceField: async (tx, { clinicId }, b) => {
    const before = b.emailSealed
    return store.replaceField(tx, { kind: 'system', clinicId }, email, { id: b.patientId, before, after: head })
  },
  markFinal: (tx, { clinicId }, b) => store.markFinal(tx, { kind: 'system', clinicId }, ['another'], b.now),
}
