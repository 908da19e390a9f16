import 'server-only'
import type { z } from 'zod'
import type { StaffActor } from '../access/rules.ts'
import { cancelIn } from '../booking/cancel.ts'
import { confirmBooking } from '../booking/confirm.ts'
import { matches } from '../booking/link.ts'
import { placeAt } from '../booking/place.ts'
import { nearestSlot } from '../slot/rules.ts'
import { deskDays, hasRoom, looksRoomy, searchSlots } from '../booking/slots.ts'
import * as bookings from '../booking/store.ts'
import type { ServiceView } from '../clinic/rules.ts'
import { findClinic, findService } from '../clinic/store.ts'
import { ok, refuse, type Result } from '../errors.ts'
import { insertRecords } from '../record/store.ts'
import { readSchedules } from '../schedule/read.ts'
import { enqueue } from '../server/jobs.ts'
import { limit } from '../server/rate-limit.ts'
import { hold, inClinic, type Tx } from '../server/tx.ts'
import { addDays, dayIn } from '../time.ts'
import {
  bookedBefore,
  type Clinic,
  insertBooked,
  madeOf,
  mayMail,
  patientIn,
  placeIn,
  seenBy,
  shownOf,
  stretchOf,
  told,
  type Whom,
} from './book.ts'
import * as rules from './rules.ts'

type In<S extends z.ZodType> = z.output<S>
type Out<K extends keyof rules.DeskContract> = Promise<Result<rules.DeskContract[K]['out']>>
interface Context {
  now: Date
}
const dayMs = 24 * 60 * 60_000
const alive = ['booked', 'arrived', 'in_consult']

// ── before anything is booked ──

interface Asked {
  clinic: Clinic
  service: ServiceView
  memberId: string
  siteId: string | null
  now: Date
}

export async function check(
  actor: StaffActor,
  { serviceId, memberId, siteId, starts }: In<typeof rules.CheckInput>,
  { now }: Context,
): Out<'desk/check'> {
  const counted = await limit('desk-check', actor.memberId, rules.checksAMinute)
  if (!counted.ok) return counted
  return inClinic(actor.clinicId, async (tx) => {
    const clinic = (await findClinic(tx, actor.clinicId))!
    const service = await findService(tx, serviceId)
    if (!service?.active || !service.practitionerIds.includes(memberId)) return refuse('NOT_FOUND')
    const asked = { clinic, service, memberId, siteId, now }
    const dates: rules.CheckedDate[] = []
    for (const [index, startsAt] of starts.entries()) {
      const at = new Date(startsAt)
      // Of two that meet, the first has the time.
      const isTwice = starts.slice(0, index).some((other) => doMeet(service, new Date(other), at))
      const state = isTwice ? 'taken' : await stateOf(tx, asked, at)
      const others = starts.filter((_, place) => place !== index).map((other) => new Date(other))
      dates.push({ startsAt, state, near: state === 'free' ? null : await nearTo(tx, asked, at, others) })
    }
    return ok({ dates })
  })
}

/** Whether two visits of a service would be in each other's way, with their buffers. */
function doMeet(service: ServiceView, one: Date, other: Date): boolean {
  const [a, b] = [stretchOf(service, one), stretchOf(service, other)]
  return a.blockedFrom < b.blockedUntil && b.blockedFrom < a.blockedUntil
}

async function stateOf(tx: Tx, asked: Asked, start: Date): Promise<rules.DateState> {
  const { clinic, service, memberId, siteId, now } = asked
  const { endsAt, blockedFrom, blockedUntil } = stretchOf(service, start)
  if (start < now) return 'past'
  if (+start > +now + deskDays * dayMs) return 'far'
  const busy = await bookings.listBusy(tx, [memberId], { from: blockedFrom, until: blockedUntil }, now)
  if (busy.get(memberId)!.length) return 'taken'
  const there = await placeAt(tx, clinic, memberId, { startsAt: start, endsAt, siteId })
  const day = dayIn(clinic.timeZone, start)
  if (there === undefined) {
    const [days, stretch] = [
      { from: day, until: day },
      { from: start, until: endsAt },
    ]
    const { schedule, away } = (await readSchedules(tx, clinic, [memberId], { days, stretch })).get(memberId)!
    if (schedule.isClosed(day)) return 'closed'
    return away.some(({ from, until }) => from < +endsAt && +start < until) ? 'away' : 'outside'
  }
  if (there !== siteId) return 'elsewhere'
  return service.dailyLimit === null || (await looksRoomy(tx, { clinic, service, memberId, day, now }))
    ? 'free'
    : 'full'
}

