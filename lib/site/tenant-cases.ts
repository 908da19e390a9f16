import { randomUUID } from 'node:crypto'
import type { TenantCases } from '../access/tenant-world.ts'
import * as store from './store.ts'

const seized = { name: 'Seized', address: '' }

export const siteCases: TenantCases<typeof store> = {
  listSites: { own: (tx) => store.listSites(tx) },
  findSite: (tx, _, b) => store.findSite(tx, b.siteId),
  listUse: { own: (tx, actor, b) => store.listUse(tx, actor, b.now, '2026-12-01') },
  insertSite: (tx, actor) => store.insertSite(tx, actor, { id: randomUUID(), ...seized }),
  updateSite: (tx, actor, b) => store.updateSite(tx, actor, { id: b.siteId, ...seized }),
  closeSite: (tx, actor, b) => store.closeSite(tx, actor, b.siteId, b.now),
  listLacking: (tx, actor, b) => store.listLacking(tx, actor, b.patientId, b.siteId),
  dropHoursElsewhere: (tx, actor, b) => store.dropHoursElsewhere(tx, actor, b.memberId, []),
  placeHours: (tx, actor, b) => store.placeHours(tx, actor, b.siteId),
}
