import { randomUUID } from 'node:crypto'
import type { TenantCases } from '../access/tenant-world.ts'
import * as store from './store.ts'

export const patientCases: TenantCases<typeof store> = {
  findDeviceKey: (tx, _, b) => store.findDeviceKey(tx, { patientId: b.patientId, keyId: b.keyId }),
  findKey: (tx, _, b) => store.findKey(tx, { patientId: b.patientId, signKey: b.sign }),
  listDevices: (tx, _, b) => store.listDevices(tx, b.patientId),
  listKeys: (tx, _, b) => store.listKeys(tx, b.patientId),
  lookupKey: { lookup: (tx, _, b) => store.lookupKey(tx, b.keyId), answers: (b) => b.clinicId },
  findBackup: (tx, _, b) => store.findBackup(tx, b.kitId),
  listLinks: (tx, _, b) => store.listLinks(tx, b.patientId, b.now),
  addKey: (tx, { clinicId }, b) =>
    store.addKey(tx, {
      ...{ keyId: randomUUID(), keys: { sign: randomUUID(), dh: randomUUID() }, clinicId, patientId: b.patientId },
      ...{ kind: 'device', state: 'paired', link: null, name: '' },
    }),
  listLacking: (tx, _, b) => store.listLacking(tx, b.patientId, b.dh, ['another'], 9),
  nameDevice: (tx, _, b) => store.nameDevice(tx, { patientId: b.patientId, keyId: b.strangerId }, 'Another'),
  markUsed: (tx, _, b) => store.markUsed(tx, { patientId: b.patientId, keyId: b.keyId }, b.now),
  revokeDevice: (tx, _, b) => store.revokeDevice(tx, { patientId: b.patientId, keyId: b.keyId }, b.now),
  saveNonce: (tx, { clinicId }, b) =>
    store.saveNonce(tx, { value: randomUUID(), clinicId, purpose: 'any', expiresAt: b.later }),
  takeNonce: (tx, _, b) => store.takeNonce(tx, b.nonce, 'any', b.now),
  listCameTo: (tx, _, b) => store.listCameTo(tx, { patientId: b.patientId, signKey: b.sign }),
  findMailing: (tx, { clinicId }, b) => store.findMailing(tx, { clinicId }, b.patientId),
  listOwn: (tx, _, b) => store.listOwn(tx, b.patientId, null),
}
