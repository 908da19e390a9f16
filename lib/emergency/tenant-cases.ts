import { randomUUID } from 'node:crypto'
import type { PatientActor, StaffActor } from '../access/rules.ts'
import { bytes, type Tenant, type TenantCases } from '../access/tenant-world.ts'
import * as store from './store.ts'

/** B's patient, in whatever clinic the actor says. */
const patient = ({ clinicId }: StaffActor, b: Tenant): PatientActor => ({
  ...{ kind: 'patient', clinicId, patientId: b.patientId, keyId: b.keyId },
})

export const emergencyCases: TenantCases<typeof store> = {
  lookupCard: { lookup: (tx, _, b) => store.lookupCard(tx, b.cardId), answers: (b) => b.clinicId },
  findCard: (tx, { clinicId }, b) => store.findCard(tx, clinicId, { id: b.cardId, claimHash: b.claimHash }),
  saveOpening: (tx, { clinicId }, b) =>
    store.saveOpening(tx, clinicId, { patientId: b.patientId, cardId: b.cardId, at: b.now }),
  findMyCard: (tx, actor, b) => store.findMyCard(tx, patient(actor, b)),
  listOpenings: (tx, actor, b) => store.listOpenings(tx, patient(actor, b)),
  replaceCard: (tx, actor, b) =>
    store.replaceCard(tx, patient(actor, b), {
      ...{ id: randomUUID(), claimHash: b.claimHash, sealed: bytes(9), madeAt: b.now },
    }),
  deleteCard: (tx, actor, b) => store.deleteCard(tx, patient(actor, b)),
}
