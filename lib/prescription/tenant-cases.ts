import { randomUUID } from 'node:crypto'
import { bytes, type TenantCases } from '../access/tenant-world.ts'
import * as store from './store.ts'

export const prescriptionCases: TenantCases<typeof store> = {
  lookupRx: { lookup: (tx, _, b) => store.lookupRx(tx, b.rxId), answers: (b) => b.clinicId },
  findShare: (tx, { clinicId }, b) => store.findShare(tx, clinicId, b.rxId, b.now),
  findPrescription: (tx, actor, b) => store.findPrescription(tx, actor, b.rxId),
  listPrescriptions: (tx, actor, b) => store.listPrescriptions(tx, actor, b.patientId, b.now),
  savePrescription: (tx, actor, b) =>
    store.savePrescription(
      tx,
      { ...actor, memberId: b.memberId },
      {
        ...{ id: randomUUID(), patientId: b.patientId, appointmentId: b.appointmentId, recordId: randomUUID() },
        ...{ share: bytes(9), issuedAt: b.now, expiresAt: b.later },
      },
    ),
  movePrescription: (tx, actor, b) =>
    store.movePrescription(tx, actor, { id: b.rxId, from: 'issued', to: 'cancelled' }),
}
