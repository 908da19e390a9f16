import 'server-only'
import type { MemberSlot } from '../booking/rules.ts'
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
  /** Whose times that were free before are fewer now, and which these are. */
  fewer: { id: string; freeBefore: string[] }[]
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
  const fewer: Plan['fewer'] = []
  for (const [serviceId, same] of Map.groupBy(waiting, (entry) => entry.serviceId)) {
    const free = await inClinic(clinicId, (tx) => freeFor(tx, clinic, serviceId, same, now))
    if (!free) continue
    const { service, slots } = free
    const wall = remembered(rules.wallTime)
    for (const entry of same) {
      // The desk chooses with whom, whatever the service says; nobody else does where it was changed since.
      const isChosen = service.assignment === 'choose'
      const wish = { ...entry, memberId: isChosen || isOfDesk(entry) ? entry.memberId : null }
      const before = rules.stillFree(entry.freeBefore, wish, slots)
      if (before.length < entry.freeBefore.length) fewer.push({ id: entry.id, freeBefore: before })
      times.set(entry.id, {
        service,
        isOne: isChosen || wish.memberId !== null,
        slots: suiting(wish, slots, new Set(before), wall),
      })
    }
  }
  return { clinic, timesOf: ({ id }) => times.get(id) ?? null, gone: new Set(), fewer }
}

/** Starts that suit somebody and are free when they ask. */
export async function freeBefore(tx: Tx, clinic: Clinic, wish: rules.Wish, now: Date): Promise<string[]> {
  const free = await freeFor(tx, clinic, wish.serviceId, [wish], now)
  return free ? rules.suitingStarts(wish, free.slots, remembered(rules.wallTime)) : []
}

const isOfDesk = ({ nearIndex }: store.EntryRow) => nearIndex === null

function suiting(
  wish: rules.Wish,
  slots: readonly MemberSlot[],
  before: ReadonlySet<string>,
  wall: typeof rules.wallTime,
): MemberSlot[] {
  // No zone is a day away: what is further off is not worth a calendar.
  const [from, until] = [addDays(wish.firstDay, -1), addDays(wish.lastDay, 2)]
  const found: MemberSlot[] = []
  for (const slot of slots) {
    if (slot.startsAt < from || slot.startsAt > until || before.has(slot.startsAt)) continue
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
  const search = { clinic, service, memberIds: service.practitionerIds, firstDay, lastDay, now }
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
