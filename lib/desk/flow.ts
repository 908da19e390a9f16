import 'server-only'
import type { z } from 'zod'
import { groupsOf, runsVisits, type StaffActor } from '../access/rules.ts'
import { partOf } from '../access/part.ts'
import { confirmBooking } from '../booking/confirm.ts'
import { expirePayment } from '../booking/hold.ts'
import { matches, secretHash } from '../booking/link.ts'
import { hasParts, readAlike } from '../booking/move.ts'
import { placeAt } from '../booking/place.ts'
import { bookingsADay, type FreeTimes, type MemberSlot } from '../booking/rules.ts'
import { deskDays, findFree } from '../booking/slots.ts'
import * as bookings from '../booking/store.ts'
import type { ServiceView } from '../clinic/rules.ts'
import { findClinic, findService, listPractitioners, listServices } from '../clinic/store.ts'
import { ok, refuse, type Result } from '../errors.ts'
import { firstPayment } from '../payment/rules.ts'
import { insertPayment } from '../payment/store.ts'
import { managingOf } from '../record/grants.ts'
import { insertRecords, listRecords } from '../record/store.ts'
import { mayText } from '../reminder/choice.ts'
import { e164 } from '../reminder/text.ts'
import { keepHours } from '../schedule/store.ts'
import { audit } from '../server/audit.ts'
import { auditReadings } from '../server/audit-readings.ts'
import { enqueue } from '../server/jobs.ts'
import { openField, patientEmailIndex, sealField } from '../server/kms.ts'
import { limit } from '../server/rate-limit.ts'
import { hold, inClinic, type Tx } from '../server/tx.ts'
import { findSite, listSites } from '../site/store.ts'
import { dayIn } from '../time.ts'
import * as rules from './rules.ts'
import * as store from './store.ts'

type In<S extends z.ZodType> = z.output<S>
type Out<K extends keyof rules.DeskContract> = Promise<Result<rules.DeskContract[K]['out']>>
interface Context {
  now: Date
}
type Clinic = NonNullable<Awaited<ReturnType<typeof findClinic>>>
const minute = 60_000
const alive = ['booked', 'arrived', 'in_consult']

const seenBy = async (tx: Tx, actor: StaffActor) => runsVisits(actor, await partOf(tx, actor))

// ── what there is to choose from ──

export const options = (actor: StaffActor, _: unknown, { now }: Context): Out<'desk/options'> =>
  inClinic(actor.clinicId, async (tx) => {
    const clinic = (await findClinic(tx, actor.clinicId))!
    const part = await partOf(tx, actor)
    const seen = runsVisits(actor, part)
    // Who sees their own patients alone plans their own days alone.
    const mine = 'memberId' in seen ? part.own : null
    const practitioners = (await listPractitioners(tx)).filter(({ id }) => !mine || id === mine)
    const ids = practitioners.map(({ id }) => id)
    const services = (await listServices(tx))
      .map((each) => ({ ...each, practitionerIds: each.practitionerIds.filter((id) => ids.includes(id)) }))
      .filter(({ practitionerIds }) => practitionerIds.length > 0)
    return ok({
      ...{ clinicId: clinic.id, clinic: clinic.name, zone: clinic.timeZone, locale: clinic.locale },
      today: dayIn(clinic.timeZone, now),
      cancellation: clinic.cancellation,
      services: services.map(({ id, name, minutes, way, priceMinor, currency, paymentMode, practitionerIds }) => ({
        ...{ id, name, minutes, way, priceMinor, currency, paymentMode, practitionerIds },
      })),
      practitioners: practitioners.map(({ id, displayName }) => ({ memberId: id, name: displayName })),
      sites: (await listSites(tx)).map(({ id, name }) => ({ id, name })),
      texts: mayText(clinic.slug),
      mayWrite: groupsOf(actor.roles, part).some((group) => group.startsWith('desk')),
    })
  })

