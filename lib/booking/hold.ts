import 'server-only'
import type { z } from 'zod'
import type { PublicActor } from '../access/rules.ts'
import { findClinic, findService } from '../clinic/store.ts'
import { type ClinicProfile, isBookable, type ServiceView } from '../clinic/rules.ts'
import { weekStart } from '../encounter/rules.ts'
import { ok, refuse, type Result } from '../errors.ts'
import { waitsForMoney } from '../payment/rules.ts'
import { lockPayment, updatePayment } from '../payment/store.ts'
import { bookedAs, bookedTerms, cancelTerms } from '../price/rules.ts'
import { keepHours, listStarts } from '../schedule/store.ts'
import { startOfDay } from '../schedule/wall-clock.ts'
import type { Ctx } from '../server/action.ts'
import { enqueue, type JobHandler } from '../server/jobs.ts'
import { notify } from '../server/notify.ts'
import { limit } from '../server/rate-limit.ts'
import { hold as holdName, inClinic, inNoClinic, type Tx } from '../server/tx.ts'
import { addDays, dayIn } from '../time.ts'
import { countAt, isFlooded, isWorkDone } from './flood.ts'
import { matches, secretHash } from './link.ts'
import * as rules from './rules.ts'
import { type SlotView, askedInOrder } from '../slot/rules.ts'
import { sessionsOf, takeSeat } from './session.ts'
import { hasRoom, searchSlots } from './slots.ts'
import * as store from './store.ts'

type In<S extends z.ZodType> = z.output<S>
const minute = 60_000

export const asHold = (
  row: {
    id: string
    memberId: string
    startsAt: Date
    endsAt: Date
    heldUntil: Date | null
    heldSince: Date | null
    priceMinor: number
    depositMinor: number
    currency: string
    cancellation: unknown
  },
  now: Date,
): rules.Hold => ({
  id: row.id,
  memberId: row.memberId,
  startsAt: row.startsAt.toISOString(),
  endsAt: row.endsAt.toISOString(),
  heldUntil: row.heldUntil!.toISOString(),
  now: now.toISOString(),
  depositMinor: row.depositMinor,
  cancelling: cancelTerms(bookedTerms(row), row.startsAt),
  // Who was offered a time has it for as long as they were told.
  longestUntil: new Date(
    Math.max(row.heldSince!.getTime() + rules.longestHoldMinutes * minute, row.heldUntil!.getTime()),
  ).toISOString(),
})

export async function holdSlot(
  _: PublicActor,
  input: In<typeof rules.HoldInput>,
  { now, ip }: Ctx,
): Promise<Result<rules.Hold>> {
  const counted = await limit('hold', ip, { points: 60, seconds: 60 })
  if (!counted.ok) return counted
  // One address alone does not keep a clinic's calendar full.
  const ofClinic = await limit('hold-clinic', `${input.clinicId} ${ip}`, rules.holdsAnHour)
  if (!ofClinic.ok) return ofClinic
  const isTold = input.done ? !(await isWorkDone(input.done, input.id)) : await isFlooded('hold-all', input.clinicId)
  if (isTold) return refuse('WORK_FIRST')
  const held = await holdIn(input, now)
  if (held.ok) await countAt('hold-all', input.clinicId)
  return held
}

function holdIn(input: In<typeof rules.HoldInput>, now: Date): Promise<Result<rules.Hold>> {
  const startsAt = new Date(input.startsAt)
  return inClinic(input.clinicId, async (tx) => {
    const clinic = await findClinic(tx, input.clinicId)
    const service = clinic && (await findService(tx, input.serviceId))
    if (!clinic || !service || !isBookable(service, clinic.takesPayments)) return refuse('NOT_FOUND')
    if (input.memberId && !service.practitionerIds.includes(input.memberId)) return refuse('NOT_FOUND')
    const before = await store.findAppointment(tx, input.id)
    if (before) return repeatedHold(before, input, now)
    // Seen before the service was changed: who sees the patient is decided otherwise by now than they were told.
    if ((input.memberId === null) !== (service.assignment !== 'choose')) return refuse('SLOT_GONE')
    // One's own earlier hold may overlap the new one, and counts for nobody.
    if (input.release) await releaseIn(tx, input.release)
    const siteId = input.siteId ?? null
    const wish = { clinic, service, startsAt, siteId, now }
    const heldUntil = new Date(now.getTime() + clinic.holdMinutes * minute)
    const as = { id: input.id, heldUntil, holdHash: secretHash(input.secret) }
    const held = await placeHold(tx, wish, input.memberId ? [input.memberId] : service.practitionerIds, as)
    return held.ok ? ok(asHold({ ...held.value, heldSince: now }, now)) : held
  })
}

