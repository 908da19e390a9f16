import 'server-only'
import { listBusyElsewhere } from '../elsewhere/store.ts'
import type { ClinicProfile } from '../clinic/rules.ts'
import type { Tx } from '../server/tx.ts'
import { holidaysOf } from './holidays.ts'
import { closedOn, type Schedule, type Stretch } from './rules.ts'
import * as store from './store.ts'

/** One practitioner's time in some days, and every place at which they have hours then; null: at no site. */
export interface Read {
  schedule: Schedule
  absent: Stretch[]
  /** Busy by a calendar of their own. */
  elsewhere: Stretch[]
  /** Both together: not here, for whatever reason. */
  away: Stretch[]
  places: (string | null)[]
}

/** By practitioner, in the order asked for. */
export async function readSchedules(
  tx: Tx,
  clinic: Pick<ClinicProfile, 'holidays' | 'locale'>,
  memberIds: readonly string[],
  { days, stretch }: { days: { from: string; until: string }; stretch: { from: Date; until: Date } },
): Promise<Map<string, Read>> {
  const weekly = await store.listWeekly(tx, memberIds)
  const dates = await store.listDates(tx, days, memberIds)
  const absences = await store.listAbsences(tx, stretch, memberIds)
  const busy = await listBusyElsewhere(tx, memberIds, stretch)
  const holidays = holidaysOf(clinic.holidays, days.from, days.until, clinic.locale)
  const isClosed = closedOn(await store.listClinicDays(tx, days), holidays)
  const of = <T extends { memberId: string }>(rows: readonly T[], memberId: string) =>
    rows.filter((row) => row.memberId === memberId)
  return new Map(
    memberIds.map((memberId) => {
      const schedule = { weekly: of(weekly, memberId), dates: of(dates, memberId), isClosed }
      const hours = [...schedule.weekly, ...schedule.dates.flatMap((each) => each.hours ?? [])]
      const absent = of(absences, memberId).map(({ startsAt, endsAt }) => ({
        from: Date.parse(startsAt),
        until: Date.parse(endsAt),
      }))
      const elsewhere = of(busy, memberId).map(({ from, until }) => ({ from, until }))
      const places = [...new Set(hours.map(({ siteId }) => siteId))]
      return [memberId, { schedule, absent, elsewhere, away: [...absent, ...elsewhere], places }]
    }),
  )
}
