import { randomUUID } from 'node:crypto'
import type { TenantCases } from '../access/tenant-world.ts'
import * as store from './store.ts'

export const careCases: TenantCases<typeof store> = {
  listCare: (tx, actor, b) => store.listCare(tx, actor, [b.patientId]),
  insertCare: (tx, { clinicId }, b) =>
    store.insertCare(
      tx,
      {
        ...{ id: randomUUID(), clinicId, patientId: b.patientId, keyId: b.strangerId, grantedBy: b.keyId },
        ...{ recordId: b.recordId, role: 'carer', until: null },
      },
      b.now,
    ),
  findCare: (tx, _, b) => store.findCare(tx, b.patientId, { id: b.careId }),
  listLetIn: (tx, _, b) => store.listLetIn(tx, b.patientId, b.helperId),
  endCare: (tx, _, b) => store.endCare(tx, b.patientId, { id: b.careId, ending: null }, b.now),
  useCare: (tx, _, b) => store.useCare(tx, { patientId: b.patientId }, b.careId, b.now),
  takeEnding: (tx, { clinicId }, b) => store.takeEnding(tx, { kind: 'system', clinicId }, b.after, b.now),
  hasOwnDevice: (tx, _, b) => store.hasOwnDevice(tx, b.patientId),
}
