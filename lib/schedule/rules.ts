import { z } from 'zod'
import { Day, Instant } from '../day.ts'
import { Id } from '../ids.ts'
import { addDays, isoWeekday } from '../time.ts'

/** From an instant until another, which is no part of it: milliseconds since 1970. */
export interface Stretch {
  from: number
  until: number
}
/** Minutes after local midnight, of one local day. */
export interface Row {
  startMinute: number
  endMinute: number
}
/** Hours at a place; null: at no site. `walkIns`: visits that the desk may put in beside others at once. */
export interface PlacedRow extends Row {
  siteId: string | null
  walkIns: number
}
/** Hours of one weekday (ISO: 1 is Monday). With dates, of those local days alone, both included: summer hours. */
export interface WeeklyRow extends PlacedRow {
  weekday: number
  validFrom: string | null
  validUntil: string | null
}
/** What holds on one date instead of the week. Without hours: closed. */
export interface DateRow {
  day: string
  hours: PlacedRow | null
}
/** Local days on which a clinic is closed; or open, although they are holidays. */
export interface ClinicDays {
  id: string
  firstDay: string
  lastDay: string
  closed: boolean
}
/** When a practitioner is not there. */
export interface Absence {
  id: string
  memberId: string
  startsAt: string
  endsAt: string
}
export interface Holiday {
  day: string
  name: string
}

/** One practitioner's time, as it is kept. */
export interface Schedule {
  weekly: readonly WeeklyRow[]
  dates: readonly DateRow[]
  isClosed: (day: string) => boolean
}

/**
 * One practitioner's hours on a local day. What was said for the date goes before everything, a holiday too; then closed days; then
 * hours with dates, which replace the usual ones for as long as they hold.
 */
export function rowsOn(schedule: Schedule, day: string): PlacedRow[] {
  const said = schedule.dates.filter((each) => each.day === day)
  if (said.length) return said.flatMap(({ hours }) => hours ?? [])
  if (schedule.isClosed(day)) return []
  const dated = schedule.weekly.filter((row) => row.validFrom !== null && holdsOn(row, day))
  const week = dated.length ? dated : schedule.weekly.filter((row) => row.validFrom === null)
  return week.filter((row) => row.weekday === isoWeekday(day))
}

const holdsOn = ({ validFrom, validUntil }: WeeklyRow, day: string) => validFrom! <= day && day <= validUntil!

/** Whether a clinic is closed on a local day: what it said itself goes before holidays, and what it said last of that. */
export function closedOn(said: readonly ClinicDays[], holidays: readonly Holiday[]): (day: string) => boolean {
  const names = new Set(holidays.map(({ day }) => day))
  return (day) => said.findLast(({ firstDay, lastDay }) => firstDay <= day && day <= lastDay)?.closed ?? names.has(day)
}

export const mostPeriods = 20
export const mostDays = 400

// ── at the door ──

const minutes = { startMinute: z.number().int().min(0).max(1439), endMinute: z.number().int().min(1).max(1440) }
/** At once, in any block of hours: as many lanes as the database has. */
export const mostWalkIns = 5
const walkIns = z.number().int().min(0).max(mostWalkIns).default(0)
const placed = z
  .object({ ...minutes, siteId: Id.nullable().default(null), walkIns })
  .refine((row) => row.startMinute < row.endMinute, { error: 'timeOrder' })
const weekly = z
  .object({ weekday: z.number().int().min(1).max(7), ...minutes, siteId: Id.nullable().default(null), walkIns })
  .refine((row) => row.startMinute < row.endMinute, { error: 'timeOrder' })

/** No two rows of one day at once. */
function apart(rows: readonly (Row & { weekday?: number })[], context: z.RefinementCtx) {
  rows.forEach((row, index) => {
    const clash = rows
      .slice(0, index)
      .some(
        (other) =>
          other.weekday === row.weekday && other.startMinute < row.endMinute && row.startMinute < other.endMinute,
      )
    if (clash) context.addIssue({ code: 'custom', message: 'overlap', path: [index] })
  })
}

const Period = z
  .object({ from: Day, until: Day })
  .refine(({ from, until }) => from <= until, { error: 'timeOrder', path: ['until'] })

/** `period` null: the usual week. `was`: the dates that these hours had until now, where they change; null: they are new. */
export const SaveWeekInput = z
  .object({
    memberId: Id,
    period: Period.nullable().default(null),
    was: Period.nullable().default(null),
    hours: z.array(weekly).max(50).superRefine(apart),
  })
  .refine(({ period, hours }) => !period || hours.length > 0, { error: 'required', path: ['hours'] })
