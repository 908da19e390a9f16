import 'server-only'
import type { z } from 'zod'
import { isClinical, runsVisits, type StaffActor } from '@/lib/access/rules'
import { partOf } from '@/lib/access/part'
import { listStatements } from '@/lib/access/store'
import { type AppointmentEvent, nextAppointment } from '@/lib/booking/rules'
import { startOfDay } from '@/lib/schedule/wall-clock'
import { endIn } from '@/lib/call/flow-staff'
import { deleteRoom } from '@/lib/call/sfu'
import { ok, refuse, type Result } from '@/lib/errors'
import { listOfPatient } from '@/lib/invoice/store'
import { endMoney } from '@/lib/booking/end'
import { findAppointment } from '@/lib/booking/store'
import { endingOf } from '@/lib/payment/fee'
import type { Ending } from '@/lib/payment/rules'
import { listLate } from '@/lib/late/store'
import { earnIn } from '@/lib/payment/settle'
import { listPrescriptions } from '@/lib/prescription/store'
import { listRecalls } from '@/lib/recall/store'
import { deskTypes, type StoredRecord } from '@/lib/record/rules'
import { insertRecords, listRecords } from '@/lib/record/store'
import { audit } from '@/lib/server/audit'
import { auditOpened, auditReadings, touched } from '@/lib/server/audit-readings'
import { notify } from '@/lib/server/notify'
import { inClinic, type Tx } from '@/lib/server/tx'
import { addDays, dayIn } from '@/lib/time'
import { type DayView, type EncounterView, mayArrive, mayUnarrive, nextUp, weekStart } from './rules'
import type * as rules from './rules'
import { listCare } from '../care/store.ts'
import * as store from './store'

type In<S extends z.ZodType> = z.output<S>
interface Context {
  now: Date
}

/** [start, end) of a day of the clinic's own, a change of the clock included. */
const dayBounds = (day: string, zone: string) => ({
  from: startOfDay(day, zone),
  to: startOfDay(addDays(day, 1), zone),
})

/** One day of the clinic: everybody's for the desk and admins, and for practitioners who ask for it. */
export async function loadDay(
  actor: StaffActor,
  input: In<typeof rules.DayInput>,
  { now }: Context,
): Promise<Result<DayView>> {
  const answer = await inClinic(actor.clinicId, async (tx) => {
    const { zone } = await store.findClinic(tx, actor)
    const today = dayIn(zone, now)
    const day = input.day ?? today
    const { memberId } = input
    // By rows, so that nothing is sent which would not open: the keys decide.
    const seen = runsVisits(actor, await partOf(tx, actor))
    const monday = weekStart(day)
    const week = {
      from: dayBounds(monday, zone).from,
      to: dayBounds(addDays(monday, 6), zone).to,
      ...{ memberId, seen },
    }
    const rows = await store.listDay(tx, actor, { ...dayBounds(day, zone), memberId, seen }, now)
    const load = await store.listLoad(tx, actor, week)
    const patientIds = [...new Set(rows.map((row) => row.patientId))]
    return ok({
      day,
      zone,
      today,
      rows,
      practitioners: await store.listPractitioners(tx, actor),
      late: await listLate(tx, actor.clinicId, day),
      week: [0, 1, 2, 3, 4, 5, 6].map((offset) => loadOf(addDays(monday, offset), load, zone)),
      records: await listRecords(tx, actor, { patientIds, types: ['identity', 'checklist', 'care'] }),
      care: (await listCare(tx, actor, patientIds)).map(({ patientId, row }) => ({ ...row, patientId })),
      now: now.toISOString(),
    })
  })
  if (answer.ok) await auditReadings(actor, 'names.listed', answer.value.records)
  return answer
}

