import { randomUUID } from 'node:crypto'
import type { TenantCases } from '../access/tenant-world.ts'
import * as store from './store.ts'

const keys = { sign: 'x', dh: 'x' }

export const rekeyCases: TenantCases<typeof store> = {
  saveRequest: (tx, actor, b) =>
    store.saveRequest(tx, {
      ...{ id: randomUUID(), clinicId: actor.clinicId, memberId: b.memberId, keys },
      ...{ opaqueRecord: 'x', wrappedAccount: 'x', askedAt: b.now, expiresAt: b.later },
    }),
  findOpen: (tx, { clinicId }, b) => store.findOpen(tx, clinicId, b.rekeyId, b.now),
  findRequest: (tx, { clinicId }, b) => store.findRequest(tx, clinicId, b.rekeyId),
  findStatus: (tx, { clinicId }, b) => store.findStatus(tx, clinicId, b.rekeyId),
  isLinkUsed: (tx, { clinicId }, b) => store.isLinkUsed(tx, clinicId, b.nonce),
  listOpen: { own: (tx, { clinicId }, b) => store.listOpen(tx, clinicId, b.now) },
  saveApproval: (tx, actor, b) => store.saveApproval(tx, actor, { id: b.rekeyId, approval: 'x', approvedAt: b.now }),
  endRequest: (tx, actor, b) => store.endRequest(tx, actor, b.rekeyId, 'objected'),
  replaceKeys: (tx, { clinicId }, b) =>
    store.replaceKeys(tx, { clinicId, memberId: b.memberId }, { keys, opaqueRecord: 'x', wrappedAccount: 'x' }, b.now),
  listMailed: { own: (tx, { clinicId }, b) => store.listMailed(tx, clinicId, b.memberId, true) },
}
