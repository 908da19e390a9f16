import type { TenantCases } from '../access/tenant-world.ts'
import { bytes } from '../access/tenant-world.ts'
import * as store from './store.ts'

export const feedCases: TenantCases<typeof store> = {
  lookupFeed: { lookup: (tx, _, b) => store.lookupFeed(tx, b.feedHash), answers: (b) => b.clinicId },
  findOwner: (tx, _, b) => store.findOwner(tx, b.feedHash),
  findMade: (tx, actor) => store.findMade(tx, actor),
  saveFeed: (tx, actor, b) => store.saveFeed(tx, actor, bytes(32), b.now),
  deleteFeed: (tx, actor) => store.deleteFeed(tx, actor),
  listVisits: (tx, _, b) => store.listVisits(tx, b.memberId, { from: b.startsAt, until: b.after }),
}