/** The nearest free time within a week, with the same practitioner at the same place, beside the other dates. */
async function nearTo(tx: Tx, asked: Asked, start: Date, others: readonly Date[]): Promise<string | null> {
  const { clinic, service, memberId, siteId, now } = asked
  const [day, today] = [dayIn(clinic.timeZone, start), dayIn(clinic.timeZone, now)]
  const [firstDay, lastDay] = [addDays(day, -7) < today ? today : addDays(day, -7), addDays(day, 7)]
  if (firstDay > lastDay || +start > +now + (deskDays + 7) * dayMs) return null
  const search = { clinic, service, memberIds: [memberId], siteId, firstDay, lastDay, now, asDesk: true }
  const free = (await searchSlots(tx, search)).filter(
    ({ startsAt }) => !others.some((other) => doMeet(service, other, new Date(startsAt))),
  )
  return nearestSlot(free, { startsAt: start.toISOString(), memberId })?.startsAt ?? null
}

// ── booking ──

type Visit = In<typeof rules.SeriesInput>['visits'][number]

/** As what somebody sees of a refusal of one date. */
const words: Record<string, rules.InTheWay> = {
  SLOT_TAKEN: 'taken',
  OUTSIDE_HOURS: 'outside',
  SLOT_GONE: 'elsewhere',
  tooSmall: 'past',
  tooLarge: 'far',
}

/** All visits or none: each an appointment of its own, one mail for all of them. Once, however often it is sent. */
export async function bookSeries(
  actor: StaffActor,
  input: In<typeof rules.SeriesInput>,
  { now }: Context,
): Out<'desk/book-series'> {
  const counted = await limit('desk-series', actor.memberId, rules.seriesAnHour)
  if (!counted.ok) return counted
  return inClinic(
    actor.clinicId,
    async (tx) => {
      await hold(tx, `desk|${input.id}`, 'write')
      const { memberId, siteId, patient } = input
      const before = await bookings.listSeries(tx, { seriesId: input.id, patientId: patient.patientId })
      if (before.length) return repeated(tx, before, input)
      const [once] = input.visits
      await hold(tx, `desk|${once!.id}`, 'write')
      const alone = await bookings.findAppointment(tx, once!.id)
      if (alone) return bookedBefore(tx, alone, { ...once!, patientId: patient.patientId })
      const clinic = (await findClinic(tx, actor.clinicId))!
      const service = await findService(tx, input.serviceId)
      if (!service?.active || !service.practitionerIds.includes(memberId)) return refuse('NOT_FOUND')
      // Each visit of a series is for one patient alone.
      if (service.places > 1) return refuse('GROUP_ALONE')
      if (service.way === 'phone' && patient.kind === 'new' && !patient.phone)
        return refuse('BAD_INPUT', { 'patient.phone': 'required' })
      const sealed = input.visits.flatMap(({ records }) => records)
      if (patient.kind === 'known' && sealed.length) return refuse('BAD_INPUT', { records: 'invalid' })
      const records = patient.kind === 'new' ? [...patient.records, ...sealed] : []
      const whom = await patientIn(tx, actor, clinic, input, records)
      if (!whom.ok) return whom
      const made = await insertAll(tx, actor, { clinic, service, memberId, siteId, now }, input, whom.value)
      if (!made.ok) return made
      const [first] = made.value
      const { patientId } = patient
      if (patient.kind === 'new') {
        const stored = await insertRecords(tx, actor, patient.records, { patientId, appointmentId: first!.id })
        if (!stored.ok) return stored
      }
      for (const visit of input.visits) {
        const stored = await insertRecords(tx, actor, visit.records, { patientId, appointmentId: visit.id })
        if (!stored.ok) return stored
      }
      // Nobody books into days that are not theirs to run.
      const seen = await seenBy(tx, actor)
      for (const { id } of made.value) if (!(await bookings.isSeen(tx, id, seen))) return refuse('NOT_ALLOWED')
      const mailed = await mayMail(tx, actor.clinicId, patientId)
      const booked = (await bookings.findAppointment(tx, first!.id))!
      return mailed ?? ok({ ...(await told(tx, booked)), visits: made.value.map(shownOf) })
    },
    // Each visit is some forty statements, and one commit.
    { timeout: 30_000 },
  )
}

