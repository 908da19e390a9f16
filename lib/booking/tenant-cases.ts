import { randomUUID } from 'node:crypto'
import { expect } from 'vitest'
import { bytes, type TenantCases } from '../access/tenant-world.ts'
import { freeOfCharge } from '../price/rules.ts'
import * as store from './store.ts'

const contact = () => ({
  emailIndex: bytes(32),
  emailSealed: bytes(8),
  phoneSealed: null,
  locale: 'en',
  timeZone: 'UTC',
})
const minute = 60_000

export const bookingCases: TenantCases<typeof store> = {
  lookupAppointment: { lookup: (tx, _, b) => store.lookupAppointment(tx, b.appointmentId), answers: (b) => b.clinicId },
  moveTo: (tx, _, b) =>
    store.moveTo(tx, b.appointmentId, {
      ...{ status: 'booked', memberId: b.memberId, siteId: null, startsAt: b.startsAt, endsAt: b.endsAt },
      ...{ blockedFrom: b.startsAt, blockedUntil: b.endsAt, cancellation: freeOfCharge, seat: null, lane: 0 },
    }),
  listSeries: (tx, _, b) => store.listSeries(tx, { seriesId: b.seriesId, patientId: b.patientId }),
  isSeen: (tx, _, b) => store.isSeen(tx, b.appointmentId, {}),
  listBusy: (tx, _, b) => store.listBusy(tx, [b.memberId], { from: b.startsAt, until: b.endsAt }, b.now),
  listSessions: (tx, _, b) =>
    store.listSessions(tx, b.serviceId, [b.memberId], { from: new Date(0), until: new Date('2100-01-01') }, b.now),
  listSeats: (tx, _, b) => store.listSeats(tx, b.serviceId, { ...b.group, memberId: b.memberId, siteId: null }),
  listSession: (tx, _, b) => store.listSession(tx, b.group.sessionId),
  setAside: (tx, _, b) => store.setAside(tx, [b.appointmentId]),
  lapseInTheWay: (tx, _, b) => store.lapseInTheWay(tx, b.memberId, b.startsAt, b.after, b.after),
  insertHold: (tx, { clinicId }, b) => {
    const [startsAt, endsAt] = [b.after, new Date(b.after.getTime() + 30 * minute)]
    return store.insertHold(
      tx,
      {
        ...{ id: randomUUID(), clinicId, serviceId: b.serviceId, memberId: b.memberId, startsAt, endsAt },
        ...{ blockedFrom: startsAt, blockedUntil: endsAt, heldUntil: b.later, holdHash: bytes(32) },
        ...{ priceMinor: 0, currency: 'eur', taxRate: 0, paymentMode: 'free', way: 'video' as const, siteId: null },
        ...{ depositMinor: 0, cancellation: freeOfCharge, seat: null },
      },
      b.now,
    )
  },
  lockAppointment: (tx, _, b) => store.lockAppointment(tx, b.appointmentId),
  findAppointment: (tx, _, b) => store.findAppointment(tx, b.appointmentId),
  updateAppointment: (tx, _, b) => store.updateAppointment(tx, b.appointmentId, { status: 'cancelled' }),
  listBeside: (tx, _, b) =>
    store.listBeside(tx, b.memberId, { from: new Date(0), until: new Date('2100-01-01'), except: null }),
  isTaken: (tx, _, b) => {
    const stretch = { sessionId: randomUUID(), lane: 0, blockedFrom: b.startsAt, blockedUntil: b.endsAt }
    return store.isTaken(tx, { id: randomUUID(), memberId: b.memberId, ...stretch } as store.AppointmentRow, b.now)
  },
  findPatientKeys: (tx, _, b) => store.findPatientKeys(tx, b.patientId),
  insertPatient: (tx, { clinicId }) =>
    store.insertPatient(
      tx,
      { id: randomUUID(), clinicId, ...contact() },
      { id: randomUUID(), signKey: randomUUID(), dhKey: randomUUID() },
    ),
  hasKey: (tx, _, b) => store.hasKey(tx, b.patientId),
  updateContact: (tx, _, b) => store.updateContact(tx, b.patientId, contact()),
  findPatient: (tx, _, b) => store.findPatient(tx, b.patientId),
  lastConsent: (tx, _, b) => store.lastConsent(tx, b.patientId),
  insertConsent: (tx, { clinicId }, b) =>
    store.insertConsent(tx, {
      ...{ clinicId, patientId: b.patientId, seq: 1, previous: b.consent, hash: 'x', state: 'withdrawn' },
      ...{ appointmentId: b.appointmentId, consentTextId: b.textId, textHash: 'x', recordId: randomUUID() },
      ...{ signer: 'x', signature: 'x' },
    }),
  hasVisit: (tx, _, b) => store.hasVisit(tx, b.patientId, null),
  isRecalled: (tx, _, b) => store.isRecalled(tx, b.recallId, b.serviceId),
  isOffered: (tx, _, b) => store.isOffered(tx, b.appointmentId),
  listDone: (tx, _, b) => store.listDone(tx, b.appointmentId),
  lookupLapsed: {
    lookup: (tx, _, b) => store.lookupLapsed(tx, b.after),
    answers: (b) => expect.arrayContaining([{ clinicId: b.clinicId, appointmentId: b.heldId }]),
  },
  findPractitioner: (tx, _, b) => store.findPractitioner(tx, b.memberId),
  markRecallBooked: (tx, _, b) => store.markRecallBooked(tx, b.recallId, b.patientId),
}
