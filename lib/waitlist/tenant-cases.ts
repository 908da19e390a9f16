import { randomUUID } from 'node:crypto'
import { expect } from 'vitest'
import { bytes, type TenantCases } from '../access/tenant-world.ts'
import * as store from './store.ts'

export const waitlistCases: TenantCases<typeof store> = {
  lookupEntry: { lookup: (tx, _, b) => store.lookupEntry(tx, b.waitingId), answers: (b) => b.clinicId },
  lookupWaitlists: {
    lookup: (tx) => store.lookupWaitlists(tx),
    answers: (b) => expect.arrayContaining([b.clinicId]),
  },
  insertEntry: (tx, { clinicId }, b) =>
    store.insertEntry(tx, {
      ...{ id: randomUUID(), clinicId, serviceId: b.serviceId, memberId: null, siteId: null, parts: ['morning'] },
      ...{ firstDay: '2026-12-01', lastDay: '2026-12-02', timeZone: 'UTC', locale: 'en', channel: 'mail' },
      ...{ contactIndex: bytes(32), contactSealed: bytes(8), linkHash: bytes(32), linkSealed: bytes(8) },
      ...{ nearIndex: null, wideIndex: null, freeBefore: [], freeBeyond: null },
      ...{ state: 'asked', madeAt: b.now, nextAt: b.now },
    }),
  listOfContact: (tx, _, b) => store.listOfContact(tx, b.waitingIndex),
  findEntry: (tx, _, b) => store.findEntry(tx, b.waitingId),
  lockEntry: (tx, _, b) => store.lockEntry(tx, b.waitingId),
  listEntries: (tx, { clinicId }) => store.listEntries(tx, { clinicId }),
  listDue: (tx, { clinicId }, b) => store.listDue(tx, clinicId, { day: '2030-01-01', askedBefore: b.after }),
  countEntries: (tx, { clinicId }) => store.countEntries(tx, clinicId),
  passesOf: (tx, _, b) =>
    store.passesOf(tx, { serviceId: b.serviceId, contactIndex: b.passedIndex }, new Date('2020-01-01')),
  endUnconfirmed: (tx, { clinicId }, b) => store.endUnconfirmed(tx, clinicId, b.after, b.now),
  markWaiting: (tx, _, b) => store.markWaiting(tx, b.waitingId, 0),
  dropFreeBefore: (tx, _, b) => store.dropFreeBefore(tx, b.listedId, ['2030-01-01T09:00:00.000Z']),
  putOff: (tx, _, b) => store.putOff(tx, b.waitingId, b.later),
  countMissed: (tx, _, b) => store.countMissed(tx, b.waitingId),
  endEntry: (tx, _, b) => store.endEntry(tx, b.waitingId, 'left', b.now),
  forgetEntries: (tx, { clinicId }, b) => store.forgetEntries(tx, clinicId, b.after),
  insertOffer: (tx, { clinicId }, b) =>
    store.insertOffer(tx, {
      ...{ id: randomUUID(), clinicId, entryId: b.waitedId, appointmentId: b.freeId, madeAt: b.now },
    }),
  findOffer: (tx, _, b) => store.findOffer(tx, b.offerId),
  openOffer: (tx, _, b) => store.openOffer(tx, b.waitingId),
  listOpenOffers: (tx, { clinicId }) => store.listOpenOffers(tx, clinicId),
  listPassed: (tx, { clinicId }) => store.listPassed(tx, clinicId),
  markTold: (tx, _, b) => store.markTold(tx, b.offerId, b.now),
  closeOffer: (tx, _, b) => store.closeOffer(tx, b.offerId, 'missed'),
  saveMinutes: (tx, { clinicId }) => store.saveMinutes(tx, clinicId, 45),
}
