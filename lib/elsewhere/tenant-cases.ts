import { randomUUID } from 'node:crypto'
import { expect } from 'vitest'
import { bytes, type TenantCases } from '../access/tenant-world.ts'
import * as store from './store.ts'

export const elsewhereCases: TenantCases<typeof store> = {
  lookupDue: {
    lookup: (tx, _, b) => store.lookupDue(tx, b.later),
    answers: ({ clinicId, memberId }) => expect.arrayContaining([{ clinicId, memberId }]),
  },
  findSource: (tx, _, b) => store.findSource(tx, b.memberId),
  saveSource: (tx, actor, b) =>
    store.saveSource(
      tx,
      actor,
      { id: randomUUID(), urlSealed: bytes(32), host: 'evil.test', etag: null, nextAt: b.now },
      b.now,
    ),
  updateSource: (tx, _, b) => store.updateSource(tx, b.busySourceId, { fault: 'refused' }),
  deleteSource: (tx, _, b) => store.deleteSource(tx, b.memberId),
  setBusy: (tx, { clinicId }, b) => store.setBusy(tx, { clinicId, memberId: b.memberId }, []),
  countBusy: (tx, _, b) => store.countBusy(tx, b.memberId, new Date(0)),
  listBusyElsewhere: (tx, _, b) => store.listBusyElsewhere(tx, [b.memberId], { from: b.startsAt, until: b.after }),
}
