import { randomUUID } from 'node:crypto'
import * as part from './part.ts'
import * as store from './store.ts'
import { bytes, type TenantCases } from './tenant-world.ts'

const person = { displayName: 'Eve', title: '' }
const account = { opaqueRecord: 'x', wrappedAccount: 'x', signKey: 'x', dhKey: 'x' }

export const accessCases: TenantCases<typeof store & typeof part> = {
  lookupStaff: {
    lookup: (tx, _, b) => store.lookupStaff(tx, b.emailIndex),
    answers: (b) => ({ clinicId: b.clinicId, memberId: b.memberId, opaqueRecord: 'registration' }),
  },
  lookupProof: { lookup: (tx, _, b) => store.lookupProof(tx, b.proofHash), answers: (b) => b.clinicId },
  lookupSession: { lookup: (tx, _, b) => store.lookupSession(tx, b.sessionId), answers: (b) => b.clinicId },
  lookupInvitation: { lookup: (tx, _, b) => store.lookupInvitation(tx, b.invitationId), answers: (b) => b.clinicId },
  lookupClinic: { lookup: (tx, _, b) => store.lookupClinic(tx, b.slug), answers: (b) => b.clinicId },
  findSession: (tx, { clinicId }, b) => store.findSession(tx, clinicId, b.sessionId),
  saveSession: (tx, { clinicId }, b) =>
    store.saveSession(tx, {
      id: randomUUID(),
      clinicId,
      memberId: b.memberId,
      expiresAt: b.later,
      openedBy: 'kit',
      userAgent: '',
    }),
  touchSession: (tx, _, b) => store.touchSession(tx, b.sessionId, b.later),
  revokeSession: (tx, actor, b) =>
    store.revokeSession(tx, { ...actor, memberId: b.memberId, sessionId: b.sessionId }, b.now),
  saveProof: (tx, { clinicId }, b) =>
    store.saveProof(tx, { hash: bytes(32), kind: 'kit', clinicId, memberId: b.memberId, expiresAt: b.later }),
  takeProof: (tx, _, b) => store.takeProof(tx, b.proofHash, b.now),
  takeLoginState: (tx, { clinicId }, b) => store.takeLoginState(tx, randomUUID(), clinicId, b.later),
  findKeyMaterial: (tx, actor, b) => store.findKeyMaterial(tx, { ...actor, memberId: b.memberId }),
  listStatements: (tx, { clinicId }) => store.listStatements(tx, clinicId),
  appendStatements: (tx, { clinicId }, b) =>
    store.appendStatements(tx, clinicId, [
      { seq: 1, body: 'x', signer: 'x', signature: 'x', previous: b.head, hash: 'x' },
    ]),
  saveEpochGrants: (tx, { clinicId }) =>
    store.saveEpochGrants(tx, clinicId, [{ group: 'desk', epoch: 2, to: 'x', enc: 'x', ct: 'x' }]),
  saveWrap: (tx, actor, b) => store.saveWrap(tx, { ...actor, memberId: b.memberId }, 'x'),
  saveMember: (tx, { clinicId }) =>
    store.saveMember(tx, {
      ...{ id: randomUUID(), clinicId, ...person, ...account, roles: ['admin'], status: 'active' },
      ...{ emailIndex: bytes(32), emailSealed: bytes(8) },
    }),
  listStaff: (tx, actor) => store.listStaff(tx, actor),
  saveProfile: (tx, actor, b) => store.saveProfile(tx, actor, { memberId: b.memberId, ...person, bio: '' }),
  changeRoles: (tx, actor, b) =>
    store.changeRoles(tx, actor, { memberId: b.memberId, roles: ['frontdesk'], ownPatients: true }),
  partOf: {
    own: async (tx, actor, b) => {
      const { memberId } = b
      await tx.member.updateMany({ where: { id: memberId }, data: { ownPatients: true } })
      return [
        await part.partOf(tx, { ...actor, memberId }),
        await part.partOf(tx, { ...actor, memberId: b.registeredId }),
      ]
    },
  },
  setSites: (tx, actor, b) => store.setSites(tx, actor, b.registeredId, []),
  retireMember: (tx, actor, b) => store.retireMember(tx, actor, b.memberId, b.now),
  listComing: (tx, actor, b) => store.listComing(tx, actor, b.memberId, b.now),
  findHead: (tx, { clinicId }) => store.findHead(tx, clinicId),
  // No clinic but the transaction's own can be made, B's or any other.
  saveClinic: (tx) => {
    const id = randomUUID()
    const facts = { name: 'C', timeZone: 'UTC', country: 'FR', currency: 'eur', locale: 'en' }
    return store.saveClinic(tx, { id, slug: `c-${id}`, ...facts, rootKey: 'x', rootFingerprint: 'x' })
  },
  findClinic: (tx, { clinicId }) => store.findClinic(tx, clinicId),
  saveInvitation: (tx, actor, b) =>
    store.saveInvitation(tx, actor, {
      ...{ id: randomUUID(), ...person, roles: ['admin'], groups: ['desk'], claimHash: 'x', expiresAt: b.later },
    }),
  findInvitation: (tx, { clinicId }, b) => store.findInvitation(tx, clinicId, b.invitationId),
  moveInvitation: (tx, { clinicId }, b) =>
    store.moveInvitation(tx, { clinicId, id: b.invitationId, from: 'open', to: 'cancelled' }),
  activateMember: (tx, { clinicId }, b) => store.activateMember(tx, clinicId, b.registeredId),
  dropRegistered: (tx, { clinicId }, b) => store.dropRegistered(tx, clinicId, b.registeredId),
  findMemberKeys: (tx, { clinicId }, b) => store.findMemberKeys(tx, clinicId, b.memberId),
  listInvitations: (tx, actor, b) => store.listInvitations(tx, actor, b.now),
}
