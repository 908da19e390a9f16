import 'server-only'
import type { z } from 'zod'
import type { StaffActor } from '../access/rules.ts'
import { findClinic, listPlaced, listPractitioners, saveProfile } from '../clinic/store.ts'
import { ok, refuse, type Result } from '../errors.ts'
import { audit } from '../server/audit.ts'
import { notify } from '../server/notify.ts'
import { hold, inClinic, type Tx } from '../server/tx.ts'
import { listSites } from '../site/store.ts'
import { addDays } from '../time.ts'
import { holidaysOf, isRegion } from './holidays.ts'
import * as rules from './rules.ts'
import * as store from './store.ts'
import { startOfDay } from './wall-clock.ts'

type In<S extends z.ZodType> = z.output<S>
interface At {
  now: Date
}
type Done = Promise<Result<{ done: true }>>
type Ways = Promise<Result<{ inTheWay: rules.InTheWay[] }>>

export const load = (
  actor: StaffActor,
  { from, until }: In<typeof rules.LoadInput>,
): Promise<Result<rules.ScheduleView>> =>
  inClinic(actor.clinicId, async (tx) => {
    const clinic = (await findClinic(tx, actor.clinicId))!
    const [first, last] = [startOfDay(from, clinic.timeZone), startOfDay(addDays(until, 1), clinic.timeZone)]
    return ok({
      weekly: await store.listWeekly(tx),
      dates: await store.listDates(tx, { from, until }),
      absences: await store.listAbsences(tx, { from: first, until: last }),
      clinicDays: await store.listClinicDays(tx, { from, until }),
      holidays: holidaysOf(clinic.holidays, from, until, clinic.locale),
      region: clinic.holidays,
    })
  })

async function changed(tx: Tx, actor: StaffActor, what: string, subjectId?: string) {
  await audit(tx, actor, what, subjectId)
  await notify(tx, 'staff', actor.clinicId)
}

/** A practitioner may say when they are there and when not; everybody's hours are an admin's. */
const maySet = (actor: StaffActor, memberId: string) => actor.roles.includes('admin') || actor.memberId === memberId

/** Why these hours cannot be this practitioner's, or null. */
async function wrongPlace(tx: Tx, memberId: string, hours: readonly rules.PlacedRow[]) {
  if (!(await listPractitioners(tx)).some((each) => each.id === memberId)) return refuse('NOT_FOUND')
  // Who sees some sites only works at those: what is written for a visit elsewhere would not open to them.
  const placed = (await listPlaced(tx)).find((each) => each.memberId === memberId)
  const open = (await listSites(tx)).map(({ id }) => id)
  const mayBe = (site: string | null) => (placed ? site && placed.siteIds.includes(site) : !site || open.includes(site))
  return hours.every(({ siteId }) => mayBe(siteId)) ? null : refuse('BAD_INPUT', { hours: 'invalid' })
}

interface Period {
  from: string
  until: string
}
const meets = (a: Period, b: Period) => a.from <= b.until && b.from <= a.until

const isSame = (a: Period, b: Period) => a.from === b.from && a.until === b.until
const hoursOf = (rows: readonly (rules.PlacedRow & { weekday: number })[]) =>
  rows
    .map((row) => [row.weekday, row.startMinute, row.endMinute, row.siteId, row.walkIns].join())
    .sort()
    .join(';')

export const saveWeek = (actor: StaffActor, { memberId, period, was, hours }: In<typeof rules.SaveWeekInput>): Done =>
  inClinic(actor.clinicId, async (tx) => {
    await hold(tx, `hours|${memberId}`, 'write')
    const wrong = await wrongPlace(tx, memberId, hours)
    if (wrong) return wrong
    const weekly = await store.listWeekly(tx, [memberId])
    const all = [
      ...new Map(
        weekly.flatMap(({ validFrom, validUntil }) =>
          validFrom && validUntil ? [[validFrom, { from: validFrom, until: validUntil }] as const] : [],
        ),
      ).values(),
    ]
    if (!was || !all.some((each) => isSame(each, was))) {
      // Sent again after a lost answer: it is done.
      const there = weekly.filter((row) => period && row.validFrom === period.from && row.validUntil === period.until)
      if (there.length && hoursOf(there) === hoursOf(hours)) return ok({ done: true as const })
      if (was) return refuse('STALE')
    }
    const periods = all.filter((each) => !was || !isSame(each, was))
    // On a day of two, nobody could say which holds.
    if (period && periods.some((each) => meets(each, period))) return refuse('BAD_INPUT', { period: 'overlap' })
    if (period && periods.length >= rules.mostPeriods) return refuse('BAD_INPUT', { period: 'tooMany' })
    if (was) await store.setWeek(tx, actor, memberId, was, [])
    await store.setWeek(tx, actor, memberId, period, hours)
    await changed(tx, actor, 'schedule.hours-saved', memberId)
    return ok({ done: true as const })
  })