/** Free times as the booking page finds them, without its notice. */
export const times = (actor: StaffActor, input: In<typeof rules.TimesInput>, { now }: Context): Out<'desk/times'> =>
  inClinic<Result<FreeTimes<MemberSlot>>>(actor.clinicId, async (tx) => {
    const clinic = (await findClinic(tx, actor.clinicId))!
    const service = await findService(tx, input.serviceId)
    if (!service?.active) return refuse('NOT_FOUND')
    const memberIds = service.practitionerIds.filter((id) => !input.memberId || id === input.memberId)
    if (input.memberId && !memberIds.length) return refuse('NOT_FOUND')
    return ok(await findFree(tx, { clinic, service, memberIds, now, asDesk: true }, input))
  })

/** Whether a time can be had, before anything is typed: where it would be, and what is in the way. */
export const place = (actor: StaffActor, input: In<typeof rules.PlaceInput>, { now }: Context): Out<'desk/place'> =>
  inClinic(actor.clinicId, async (tx) => {
    const clinic = (await findClinic(tx, actor.clinicId))!
    const service = await findService(tx, input.serviceId)
    if (!service?.active || !service.practitionerIds.includes(input.memberId)) return refuse('NOT_FOUND')
    const at = stretchOf(service, new Date(input.startsAt))
    const found = await placeAt(tx, clinic, input.memberId, { ...at, siteId: null })
    const busy = await bookings.listBusy(tx, [input.memberId], { from: at.blockedFrom, until: at.blockedUntil }, now)
    return ok({ siteId: found ?? null, outside: found === undefined, taken: busy.get(input.memberId)!.length > 0 })
  })

/** A year back and all that is to come; a clinic with more sees those of late. */
const knownDays = 365
const mostKnown = 600

export async function patients(actor: StaffActor, _: unknown, { now }: Context): Out<'desk/patients'> {
  const answer = await inClinic(actor.clinicId, async (tx) => {
    const since = new Date(now.getTime() - knownDays * 24 * 60 * minute)
    const patientIds = await store.listKnown(tx, await seenBy(tx, actor), { since, most: mostKnown })
    return ok({ patientIds, records: await listRecords(tx, actor, { patientIds, types: ['identity'] }) })
  })
  if (answer.ok) await auditReadings(actor, 'names.listed', answer.value.records)
  return answer
}

// ── booking ──

function stretchOf(service: ServiceView, startsAt: Date) {
  const endsAt = new Date(startsAt.getTime() + service.minutes * minute)
  return {
    ...{ startsAt, endsAt },
    blockedFrom: new Date(startsAt.getTime() - service.bufferBefore * minute),
    blockedUntil: new Date(endsAt.getTime() + service.bufferAfter * minute),
  }
}

/**
 * An appointment that somebody at the clinic makes for who calls. Once, however often it is sent. It is booked at once, with its money
 * due: nobody pays on the telephone.
 */
export async function book(
  actor: StaffActor,
  input: In<typeof rules.DeskBookInput>,
  { now }: Context,
): Out<'desk/book'> {
  const counted = await limit('desk-book', actor.memberId, rules.bookingsAnHour)
  if (!counted.ok) return counted
  return inClinic(actor.clinicId, async (tx) => {
    // Two clicks at once: the second waits here, and finds what the first has made.
    await hold(tx, `desk|${input.id}`, 'write')
    const before = await bookings.findAppointment(tx, input.id)
    if (before) return repeated(tx, before, input)
    const clinic = (await findClinic(tx, actor.clinicId))!
    const service = await findService(tx, input.serviceId)
    if (!service?.active || !service.practitionerIds.includes(input.memberId)) return refuse('NOT_FOUND')
    // Nobody can be called whose number is nowhere.
    if (service.way === 'phone' && input.patient.kind === 'new' && !input.patient.phone)
      return refuse('BAD_INPUT', { 'patient.phone': 'required' })
    const placed = await placeIn(tx, clinic, service, input, now)
    if (!placed.ok) return placed
    const patient = await patientIn(tx, actor, clinic, input)
    if (!patient.ok) return patient
    const made = await insertBooked(tx, actor, { clinic, service, input, ...patient.value }, now)
    if (!made.ok) return made
    // What was sealed belongs to an appointment that is there by now.
    if (input.patient.kind === 'new') {
      const { patientId, records, email } = input.patient
      // Counted only now: a time that was taken has sent no mail.
      const mailed = email ? await limit('book-email', email, bookingsADay) : null
      if (mailed?.ok === false) return mailed
      const stored = await insertRecords(tx, actor, records, { patientId, appointmentId: input.id })
      if (!stored.ok) return stored
    }
    // Nobody books into days that are not theirs to run.
    if (!(await bookings.isSeen(tx, input.id, await seenBy(tx, actor)))) return refuse('NOT_ALLOWED')
    return ok(made.value)
  })
}