export const RemovePeriodInput = z.object({ memberId: Id, period: Period })
/** `hours` null: as on any such day; none: closed. */
export const SaveDayInput = z.object({
  memberId: Id,
  day: Day,
  hours: z.array(placed).max(10).superRefine(apart).nullable(),
})
export const AbsenceInput = z
  .object({ id: Id, memberId: Id, startsAt: Instant, endsAt: Instant })
  .refine(({ startsAt, endsAt }) => Date.parse(startsAt) < Date.parse(endsAt), { error: 'timeOrder', path: ['endsAt'] })
  .refine(({ startsAt, endsAt }) => Date.parse(endsAt) - Date.parse(startsAt) <= 400 * 86_400_000, {
    error: 'tooLarge',
    path: ['endsAt'],
  })
export const AbsenceRef = z.object({ id: Id, memberId: Id })
export const ClinicDaysInput = z
  .object({
    id: Id,
    firstDay: Day,
    lastDay: Day,
    closed: z.boolean(),
  })
  .refine(({ firstDay, lastDay }) => firstDay <= lastDay, { error: 'timeOrder', path: ['lastDay'] })
  .refine(({ firstDay, lastDay }) => lastDay <= addDays(firstDay, mostDays), { error: 'tooLarge', path: ['lastDay'] })
export const ClinicDaysRef = z.object({ id: Id })
/** A country (`FR`), or one of its regions (`FR-57`); empty: no holidays. */
export const HolidaysInput = z.object({
  region: z.string().regex(/^$|^[A-Z]{2}(-[A-Z0-9]{1,5}){0,2}$/, { error: 'invalid' }),
})
export const LoadInput = z
  .object({ from: Day, until: Day })
  .refine(({ from, until }) => from <= until && until <= addDays(from, mostDays), { error: 'tooLarge' })

/** An appointment that stands where its practitioner is away now: somebody has to move it or cancel it. */
export interface InTheWay {
  appointmentId: string
  startsAt: string
}

export interface ScheduleView {
  weekly: (WeeklyRow & { memberId: string })[]
  dates: (DateRow & { memberId: string })[]
  absences: Absence[]
  clinicDays: ClinicDays[]
  holidays: Holiday[]
  /** Whose holidays: as in `HolidaysInput`. */
  region: string
}

export interface ScheduleContract {
  'schedule/load': { in: z.input<typeof LoadInput>; out: ScheduleView }
  'schedule/save-week': { in: z.input<typeof SaveWeekInput>; out: { done: true } }
  'schedule/remove-period': { in: z.input<typeof RemovePeriodInput>; out: { done: true } }
  'schedule/save-day': { in: z.input<typeof SaveDayInput>; out: { inTheWay: InTheWay[] } }
  'schedule/add-absence': { in: z.input<typeof AbsenceInput>; out: { inTheWay: InTheWay[] } }
  'schedule/remove-absence': { in: z.input<typeof AbsenceRef>; out: { done: true } }
  'schedule/add-clinic-days': { in: z.input<typeof ClinicDaysInput>; out: { inTheWay: InTheWay[] } }
  'schedule/remove-clinic-days': { in: z.input<typeof ClinicDaysRef>; out: { done: true } }
  'schedule/save-holidays': { in: z.input<typeof HolidaysInput>; out: { done: true } }
}

// ── beside others ──

/** Who stands at the desk has been there while they were typed in. */
export const walkInMinutes = 30

interface Lane extends Stretch {
  lane: number
}
/** How many of these there are at once at the fullest moment of a stretch that each of them meets. */
const atOnce = (beside: readonly Stretch[], at: Stretch): number =>
  Math.max(
    0,
    ...beside.map((each) => {
      const moment = Math.max(each.from, at.from)
      return beside.filter(({ from, until }) => from <= moment && moment < until).length
    }),
  )
/** The lane for one more visit, where that many may be at once; null where they are there. */
export function freeLane(beside: readonly Lane[], at: Stretch, most: number): number | null {
  if (atOnce(beside, at) >= most) return null
  const used = new Set(beside.map(({ lane }) => lane))
  return [1, 2, 3, 4, 5].find((lane) => !used.has(lane)) ?? null
}
/** How many more there may be all through a stretch. */
export const lanesLeft = (beside: readonly Lane[], at: Stretch, most: number): number =>
  freeLane(beside, at, most) === null ? 0 : most - atOnce(beside, at)