export const removePeriod = (actor: StaffActor, { memberId, period }: In<typeof rules.RemovePeriodInput>): Done =>
  inClinic(actor.clinicId, async (tx) => {
    await hold(tx, `hours|${memberId}`, 'write')
    const wrong = await wrongPlace(tx, memberId, [])
    if (wrong) return wrong
    await store.setWeek(tx, actor, memberId, period, [])
    await changed(tx, actor, 'schedule.hours-saved', memberId)
    return ok({ done: true as const })
  })

/** Appointments of these local days that what holds there now leaves outside. */
async function outside(
  tx: Tx,
  actor: StaffActor,
  { memberId, firstDay, lastDay }: { memberId: string | null; firstDay: string; lastDay: string },
  now: Date,
) {
  const { timeZone } = (await findClinic(tx, actor.clinicId))!
  const [from, until] = [startOfDay(firstDay, timeZone), startOfDay(addDays(lastDay, 1), timeZone)]
  return store.listInTheWay(tx, actor, { memberId, from, until }, now)
}

export const saveDay = (
  actor: StaffActor,
  { memberId, day, hours }: In<typeof rules.SaveDayInput>,
  { now }: At,
): Ways =>
  inClinic(actor.clinicId, async (tx) => {
    if (!maySet(actor, memberId)) return refuse('NOT_ALLOWED')
    await hold(tx, `hours|${memberId}`, 'write')
    const wrong = await wrongPlace(tx, memberId, hours ?? [])
    if (wrong) return wrong
    await store.setDay(tx, actor, memberId, day, hours)
    await changed(tx, actor, 'schedule.day-saved', memberId)
    return ok({
      inTheWay: hours?.length === 0 ? await outside(tx, actor, { memberId, firstDay: day, lastDay: day }, now) : [],
    })
  })

export const addAbsence = (actor: StaffActor, absence: In<typeof rules.AbsenceInput>, { now }: At): Ways =>
  inClinic(actor.clinicId, async (tx) => {
    const { memberId, startsAt, endsAt } = absence
    if (!maySet(actor, memberId)) return refuse('NOT_ALLOWED')
    if (!(await listPractitioners(tx)).some((each) => each.id === memberId)) return refuse('NOT_FOUND')
    await hold(tx, `hours|${memberId}`, 'write')
    if (!(await store.insertAbsence(tx, actor, absence))) return refuse('STALE')
    await changed(tx, actor, 'schedule.absence-added', memberId)
    const stretch = { memberId, from: new Date(startsAt), until: new Date(endsAt) }
    return ok({ inTheWay: await store.listInTheWay(tx, actor, stretch, now) })
  })

export const removeAbsence = (actor: StaffActor, { id, memberId }: In<typeof rules.AbsenceRef>): Done =>
  inClinic(actor.clinicId, async (tx) => {
    if (!maySet(actor, memberId)) return refuse('NOT_ALLOWED')
    if (!(await store.deleteAbsence(tx, actor, id, memberId))) return refuse('NOT_FOUND')
    await changed(tx, actor, 'schedule.absence-removed', memberId)
    return ok({ done: true as const })
  })

export const addClinicDays = (actor: StaffActor, days: In<typeof rules.ClinicDaysInput>, { now }: At): Ways =>
  inClinic(actor.clinicId, async (tx) => {
    await hold(tx, `clinic-days|${actor.clinicId}`, 'write')
    if (!(await store.insertClinicDays(tx, actor, days))) return refuse('STALE')
    await changed(tx, actor, 'schedule.clinic-days-saved')
    return ok({ inTheWay: days.closed ? await outside(tx, actor, { ...days, memberId: null }, now) : [] })
  })

export const removeClinicDays = (actor: StaffActor, { id }: In<typeof rules.ClinicDaysRef>): Done =>
  inClinic(actor.clinicId, async (tx) => {
    if (!(await store.deleteClinicDays(tx, actor, id))) return refuse('NOT_FOUND')
    await changed(tx, actor, 'schedule.clinic-days-saved')
    return ok({ done: true as const })
  })

export const saveHolidays = (actor: StaffActor, { region }: In<typeof rules.HolidaysInput>): Done =>
  inClinic(actor.clinicId, async (tx) => {
    if (region && !isRegion(region)) return refuse('BAD_INPUT', { region: 'invalid' })
    await saveProfile(tx, actor, { holidays: region })
    await changed(tx, actor, 'schedule.holidays-saved')
    return ok({ done: true as const })
  })