async function repeated(
  tx: Tx,
  row: bookings.AppointmentRow,
  { key, linkSecret, patient: { patientId } }: In<typeof rules.DeskBookInput>,
): Promise<Result<rules.DeskBooked>> {
  const isSame = row.idempotencyKey === key && row.patientId === patientId && matches(row.linkHash, linkSecret)
  if (!isSame) return refuse('SLOT_TAKEN')
  return ok(await madeOf(tx, row))
}

const madeOf = async (tx: Tx, row: bookings.AppointmentRow): Promise<rules.DeskBooked> => ({
  ...{ appointmentId: row.id, patientId: row.patientId!, startsAt: row.startsAt.toISOString(), memberId: row.memberId },
  sent: await wayOf(tx, row),
})

/** Refuses a time that is over, too far, outside of the hours unless it is meant, or elsewhere than it was sealed for. */
async function placeIn(
  tx: Tx,
  clinic: Clinic,
  service: ServiceView,
  input: In<typeof rules.DeskBookInput>,
  now: Date,
): Promise<Result<true>> {
  const { memberId, siteId } = input
  const { startsAt, endsAt } = stretchOf(service, new Date(input.startsAt))
  if (startsAt < now) return refuse('BAD_INPUT', { startsAt: 'tooSmall' })
  if (+startsAt > +now + deskDays * 24 * 60 * minute) return refuse('BAD_INPUT', { startsAt: 'tooLarge' })
  await keepHours(tx, clinic.id, memberId)
  const there = await placeAt(tx, clinic, memberId, { startsAt, endsAt, siteId })
  if (there === undefined && !input.anyway) return refuse('OUTSIDE_HOURS')
  if (there !== undefined && there !== siteId) return refuse('SLOT_GONE')
  if (siteId && !(await findSite(tx, siteId))) return refuse('NOT_FOUND')
  return ok(true)
}

interface Whom {
  patientId: string
  locale: string
  timeZone: string
}

/** A refusal where their address was written to often enough today. */
async function mayMail(
  { id, emailSealed }: { id: string; emailSealed: Uint8Array<ArrayBuffer> | null },
  clinicId: string,
) {
  if (!emailSealed) return null
  const counted = await limit(
    'book-email',
    await openField(emailSealed, `patient.email|${clinicId}|${id}`),
    bookingsADay,
  )
  return counted.ok ? null : counted
}

