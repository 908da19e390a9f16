import type { TenantCases } from '../access/tenant-world.ts'
import { recordTypes } from '../record/rules.ts'
import * as store from './store.ts'

/** As a member of a group whose key has changed since whatever there is was granted. */
const reach: store.Reach = {
  types: recordTypes,
  groups: ['clinical', 'desk'],
  targets: {
    newest: new Map([['clinical', { group: 'clinical', epoch: 9, key: 'key', stale: false, members: 1 }]]),
    gone: [],
  },
  chainLength: 99,
}

export const rewrapCases: TenantCases<typeof store> = {
  leaseBatch: (tx, actor, b) =>
    store
      .leaseBatch(tx, actor, reach, 10, b.after)
      .then(({ places, left, failed }) => [...places, ...Array.from({ length: left + failed })]),
  nameOf: 'pure',
  heldBy: (tx, actor, b) => store.heldBy(tx, actor, [{ recordId: b.draftId, revision: 1 }]).then((held) => [...held]),
  dropLeases: (tx, actor) => store.dropLeases(tx, actor),
  readItems: (tx, actor, b) =>
    store.readItems(tx, actor, [{ recordId: b.recordId, revision: 1 }], reach).then(({ records }) => records),
  putAside: (tx, actor, b) => store.putAside(tx, actor, [{ recordId: b.draftId, revision: 1, code: 'X' }], 99),
  dropSuperseded: (tx, actor, b) =>
    store.dropSuperseded(tx, actor, [{ recordId: b.recordId, revision: 1 }], reach, (grants) => ({
      superseded: [...grants],
      complete: true,
    })),
}
