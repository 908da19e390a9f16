import 'server-only'
import type { z } from 'zod'
import { type PatientActor, runsVisits, type StaffActor } from '../access/rules.ts'
import { partOf } from '../access/part.ts'
import { moveCall } from '../call/move.ts'
import { followMove } from '../companion/ask.ts'
import { findClinic, findService, listPlaced, listPractitioners } from '../clinic/store.ts'
import type { ServiceView } from '../clinic/rules.ts'
import { ok, refuse, type Result } from '../errors.ts'
import { hasWalkIns, keepHours } from '../schedule/store.ts'
import { audit } from '../server/audit.ts'
import { enqueue } from '../server/jobs.ts'
import { notify } from '../server/notify.ts'
import { CancellationPolicy, policyMovedByClinic } from '../price/rules.ts'
import { inClinic, type Tx } from '../server/tx.ts'
import { listSites } from '../site/store.ts'
import { dayIn } from '../time.ts'
import { expirePayment, tellWaitlist } from './hold.ts'
import { placeAt } from './place.ts'
import * as rules from './rules.ts'
import { type MoveTimes, stepMinutes } from '../slot/rules.ts'
import { placesOf, takeSeat } from './session.ts'
import { deskDays, findFree } from './slots.ts'
import * as store from './store.ts'
import { takeLane } from './walk-in.ts'

type In<S extends z.ZodType> = z.output<S>
const minute = 60_000

/**
 * Another time, another length or another colleague: the appointment stays the same one, with its link, its records and what was
 * paid, and its calendar entry changes. Once, however often it is sent; and not at all for who saw it as it was before.
 */
export async function moveAppointment(
  actor: StaffActor,
  input: In<typeof rules.MoveInput>,
  { now }: { now: Date },
): Promise<Result<{ sequence: number }>> {
  return inClinic(actor.clinicId, async (tx) => {
    const row = await store.lockAppointment(tx, input.id)
    const seen = runsVisits(actor, await partOf(tx, actor))
    if (!row?.patientId || !(await store.isSeen(tx, row.id, seen))) return refuse('NOT_FOUND')
    return moveIn(tx, actor, row, input, now)
  })
}

/** The row is locked, and whoever moves it runs its visit. `together`: how many go to that time with it, itself included. */
export async function moveIn(
  tx: Tx,
  actor: StaffActor,
  row: store.AppointmentRow,
  input: In<typeof rules.MoveInput>,
  now: Date,
  together = 1,
): Promise<Result<{ sequence: number }>> {
  if (!rules.nextAppointment(row.status, 'move')) return refuse('WRONG_STATE')
  const [startsAt, endsAt] = [new Date(input.startsAt), new Date(input.endsAt)]
  const beside = input.beside ?? false
  const isThere =
    row.memberId === input.memberId && +row.startsAt === +startsAt && +row.endsAt === +endsAt && row.lane > 0 === beside
  // Sent again after a lost answer: it is done.
  if (isThere) return ok({ sequence: row.sequence })
  if (row.sequence !== input.sequence) return refuse('STALE')
  if (beside && row.holdHash) return refuse('BOOKED_ONLINE')
  // Whoever is in a group has a place of it.
  if (beside && row.seat !== null) return refuse('BAD_INPUT', { beside: 'invalid' })
  if (startsAt < now && +startsAt !== +row.startsAt) return refuse('BAD_INPUT', { startsAt: 'tooSmall' })
  if (+startsAt > +now + deskDays * 24 * 60 * minute && +startsAt !== +row.startsAt)
    return refuse('BAD_INPUT', { startsAt: 'tooLarge' })
  const clinic = (await findClinic(tx, actor.clinicId))!
  const service = (await findService(tx, row.serviceId))!
  const { memberId } = input
  if (memberId !== row.memberId) {
    if (!service.practitionerIds.includes(memberId)) return refuse('BAD_INPUT', { memberId: 'invalid' })
    // What was sealed for one part of the clinic does not open to another.
    if (!(await readAlike(tx, actor.clinicId, row.memberId, memberId))) return refuse('OTHER_READERS')
  }
  await keepHours(tx, clinic.id, memberId)
  const place = await placeAt(tx, clinic, memberId, { startsAt, endsAt, siteId: row.siteId })
  if (place === undefined && !input.anyway) return refuse('OUTSIDE_HOURS')
  // Where nobody is by the hours, it stays where it was.
  const siteId = place === undefined ? row.siteId : place
  if (siteId !== row.siteId && (await hasParts(tx))) return refuse('OTHER_READERS')
  return putAt(tx, actor, row, { service, memberId, siteId, startsAt, endsAt, beside, together }, now)
}

