import { randomUUID } from 'node:crypto'
import { expect } from 'vitest'
import { bytes, type TenantCases } from '../access/tenant-world.ts'
import * as store from './store.ts'

export const companionCases: TenantCases<typeof store> = {
  lookupCompanion: { lookup: (tx, _, b) => store.lookupCompanion(tx, b.companionId), answers: (b) => b.clinicId },
  lookupCompanions: {
    lookup: (tx) => store.lookupCompanions(tx),
    answers: (b) => expect.arrayContaining([b.clinicId]),
  },
  insertCompanion: (tx, { clinicId }, b) =>
    store.insertCompanion(tx, {
      ...{ id: randomUUID(), clinicId, appointmentId: b.heldId, kind: 'companion', state: 'invited', first: true },
      ...{ personSealed: bytes(8), locale: 'en', linkHash: bytes(32), linkSealed: bytes(8), askedFor: b.later },
      ...{ answerBy: b.later, madeAt: b.now },
    }),
  findCompanion: (tx, _, b) => store.findCompanion(tx, b.companionId),
  companionOf: (tx, _, b) => store.companionOf(tx, b.appointmentId),
  moveCompanion: (tx, _, b) => store.moveCompanion(tx, b.companionId, { state: 'declined' }),
  listToSettle: (tx, { clinicId }) => store.listToSettle(tx, clinicId, { since: new Date('2020-01-01'), seen: {} }),
  listUnanswered: (tx, { clinicId }) => store.listUnanswered(tx, clinicId, new Date('2040-01-01')),
  listForgone: (tx, { clinicId }) => store.listForgone(tx, clinicId, new Date('2040-01-01')),
  forgetCompanions: (tx, { clinicId }) => store.forgetCompanions(tx, clinicId, new Date('2040-01-01')),
}
