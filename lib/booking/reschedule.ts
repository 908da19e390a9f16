import 'server-only'
import type { z } from 'zod'
import type { PatientActor, PublicActor } from '../access/rules.ts'
import { findClinic, findService } from '../clinic/store.ts'
import { ok, refuse, type Result } from '../errors.ts'
import { bookedTerms } from '../price/rules.ts'
import { keepHours } from '../schedule/store.ts'
import type { Ctx } from '../server/action.ts'
import { limit } from '../server/rate-limit.ts'
import { inClinic, type Tx } from '../server/tx.ts'
import { addDays, dayIn } from '../time.ts'
import { linkedAppointment } from './link.ts'
import { asBooked, putAt } from './move.ts'
import * as rules from './rules.ts'
import type { FreeTimes } from '../slot/rules.ts'
import { findFree, hasRoom, searchSlots } from './slots.ts'
import * as store from './store.ts'

type In<S extends z.ZodType> = z.output<S>

/** What an appointment may become by its link: the same length, at the same place, with the same practitioner while they do this. */
async function searchOf(tx: Tx, row: store.AppointmentRow, now: Date) {
  const clinic = (await findClinic(tx, row.clinicId))!
  const service = (await findService(tx, row.serviceId))!
  const memberIds = service.practitionerIds.filter((id) => id === row.memberId)
  return { clinic, service: asBooked(service, row), memberIds, siteId: row.siteId, now, except: row.id }
}

/** Why the link may not move it now, or null: what is over or waits for money stays as it is, and so does what is too near. */
async function standing(tx: Tx, row: store.AppointmentRow, now: Date) {
  if (row.status !== 'booked') return refuse('WRONG_STATE')
  const { clinic, service } = await searchOf(tx, row, now)
  return rules.movableUntil(row, service, clinic, bookedTerms(row)) <= now ? refuse('TOO_LATE') : null
}

/** Free times for whoever holds the link. */
export async function otherTimes(
  _: PublicActor,
  input: In<typeof rules.OtherTimesInput>,
  { now, ip }: Ctx,
): Promise<Result<FreeTimes>> {
  const counted = await limit('slots', ip, rules.looksAMinute)
  if (!counted.ok) return counted
  const found = await linkedAppointment(input)
  if (!found.ok) return found
  const row = found.value
  return inClinic(
    row.clinicId,
    async (tx) => (await standing(tx, row, now)) ?? ok(await findFree(tx, await searchOf(tx, row, now), input)),
  )
}

/** Whoever holds the link may choose another time that is offered, until the clinic's notice. */
export async function rescheduleAppointment(
  _: PublicActor,
  input: In<typeof rules.RescheduleInput>,
  { now }: Ctx,
): Promise<Result<{ sequence: number }>> {
  const found = await linkedAppointment(input)
  if (!found.ok) return found
  const { clinicId } = found.value
  return inClinic(clinicId, async (tx) => {
    const row = (await store.lockAppointment(tx, input.id))!
    const startsAt = new Date(input.startsAt)
    // Sent again after a lost answer: it is done.
    if (row.status === 'booked' && +row.startsAt === +startsAt) return ok({ sequence: row.sequence })
    const refused = await standing(tx, row, now)
    if (refused) return refused
    if (row.sequence !== input.sequence) return refuse('STALE')
    const search = await searchOf(tx, row, now)
    const day = dayIn(search.clinic.timeZone, startsAt)
    await keepHours(tx, clinicId, row.memberId)
    const offered = await searchSlots(tx, { ...search, firstDay: addDays(day, -1), lastDay: day, ignoreBusy: true })
    if (!offered.some((slot) => slot.startsAt === startsAt.toISOString())) return refuse('SLOT_GONE')
    const { memberId, siteId } = row
    if (!(await hasRoom(tx, { ...search, memberId, day, startsAt }))) return refuse('SLOT_TAKEN')
    const actor: PatientActor = { kind: 'patient', clinicId, patientId: row.patientId!, keyId: '' }
    // Counted only now: what is refused, or sent again, sends no mail.
    const counted = await limit('reschedule', input.id, rules.movesADay)
    if (!counted.ok) return counted
    const endsAt = new Date(startsAt.getTime() + (row.endsAt.getTime() - row.startsAt.getTime()))
    return putAt(tx, actor, row, { service: search.service, memberId, siteId, startsAt, endsAt, beside: false }, now)
  })
}
