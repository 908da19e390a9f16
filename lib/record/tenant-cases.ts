import { randomUUID } from 'node:crypto'
import type { TenantCases } from '../access/tenant-world.ts'
import * as store from './store.ts'
import { sealed } from './testing.ts'

export const recordCases: TenantCases<typeof store> = {
  listEscrowed: (tx, actor, b) =>
    store.listEscrowed(tx, actor, { patientId: b.patientId, recordId: null, key: b.escrow }),
  // A second revision: it must be found that B has the first.
  insertRecords: (tx, actor, { patientId, recordId, appointmentId }) => {
    const meta = { clinicId: actor.clinicId, patientId, recordId, revision: 2, type: 'intake' as const }
    // As the worker: what a member may not write is refused before any row is looked at.
    const writer = { kind: 'system', clinicId: actor.clinicId } as const
    return store.insertRecords(tx, writer, [sealed(meta)], { patientId, appointmentId })
  },
  insertGrants: (tx, actor, { clinicId, patientId, recordId }) => {
    const { grants } = sealed({ clinicId, patientId, recordId: randomUUID(), revision: 1, type: 'intake' })
    return store.insertGrants(tx, actor, [{ patientId, recordId, revision: 1, grant: grants[0]! }])
  },
  listRecords: (tx, actor, b) => store.listRecords(tx, actor, { patientIds: [b.patientId] }),
}
