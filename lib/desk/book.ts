import 'server-only'
import type { z } from 'zod'
import { groupsOf, runsVisits, type StaffActor, type SystemActor } from '../access/rules.ts'
import { partOf } from '../access/part.ts'
import { confirmBooking } from '../booking/confirm.ts'
import { expirePayment } from '../booking/hold.ts'
import { matches, secretHash } from '../booking/link.ts'
import { hasParts, readAlike } from '../booking/move.ts'
import { placeAt } from '../booking/place.ts'
import { bookingsADay } from '../booking/rules.ts'
import { walkInMinutes } from '../schedule/rules.ts'
import { deskDays } from '../booking/slots.ts'
import { takeSeat } from '../booking/session.ts'
import * as bookings from '../booking/store.ts'
import { takeLane } from '../booking/walk-in.ts'
import type { ServiceView } from '../clinic/rules.ts'
import { findClinic, findService } from '../clinic/store.ts'
import { ask } from '../companion/ask.ts'
import type { Sealed } from '../crypto/types.ts'
import { ok, refuse, type Result } from '../errors.ts'
import { firstPayment } from '../payment/rules.ts'
import { insertPayment } from '../payment/store.ts'
import { managingOf } from '../record/grants.ts'
import { insertRecords } from '../record/store.ts'
import { mayText } from '../reminder/choice.ts'
import { e164 } from '../reminder/text.ts'
import { keepHours } from '../schedule/store.ts'
import { enqueue } from '../server/jobs.ts'
import { openField, patientEmailIndex, sealField } from '../server/kms.ts'
import { notify } from '../server/notify.ts'
import { limit } from '../server/rate-limit.ts'
import { hold, inClinic, type Tx } from '../server/tx.ts'
import { findSite } from '../site/store.ts'
import { redeem, withTries } from '../voucher/flow.ts'
import * as rules from './rules.ts'
import * as store from './store.ts'

type In<S extends z.ZodType> = z.output<S>
export type Clinic = NonNullable<Awaited<ReturnType<typeof findClinic>>>
const minute = 60_000

export const seenBy = async (tx: Tx, actor: StaffActor) => runsVisits(actor, await partOf(tx, actor))

export function stretchOf(service: ServiceView, startsAt: Date) {
  const endsAt = new Date(startsAt.getTime() + service.minutes * minute)
  return {
    ...{ startsAt, endsAt },
    blockedFrom: new Date(startsAt.getTime() - service.bufferBefore * minute),
    blockedUntil: new Date(endsAt.getTime() + service.bufferAfter * minute),
  }
}

/**
 * An appointment that somebody at the clinic makes for who calls. Once, however often it is sent. It is booked at once, with its money
 * due: nobody pays on the telephone, unless by a voucher whose code they read out.
 */
export async function book(
  actor: StaffActor,
  input: In<typeof rules.DeskBookInput>,
  { now }: { now: Date },
): Promise<Result<rules.DeskBooked>> {
  const counted = await limit('desk-book', actor.memberId, rules.bookingsAnHour)
  if (!counted.ok) return counted
  return withTries(actor.memberId, input.voucher, () => bookIn(actor, input, now))
}