function loadOf(day: string, load: { startsAt: Date; endsAt: Date }[], zone: string) {
  const { from, to } = dayBounds(day, zone)
  const mine = load.filter((one) => from <= one.startsAt && one.startsAt < to)
  const minutes = mine.reduce((sum, one) => sum + (one.endsAt.getTime() - one.startsAt.getTime()) / 60_000, 0)
  return { day, count: mine.length, minutes }
}

/** Everything of one patient that a practitioner may read, sealed. Opening a chart is written down. */
export async function openEncounter(
  actor: StaffActor,
  { appointmentId }: In<typeof rules.AppointmentInput>,
  { now }: Context,
): Promise<Result<EncounterView>> {
  if (!isClinical(actor)) return refuse('NOT_ALLOWED')
  const answer = await inClinic(actor.clinicId, async (tx) => {
    const found = await store.findVisit(tx, actor, appointmentId, now)
    if (!found) return refuse('NOT_FOUND')
    const { row, service } = found
    const { clinic, zone } = await store.findClinic(tx, actor)
    const today = await store.listDay(tx, actor, { ...dayBounds(dayIn(zone, now), zone), memberId: row.memberId }, now)
    const next = nextUp(
      today.filter((one) => one.appointmentId !== appointmentId),
      now,
    )
    const { patientId } = row
    const records = await listRecords(tx, actor, { patientIds: [patientId] })
    return ok({
      appointment: row,
      zone,
      clinic,
      me: await store.findMember(tx, actor),
      service: { id: service.id, name: service.name, minutes: service.minutes, intakeForm: service.intakeForm },
      services: await store.listServices(tx, actor),
      statements: await listStatements(tx, actor.clinicId),
      patientKeys: await store.listPatientKeys(tx, actor, patientId),
      care: (await listCare(tx, actor, [patientId])).map(({ row: care }) => care),
      now: now.toISOString(),
      records,
      consents: await store.listConsents(tx, actor, patientId),
      prescriptions: await listPrescriptions(tx, actor, patientId, now),
      recalls: await listRecalls(tx, actor, { patientId }),
      documents: (await listOfPatient(tx, patientId)).filter((each) => each.appointmentId === appointmentId),
      visits: await store.listVisits(tx, actor, patientId, placesOf(records)),
      next: next && { appointmentId: next.appointmentId, startsAt: next.startsAt, waiting: next.waiting },
    })
  })
  if (!answer.ok) return answer
  const { records, appointment } = answer.value
  const { patientId } = appointment
  await auditOpened(actor, [
    { action: 'encounter.opened', subjectId: appointmentId, patientId, records: touched(records) },
  ])
  return answer
}

/** Visits of which the member reads what was written: keys decide, and a colleague may have shared one of another site. */
const placesOf = (records: readonly StoredRecord[]) =>
  records.flatMap(({ meta, appointmentId }) => (deskTypes.includes(meta.type) ? [] : (appointmentId ?? [])))

/** Record types that this door takes: prescriptions and recalls come with their rows, by doors of their own. */
const written = ['note', 'draft'] as const

export async function saveNote(
  actor: StaffActor,
  { appointmentId, record }: In<typeof rules.SaveRecordInput>,
  { now }: Context,
): Promise<Result<{ recordId: string; revision: number }>> {
  if (!isClinical(actor)) return refuse('NOT_ALLOWED')
  if (!written.includes(record.meta.type as 'note')) return refuse('BAD_INPUT', { 'record.meta.type': 'invalid' })
  return inClinic(actor.clinicId, async (tx) => {
    const found = await store.findVisit(tx, actor, appointmentId, now)
    if (!found || found.row.patientId !== record.meta.patientId) return refuse('NOT_FOUND')
    const { patientId, recordId, revision } = record.meta
    const saved = await insertRecords(tx, actor, [record], { patientId, appointmentId })
    if (!saved.ok) return saved
    // A draft has no history worth keeping: the next revision needs the one before, and nobody needs more.
    if (record.meta.type === 'draft') await store.dropRevisions(tx, actor, recordId, revision - 1)
    if (record.meta.type === 'note') {
      await audit(tx, actor, 'encounter.note-saved', recordId)
      await notify(tx, 'patient', patientId)
    }
    return ok({ recordId, revision })
  })
}

