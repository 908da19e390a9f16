import { expect } from 'vitest'
import { bytes, type TenantCases } from '../access/tenant-world.ts'
import * as store from './store.ts'

const reader = (tag: Uint8Array<ArrayBuffer>): store.Reader => ({ key: 'x', tag })

export const auditCases: TenantCases<typeof store> = {
  lookupUnlinked: {
    lookup: (tx) => store.lookupUnlinked(tx),
    answers: (b) => expect.arrayContaining([b.clinicId]),
  },
  findLast: (tx, actor) => store.findLast(tx, actor.clinicId),
  takeUnlinked: (tx, actor) => store.takeUnlinked(tx, actor.clinicId),
  saveLinks: (tx, actor, b) => store.saveLinks(tx, actor.clinicId, [{ id: b.entryId, seq: 9, hash: bytes(32) }]),
  findHead: (tx, actor) => store.findHead(tx, actor.clinicId),
  findHash: (tx, actor) => store.findHash(tx, actor.clinicId, 0),
  listLeaves: (tx, actor) => store.listLeaves(tx, actor.clinicId, 0),
  listLog: (tx, actor, b) => store.listLog(tx, actor, [reader(b.reader)], 'pending'),
  listOwnLog: (tx, { clinicId }, b) =>
    store.listOwnLog(tx, { kind: 'patient', clinicId, patientId: b.patientId, keyId: b.keyId }, reader(b.reader), 0),
  findDeviceKey: (tx, { clinicId }, b) =>
    store.findDeviceKey(tx, { kind: 'patient', clinicId, patientId: b.patientId, keyId: b.keyId }),
  listNames: (tx, actor) => store.listNames(tx, actor.clinicId),
}
