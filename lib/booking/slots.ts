import 'server-only'
import type { z } from 'zod'
import type { PublicActor } from '../access/rules.ts'
import { isBookable, type ClinicProfile, type ServiceView } from '../clinic/rules.ts'
import { findClinic, findService } from '../clinic/store.ts'
import { ok, refuse, type Result } from '../errors.ts'
import { readSchedules } from '../schedule/read.ts'
import { rowsOn, type Stretch } from '../schedule/rules.ts'
import { freeStarts } from '../schedule/starts.ts'
import { listStarts } from '../schedule/store.ts'
import { startOfDay } from '../schedule/wall-clock.ts'
import type { Ctx } from '../server/action.ts'
import { limit } from '../server/rate-limit.ts'
import { hold, inClinic, type Tx } from '../server/tx.ts'
import { addDays, dayIn } from '../time.ts'
import * as rules from './rules.ts'
import {
  type FreeTimes,
  type MemberSlot,
  type SlotsInput,
  fortnightsAfter,
  stepMinutes,
  withoutWhom,
} from '../slot/rules.ts'
import { sessionsOf } from './session.ts'
import { listBusy } from './store.ts'

const minute = 60_000

export interface SlotSearch {
  clinic: ClinicProfile
  service: ServiceView
  memberIds: readonly string[]
  /** One place alone, null for no site; undefined: all of them. */
  siteId?: string | null
  firstDay: string
  lastDay: string
  now: Date
  /** Without what is taken: for checking that a start is offered at all. */
  ignoreBusy?: boolean
  /** As if what is held and not booked yet were free. */
  isHeldFree?: boolean
  /** An appointment that is to stand elsewhere: as if it were not there. */
  except?: string
  /** Whoever runs the day needs no notice, and looks further ahead. */
  asDesk?: boolean
}

/** Free starts of these practitioners, oldest first; at one time, in the order of the practitioners. */
export async function searchSlots(tx: Tx, search: SlotSearch): Promise<MemberSlot[]> {
  const { clinic, service, memberIds, firstDay, lastDay, now } = search
  if (!memberIds.length) return []
  const zone = clinic.timeZone
  // What begins on the last day may end on the next.
  const days = { from: firstDay, until: addDays(lastDay, 1) }
  const stretch = { from: startOfDay(firstDay, zone), until: startOfDay(addDays(lastDay, 2), zone) }
  const schedules = await readSchedules(tx, clinic, memberIds, { days, stretch })
  const look = { ...stretch, except: search.except, isHeldFree: search.isHeldFree }
  const sessions = (await sessionsOf(tx, service, memberIds, look, now)).filter(
    ({ taken }) => search.ignoreBusy || taken < service.places,
  )
  const busy = search.ignoreBusy
    ? new Map<string, Stretch[]>()
    : await listBusy(tx, memberIds, { ...look, besides: sessions.map(({ id }) => id) }, now)
  const full = search.ignoreBusy ? null : await fullDays(tx, search, stretch)
  const { minutes, bufferBefore, bufferAfter } = service
  const slots = [...schedules].flatMap(([memberId, { schedule, away, places }]) =>
    places
      .filter((siteId) => search.siteId === undefined || siteId === search.siteId)
      .flatMap((siteId) => {
        const theirs = sessions.filter((each) => each.memberId === memberId)
        // A stretch is at one place, and so is what begins in it.
        return freeStarts({
          zone,
          rowsOn: (day) => rowsOn(schedule, day).filter((row) => row.siteId === siteId),
          pace: { minutes, bufferBefore, bufferAfter, step: service.stepMinutes ?? stepMinutes(minutes) },
          busy: [...away, ...(busy.get(memberId) ?? []), ...theirs.filter((each) => each.siteId !== siteId)],
          shared: theirs.filter((each) => each.siteId === siteId),
          ...{ firstDay, lastDay },
          ...(full && { isFull: (day: string) => full.has(`${memberId} ${day}`) }),
          notBefore:
            now.getTime() + (search.asDesk ? 0 : (service.minNoticeMinutes ?? clinic.minNoticeMinutes) * minute),
          notAfter: now.getTime() + horizonOf(search) * 24 * 60 * minute,
        }).map((at) => ({ startsAt: new Date(at).toISOString(), memberId, siteId }))
      }),
  )
  return slots.sort((a, b) => (a.startsAt < b.startsAt ? -1 : a.startsAt > b.startsAt ? 1 : 0))
}