/**
 * Holds a time with one of these, as the service says who is asked first: SLOT_GONE where none of them has hours for it, SLOT_TAKEN where
 * all of them have no room. Without a `holdHash` nobody can renew or book it, until somebody gets it.
 */
export async function placeHold(
  tx: Tx,
  wish: Wish,
  memberIds: readonly string[],
  as: Pick<store.NewHold, 'id' | 'heldUntil' | 'holdHash'>,
): Promise<Result<store.NewHold>> {
  const there = await offeredBy(tx, wish, memberIds)
  if (!there.length) return refuse('SLOT_GONE')
  for (const memberId of await withOthersFirst(tx, wish, await askedFor(tx, wish, there))) {
    const held = await holdWith(tx, { ...wish, memberId }, as)
    if (held) return ok(held)
  }
  return refuse('SLOT_TAKEN')
}

interface Wish {
  clinic: ClinicProfile
  service: ServiceView
  startsAt: Date
  siteId: string | null
  now: Date
}

/** Of these, those who have hours for it, be they taken or not. Their hours stay as they are until it is held. */
async function offeredBy(tx: Tx, { startsAt, siteId, ...wish }: Wish, memberIds: readonly string[]): Promise<string[]> {
  for (const memberId of memberIds.toSorted()) await keepHours(tx, wish.clinic.id, memberId)
  const day = dayIn(wish.clinic.timeZone, startsAt)
  const search = { ...wish, memberIds, firstDay: addDays(day, -1), lastDay: day, ignoreBusy: true }
  const isIt = (slot: SlotView) => slot.startsAt === startsAt.toISOString() && slot.siteId === siteId
  return (await searchSlots(tx, search)).filter(isIt).map(({ memberId }) => memberId)
}

/** Whoever is asked first for it. In turn, nobody else is asked for this service meanwhile: two at once would count the same, and one would have both. */
async function askedFor(tx: Tx, { clinic, service, startsAt, now }: Wish, there: string[]): Promise<string[]> {
  const { assignment } = service
  if (assignment === 'choose') return there
  if (assignment === 'first') return askedInOrder(assignment, there, new Map())
  await holdName(tx, `turn|${service.id}`, 'write')
  const monday = weekStart(dayIn(clinic.timeZone, startsAt))
  const week = { from: startOfDay(monday, clinic.timeZone), until: startOfDay(addDays(monday, 7), clinic.timeZone) }
  const starts = await listStarts(tx, service.id, there, week, now)
  const had = Map.groupBy(starts, ({ memberId }) => memberId)
  return askedInOrder(assignment, there, new Map([...had].map(([id, all]) => [id, all.length])))
}

/** A group that somebody is in already fills before another begins beside it. */
async function withOthersFirst(tx: Tx, { service, startsAt, now }: Wish, there: string[]): Promise<string[]> {
  const look = { from: startsAt, until: new Date(startsAt.getTime() + 1) }
  const begun = (await sessionsOf(tx, service, there, look, now)).filter(({ start }) => start === +startsAt)
  const isBegun = (id: string) => begun.some(({ memberId }) => memberId === id)
  return there.toSorted((a, b) => Number(isBegun(b)) - Number(isBegun(a)))
}

/** Null where this one has no room or no time for it. */
async function holdWith(
  tx: Tx,
  { clinic, service, startsAt, siteId, memberId, now }: Wish & { memberId: string },
  as: Pick<store.NewHold, 'id' | 'heldUntil' | 'holdHash'>,
): Promise<store.NewHold | null> {
  const day = dayIn(clinic.timeZone, startsAt)
  if (!(await hasRoom(tx, { clinic, service, memberId, day, now, startsAt }))) return null
  const endsAt = new Date(startsAt.getTime() + service.minutes * minute)
  const blocked = {
    blockedFrom: new Date(startsAt.getTime() - service.bufferBefore * minute),
    blockedUntil: new Date(endsAt.getTime() + service.bufferAfter * minute),
  }
  for (const lapsed of await store.lapseInTheWay(tx, memberId, blocked.blockedFrom, blocked.blockedUntil, now))
    await expirePayment(tx, clinic.id, lapsed, now)
  const place = await takeSeat(tx, service, { memberId, siteId, startsAt, endsAt })
  if (!place) return null
  const hold: store.NewHold = {
    ...{ ...as, clinicId: clinic.id, serviceId: service.id, memberId, siteId, startsAt, endsAt, ...blocked, ...place },
    ...bookedAs(service, clinic.cancellation),
    way: service.way,
  }
  return (await store.insertHold(tx, hold, now)) ? hold : null
}