/** Who is done with the patient has left the call: it ends for both. */
export async function complete(
  actor: StaffActor,
  { appointmentId }: In<typeof rules.AppointmentInput>,
  { now }: Context,
): Promise<Result<{ done: true }>> {
  const moved = await inClinic(actor.clinicId, async (tx) => {
    const done = await move(tx, actor, appointmentId, 'complete', now)
    return done.ok ? ok(await endIn(tx, actor, { appointmentId, differs: false }, now)) : done
  })
  if (!moved.ok) return moved
  if (moved.value) await deleteRoom(moved.value.node, moved.value.room)
  return ok({ done: true as const })
}

export const arrive = (actor: StaffActor, { appointmentId }: In<typeof rules.AppointmentInput>, { now }: Context) =>
  inClinic(actor.clinicId, (tx) => move(tx, actor, appointmentId, 'arrive', now))

/** Said of the wrong one: they are not there yet. */
export const unarrive = (actor: StaffActor, { appointmentId }: In<typeof rules.AppointmentInput>, { now }: Context) =>
  inClinic(actor.clinicId, (tx) => move(tx, actor, appointmentId, 'unarrive', now))

/** What a patient who did not come is charged, for the question that is asked before. */
export const missing = (
  actor: StaffActor,
  { appointmentId }: In<typeof rules.AppointmentInput>,
  { now }: Context,
): Promise<Result<Ending & { currency: string }>> =>
  inClinic(actor.clinicId, async (tx) => {
    const found = await store.findVisit(tx, actor, appointmentId, now)
    const row = found && (await findAppointment(tx, appointmentId))
    return row ? ok({ ...(await endingOf(tx, row, { how: 'missed' })), currency: row.currency }) : refuse('NOT_FOUND')
  })

/** Nobody came: the visit costs what was agreed to when it was booked. */
export const miss = (
  actor: StaffActor,
  { appointmentId, feeMinor = 0 }: In<typeof rules.MissInput>,
  { now }: Context,
): Promise<Result<{ done: true }>> =>
  inClinic(actor.clinicId, async (tx) => {
    const moved = await move(tx, actor, appointmentId, 'miss', now)
    if (!moved.ok) return moved
    const row = (await findAppointment(tx, appointmentId))!
    // Not what the page said that it costs: nobody is charged what was not read out.
    if ((await endingOf(tx, row, { how: 'missed' })).feeMinor !== feeMinor) return refuse('STALE')
    await endMoney(tx, row, { how: 'missed' }, now)
    return ok({ done: true as const })
  })

async function move(
  tx: Tx,
  actor: StaffActor,
  appointmentId: string,
  event: Extract<AppointmentEvent, 'arrive' | 'unarrive' | 'complete' | 'miss'>,
  now: Date,
): Promise<Result<{ done: true }>> {
  const found = await store.findVisit(tx, actor, appointmentId, now)
  if (!found) return refuse('NOT_FOUND')
  const { status } = found.row
  if (event === 'arrive' && !mayArrive(found.row, now)) return refuse('WRONG_STATE')
  if (event === 'unarrive' && !mayUnarrive(found.row)) return refuse('WRONG_STATE')
  const startsAt = new Date(found.row.startsAt)
  // Nobody has missed what has not begun.
  const to = event === 'miss' && startsAt > now ? null : nextAppointment(status, event)
  if (!to || !(await store.moveVisit(tx, actor, { id: appointmentId, from: status, to, startsAt }, now)))
    return refuse('WRONG_STATE')
  if (event === 'complete') await earnIn(tx, appointmentId, now)
  await audit(tx, actor, `encounter.${event}`, appointmentId)
  await notify(tx, 'staff', actor.clinicId)
  return ok({ done: true as const })
}
