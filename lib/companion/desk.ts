import 'server-only'
import type { z } from 'zod'
import type { StaffActor, SystemActor } from '../access/rules.ts'
import { expirePayment, tellWaitlist } from '../booking/hold.ts'
import { hasParts, readAlike } from '../booking/move.ts'
import { nextAppointment } from '../booking/rules.ts'
import { placesOf, takeSeat } from '../booking/session.ts'
import * as bookings from '../booking/store.ts'
import { findClinic, findService } from '../clinic/store.ts'
import { bookHeld, placeIn, seenBy, stretchOf } from '../desk/book.ts'
import { bookingsAnHour } from '../desk/rules.ts'
import { ok, refuse, type Result } from '../errors.ts'
import { CancellationPolicy } from '../price/rules.ts'
import { listRecords } from '../record/store.ts'
import { auditReadings } from '../server/audit-readings.ts'
import { notify } from '../server/notify.ts'
import { limit } from '../server/rate-limit.ts'
import { inClinic, type Tx } from '../server/tx.ts'
import { lendBack, stillPays } from '../voucher/flow.ts'
import { ask, askAnew, counted, personOf, withdraw } from './ask.ts'
import * as rules from './rules.ts'
import * as store from './store.ts'

type In<S extends z.ZodType> = z.output<S>
type Out<K extends keyof rules.CompanionContract> = Promise<Result<rules.CompanionContract[K]['out']>>
interface At {
  now: Date
}
const day = 86_400_000

async function shown(row: store.CompanionRow, visit: bookings.AppointmentRow, now: Date): Promise<rules.CompanionRow> {
  const { id, kind, first, answerBy } = row
  const state = rules.stateAt(row, visit, now)
  return { id, kind, state, first, answerBy: answerBy.toISOString(), ...(await personOf(row)) }
}

/** Visits that wait for somebody's answer, and those to which somebody cannot come, with the names of their patients. */
export async function list(actor: StaffActor, _: unknown, { now }: At): Out<'companion/list'> {
  const answer = await inClinic(actor.clinicId, async (tx) => {
    const { timeZone } = (await findClinic(tx, actor.clinicId))!
    const since = new Date(now.getTime() - rules.listedDays * day)
    const rows: rules.ToSettle[] = []
    for (const { appointment, ...companion } of await store.listToSettle(tx, actor.clinicId, {
      since,
      seen: await seenBy(tx, actor),
    })) {
      const { service, member, ...visit } = appointment
      const stands = visit.status === 'booked' || visit.status === 'arrived'
      // To a visit that has begun they came, or did not.
      if (!visit.patientId || (stands && visit.startsAt <= now)) continue
      rows.push({
        ...{ appointmentId: visit.id, patientId: visit.patientId, serviceId: visit.serviceId, service: service.name },
        ...{ way: visit.way, memberId: visit.memberId, practitioner: member.displayName, siteId: visit.siteId },
        ...{ startsAt: visit.startsAt.toISOString(), stands, companion: await shown(companion, visit, now) },
      })
    }
    const patientIds = [...new Set(rows.map(({ patientId }) => patientId))]
    const records = patientIds.length ? await listRecords(tx, actor, { patientIds, types: ['identity'] }) : []
    return ok({ zone: timeZone, rows, records })
  })
  if (answer.ok) await auditReadings(actor, 'names.listed', answer.value.records)
  return answer
}

/** The visit, locked, of what this member sees. */
async function visitOf(tx: Tx, actor: StaffActor, id: string): Promise<bookings.AppointmentRow | null> {
  const row = await bookings.lockAppointment(tx, id)
  return row?.patientId && (await bookings.isSeen(tx, id, await seenBy(tx, actor))) ? row : null
}

export const ofVisit = (
  actor: StaffActor,
  { appointmentId }: In<typeof rules.VisitInput>,
  { now }: At,
): Out<'companion/of'> =>
  inClinic(actor.clinicId, async (tx) => {
    const row = await visitOf(tx, actor, appointmentId)
    if (!row) return refuse('NOT_FOUND')
    const companion = await store.companionOf(tx, row.id)
    return ok({ companion: companion && (await shown(companion, row, now)) })
  })

/** To a visit that stands. Sent again it is done; in the place of whoever said no, or nothing. */
export const add = (
  actor: StaffActor,
  { appointmentId, who }: In<typeof rules.AddInput>,
  { now }: At,
): Out<'companion/add'> =>
  inClinic<Result<{ id: string }>>(actor.clinicId, async (tx) => {
    const row = await visitOf(tx, actor, appointmentId)
    if (!row) return refuse('NOT_FOUND')
    if (!nextAppointment(row.status, 'move')) return refuse('WRONG_STATE')
    const before = await store.companionOf(tx, row.id)
    if (before?.id === who.id) return ok({ id: who.id })
    if (before && ['invited', 'accepted'].includes(rules.stateAt(before, row, now))) return refuse('WRONG_STATE')
    if (before) await withdraw(tx, actor, row, before)
    const asked = await ask(tx, actor, row, { who, first: false }, now)
    if (!asked.ok) return asked
    await notify(tx, 'staff', actor.clinicId)
    return ok({ id: who.id })
  })

/** From a visit that stands. From one that is held nobody is taken without saying what becomes of its time: `again`, `drop`. */
export const remove = (actor: StaffActor, { id }: In<typeof rules.RemoveInput>): Out<'companion/remove'> =>
  inClinic<Result<{ done: true }>>(actor.clinicId, async (tx) => {
    const found = await store.findCompanion(tx, id)
    const row = found && (await visitOf(tx, actor, found.appointmentId))
    if (!row) return refuse('NOT_FOUND')
    if (row.status === 'held' || row.status === 'expired') return refuse('WRONG_STATE')
    const companion = (await store.findCompanion(tx, id))!
    await withdraw(tx, actor, row, companion)
    await notify(tx, 'staff', actor.clinicId)
    return ok({ done: true as const })
  })