/** How far ahead whoever runs the day may book. */
export const deskDays = 365
const horizonOf = ({ clinic, service, asDesk }: Pick<SlotSearch, 'clinic' | 'service' | 'asDesk'>) =>
  asDesk ? deskDays : (service.horizonDays ?? clinic.horizonDays)

/** Practitioners' days that have as many appointments of the service as they may, as "member day". Null: there is no limit. */
async function fullDays(
  tx: Tx,
  { clinic, service, memberIds, now, except }: Pick<SlotSearch, 'clinic' | 'service' | 'memberIds' | 'now' | 'except'>,
  stretch: { from: Date; until: Date },
): Promise<Set<string> | null> {
  const { dailyLimit } = service
  if (dailyLimit === null) return null
  const starts = await listStarts(tx, service.id, memberIds, { ...stretch, except }, now)
  const byDay = Map.groupBy(starts, ({ memberId, startsAt }) => `${memberId} ${dayIn(clinic.timeZone, startsAt)}`)
  return new Set([...byDay].flatMap(([name, all]) => (all.length >= dailyLimit ? [name] : [])))
}

type OneDay = Omit<SlotSearch, 'memberIds' | 'firstDay' | 'lastDay'> & {
  memberId: string
  day: string
  /** Who joins a group that begins then takes up nothing of the day. */
  startsAt?: Date
}

/** Whether one more of the service fits into a practitioner's day. Who asks at once for the last one waits for who asked before. */
export async function hasRoom(tx: Tx, asked: OneDay): Promise<boolean> {
  const { service, memberId, day } = asked
  if (service.dailyLimit === null) return true
  await hold(tx, `daily|${service.id}|${memberId}|${day}`, 'write')
  return looksRoomy(tx, asked)
}

/** The same as it looks now: by the time that something is booked it may be another. */
export async function looksRoomy(tx: Tx, asked: OneDay): Promise<boolean> {
  const { clinic, service, memberId, day, now, except, startsAt } = asked
  const stretch = { from: startOfDay(day, clinic.timeZone), until: startOfDay(addDays(day, 1), clinic.timeZone) }
  const begun = startsAt ? await sessionsOf(tx, service, [memberId], { ...stretch, except }, now) : []
  if (begun.some(({ start }) => start === +startsAt!)) return true
  const full = await fullDays(tx, { clinic, service, memberIds: [memberId], now, except }, stretch)
  return !full?.has(`${memberId} ${day}`)
}

/** Free starts of some days and, when there are none, the day on which the next one is. */
export async function findFree(
  tx: Tx,
  search: Omit<SlotSearch, 'firstDay' | 'lastDay'>,
  { from, days }: { from: string; days: number },
): Promise<FreeTimes<MemberSlot>> {
  const today = dayIn(search.clinic.timeZone, search.now)
  const firstDay = from < today ? today : from
  const lastDay = addDays(from, days - 1)
  const slots = firstDay <= lastDay ? await searchSlots(tx, { ...search, firstDay, lastDay }) : []
  if (slots.length) return { slots, next: null }
  for (const day of fortnightsAfter(lastDay, today, horizonOf(search))) {
    const later = await searchSlots(tx, { ...search, firstDay: day, lastDay: addDays(day, 13) })
    if (later[0]) return { slots, next: dayIn(search.clinic.timeZone, new Date(later[0].startsAt)) }
  }
  return { slots, next: null }
}

export async function loadSlots(
  ask: {
    clinicId: string
    serviceId: string
    memberId?: string | null
    siteId?: string | null
    from: string
    days: number
  },
  now: Date,
): Promise<Result<FreeTimes>> {
  return inClinic(ask.clinicId, async (tx) => {
    const clinic = await findClinic(tx, ask.clinicId)
    const service = clinic && (await findService(tx, ask.serviceId))
    if (!clinic || !service || !isBookable(service, clinic.takesPayments)) return refuse('NOT_FOUND')
    const isChosen = service.assignment === 'choose'
    const memberIds = service.practitionerIds.filter((id) => !isChosen || !ask.memberId || id === ask.memberId)
    const free = await findFree(tx, { clinic, service, memberIds, siteId: ask.siteId ?? undefined, now }, ask)
    return ok(isChosen ? free : { ...free, slots: withoutWhom(free.slots) })
  })
}

export async function slots(_: PublicActor, input: z.output<typeof SlotsInput>, { now, ip }: Ctx) {
  const counted = await limit('slots', ip, rules.looksAMinute)
  return counted.ok ? loadSlots(input, now) : counted
}
