import 'server-only'
import type { MemberSlot } from '../slot/rules.ts'
import { searchSlots } from '../booking/slots.ts'
import { isBookable, type ServiceView } from '../clinic/rules.ts'
import { findClinic, findService } from '../clinic/store.ts'
import { inClinic, type Tx } from '../server/tx.ts'
import { addDays, dayIn } from '../time.ts'
import * as rules from './rules.ts'
import * as store from './store.ts'

// What is free and waited for, looked up under no lock: whoever books, and whoever opens their link, waits for none of it.

type Clinic = NonNullable<Awaited<ReturnType<typeof findClinic>>>

interface Times {
  service: ServiceView
  /** Whether it is one practitioner who is waited for or chosen, not whoever the service says. */
  isOne: boolean
  slots: readonly MemberSlot[]
}
export interface Plan {
  clinic: Clinic
  /** The free times that suit who waits, oldest first, whoever sees the patient; null for whom nothing was looked up. */
  timesOf: (entry: store.EntryRow) => Times | null
  /** Times of it that are gone by now. */
  gone: Set<string>
  /** Whose times that were free before are booked by now, and which. */
  booked: { id: string; starts: string[] }[]
}

export const nameOfSlot = ({ memberId, startsAt }: { memberId: string; startsAt: Date | string }) =>
  `${memberId} ${new Date(startsAt).toISOString()}`

/** Null where nobody waits. */
export async function makePlan(clinicId: string, now: Date): Promise<Plan | null> {
  const { clinic, waiting } = await inClinic(clinicId, async (tx) => ({
    clinic: (await findClinic(tx, clinicId))!,
    waiting: await store.listEntries(tx, { state: 'waiting' }),
  }))
  if (!waiting.length) return null
  const times = new Map<string, Times>()
  const booked: Plan['booked'] = []
  for (const [serviceId, same] of Map.groupBy(waiting, (entry) => entry.serviceId)) {
    const [free, unbooked] = await inClinic(clinicId, async (tx) => [
      await freeFor(tx, clinic, serviceId, same, now),
      await freeFor(tx, clinic, serviceId, same, now, { isHeldFree: true }),
    ])
    if (!free || !unbooked) continue
    const { service, slots } = free
    const wall = remembered(rules.wallTime)
    for (const entry of same) {
      // The desk chooses with whom, whatever the service says; nobody else does where it was changed since.
      const isChosen = service.assignment === 'choose'
      const wish = { ...entry, memberId: isChosen || isOfDesk(entry) ? entry.memberId : null }
      const starts = rules.bookedSince(entry.freeBefore, wish, unbooked.slots)
      if (starts.length) booked.push({ id: entry.id, starts })
      const before = new Set(entry.freeBefore).difference(new Set(starts))
      times.set(entry.id, {
        service,
        isOne: isChosen || wish.memberId !== null,
        slots: suiting(wish, slots, { before, beyond: entry.freeBeyond?.toISOString() ?? null }, wall),
      })
    }
  }
  return { clinic, timesOf: ({ id }) => times.get(id) ?? null, gone: new Set(), booked }
}

/**
 * Starts that suit somebody and are free when they ask. What somebody looks at in that moment is free, for it may be they; what is kept
 * for another who waits is not, for nobody was shown it.
 */
export async function freeBefore(tx: Tx, clinic: Clinic, wish: rules.Wish, now: Date) {
  const free = await freeFor(tx, clinic, wish.serviceId, [wish], now, { isHeldFree: true })
  if (!free) return { freeBefore: [], freeBeyond: null }
  const offered = new Set((await store.listOpenOffers(tx, clinic.id)).map(({ appointment }) => nameOfSlot(appointment)))
  const slots = free.slots.filter((slot) => !offered.has(nameOfSlot(slot)))
  const beyond = rules.lastOf(free.slots)
  return {
    freeBefore: rules.suitingStarts(wish, slots, remembered(rules.wallTime)),
    freeBeyond: beyond === null ? null : new Date(beyond),
  }
}

const isOfDesk = ({ nearIndex }: store.EntryRow) => nearIndex === null

function suiting(
  wish: rules.Wish,
  slots: readonly MemberSlot[],
  { before, beyond }: { before: ReadonlySet<string>; beyond: string | null },
  wall: typeof rules.wallTime,
): MemberSlot[] {
  // No zone is a day away: what is further off is not worth a calendar.
  const [from, until] = [addDays(wish.firstDay, -1), addDays(wish.lastDay, 2)]
  const found: MemberSlot[] = []
  for (const slot of slots) {
    if (slot.startsAt < from || slot.startsAt > until) continue
    if (before.has(slot.startsAt) || (beyond !== null && slot.startsAt > beyond)) continue
    if (rules.suits(wish, slot, wall)) found.push(slot)
    if (found.length === rules.mostSuiting) break
  }
  return found
}

/** Free times of a service for as long as anybody waits for one; null where it is not offered. */
async function freeFor(
  tx: Tx,
  clinic: Clinic,
  serviceId: string,
  waiting: readonly Pick<rules.Wish, 'firstDay' | 'lastDay'>[],
  now: Date,
  { isHeldFree = false }: { isHeldFree?: boolean } = {},
) {
  const service = await findService(tx, serviceId)
  if (!service || !isBookable(service, clinic.takesPayments)) return null
  const today = dayIn(clinic.timeZone, now)
  const horizon = addDays(today, (service.horizonDays ?? clinic.horizonDays) + 1)
  // A day more at each end: their days are not the clinic's.
  const first = addDays(waiting.map((each) => each.firstDay).sort()[0]!, -1)
  const last = addDays(
    waiting
      .map((each) => each.lastDay)
      .sort()
      .at(-1)!,
    1,
  )
  const [firstDay, lastDay] = [first > today ? first : today, last < horizon ? last : horizon]
  if (firstDay > lastDay) return { service, slots: [] }
  const search = { clinic, service, memberIds: service.practitionerIds, firstDay, lastDay, now, isHeldFree }
  return { service, slots: (await searchSlots(tx, search)).slice(0, rules.mostSlots) }
}

/** Many wait in one zone for the same times. */
function remembered(wall: typeof rules.wallTime): typeof rules.wallTime {
  const known = new Map<string, rules.WallTime>()
  return (zone, startsAt) => {
    const name = `${zone} ${startsAt}`
    const found = known.get(name) ?? wall(zone, startsAt)
    known.set(name, found)
    return found
  }
}
