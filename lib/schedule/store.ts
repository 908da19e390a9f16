import 'server-only'
import type { StaffActor } from '../access/rules.ts'
import { hold, type Tx } from '../server/tx.ts'
import type { Absence, ClinicDays, DateRow, InTheWay, PlacedRow, WeeklyRow } from './rules.ts'

// Hours are public facts: whoever is in the clinic's transaction may read them.

/**
 * When a practitioner is there stays as it is until the transaction ends. For whoever takes a time: an absence that is saved meanwhile
 * waits, and names what was taken.
 */
export async function keepHours(tx: Tx, clinicId: string, memberId: string): Promise<void> {
  await hold(tx, `clinic-days|${clinicId}`, 'read')
  await hold(tx, `hours|${memberId}`, 'read')
}

type Of<T> = T & { memberId: string }
interface Period {
  from: string
  until: string
}

const date = (day: string) => new Date(`${day}T00:00:00Z`)
const day = (at: Date) => at.toISOString().slice(0, 10)
const ofMembers = (memberIds?: readonly string[]) => (memberIds ? { memberId: { in: [...memberIds] } } : {})

export async function listWeekly(tx: Tx, memberIds?: readonly string[]): Promise<Of<WeeklyRow>[]> {
  const rows = await tx.weeklyHours.findMany({
    where: ofMembers(memberIds),
    omit: { id: true, clinicId: true },
    orderBy: [{ memberId: 'asc' }, { weekday: 'asc' }, { startMinute: 'asc' }],
  })
  return rows.map(({ validFrom, validUntil, ...row }) => ({
    ...row,
    validFrom: validFrom && day(validFrom),
    validUntil: validUntil && day(validUntil),
  }))
}

export async function listDates(
  tx: Tx,
  { from, until }: Period,
  memberIds?: readonly string[],
): Promise<Of<DateRow>[]> {
  const rows = await tx.dateHours.findMany({
    where: { ...ofMembers(memberIds), day: { gte: date(from), lte: date(until) } },
    orderBy: [{ memberId: 'asc' }, { day: 'asc' }, { startMinute: 'asc' }],
  })
  return rows.map(({ memberId, day: at, startMinute, endMinute, siteId, walkIns }) => ({
    memberId,
    day: day(at),
    hours: startMinute === null || endMinute === null ? null : { startMinute, endMinute, siteId, walkIns },
  }))
}

/** Whether any hours of these let the desk put visits in beside others. */
export async function hasWalkIns(tx: Tx, memberIds: readonly string[]): Promise<boolean> {
  const where = { ...ofMembers(memberIds), walkIns: { gt: 0 } }
  return (await tx.weeklyHours.count({ where })) + (await tx.dateHours.count({ where })) > 0
}

/** Those that a stretch of time meets, oldest first. */
export async function listAbsences(
  tx: Tx,
  { from, until }: { from: Date; until: Date },
  memberIds?: readonly string[],
): Promise<Absence[]> {
  const rows = await tx.absence.findMany({
    where: { ...ofMembers(memberIds), startsAt: { lt: until }, endsAt: { gt: from } },
    orderBy: [{ startsAt: 'asc' }, { id: 'asc' }],
  })
  return rows.map(({ id, memberId, startsAt, endsAt }) => ({
    ...{ id, memberId },
    startsAt: startsAt.toISOString(),
    endsAt: endsAt.toISOString(),
  }))
}

export async function listClinicDays(tx: Tx, { from, until }: Period): Promise<ClinicDays[]> {
  const rows = await tx.clinicDay.findMany({
    where: { firstDay: { lte: date(until) }, lastDay: { gte: date(from) } },
    // Being closed for a stretch goes before being open on a day of it only if it was meant so: the shorter one counts.
    orderBy: [{ firstDay: 'asc' }, { lastDay: 'desc' }, { id: 'asc' }],
  })
  return rows.map(({ id, firstDay, lastDay, closed }) => ({
    ...{ id, closed },
    firstDay: day(firstDay),
    lastDay: day(lastDay),
  }))
}

// ── an admin's changes, and a practitioner's own ──

const datesOf = (period: Period | null) => ({
  validFrom: period && date(period.from),
  validUntil: period && date(period.until),
})