const bookIn = (
  actor: StaffActor,
  input: In<typeof rules.DeskBookInput>,
  now: Date,
): Promise<Result<rules.DeskBooked>> =>
  inClinic<Result<rules.DeskBooked>>(actor.clinicId, async (tx) => {
    // Two clicks at once: the second waits here, and finds what the first has made.
    await hold(tx, `desk|${input.id}`, 'write')
    const before = await bookings.findAppointment(tx, input.id)
    if (before) return bookedBefore(tx, before, { ...input, patientId: input.patient.patientId })
    const clinic = (await findClinic(tx, actor.clinicId))!
    const service = await findService(tx, input.serviceId)
    if (!service?.active || !service.practitionerIds.includes(input.memberId)) return refuse('NOT_FOUND')
    // Nobody can be called whose number is nowhere.
    if (service.way === 'phone' && input.patient.kind === 'new' && !input.patient.phone)
      return refuse('BAD_INPUT', { 'patient.phone': 'required' })
    const placed = await placeIn(tx, clinic, service, input, now)
    if (!placed.ok) return placed
    const patient = await patientIn(tx, actor, clinic, input, input.patient.kind === 'new' ? input.patient.records : [])
    if (!patient.ok) return patient
    const { memberId, siteId } = input
    const whose = { clinic, service, visit: input, memberId, siteId, ...patient.value }
    const isHeld = input.companion?.first === true
    const made = await (isHeld ? insertTaken : insertBooked)(tx, actor, whose, now)
    if (!made.ok) return made
    if (!isHeld) await confirmBooking(tx, actor, made.value, now)
    // What was sealed belongs to an appointment that is there by now.
    if (input.patient.kind === 'new') {
      const { patientId, records } = input.patient
      const stored = await insertRecords(tx, actor, records, { patientId, appointmentId: input.id })
      if (!stored.ok) return stored
    }
    // Nobody books into days that are not theirs to run.
    if (!(await bookings.isSeen(tx, input.id, await seenBy(tx, actor)))) return refuse('NOT_ALLOWED')
    // Counted only now: a time that was taken has sent no mail.
    const mailed = await mayMail(tx, actor.clinicId, patient.value.patientId)
    if (mailed) return mailed
    const { companion } = input
    const asked = companion ? await ask(tx, actor, await rowOf(tx, input.id), companion, now) : null
    if (asked?.ok === false) return asked
    if (!isHeld) return ok(await told(tx, await rowOf(tx, input.id)))
    await bookings.updateAppointment(tx, input.id, { heldUntil: asked!.value.until })
    await notify(tx, 'staff', actor.clinicId)
    return ok(await madeOf(tx, await rowOf(tx, input.id)))
  })

const rowOf = async (tx: Tx, id: string) => (await bookings.findAppointment(tx, id))!

/** What a visit was booked as before, alone or with others, though it is asked for differently now: the first answer was lost. */
export async function bookedBefore(
  tx: Tx,
  row: bookings.AppointmentRow,
  { key, linkSecret, patientId }: { key: string; linkSecret: string; patientId: string },
): Promise<Result<rules.DeskBooked>> {
  const isSame = row.idempotencyKey === key && row.patientId === patientId && matches(row.linkHash, linkSecret)
  if (!isSame) return refuse('SLOT_TAKEN')
  // Booked or held by then, and not any more: who asked along has said no, or a colleague took it back.
  if (row.status === 'expired' || row.status === 'cancelled') return refuse('STALE')
  const all = await bookings.listSeries(tx, row)
  return ok(all.length ? { ...(await madeOf(tx, all[0]!)), visits: all.map(shownOf) } : await madeOf(tx, row))
}

export const shownOf = ({ id, startsAt }: bookings.AppointmentRow) => ({ id, startsAt: startsAt.toISOString() })

export async function madeOf(tx: Tx, row: bookings.AppointmentRow): Promise<rules.DeskBooked> {
  const { id: appointmentId, patientId, memberId, heldUntil } = row
  const made = { appointmentId, patientId: patientId!, startsAt: row.startsAt.toISOString(), memberId }
  if (row.status === 'held') return { ...made, sent: null, heldUntil: heldUntil!.toISOString() }
  return { ...made, sent: await wayOf(tx, row) }
}

/** Refuses a time that is over, too far, outside of the hours unless it is meant, or elsewhere than it was sealed for. */
export async function placeIn(
  tx: Tx,
  clinic: Clinic,
  service: ServiceView,
  input: { memberId: string; siteId: string | null; startsAt: string; anyway: boolean; beside?: boolean | undefined },
  now: Date,
): Promise<Result<true>> {
  const { memberId, siteId } = input
  const { startsAt, endsAt } = stretchOf(service, new Date(input.startsAt))
  const grace = input.beside ? walkInMinutes * minute : 0
  if (+startsAt < +now - grace) return refuse('BAD_INPUT', { startsAt: 'tooSmall' })
  if (+startsAt > +now + deskDays * 24 * 60 * minute) return refuse('BAD_INPUT', { startsAt: 'tooLarge' })
  await keepHours(tx, clinic.id, memberId)
  const there = await placeAt(tx, clinic, memberId, { startsAt, endsAt, siteId })
  if (there === undefined && !input.anyway) return refuse('OUTSIDE_HOURS')
  if (there !== undefined && there !== siteId) return refuse('SLOT_GONE')
  if (siteId && !(await findSite(tx, siteId))) return refuse('NOT_FOUND')
  return ok(true)
}

