import type { TenantCases } from '../access/tenant-world.ts'
import { defaultRetention, retentionClasses, sealedColumns } from './rules.ts'
import * as store from './store.ts'
import { expect } from 'vitest'

const head = new Uint8Array([1, 63])
const email = sealedColumns.find((each) => each.kind === 'patient.email')!

export const retentionCases: TenantCases<typeof store> = {
  lookupClinics: { lookup: (tx) => store.lookupClinics(tx), answers: (b) => expect.arrayContaining([b.clinicId]) },
  countOldFields: (tx, { clinicId }) => store.countOldFields(tx, { kind: 'system', clinicId }, email, head),
  listOldFields: (tx, { clinicId }) => store.listOldFields(tx, { kind: 'system', clinicId }, email, head, 10),
  replaceField: async (tx, { clinicId }, b) => {
    const before = b.emailSealed
    return store.replaceField(tx, { kind: 'system', clinicId }, email, { id: b.patientId, before, after: head })
  },
  findSettings: (tx, actor) => store.findSettings(tx, actor),
  saveSettings: (tx, actor, b) =>
    store.saveSettings(
      tx,
      { ...actor, memberId: b.memberId },
      { wanted: { ...defaultRetention, clinical: 9 }, before: null, beginsAt: null },
      b.now,
    ),
  findSignKey: (tx, actor, b) => store.findSignKey(tx, { ...actor, memberId: b.memberId }),
  listKept: (tx, actor, b) => store.listKept(tx, actor, b.patientId, b.now),
  listHolds: (tx, actor, b) => store.listHolds(tx, actor, b.patientId),
  placeHold: (tx, actor, b) =>
    store.placeHold(tx, { ...actor, memberId: b.memberId }, { patientId: b.otherPatientId, ground: 'court' }, b.now),
  liftHold: (tx, actor, b) => store.liftHold(tx, actor, { id: b.legalHoldId, ground: 'closed' }, b.now),
  insertRequest: (tx, actor, b) => {
    const patient = { kind: 'patient', clinicId: actor.clinicId, patientId: b.otherPatientId, keyId: b.keyId } as const
    return store.insertRequest(tx, patient, b.now)
  },
  listRequests: (tx, actor, b) => store.listRequests(tx, actor, { patientId: b.patientId }),
  answerRequest: (tx, actor, b) =>
    store.answerRequest(tx, actor, { id: b.erasureId, state: 'refused', statement: 'x' }, b.now),
  lockPatient: (tx, actor, b) => store.lockPatient(tx, actor, b.patientId),
  insertPurge: (tx, actor, b) =>
    store.insertPurge(
      tx,
      { ...actor, memberId: b.memberId },
      { patientId: b.patientId, classes: ['clinical'], requestId: null },
      b.now,
    ),
  listPurges: (tx, actor, b) => store.listPurges(tx, actor, { patientId: b.patientId }),
  deleteRows: (tx, { clinicId }, b) =>
    store.deleteRows(tx, { kind: 'system', clinicId }, { patientId: b.patientId, classes: retentionClasses }, []),
  listReaderKeys: (tx, { clinicId }, b) => store.listReaderKeys(tx, { kind: 'system', clinicId }, b.patientId),
  markDestroyed: (tx, { clinicId }, b) =>
    store.markDestroyed(tx, { kind: 'system', clinicId }, { id: b.purgeId, storeKek: 'x' }, b.now),
  markFinal: (tx, { clinicId }, b) => store.markFinal(tx, { kind: 'system', clinicId }, ['another'], b.now),
}
