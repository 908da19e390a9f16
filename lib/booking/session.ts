import 'server-only'
import type { ServiceView } from '../clinic/rules.ts'
import { hold, type Tx } from '../server/tx.ts'
import { listBusy, listSeats, listSessions, type Session } from './store.ts'

// A service with places: visits of one practitioner, place, start and end share that time (docs/decisions/038). Which session a visit
// belongs to follows from these, in the database; here is who gets which of its places.

type Group = Pick<ServiceView, 'id' | 'places' | 'minutes'>
interface At {
  memberId: string
  siteId: string | null
  startsAt: Date
  endsAt: Date
}

/** A service as a visit of it has it: what was booked before the service became a group is for one patient still. */
export const placesOf = (service: ServiceView, { seat }: { seat: number | null }): ServiceView =>
  seat === null ? { ...service, places: 1 } : service

/** Nobody else is given a place at this time until the transaction ends. */
export const keepSeats = (tx: Tx, { memberId, startsAt }: Pick<At, 'memberId' | 'startsAt'>): Promise<void> =>
  hold(tx, `session|${memberId}|${startsAt.toISOString()}`, 'write')

/**
 * A place at this time that nobody has: null in `seat` for a service that is not shared. Null where all are taken. Nobody else is given
 * one of them until the transaction ends.
 */
export async function takeSeat(tx: Tx, { id, places }: Group, at: At): Promise<{ seat: number | null } | null> {
  if (places === 1) return { seat: null }
  await keepSeats(tx, at)
  const taken = new Set(await listSeats(tx, id, at))
  // Of a group with more people than places by now a low number may be free.
  if (taken.size >= places) return null
  for (let seat = 0; seat < places; seat++) if (!taken.has(seat)) return { seat }
  return null
}

type Look = Parameters<typeof listSessions>[3]

/** Sessions of a service as long as it is now; of a service that is not shared none. */
export async function sessionsOf(
  tx: Tx,
  service: Group,
  memberIds: readonly string[],
  look: Look,
  now: Date,
): Promise<Session[]> {
  if (service.places === 1) return []
  const all = await listSessions(tx, service.id, memberIds, look, now)
  return all.filter(({ start, end }) => end - start === service.minutes * 60_000)
}

/** Whether a practitioner's time is taken: by whatever is not a session of this service that begins then and has room. */
export async function isTakenAt(
  tx: Tx,
  service: Group,
  { memberId, siteId, startsAt, ...at }: At & { blockedFrom: Date; blockedUntil: Date },
  now: Date,
): Promise<boolean> {
  const look = { from: at.blockedFrom, until: at.blockedUntil }
  const sessions = await sessionsOf(tx, service, [memberId], look, now)
  const joined = sessions.filter(
    (each) => each.start === +startsAt && each.siteId === siteId && each.taken < service.places,
  )
  const busy = await listBusy(tx, [memberId], { ...look, besides: joined.map(({ id }) => id) }, now)
  return busy.get(memberId)!.length > 0
}
