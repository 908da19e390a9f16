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
  newestKey: (tx, actor, b) => store.newestKey(tx, actor, b.patientId),
  findKey: (tx, actor, b) => store.findKey(tx, actor, { patientId: b.patientId, epoch: 1 }),
  listEpochsInUse: (tx, actor, b) => store.listEpochsInUse(tx, actor, { patientId: b.patientId, now: b.now }),
  listKeys: { own: (tx, actor) => store.listKeys(tx, actor) },
  seesPatient: (tx, actor, b) => store.seesPatient(tx, actor, b.patientId),
  saveKey: (tx, actor, b) =>
    store.saveKey(
      tx,
      { ...actor, memberId: b.memberId },
      { patientId: b.patientId, epoch: 2, publicKey: b.dh, statement: 'x', shares: [] },
    ),
  markUsed: (tx, actor, b) => store.markUsed(tx, actor, { patientId: b.patientId, epoch: 1, now: b.now }),
  listEscrowedIds: async (tx, actor, b) => [
    ...(await store.listEscrowedIds(tx, actor, { patientId: b.patientId, key: b.escrow })),
  ],
  listNewest: (tx, actor, b) => store.listNewest(tx, actor, b.patientId),
  dropEarlierGrants: (tx, actor, b) =>
    store.dropEarlierGrants(tx, actor, { patientId: b.patientId, recordIds: [b.escrowedId], epoch: 9, inUse: [] }),
  findRequest: (tx, actor, b) => store.findRequest(tx, actor, b.emergencyId),
  listRequests: { own: (tx, actor) => store.listRequests(tx, actor, new Date(0)) },
  isBeingRead: (tx, actor, b) => store.isBeingRead(tx, actor, { patientId: b.patientId, now: b.now }),
  lapseRequests: (tx, actor, b) => store.lapseRequests(tx, actor, { patientId: b.patientId, now: b.after }),
  saveRequest: (tx, actor, b) =>
    store.saveRequest(
      tx,
      { ...actor, memberId: b.memberId },
      {
        ...{ id: randomUUID(), patientId: b.otherPatientId, epoch: 1, recordId: null, request: 'x', reason: bytes(9) },
        ...{ askedAt: b.now, expiresAt: b.later },
      },
    ),
  answerRequest: (tx, actor, b) =>
    store.answerRequest(tx, { ...actor, memberId: b.memberId }, { id: b.emergencyId, to: 'declined', now: b.now }),
  markOpened: (tx, actor, b) => store.markOpened(tx, actor, { id: b.openId, now: b.now }),
  endReading: (tx, actor, b) => store.endReading(tx, actor, { id: b.openId, now: b.now }),
  saveReason: (tx, actor, b) =>
    store.saveReason(tx, { ...actor, memberId: b.memberId }, { id: b.openId, reason: bytes(9) }),
  listNames: { own: async (tx, actor) => [...(await store.listNames(tx, actor)).keys()] },
  listPatients: { own: (tx, actor) => store.listPatients(tx, actor) },
  listPatientKeys: (tx, actor, b) => store.listPatientKeys(tx, actor, [b.patientId]),
  listTold: (tx, actor, b) => store.listTold(tx, patient(actor, b)),
}
