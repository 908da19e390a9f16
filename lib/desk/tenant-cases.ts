import { randomUUID } from 'node:crypto'
import type { TenantCases } from '../access/tenant-world.ts'
import * as store from './store.ts'

export const deskCases: TenantCases<typeof store> = {
  insertCaller: (tx, { clinicId }) =>
    store.insertCaller(tx, {
      ...{ id: randomUUID(), clinicId, emailIndex: null, emailSealed: null, phoneSealed: null },
      ...{ locale: 'en', timeZone: 'UTC' },
    }),
  lockKeys: (tx, _, b) => store.lockKeys(tx, b.patientId),
  listPlaces: (tx, _, b) => store.listPlaces(tx, b.patientId, {}),
  listBeen: (tx, _, b) => store.listBeen(tx, [b.patientId], {}),
  listKnown: (tx, _, b) => store.listKnown(tx, { patientId: b.patientId }, { since: new Date(0), most: 10 }),
}
