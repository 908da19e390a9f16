import { randomUUID } from 'node:crypto'
import type { TenantCases } from '../access/tenant-world.ts'
import * as store from './store.ts'

const days = { from: '2020-01-01', until: '2030-01-01' }
const stretch = { from: new Date(days.from), until: new Date(days.until) }

export const scheduleCases: TenantCases<typeof store> = {
  keepHours: 'pure',
  listWeekly: (tx, _, b) => store.listWeekly(tx, [b.memberId]),
  listDates: (tx, _, b) => store.listDates(tx, days, [b.memberId]),
  hasWalkIns: (tx, _, b) => store.hasWalkIns(tx, [b.memberId]),
  listAbsences: (tx, _, b) => store.listAbsences(tx, stretch, [b.memberId]),
  listClinicDays: { own: (tx) => store.listClinicDays(tx, days) },
  setWeek: (tx, actor, b) => store.setWeek(tx, actor, b.memberId, null, []),
  setDay: (tx, actor, b) => store.setDay(tx, actor, b.memberId, '2026-12-01', null),
  insertAbsence: (tx, actor, b) =>
    store.insertAbsence(tx, actor, {
      ...{ id: randomUUID(), memberId: b.memberId },
      ...{ startsAt: '2026-12-01T09:00:00Z', endsAt: '2026-12-01T10:00:00Z' },
    }),
  deleteAbsence: (tx, actor, b) => store.deleteAbsence(tx, actor, b.absenceId, b.memberId),
  insertClinicDays: (tx, actor, b) =>
    store.insertClinicDays(tx, actor, {
      ...{ id: b.clinicDaysId, closed: true },
      ...{ firstDay: '2026-12-01', lastDay: '2026-12-02' },
    }),
  deleteClinicDays: (tx, actor, b) => store.deleteClinicDays(tx, actor, b.clinicDaysId),
  listInTheWay: (tx, actor, b) => store.listInTheWay(tx, actor, { memberId: b.memberId, ...stretch }, new Date(0)),
  listStarts: (tx, _, b) => store.listStarts(tx, b.serviceId, [b.memberId], stretch, new Date(0)),
}