/** The earliest first, whatever the list's order: of two series that want the same times none waits for the other in a circle. */
async function insertAll(
  tx: Tx,
  actor: StaffActor,
  asked: Asked,
  { id: seriesId, visits }: In<typeof rules.SeriesInput>,
  whom: Whom,
): Promise<Result<bookings.AppointmentRow[]>> {
  const lost: Record<string, string> = {}
  const made: bookings.AppointmentRow[] = []
  const inOrder = [...visits.entries()].sort(([, a], [, b]) => Date.parse(a.startsAt) - Date.parse(b.startsAt))
  for (const [index, visit] of inOrder) {
    const booked = await insertOne(tx, actor, asked, visit, { ...whom, seriesId })
    if (booked.ok) made.push(booked.value)
    else {
      const word = words[booked.fields?.startsAt ?? booked.code]
      if (!word) return booked
      lost[`visits.${index}`] = word
    }
  }
  if (Object.keys(lost).length) return refuse('SLOT_TAKEN', lost)
  // The mail of the first tells of all: see booking/mail.
  for (const [nth, row] of made.entries()) await confirmBooking(tx, actor, row, asked.now, nth === 0)
  return ok(made)
}

async function insertOne(
  tx: Tx,
  actor: StaffActor,
  asked: Asked,
  visit: Visit,
  of: Whom & { seriesId: string },
): Promise<Result<bookings.AppointmentRow>> {
  const { clinic, service, memberId, siteId, now } = asked
  const placed = await placeIn(tx, clinic, service, { memberId, siteId, ...visit }, now)
  if (!placed.ok) return placed
  const day = dayIn(clinic.timeZone, new Date(visit.startsAt))
  if (!visit.anyway && !(await hasRoom(tx, { clinic, service, memberId, day, now }))) return refuse('SLOT_TAKEN')
  return insertBooked(tx, actor, { clinic, service, memberId, siteId, visit, ...of }, now)
}

async function repeated(
  tx: Tx,
  rows: bookings.AppointmentRow[],
  { visits }: In<typeof rules.SeriesInput>,
): Promise<Result<rules.DeskBooked>> {
  const isSame = rows.some((row) =>
    visits.some(
      ({ id, key, linkSecret }) => id === row.id && key === row.idempotencyKey && matches(row.linkHash, linkSecret),
    ),
  )
  return isSame ? ok({ ...(await madeOf(tx, rows[0]!)), visits: rows.map(shownOf) }) : refuse('SLOT_TAKEN')
}

// ── cancelling ──

/** A visit and those of its series after it, of those that this member sees. */
export const later = (actor: StaffActor, { id }: In<typeof rules.LaterInput>): Out<'desk/later'> =>
  inClinic(actor.clinicId, async (tx) => {
    const seen = await seenBy(tx, actor)
    const row = await bookings.findAppointment(tx, id)
    if (!row?.patientId || !(await bookings.isSeen(tx, id, seen))) return refuse('NOT_FOUND')
    const visits: bookings.AppointmentRow[] = []
    for (const each of await bookings.listSeries(tx, row))
      if (each.startsAt >= row.startsAt && alive.includes(each.status) && (await bookings.isSeen(tx, each.id, seen)))
        visits.push(each)
    return ok({ visits: visits.map(shownOf) })
  })

/** Visits of one series, all of them or none; what was paid goes back whole, and one mail says so. */
export const cancelLater = (
  actor: StaffActor,
  input: In<typeof rules.CancelLaterInput>,
  { now }: Context,
): Out<'desk/cancel-later'> =>
  inClinic(
    actor.clinicId,
    async (tx) => {
      const seen = await seenBy(tx, actor)
      const inOrder = input.visits.toSorted((a, b) => Date.parse(a.startsAt) - Date.parse(b.startsAt))
      const cancelled: string[] = []
      let series: Pick<bookings.AppointmentRow, 'seriesId' | 'patientId'> | null = null
      for (const { id, startsAt } of inOrder) {
        const row = await bookings.lockAppointment(tx, id)
        if (!row?.patientId || !row.seriesId || !(await bookings.isSeen(tx, id, seen))) return refuse('NOT_FOUND')
        series ??= row
        if (row.seriesId !== series.seriesId || row.patientId !== series.patientId) return refuse('NOT_FOUND')
        if (row.status === 'cancelled') continue
        // It was moved since: nobody cancels a time that they have not seen.
        if (+row.startsAt !== Date.parse(startsAt)) return refuse('STALE')
        const end = { how: 'cancelled', by: 'clinic', startsAt: row.startsAt, now } as const
        const done = await cancelIn(tx, actor, row, end, now, false)
        if (!done.ok) return done
        cancelled.push(id)
      }
      const [first, ...also] = cancelled
      if (first) {
        const data = { clinicId: actor.clinicId, appointmentId: first, also: also.join() }
        await enqueue(tx, 'mail.cancelled', data, { singletonKey: first })
      }
      return ok({ cancelled: cancelled.length })
    },
    { timeout: 30_000 },
  )
