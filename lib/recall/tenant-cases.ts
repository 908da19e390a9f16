import { randomUUID } from 'node:crypto'
import { expect } from 'vitest'
import type { TenantCases } from '../access/tenant-world.ts'
import * as store from './store.ts'

export const recallCases: TenantCases<typeof store> = {
  listRecalls: (tx, actor, b) => store.listRecalls(tx, actor, { patientId: b.patientId }),
  saveRecall: (tx, actor, b) =>
    store.saveRecall(
      tx,
      { ...actor, memberId: b.memberId },
      {
        ...{ id: randomUUID(), patientId: b.patientId, serviceId: b.serviceId, recordId: randomUUID() },
        ...{ dueOn: '2030-01-01', siteId: null },
      },
    ),
  hasService: (tx, actor, b) => store.hasService(tx, actor, b.serviceId),
  lookupDueRecalls: {
    lookup: (tx) => store.lookupDueRecalls(tx, '2999-01-01'),
    answers: (b) => expect.arrayContaining([{ clinicId: b.clinicId, recallId: b.recallId }]),
  },
  findRecall: (tx, actor, b) => store.findRecall(tx, actor, b.recallId, b.now),
  listInvited: (tx, { clinicId }) => store.listInvited(tx, { kind: 'system', clinicId }),
  moveRecall: (tx, actor, b) => store.moveRecall(tx, actor, { id: b.recallId, from: 'scheduled', to: 'declined' }),
}