/** Times that are free for an appointment, by a practitioner's hours, for whoever runs the day. */
export async function moveTimes(
  actor: StaffActor,
  input: In<typeof rules.MoveTimesInput>,
  { now }: { now: Date },
): Promise<Result<MoveTimes>> {
  return inClinic(actor.clinicId, async (tx) => {
    const row = await store.findAppointment(tx, input.id)
    const seen = runsVisits(actor, await partOf(tx, actor))
    if (!row?.patientId || !(await store.isSeen(tx, row.id, seen))) return refuse('NOT_FOUND')
    if (!rules.nextAppointment(row.status, 'move')) return refuse('WRONG_STATE')
    const clinic = (await findClinic(tx, actor.clinicId))!
    const service = asBooked((await findService(tx, row.serviceId))!, row)
    const practitioners: MoveTimes['practitioners'] = []
    for (const { id, displayName } of await listPractitioners(tx)) {
      const may = service.practitionerIds.includes(id) && (await readAlike(tx, actor.clinicId, row.memberId, id))
      if (id === row.memberId || may) practitioners.push({ memberId: id, name: displayName })
    }
    const memberIds = practitioners.filter(({ memberId }) => memberId === input.memberId).map((each) => each.memberId)
    const siteId = (await hasParts(tx)) ? row.siteId : undefined
    const free = await findFree(tx, { clinic, service, memberIds, siteId, now, except: row.id, asDesk: true }, input)
    const who = practitioners.map((each) => each.memberId)
    return ok({
      ...free,
      zone: clinic.timeZone,
      today: dayIn(clinic.timeZone, now),
      sequence: row.sequence,
      memberId: row.memberId,
      startsAt: row.startsAt.toISOString(),
      endsAt: row.endsAt.toISOString(),
      walkIn: row.lane > 0,
      mayBeside: row.holdHash === null && row.seat === null && (await hasWalkIns(tx, who)),
      practitioners,
      sites: (await listSites(tx)).map(({ id, name }) => ({ id, name })),
    })
  })
}

/** A service with the length that an appointment of it has, at the service's own pace. */
export const asBooked = (
  service: ServiceView,
  row: { startsAt: Date; endsAt: Date; seat: number | null },
): ServiceView => ({
  ...placesOf(service, row),
  minutes: (row.endsAt.getTime() - row.startsAt.getTime()) / minute,
  stepMinutes: service.stepMinutes ?? stepMinutes(service.minutes),
})

interface Place {
  service: ServiceView
  memberId: string
  siteId: string | null
  startsAt: Date
  endsAt: Date
  /** Beside others: as many as the hours allow. */
  beside: boolean
  /** How many go there at once: a group that is larger than its service is by now stays together. */
  together?: number
}

/** The same for whoever asks: the time is taken under the constraint, and who has to know is told. */
export async function putAt(
  tx: Tx,
  actor: StaffActor | PatientActor,
  row: store.AppointmentRow,
  { service, beside, together = 1, ...to }: Place,
  now: Date,
): Promise<Result<{ sequence: number }>> {
  const { clinicId } = row
  const blocked = {
    blockedFrom: new Date(to.startsAt.getTime() - service.bufferBefore * minute),
    blockedUntil: new Date(to.endsAt.getTime() + service.bufferAfter * minute),
  }
  const clinic = (await findClinic(tx, clinicId))!
  for (const id of await store.lapseInTheWay(tx, to.memberId, blocked.blockedFrom, blocked.blockedUntil, now))
    await expirePayment(tx, clinicId, id, now)
  const lane = beside ? await takeLane(tx, clinic, to.memberId, { ...to, ...blocked }, row.id) : 0
  if (lane === null) return refuse('WALK_INS_FULL')
  const { places, ...group } = placesOf(service, row)
  const place = await takeSeat(tx, { ...group, places: Math.max(places, together) }, to)
  if (!place) return refuse('SLOT_TAKEN')
  // Who waits for the same start has arrived, however long it takes now and with whomever.
  const isLater = +row.startsAt !== +to.startsAt
  const status = isLater ? rules.nextAppointment(row.status, 'move')! : row.status
  const arrival = isLater ? { status, arrivedAt: null, timedAt: now } : { status }
  // Nobody pays for a time that they did not choose and had no day to decline.
  const agreed = CancellationPolicy.parse(row.cancellation)
  const cancellation = isLater && actor.kind === 'staff' ? policyMovedByClinic(agreed, to.startsAt, now) : agreed
  if (!(await store.moveTo(tx, row.id, { ...to, ...blocked, ...arrival, ...place, cancellation, lane })))
    return refuse('SLOT_TAKEN')
  await moveCall(tx, row, to, clinic)
  const sequence = row.sequence + 1
  await audit(tx, actor, 'appointment.moved', row.id, { patientId: row.patientId! })
  const isElsewhere = +row.startsAt !== +to.startsAt || +row.endsAt !== +to.endsAt || row.siteId !== to.siteId
  const name = rules.placeName(to)
  if (isElsewhere) {
    await followMove(tx, actor, (await store.findAppointment(tx, row.id))!, now)
    const job = { clinicId, appointmentId: row.id, place: name }
    await enqueue(tx, 'mail.moved', job, { singletonKey: `${row.id}.${name}` })
  }
  await tellWaitlist(tx, clinicId)
  await notify(tx, 'staff', clinicId)
  await notify(tx, 'patient', row.patientId!)
  return ok({ sequence })
}

/** Whether two colleagues see the same part of the clinic. */
export async function readAlike(tx: Tx, clinicId: string, one: string, other: string): Promise<boolean> {
  const part = (memberId: string) => partOf(tx, { kind: 'staff', clinicId, memberId, sessionId: '', roles: [] })
  const [a, b] = [await part(one), await part(other)]
  return !a.own && !b.own && a.sites.toSorted().join() === b.sites.toSorted().join()
}

/** Whether what is written for one site opens to some at that site alone. */
export const hasParts = async (tx: Tx) => (await listPlaced(tx)).length > 0
