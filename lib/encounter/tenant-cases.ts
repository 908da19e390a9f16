import type { TenantCases } from '../access/tenant-world.ts'
import * as store from './store.ts'

const ever = { from: new Date(0), to: new Date(8e15) }

export const encounterCases: TenantCases<typeof store> = {
  listDay: (tx, actor, b) => store.listDay(tx, actor, { ...ever, memberId: b.memberId }, b.now),
  findVisit: (tx, actor, b) => store.findVisit(tx, actor, b.appointmentId, b.now),
  listLoad: (tx, actor, b) => store.listLoad(tx, actor, { seen: {}, ...ever, memberId: b.memberId }),
  listHeld: (tx, actor, b) => store.listHeld(tx, actor, { seen: {}, ...ever, memberId: b.memberId }, b.now),
  listPractitioners: (tx, actor) => store.listPractitioners(tx, actor),
  findClinic: (tx, actor) => store.findClinic(tx, actor),
  findMember: (tx, actor, b) => store.findMember(tx, { ...actor, memberId: b.memberId }),
  listVisits: (tx, actor, b) => store.listVisits(tx, actor, b.patientId, [b.appointmentId]),
  listPatientKeys: (tx, actor, b) => store.listPatientKeys(tx, actor, b.patientId),
  listConsents: (tx, actor, b) => store.listConsents(tx, actor, b.patientId),
  listServices: (tx, actor) => store.listServices(tx, actor),
  moveVisit: (tx, actor, b) =>
    store.moveVisit(tx, actor, { id: b.appointmentId, from: 'booked', to: 'completed' }, b.now),
  dropRevisions: (tx, actor, b) => store.dropRevisions(tx, actor, b.draftId, 2),
}