async function patientIn(
  tx: Tx,
  actor: StaffActor,
  clinic: Clinic,
  input: In<typeof rules.DeskBookInput>,
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
        return (await mayMail(known, clinicId)) ?? ok({ patientId, locale: known.locale, timeZone: known.timeZone })
    return refuse('OTHER_READERS')
  }
  if (!rules.isCallersWord(patient.records)) return refuse('BAD_INPUT', { records: 'invalid' })
  const groups = groupsOf(actor.roles, await partOf(tx, actor))
  // The defence on the server's side: what no browser would believe is not kept.
  const isTheirs = patient.records.every(({ meta, header, grants }) => {
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

async function insertBooked(
  tx: Tx,
  actor: StaffActor,
  of: Whom & { clinic: Clinic; service: ServiceView; input: In<typeof rules.DeskBookInput> },
  now: Date,
): Promise<Result<rules.DeskBooked>> {
  const { clinic, service, input, patientId, locale, timeZone } = of
  const { clinicId } = actor
  const { id, memberId, siteId, linkSecret } = input
  const at = stretchOf(service, new Date(input.startsAt))
  const price = service.paymentMode === 'free' ? 0 : service.priceMinor
  // Whatever is paid online elsewhere: here it is owed, and the link offers to pay it.
  const paymentMode = service.paymentMode === 'free' ? ('free' as const) : ('later' as const)
  const row = {
    ...{ id, clinicId, serviceId: service.id, memberId, siteId, ...at, heldUntil: now, holdHash: null },
    ...{ priceMinor: price, currency: service.currency, taxRate: service.taxRate, paymentMode, depositMinor: 0 },
    cancellation: clinic.cancellation,
    way: service.way,
  }
  for (const lapsed of await bookings.lapseInTheWay(tx, memberId, at.blockedFrom, at.blockedUntil, now))
    await expirePayment(tx, clinicId, lapsed, now)
  if (!(await bookings.insertHold(tx, row, now))) return refuse('SLOT_TAKEN')
  await bookings.updateAppointment(tx, id, {
    ...{ patientId, locale, timeZone, idempotencyKey: input.key },
    linkHash: secretHash(linkSecret),
    linkSealed: await sealField(linkSecret, `appointment.link|${clinicId}|${id}`),
  })
  const status = firstPayment(paymentMode, price)
  const account = status === 'none' ? null : clinic.stripeAccount
  await insertPayment(tx, { clinicId, appointmentId: id, status, amountMinor: price, currency: row.currency, account })
  const booked = (await bookings.findAppointment(tx, id))!
  await confirmBooking(tx, actor, booked, now)
  const made = await madeOf(tx, booked)
  if (made.sent === 'text')
    await enqueue(tx, 'text.link', { clinicId, appointmentId: id }, { singletonKey: id, retryLimit: 0 })
  return ok(made)
}

/** How the link reaches its patient: by mail, else by text message where this clinic may send any to that number. */
async function wayOf(tx: Tx, { clinicId, patientId }: bookings.AppointmentRow): Promise<rules.DeskBooked['sent']> {
  const patient = await bookings.findPatient(tx, patientId!)
  if (patient?.emailSealed) return 'mail'
  if (!patient?.phoneSealed || !mayText((await findClinic(tx, clinicId))!.slug)) return null
  return e164(await openField(patient.phoneSealed, `patient.phone|${clinicId}|${patientId}`)) ? 'text' : null
}

// ── the link ──

async function seenAppointment(tx: Tx, actor: StaffActor, id: string): Promise<bookings.AppointmentRow | null> {
  const row = await bookings.findAppointment(tx, id)
  const isTheirs = row?.patientId && row.linkSealed && alive.includes(row.status)
  return isTheirs && (await bookings.isSeen(tx, id, await seenBy(tx, actor))) ? row : null
}

/** Shown again for as long as no device has it (docs/decisions/026): from then on it is the patient's, and goes where their mail goes. */
export async function showLink(actor: StaffActor, { id }: In<typeof rules.DeskLinkInput>): Out<'desk/link'> {
  const counted = await limit('desk-link', actor.memberId, rules.linksAnHour)
  if (!counted.ok) return counted
  return inClinic(actor.clinicId, async (tx) => {
    const row = await seenAppointment(tx, actor, id)
    if (!row) return refuse('NOT_FOUND')
    if ((await store.lockKeys(tx, row.patientId!)).length) return refuse('WRONG_STATE')
    await audit(tx, actor, 'appointment.link-shown', id, { patientId: row.patientId! })
    return ok({ linkSecret: await openField(row.linkSealed!, `appointment.link|${actor.clinicId}|${id}`) })
  })
}

/** Once more to where the patient's messages go, and nowhere else. */
export async function sendLink(
  actor: StaffActor,
  { id }: In<typeof rules.DeskLinkInput>,
  { now }: Context,
): Out<'desk/send'> {
  return inClinic(actor.clinicId, async (tx) => {
    const row = await seenAppointment(tx, actor, id)
    const sent = row && (await wayOf(tx, row))
    if (!row || !sent) return refuse('NOT_FOUND')
    // Counted only now: nobody else's asking spends it.
    const counted = await limit('desk-send', id, rules.sendingsADay)
    if (!counted.ok) return counted
    const data = { clinicId: actor.clinicId, appointmentId: id, again: now.toISOString() }
    const options = { singletonKey: `${id}.${data.again}` }
    if (sent === 'mail') await enqueue(tx, 'mail.booked', data, options)
    else await enqueue(tx, 'text.link', data, { ...options, retryLimit: 0 })
    await audit(tx, actor, 'appointment.link-sent', id, { patientId: row.patientId! })
    return ok({ sent })
  })
}
