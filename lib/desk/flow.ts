import 'server-only'
import type { z } from 'zod'
import { groupsOf, runsVisits, type StaffActor } from '../access/rules.ts'
import { partOf } from '../access/part.ts'
import { placeAt } from '../booking/place.ts'
import type { FreeTimes, MemberSlot } from '../slot/rules.ts'
import { findFree } from '../booking/slots.ts'
import { isTakenAt } from '../booking/session.ts'
import * as bookings from '../booking/store.ts'
import { walkInsLeft } from '../booking/walk-in.ts'
import { findClinic, findService, listPractitioners, listServices } from '../clinic/store.ts'
import { ok, refuse, type Result } from '../errors.ts'
import { listRecords } from '../record/store.ts'
import { mayText } from '../reminder/choice.ts'
import { hasWalkIns } from '../schedule/store.ts'
import { audit } from '../server/audit.ts'
import { auditReadings } from '../server/audit-readings.ts'
import { enqueue } from '../server/jobs.ts'
import { openField } from '../server/kms.ts'
import { limit } from '../server/rate-limit.ts'
import { inClinic, type Tx } from '../server/tx.ts'
import { listSites } from '../site/store.ts'
import { dayIn } from '../time.ts'
import { seenBy, stretchOf, wayOf } from './book.ts'
import * as rules from './rules.ts'
import * as store from './store.ts'

type In<S extends z.ZodType> = z.output<S>
type Out<K extends keyof rules.DeskContract> = Promise<Result<rules.DeskContract[K]['out']>>
interface Context {
  now: Date
}
const minute = 60_000
const alive = ['booked', 'arrived', 'in_consult']

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
      services: services.map(
        ({ id, name, minutes, way, places, priceMinor, currency, paymentMode, practitionerIds, audience }) => ({
          ...{ id, name, minutes, way, places, priceMinor, currency, paymentMode, practitionerIds, audience },
        }),
      ),
      practitioners: practitioners.map(({ id, displayName }) => ({ memberId: id, name: displayName })),
      sites: (await listSites(tx)).map(({ id, name }) => ({ id, name })),
      texts: mayText(clinic.slug),
      mayWrite: groupsOf(actor.roles, part).some((group) => group.startsWith('desk')),
      walkIns: await hasWalkIns(tx, ids),
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
    const siteId = found ?? null
    const taken = await isTakenAt(tx, service, { memberId: input.memberId, siteId, ...at }, now)
    const isShared = service.places > 1
    const walkIns = isShared
      ? { most: 0, left: 0 }
      : await walkInsLeft(tx, clinic, input.memberId, { ...at, siteId: null })
    return ok({ siteId, outside: found === undefined, taken, walkIns })
  })

/** A year back and all that is to come; a clinic with more sees those of late. */
const knownDays = 365
const mostKnown = 600

export async function patients(actor: StaffActor, _: unknown, { now }: Context): Out<'desk/patients'> {
  const answer = await inClinic(actor.clinicId, async (tx) => {
    const since = new Date(now.getTime() - knownDays * 24 * 60 * minute)
    const seen = await seenBy(tx, actor)
    const patientIds = await store.listKnown(tx, seen, { since, most: mostKnown })
    const been = await store.listBeen(tx, patientIds, seen)
    return ok({ patientIds, been, records: await listRecords(tx, actor, { patientIds, types: ['identity'] }) })
  })
  if (answer.ok) await auditReadings(actor, 'names.listed', answer.value.records)
  return answer
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
