import { expect } from 'vitest'
import type { TenantCases } from '../access/tenant-world.ts'
import * as store from './store.ts'

export const lateCases: TenantCases<typeof store> = {
  lookupRunningLate: {
    lookup: (tx) => store.lookupRunningLate(tx, new Date(0)),
    answers: (b) => expect.arrayContaining([b.clinicId]),
  },
  findLate: (tx, _, b) => store.findLate(tx, b.memberId, '2026-12-01'),
  listLate: (tx, { clinicId }) => store.listLate(tx, clinicId, '2026-12-01'),
  saveLate: (tx, { clinicId, memberId }, b) => store.saveLate(tx, { clinicId, memberId, day: '2026-12-02' }, 5, b.now),
  listComing: (tx, _, b) => store.listComing(tx, b.memberId, { from: new Date(0), until: b.after }),
  lastTold: (tx, _, b) => store.lastTold(tx, { id: b.appointmentId, startsAt: b.startsAt }),
  saveTold: (tx, { clinicId }, b) =>
    store.saveTold(
      tx,
      { clinicId, id: b.appointmentId, startsAt: b.startsAt },
      { minutes: 20, times: 2, madeAt: b.now },
    ),
}
