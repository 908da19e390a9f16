import 'server-only'
import type { z } from 'zod'
import { partOf } from '../access/part.ts'
import { runsVisits, type StaffActor } from '../access/rules.ts'
import type { ClinicProfile } from '../clinic/rules.ts'
import { findClinic } from '../clinic/store.ts'
import { type DayRow, weekStart } from '../encounter/rules.ts'
import { listDay, listHeld, listLoad, listPractitioners } from '../encounter/store.ts'
import { ok, type Result } from '../errors.ts'
import { listRecords } from '../record/store.ts'
import { readSchedules } from '../schedule/read.ts'
import { rowsOn } from '../schedule/rules.ts'
import { openStretches, startOfDay } from '../schedule/wall-clock.ts'
import { auditReadings } from '../server/audit-readings.ts'
import { inClinic, type Tx } from '../server/tx.ts'
import { addDays, dayIn } from '../time.ts'
import type { CalendarInput, CalendarView, HeldVisit, MemberStretch } from './rules.ts'

/** No appointment is longer: one that began before the first day and goes on into it is found. */
const longestMs = 480 * 60_000

/** One request for all that a calendar draws. What the member does not see is taken, and no more is said of it. */
export async function loadCalendar(
  actor: StaffActor,
  input: z.output<typeof CalendarInput>,
  { now }: { now: Date },
): Promise<Result<CalendarView>> {
  const answer = await inClinic(actor.clinicId, async (tx) => {
    const clinic = (await findClinic(tx, actor.clinicId))!
    const zone = clinic.timeZone
    const { span, memberId } = input
    const today = dayIn(zone, now)
    const day = input.day ?? today
    const days = span === 'day' ? [day] : [0, 1, 2, 3, 4, 5, 6].map((offset) => addDays(weekStart(day), offset))
    const stretch = { from: startOfDay(days[0]!, zone), until: startOfDay(addDays(days.at(-1)!, 1), zone) }
    const part = await partOf(tx, actor)
    const seen = runsVisits(actor, part)
    const range = { from: new Date(+stretch.from - longestMs), to: stretch.until, memberId, seen }
    const isWhole = span === 'day' || memberId !== undefined
    const reaches = ({ endsAt }: { endsAt: Date | string }) => new Date(endsAt) > stretch.from
    const found = isWhole ? await listDay(tx, actor, range, now) : []
    const rows = found.filter((row) => row.status !== 'cancelled' && reaches(row))
    const waiting = isWhole ? (await listHeld(tx, actor, range, now)).filter(reaches) : []
    // Who sees their own patients alone plans their own days alone.
    const all = (await listPractitioners(tx, actor)).filter(
      (each) => !('memberId' in seen) || each.memberId === part.own,
    )
    const practitioners = columnsOf(all, rows, memberId)
    const mine = new Set([...rows.map((row) => row.appointmentId), ...waiting.map(({ id }) => id)])
    const load = await loadOf(tx, actor, { ...range, seen }, { isWhole, mine }, now)
    const shown = new Set(practitioners.map((each) => each.memberId))
    const held = waiting.filter((each) => shown.has(each.memberId)).map(heldVisitOf)
    const stretches = load.filter((each) => reaches(each) && shown.has(each.memberId)).map(stretchOf)
    return ok({
      ...{ span, day, days, zone, today, practitioners, choices: all, rows, held },
      load: isWhole ? [] : stretches,
      taken: isWhole ? stretches : [],
      ...(await timesOf(tx, clinic, practitioners, { days, stretch })),
      records: input.names
        ? await listRecords(tx, actor, { patientIds: patientsOf([...rows, ...held]), types: ['identity'] })
        : [],
    })
  })
  if (answer.ok) await auditReadings(actor, 'names.listed', answer.value.records)
  return answer
}

const stretchOf = ({ memberId, startsAt, endsAt }: { memberId: string; startsAt: Date; endsAt: Date }) => ({
  ...{ memberId, from: startsAt.getTime(), until: endsAt.getTime() },
})

const heldVisitOf = ({ id, service, member, patientId, kind, ...at }: Held): HeldVisit => ({
  ...{ ...stretchOf(at), appointmentId: id, patientId, kind, service: service.name, practitioner: member.displayName },
})

const patientsOf = (rows: readonly { patientId: string }[]) => [...new Set(rows.map((row) => row.patientId))]

type Range = Parameters<typeof listLoad>[2]
type Held = Awaited<ReturnType<typeof listHeld>>[number]

/** Of the whole clinic's week everything that is seen; else what is not, and takes time all the same. */
async function loadOf(
  tx: Tx,
  actor: StaffActor,
  range: Range,
  of: { isWhole: boolean; mine: ReadonlySet<string> },
  now: Date,
) {
  if (!of.isWhole) return onceEach(await listLoad(tx, actor, range))
  if (!Object.keys(range.seen).length) return []
  const whole = { ...range, seen: {} }
  const all = [...(await listLoad(tx, actor, whole)), ...(await listHeld(tx, actor, whole, now))]
  return onceEach(all.filter(({ id }) => !of.mine.has(id)))
}

/** A group takes its time once, however many are in it. */
const onceEach = <T extends { sessionId: string }>(all: readonly T[]): T[] => [
  ...new Map(all.map((each) => [each.sessionId, each])).values(),
]

/** Those who are asked for; and who left the clinic, for as long as appointments of theirs stand. */
function columnsOf(choices: CalendarView['choices'], rows: readonly DayRow[], memberId: string | undefined) {
  const asked = choices.filter((each) => !memberId || each.memberId === memberId)
  const names = new Map(rows.map((row) => [row.memberId, row.practitioner]))
  for (const each of asked) names.delete(each.memberId)
  return [...asked, ...[...names].map(([id, name]) => ({ memberId: id, name }))]
}

async function timesOf(
  tx: Tx,
  clinic: ClinicProfile,
  practitioners: readonly { memberId: string }[],
  { days, stretch }: { days: string[]; stretch: { from: Date; until: Date } },
): Promise<Pick<CalendarView, 'open' | 'away' | 'elsewhere' | 'closed'>> {
  const ids = practitioners.map(({ memberId }) => memberId)
  const read = await readSchedules(tx, clinic, ids, {
    days: { from: days[0]!, until: days.at(-1)! },
    stretch,
  })
  const open: MemberStretch[] = []
  const away: MemberStretch[] = []
  const elsewhere: MemberStretch[] = []
  for (const [memberId, { schedule, absent, elsewhere: busy }] of read) {
    for (const stretches of openStretches(clinic.timeZone, days, (day) => rowsOn(schedule, day)).values())
      for (const { from, until } of stretches) open.push({ memberId, from, until })
    for (const each of absent) away.push({ memberId, ...each })
    for (const each of busy) elsewhere.push({ memberId, ...each })
  }
  const [first] = read.values()
  return { open, away, elsewhere, closed: days.filter((day) => first?.schedule.isClosed(day)) }
}