/** Sets the hours of a period, or the usual ones. */
export async function setWeek(
  tx: Tx,
  actor: StaffActor,
  memberId: string,
  period: Period | null,
  hours: readonly (PlacedRow & { weekday: number })[],
): Promise<void> {
  const { clinicId } = actor
  await tx.weeklyHours.deleteMany({ where: { clinicId, memberId, ...datesOf(period) } })
  await tx.weeklyHours.createMany({ data: hours.map((row) => ({ ...row, ...datesOf(period), clinicId, memberId })) })
}

/** Sets what holds on one date; null: nothing of its own. */
export async function setDay(
  tx: Tx,
  actor: StaffActor,
  memberId: string,
  on: string,
  hours: readonly PlacedRow[] | null,
): Promise<void> {
  const of = { clinicId: actor.clinicId, memberId, day: date(on) }
  await tx.dateHours.deleteMany({ where: of })
  if (hours) await tx.dateHours.createMany({ data: hours.length ? hours.map((row) => ({ ...row, ...of })) : [of] })
}

/** Sent again it is there, and says what was sent last: false when the id is another's. */
export async function insertAbsence(tx: Tx, actor: StaffActor, absence: Absence): Promise<boolean> {
  const { id, memberId } = absence
  const { clinicId } = actor
  await tx.absence.deleteMany({ where: { id, memberId, clinicId } })
  return (await tx.absence.createMany({ data: [{ ...absence, clinicId }], skipDuplicates: true })).count === 1
}

export async function deleteAbsence(tx: Tx, actor: StaffActor, id: string, memberId: string): Promise<boolean> {
  return (await tx.absence.deleteMany({ where: { id, memberId, clinicId: actor.clinicId } })).count === 1
}

/** In place of what was said of the same days, or under the same id: false when that is another's. */
export async function insertClinicDays(tx: Tx, actor: StaffActor, days: ClinicDays): Promise<boolean> {
  const { id, closed } = days
  const { clinicId } = actor
  const of = { firstDay: date(days.firstDay), lastDay: date(days.lastDay) }
  await tx.clinicDay.deleteMany({ where: { clinicId, OR: [{ id }, of] } })
  const made = await tx.clinicDay.createMany({ data: [{ id, closed, clinicId, ...of }], skipDuplicates: true })
  return made.count === 1
}

export async function deleteClinicDays(tx: Tx, actor: StaffActor, id: string): Promise<boolean> {
  return (await tx.clinicDay.deleteMany({ where: { id, clinicId: actor.clinicId } })).count === 1
}

/** Appointments to come that stand in a stretch of time, of one practitioner or of all. */
export async function listInTheWay(
  tx: Tx,
  actor: StaffActor,
  { memberId, from, until }: { memberId: string | null; from: Date; until: Date },
  now: Date,
): Promise<InTheWay[]> {
  const rows = await tx.appointment.findMany({
    where: {
      clinicId: actor.clinicId,
      ...(memberId && { memberId }),
      // One that is held is booked soon, and asked for nothing more.
      OR: [{ status: { in: ['booked', 'arrived'] } }, { status: 'held', heldUntil: { gte: now } }],
      startsAt: { lt: until },
      endsAt: { gt: from },
    },
    select: { id: true, startsAt: true },
    orderBy: { startsAt: 'asc' },
    take: 100,
  })
  return rows.map(({ id, startsAt }) => ({ appointmentId: id, startsAt: startsAt.toISOString() }))
}

/** How many appointments of a service a practitioner has, by their starts, a group's as one: for a day's limit. */
export async function listStarts(
  tx: Tx,
  serviceId: string,
  memberIds: readonly string[],
  { from, until, except }: { from: Date; until: Date; except?: string },
  now: Date,
): Promise<{ memberId: string; startsAt: Date }[]> {
  return tx.appointment.findMany({
    where: {
      ...(except && { id: { not: except } }),
      serviceId,
      memberId: { in: [...memberIds] },
      startsAt: { gte: from, lt: until },
      OR: [
        { status: { in: ['booked', 'arrived', 'in_consult', 'completed', 'no_show'] } },
        { status: 'held', heldUntil: { gte: now } },
      ],
    },
    select: { memberId: true, startsAt: true },
    distinct: ['sessionId'],
  })
}
