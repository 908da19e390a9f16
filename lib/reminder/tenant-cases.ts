import { expect } from 'vitest'
import type { TenantCases } from '../access/tenant-world.ts'
import * as store from './store.ts'

export const reminderCases: TenantCases<typeof store> = {
  findSetting: (tx, { clinicId }) => store.findSetting(tx, clinicId),
  saveSetting: (tx, actor, b) => store.saveSetting(tx, actor, { leads: [], texts: false, setAt: b.now }),
  lookupDue: {
    lookup: (tx, _, b) => store.lookupDue(tx, b.after),
    answers: (b) => expect.arrayContaining([{ clinicId: b.clinicId, appointmentId: b.appointmentId }]),
  },
  insertReminder: (tx, { clinicId }, b) =>
    store.insertReminder(tx, {
      ...{
        clinicId,
        appointmentId: b.appointmentId,
        startsAt: b.startsAt,
        leadMinutes: 5,
        state: 'waiting',
        channel: 'mail',
      },
      ...{ nextAt: b.now, madeAt: b.now },
    }),
  listWaiting: (tx, _, b) => store.listWaiting(tx, b.appointmentId),
  findReminder: (tx, _, b) => store.findReminder(tx, b.reminderId),
  putOff: (tx, _, b) => store.putOff(tx, b.reminderId, b.now),
  moveReminder: (tx, _, b) => store.moveReminder(tx, b.reminderId, { from: 'waiting', to: 'dropped' }),
  countReminders: (tx, { clinicId }, b) => store.countReminders(tx, clinicId, new Date(b.now.getTime() - 86_400_000)),
  setWanted: (tx, _, b) => store.setWanted(tx, b.patientId, b.now),
  remindersOf: (tx, { clinicId }, b) => store.remindersOf(tx, { clinicId, patientId: b.patientId }),
}
