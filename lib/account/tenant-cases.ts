import { randomUUID } from 'node:crypto'
import { bytes, type TenantCases } from '../access/tenant-world.ts'
import * as store from './store.ts'

export const accountCases: TenantCases<typeof store> = {
  lookupWrap: { lookup: (tx, _, b) => store.lookupWrap(tx, b.kit), answers: (b) => b.clinicId },
  listSessions: (tx, actor, b) => store.listSessions(tx, { ...actor, memberId: b.memberId }, b.now),
  endSessions: (tx, actor, b) =>
    store.endSessions(tx, { ...actor, memberId: b.memberId }, { only: b.sessionId }, b.now),
  findAccount: (tx, actor, b) => store.findAccount(tx, { ...actor, memberId: b.memberId }),
  savePassword: (tx, actor, b) =>
    store.savePassword(tx, { ...actor, memberId: b.memberId }, { opaqueRecord: 'x', wrappedAccount: 'x' }),
  listWraps: (tx, actor, b) => store.listWraps(tx, { ...actor, memberId: b.memberId }),
  findEmail: (tx, actor, b) => store.findEmail(tx, { ...actor, memberId: b.memberId }),
  findWrap: (tx, { clinicId }, b) => store.findWrap(tx, clinicId, b.kit, 'kit'),
  saveWrap: (tx, actor, b) =>
    store.saveWrap(
      tx,
      { ...actor, memberId: b.memberId },
      {
        ...{ id: randomUUID(), kind: 'passkey', handle: randomUUID(), wrapped: 'x', label: '' },
        ...{ publicKey: bytes(32), counter: 0, triedAt: null },
      },
    ),
  markUsed: (tx, { clinicId }, b) => store.markUsed(tx, clinicId, b.kitId, 1, b.now),
  markTried: (tx, { clinicId }, b) => store.markTried(tx, clinicId, b.kitId, b.now),
  dropWrap: (tx, actor, b) => store.dropWrap(tx, { ...actor, memberId: b.memberId }, b.kitId),
  findSecurity: (tx, { clinicId }) => store.findSecurity(tx, clinicId),
  saveSecurity: (tx, actor) => store.saveSecurity(tx, actor, { lockMinutes: 7, passkeyRequired: true }),
}