/**
 * Another time for a visit that was never booked, with all that was sealed for it: held for whoever is asked now, or booked where nobody
 * is. Once, however often it is sent.
 */
export async function again(
  actor: StaffActor,
  input: In<typeof rules.AgainInput>,
  { now }: At,
): Out<'companion/again'> {
  const booking = await limit('desk-book', actor.memberId, bookingsAnHour)
  if (!booking.ok) return booking
  return inClinic<Result<{ until: string | null }>>(actor.clinicId, async (tx) => {
    const row = await visitOf(tx, actor, input.appointmentId)
    const before = row && (await store.companionOf(tx, row.id))
    if (!row) return refuse('NOT_FOUND')
    if (row.status !== 'expired' || !before) {
      const isDone = ['held', 'booked'].includes(row.status) && +row.startsAt === Date.parse(input.startsAt)
      return isDone ? ok({ until: row.heldUntil?.toISOString() ?? null }) : refuse('STALE')
    }
    const held = await holdAnew(tx, actor, row, input, now)
    if (!held.ok) return held
    if (!input.ask) {
      await withdraw(tx, actor, held.value, before)
      await bookHeld(tx, actor, held.value, now)
      return ok({ until: null })
    }
    if (input.ask.kind === 'other') await withdraw(tx, actor, held.value, before)
    else {
      const allowed = await counted(actor.clinicId, (await personOf(before)).email)
      if (!allowed.ok) return allowed
    }
    const asked =
      input.ask.kind === 'same'
        ? await askAnew(tx, actor, held.value, before, { first: true, now })
        : await ask(tx, actor, held.value, { who: input.ask.who, first: true }, now)
    if (!asked.ok) return asked
    const { until } = asked.value
    await bookings.updateAppointment(tx, row.id, { heldSince: now, heldUntil: until })
    await notify(tx, 'staff', actor.clinicId)
    return ok({ until: until.toISOString() })
  })
}

/** The visit at its new time, held for this moment. What is sealed of it opens to the same people as before. */
async function holdAnew(
  tx: Tx,
  actor: StaffActor,
  row: bookings.AppointmentRow,
  { memberId, siteId, startsAt, anyway }: In<typeof rules.AgainInput>,
  now: Date,
): Promise<Result<bookings.AppointmentRow>> {
  const clinic = (await findClinic(tx, actor.clinicId))!
  const service = await findService(tx, row.serviceId)
  if (!service?.active || !service.practitionerIds.includes(memberId)) return refuse('NOT_FOUND')
  const placed = await placeIn(tx, clinic, service, { memberId, siteId, startsAt, anyway }, now)
  if (!placed.ok) return placed
  const isElsewhere = siteId !== row.siteId && (await hasParts(tx))
  if (isElsewhere || (memberId !== row.memberId && !(await readAlike(tx, actor.clinicId, row.memberId, memberId))))
    return refuse('OTHER_READERS')
  const at = stretchOf(service, new Date(startsAt))
  for (const lapsed of await bookings.lapseInTheWay(tx, memberId, at.blockedFrom, at.blockedUntil, now))
    await expirePayment(tx, clinic.id, lapsed, now)
  const place = await takeSeat(tx, placesOf(service, row), { memberId, siteId, ...at })
  if (!place) return refuse('SLOT_TAKEN')
  // Last, as with any booking: who takes both waits for nobody who has the one.
  if (!(await stillPays(tx, row, now))) return refuse('VOUCHER_GONE')
  const status = nextAppointment(row.status, 'hold')!
  const cancellation = CancellationPolicy.parse(row.cancellation)
  // A walk-in that nobody came along to is given an ordinary time.
  const to = { status, memberId, siteId, ...at, ...place, cancellation, timedAt: now, lane: 0 }
  if (!(await bookings.moveTo(tx, row.id, to))) return refuse('SLOT_TAKEN')
  return ok((await bookings.findAppointment(tx, row.id))!)
}

/** Nobody is booked for it after all: the time is free, and whoever was asked is told. */
export const drop = (
  actor: StaffActor,
  { appointmentId }: In<typeof rules.VisitInput>,
  { now }: At,
): Out<'companion/drop'> =>
  inClinic<Result<{ done: true }>>(actor.clinicId, async (tx) => {
    const row = await visitOf(tx, actor, appointmentId)
    if (!row) return refuse('NOT_FOUND')
    const companion = await store.companionOf(tx, row.id)
    // Sent again, it is done.
    if (!companion) return row.status === 'expired' ? ok({ done: true as const }) : refuse('WRONG_STATE')
    if (row.status !== 'held' && row.status !== 'expired') return refuse('WRONG_STATE')
    await forgo(tx, actor, row, companion, now)
    return ok({ done: true as const })
  })

/** A visit that will not be. A voucher that was to pay for it pays for another. */
export async function forgo(
  tx: Tx,
  actor: StaffActor | SystemActor,
  row: bookings.AppointmentRow,
  companion: store.CompanionRow,
  now: Date,
): Promise<void> {
  const status = nextAppointment(row.status, 'release')
  if (status) await bookings.updateAppointment(tx, row.id, { status })
  await lendBack(tx, row, now)
  if (row.voucherId) await bookings.updateAppointment(tx, row.id, { voucherId: null })
  await withdraw(tx, actor, row, companion)
  if (status) await tellWaitlist(tx, row.clinicId)
  await notify(tx, 'staff', row.clinicId)
}
