import { randomUUID } from 'node:crypto'
import { bytes, type TenantCases } from '../access/tenant-world.ts'
import type { CallMessage } from './messages.ts'
import * as store from './store.ts'

export const callCases: TenantCases<typeof store> = {
  lookupAppointment: { lookup: (tx, _, b) => store.lookupAppointment(tx, b.appointmentId), answers: (b) => b.clinicId },
  findByLink: (tx, _, b) => store.findByLink(tx, b.appointmentId, b.linkHash),
  findForPractitioner: (tx, actor, b) =>
    store.findForPractitioner(tx, { ...actor, memberId: b.memberId }, b.appointmentId),
  findAppointment: (tx, _, b) => store.findAppointment(tx, b.appointmentId),
  listStatements: { own: (tx) => store.listStatements(tx) },
  moveAppointment: (tx, _, b) => store.moveAppointment(tx, { id: b.appointmentId }, 'arrived', b.now),
  isOwn: (tx, _, b) => store.isOwn(tx, b.appointmentId, b.memberId),
  newNonce: (tx, { clinicId }, b) => store.newNonce(tx, clinicId, 'any', b.later),
  useNonce: (tx, _, b) => store.useNonce(tx, b.nonce, 'any', b.now),
  ensureCall: (tx, { clinicId }, b) => store.ensureCall(tx, clinicId, b.heldId),
  lockCall: (tx, _, b) => store.lockCall(tx, b.callId),
  findCall: (tx, _, b) => store.findCall(tx, { appointmentId: b.appointmentId }),
  saveCall: (tx, _, b) => store.saveCall(tx, b.callId, { state: 'ended' }),
  findParticipant: (tx, _, b) => store.findParticipant(tx, b.atDoorId),
  listParticipants: (tx, _, b) => store.listParticipants(tx, b.callId),
  addParticipant: (tx, { clinicId }, b) =>
    store.addParticipant(tx, { clinicId, callId: b.callId, role: 'patient', signKey: 'x', dhKey: 'x' }),
  saveParticipants: (tx, _, b) => store.saveParticipants(tx, { id: b.atDoorId }, { state: 'refused' }),
  putOut: (tx, _, b) => store.putOut(tx, { callId: b.callId }),
  dropIdentities: (tx, _, b) => store.dropIdentities(tx, { callId: b.callId }),
  deviceOf: 'pure',
  findPatientKey: (tx, _, b) => store.findPatientKey(tx, b.patientId, b.sign),
  isRemoved: (tx, _, b) =>
    store.isRemoved(tx, { callId: b.callId, signKey: b.helper.sign }, new Date(b.later.getTime() + 1)),
  listPresent: (tx, _, b) => store.listPresent(tx, b.patientId, b.keyId),
  fileKey: (tx, { clinicId }, b) =>
    store.fileKey(tx, {
      ...{ id: randomUUID(), clinicId, patientId: b.patientId, signKey: b.sign, dhKey: b.dh },
      ...{ state: 'vouched', vouch: 'x' },
    }),
  listSharedRevisions: (tx, _, b) => store.listSharedRevisions(tx, b.patientId),
  addMessage: (tx, { clinicId }, b) =>
    store.addMessage(tx, {
      ...{ clinicId, callId: b.callId, epoch: 1, fromId: b.atDoorId },
      message: { kind: 'commit' } as CallMessage,
    }),
  listMessages: (tx, _, b) => store.listMessages(tx, { callId: b.callId }),
  epochSoFar: (tx, _, b) => store.epochSoFar(tx, b.callId, 1),
  listQueue: (tx, _, b) => store.listQueue(tx, b.memberId, b.now),
  practitionerNow: (tx, _, b) => store.practitionerNow(tx, b.memberId, randomUUID(), b.now),
  saveCode: (tx, { clinicId }, b) =>
    store.saveCode(tx, {
      ...{ id: randomUUID(), clinicId, appointmentId: b.appointmentId, signKey: b.sign, codeHash: bytes(32) },
      expiresAt: b.later,
    }),
  lockCode: (tx, _, b) => store.lockCode(tx, b.appointmentId, b.sign),
  findCode: (tx, _, b) => store.findCode(tx, b.codeId),
  countTry: (tx, _, b) => store.countTry(tx, b.codeId, b.now),
  findPatient: (tx, _, b) => store.findPatient(tx, b.patientId),
}