export interface Whom {
  patientId: string
  locale: string
  timeZone: string
}

/** A refusal where their address was written to often enough today. */
export async function mayMail(tx: Tx, clinicId: string, patientId: string) {
  const sealed = (await bookings.findPatient(tx, patientId))?.emailSealed
  if (!sealed) return null
  const counted = await limit(
    'book-email',
    await openField(sealed, `patient.email|${clinicId}|${patientId}`),
    bookingsADay,
  )
  return counted.ok ? null : counted
}

/** Who it is for: of somebody new, `records` are all that was sealed. */
export async function patientIn(
  tx: Tx,
  actor: StaffActor,
  clinic: Clinic,
  input: Pick<In<typeof rules.DeskBookInput>, 'patient' | 'memberId' | 'siteId'>,
  records: readonly Sealed[],
): Promise<Result<Whom>> {
  const { patient } = input
  const { clinicId } = actor
  const { patientId } = patient
  if (patient.kind === 'known') {
    const places = await store.listPlaces(tx, patientId, await seenBy(tx, actor))
    const known = places.length ? await bookings.findPatient(tx, patientId) : null
    if (!known) return refuse('NOT_FOUND')
    // What is sealed of them opens to those who were there before: in another part of the clinic nobody could read who comes.
    const parts = await hasParts(tx)
    for (const { memberId, siteId } of places)
      if (
        (!parts || siteId === input.siteId) &&
        (memberId === input.memberId || (await readAlike(tx, clinicId, memberId, input.memberId)))
      )
        return ok({ patientId, locale: known.locale, timeZone: known.timeZone })
    return refuse('OTHER_READERS')
  }
  if (!rules.isCallersWord(records)) return refuse('BAD_INPUT', { records: 'invalid' })
  const groups = groupsOf(actor.roles, await partOf(tx, actor))
  // The defence on the server's side: what no browser would believe is not kept.
  const isTheirs = records.every(({ meta, header, grants }) => {
    const managing = managingIn(header)
    return (
      managing &&
      rules.mayWriteUnder(groups, meta.type, managing) &&
      grants.every(({ recipient }) => recipient.kind !== 'patient')
    )
  })
  if (!isTheirs) return refuse('NOT_ALLOWED')
  // Never somebody who is there: what a patient says of themselves is theirs.
  if (await bookings.findPatient(tx, patientId)) return refuse('NOT_ALLOWED')
  const { email, phone, locale } = patient
  const made = await store.insertCaller(tx, {
    ...{ id: patientId, clinicId, locale, timeZone: clinic.timeZone },
    emailIndex: email ? await patientEmailIndex(clinicId, email) : null,
    emailSealed: email ? await sealField(email, `patient.email|${clinicId}|${patientId}`) : null,
    phoneSealed: phone ? await sealField(phone, `patient.phone|${clinicId}|${patientId}`) : null,
  })
  if (!made) return refuse('NOT_ALLOWED')
  return ok({ patientId, locale, timeZone: clinic.timeZone })
}

/** Null for a header that is none. */
function managingIn(header: string): string | null {
  try {
    const managing: unknown = managingOf(new Uint8Array(Buffer.from(header, 'base64url')))
    return typeof managing === 'string' ? managing : null
  } catch {
    return null
  }
}

interface Taken extends Whom {
  clinic: Clinic
  service: ServiceView
  memberId: string
  siteId: string | null
  visit: {
    id: string
    key: string
    linkSecret: string
    startsAt: string
    voucher?: string | null
    beside?: boolean | undefined
  }
  seriesId?: string
}

/** The appointment with its link and what is owed for it, not yet said to be booked. */
export async function insertBooked(
  tx: Tx,
  actor: StaffActor,
  of: Taken,
  now: Date,
): Promise<Result<bookings.AppointmentRow>> {
  const taken = await insertTaken(tx, actor, of, now)
  if (taken.ok) await owe(tx, taken.value, of.clinic)
  return taken
}