/** The same hold sent twice is one; another's id, or another slot under it, is taken. */
function repeatedHold(row: store.AppointmentRow, input: In<typeof rules.HoldInput>, now: Date): Result<rules.Hold> {
  const same =
    matches(row.holdHash, input.secret) &&
    row.startsAt.toISOString() === new Date(input.startsAt).toISOString() &&
    (input.memberId === null || row.memberId === input.memberId) &&
    row.siteId === (input.siteId ?? null)
  if (!same) return refuse('SLOT_TAKEN')
  return row.status === 'held' && row.heldUntil && row.heldUntil > now ? ok(asHold(row, now)) : refuse('HOLD_EXPIRED')
}

/** The clinic of a hold, if this is its secret. */
export async function heldBy<T>(
  ref: { id: string; secret: string },
  body: (tx: Tx, row: store.AppointmentRow) => Promise<Result<T>>,
): Promise<Result<T>> {
  const clinicId = await inNoClinic((tx) => store.lookupAppointment(tx, ref.id))
  if (!clinicId) return refuse('NOT_FOUND')
  return inClinic(clinicId, async (tx) => {
    const row = await store.lockAppointment(tx, ref.id)
    return row && matches(row.holdHash, ref.secret) ? body(tx, row) : refuse('NOT_FOUND')
  })
}

export async function renewHold(
  _: PublicActor,
  input: In<typeof rules.HoldRef>,
  { now }: Ctx,
): Promise<Result<rules.Hold>> {
  return heldBy(input, async (tx, row) => {
    if (row.status !== 'held' || row.heldUntil! < now) return refuse('HOLD_EXPIRED')
    // Once booked it waits for the money, and typing has no say.
    if (row.patientId) return ok(asHold(row, now))
    const clinic = await findClinic(tx, row.clinicId)
    const heldUntil = rules.renewedHold({ heldSince: row.heldSince!, holdMinutes: clinic!.holdMinutes, now })
    if (heldUntil > row.heldUntil!) await store.updateAppointment(tx, row.id, { heldUntil })
    return ok(asHold({ ...row, heldUntil: heldUntil > row.heldUntil! ? heldUntil : row.heldUntil }, now))
  })
}

async function releaseIn(tx: Tx, ref: { id: string; secret: string }): Promise<void> {
  // Asked before it is locked: nobody makes another's hold wait for them.
  const found = await store.findAppointment(tx, ref.id)
  if (!found || !matches(found.holdHash, ref.secret)) return
  const row = (await store.lockAppointment(tx, ref.id))!
  if (row.patientId || !rules.nextAppointment(row.status, 'release')) return
  await store.updateAppointment(tx, row.id, { status: 'expired' })
}

export async function releaseHold(_: PublicActor, input: In<typeof rules.HoldRef>): Promise<Result<{ done: true }>> {
  return heldBy(input, async (tx) => {
    await releaseIn(tx, input)
    return ok({ done: true as const })
  })
}

/** The slot is free: an unpaid page must take no money for it. */
export async function expirePayment(tx: Tx, clinicId: string, appointmentId: string, now: Date): Promise<void> {
  const payment = await lockPayment(tx, appointmentId)
  if (!payment || !waitsForMoney(payment.status)) return
  await updatePayment(tx, payment.id, { status: 'expired' }, now)
  if (payment.sessionId)
    await enqueue(tx, 'payment.end-session', { clinicId, appointmentId }, { singletonKey: appointmentId })
}

/** A time may be free: who waits for one is looked for now, and not with the next minute. */
export const tellWaitlist = (tx: Tx, clinicId: string): Promise<void> =>
  enqueue(tx, 'waitlist.freed', { clinicId }, { singletonKey: clinicId, retryLimit: 0 })

const lapseHolds: JobHandler = async () => {
  const now = new Date()
  for (const { clinicId, appointmentId } of await inNoClinic((tx) => store.lookupLapsed(tx, now)))
    await inClinic(clinicId, async (tx) => {
      const row = await store.lockAppointment(tx, appointmentId)
      const status = row && rules.nextAppointment(row.status, 'lapse')
      if (!row || !status || row.heldUntil! >= now) return
      await store.updateAppointment(tx, appointmentId, { status })
      await expirePayment(tx, clinicId, appointmentId, now)
      await notify(tx, 'staff', clinicId)
      if (row.patientId) await notify(tx, 'patient', row.patientId)
    })
}

export const bookingJobs = { handlers: { 'holds.lapse': lapseHolds }, every: { 'holds.lapse': '* * * * *' } }
