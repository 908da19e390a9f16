import type { TenantCases } from '../access/tenant-world.ts'
import * as store from './store.ts'

export const recognitionCases: TenantCases<typeof store> = {
  findPatientOf: (tx, actor, b) => store.findPatientOf(tx, actor, b.appointmentId),
  listNewDevices: (tx, actor, b) => store.listNewDevices(tx, actor, b.patientId),
  saveVouch: (tx, actor, b) =>
    store.saveVouch(tx, actor, {
      ...{ patientId: b.patientId, keyId: b.strangerId, keys: b.stranger, vouch: 'x', whole: true },
    }),
}