/** What was held until somebody else said yes is booked, and its patient told as of any booking. The row is locked. */
export async function bookHeld(
  tx: Tx,
  actor: StaffActor | SystemActor,
  row: bookings.AppointmentRow,
  now: Date,
): Promise<void> {
  await owe(tx, row, (await findClinic(tx, row.clinicId))!)
  await confirmBooking(tx, actor, row, now)
  await told(tx, (await bookings.findAppointment(tx, row.id))!)
}

/** The appointment with its link, held for this moment. */
async function insertTaken(tx: Tx, actor: StaffActor, of: Taken, now: Date): Promise<Result<bookings.AppointmentRow>> {
  const { clinic, service, memberId, siteId, patientId, locale, timeZone, seriesId } = of
  const { clinicId } = actor
  const { id, linkSecret, key, voucher } = of.visit
  const at = stretchOf(service, new Date(of.visit.startsAt))
  const price = service.paymentMode === 'free' ? 0 : service.priceMinor
  // Whatever is paid online elsewhere: here it is owed, and the link offers to pay it.
  const paymentMode = service.paymentMode === 'free' ? ('free' as const) : ('later' as const)
  for (const lapsed of await bookings.lapseInTheWay(tx, memberId, at.blockedFrom, at.blockedUntil, now))
    await expirePayment(tx, clinicId, lapsed, now)
  if (of.visit.beside && service.places > 1) return refuse('BAD_INPUT', { beside: 'invalid' })
  const lane = of.visit.beside ? await takeLane(tx, clinic, memberId, { ...at, siteId }, null) : 0
  if (lane === null) return refuse('WALK_INS_FULL')
  const place = await takeSeat(tx, service, { memberId, siteId, ...at })
  if (!place) return refuse('SLOT_TAKEN')
  const row = {
    ...{ id, clinicId, serviceId: service.id, memberId, siteId, ...at, ...place, heldUntil: now, holdHash: null },
    ...{ priceMinor: price, currency: service.currency, taxRate: service.taxRate, paymentMode, depositMinor: 0 },
    cancellation: clinic.cancellation,
    way: service.way,
    lane,
  }
  if (!(await bookings.insertHold(tx, row, now))) return refuse('SLOT_TAKEN')
  await bookings.updateAppointment(tx, id, {
    ...{ patientId, locale, timeZone, idempotencyKey: key, seriesId },
    linkHash: secretHash(linkSecret),
    linkSealed: await sealField(linkSecret, `appointment.link|${clinicId}|${id}`),
  })
  const voucherId = voucher ? await redeem(tx, (await bookings.findAppointment(tx, id))!, voucher, now) : null
  if (voucher && !voucherId) return refuse('VOUCHER_REFUSED')
  return ok((await bookings.findAppointment(tx, id))!)
}

/** What is to be paid for it, unless a voucher has. */
async function owe(tx: Tx, row: bookings.AppointmentRow, clinic: Clinic): Promise<void> {
  const { clinicId, id: appointmentId, currency } = row
  const amountMinor = row.voucherId ? 0 : row.priceMinor
  const status = firstPayment(row.paymentMode, amountMinor)
  const account = status === 'none' ? null : clinic.stripeAccount
  await insertPayment(tx, { clinicId, appointmentId, status, amountMinor, currency, account })
}

/** What is answered of a booking; where the link goes by text message, it is on its way. */
export async function told(tx: Tx, row: bookings.AppointmentRow): Promise<rules.DeskBooked> {
  const made = await madeOf(tx, row)
  if (made.sent === 'text') {
    const { clinicId, id } = row
    await enqueue(tx, 'text.link', { clinicId, appointmentId: id }, { singletonKey: id, retryLimit: 0 })
  }
  return made
}

/** How the link reaches its patient: by mail, else by text message where this clinic may send any to that number. */
export async function wayOf(
  tx: Tx,
  { clinicId, patientId }: bookings.AppointmentRow,
): Promise<rules.DeskBooked['sent']> {
  const patient = await bookings.findPatient(tx, patientId!)
  if (patient?.emailSealed) return 'mail'
  if (!patient?.phoneSealed || !mayText((await findClinic(tx, clinicId))!.slug)) return null
  return e164(await openField(patient.phoneSealed, `patient.phone|${clinicId}|${patientId}`)) ? 'text' : null
}
