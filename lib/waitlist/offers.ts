import 'server-only'
import { randomUUID } from 'node:crypto'
import { expirePayment, placeHold, tellWaitlist } from '../booking/hold.ts'
import { nextAppointment } from '../booking/rules.ts'
import type { MemberSlot } from '../slot/rules.ts'
import * as bookings from '../booking/store.ts'
import { enqueue } from '../server/jobs.ts'
import { log } from '../server/log.ts'
import { notify } from '../server/notify.ts'
import { hold, inClinic, inNoClinic, type Tx } from '../server/tx.ts'
import { makePlan, nameOfSlot, type Plan } from './plan.ts'
import * as rules from './rules.ts'
import * as store from './store.ts'

// A time that is free and waited for is held by an appointment that nobody has booked, together with the offer that names it and the
// job that tells of it: one transaction (docs/decisions/030). So whoever dies, dies before or after; what was held lapses by its own
// time like any hold, and what becomes of the offer is read off that appointment, by whoever looks next.

const minute = 60_000
/** Times that are tried under one lock, and locks that are taken one after the other. */
const mostTries = 5
const mostRounds = 3 * rules.mostOffers

/** Ends an offer that stands. The time is free again unless it is being booked in this moment. */
export async function letGo(tx: Tx, offer: store.OfferRow, outcome: 'declined' | 'withdrawn'): Promise<void> {
  const row = (await bookings.lockAppointment(tx, offer.appointmentId))!
  const status = row.patientId ? null : nextAppointment(row.status, 'release')
  if (status) await bookings.updateAppointment(tx, row.id, { status })
  await store.closeOffer(tx, offer.id, outcome)
  await tellWaitlist(tx, offer.clinicId)
  await notify(tx, 'staff', offer.clinicId)
}

/** Whatever there is to do for who waits at a clinic: offers that are over, who waits no longer, and new offers. */
export async function tendClinic(clinicId: string, now: Date): Promise<void> {
  const due = await inClinic(clinicId, async (tx) => {
    await store.forgetEntries(tx, clinicId, new Date(now.getTime() - rules.keptDays * 24 * 60 * minute))
    return store.listDue(tx, clinicId, rules.overBy(now))
  })
  // One that fails holds up no other.
  for (const id of due)
    await inClinic(clinicId, (tx) => settle(tx, clinicId, id, now)).catch((error: unknown) =>
      log.error({ code: 'WAITLIST_SETTLE', entryId: id, err: error }),
    )
  const plan = await makePlan(clinicId, now)
  for (const { id, starts } of plan?.booked ?? [])
    await inClinic(clinicId, (tx) => store.dropFreeBefore(tx, id, starts))
  // What is left over by then, the next minute finds.
  for (let each = 0; plan && each < mostRounds; each++)
    if (!(await inClinic(clinicId, (tx) => offerNext(tx, plan, now)))) return
}

async function settle(tx: Tx, clinicId: string, id: string, now: Date): Promise<void> {
  await hold(tx, `waitlist|${clinicId}`, 'write')
  const entry = await store.lockEntry(tx, id)
  if (!entry || entry.state === 'ended') return
  const offer = await store.openOffer(tx, id)
  const held = offer && (await bookings.lockAppointment(tx, offer.appointmentId))
  const outcome = held ? rules.outcomeOf(offer, held, now) : null
  let { missed, untold } = entry
  if (held && outcome) {
    const lapsed = nextAppointment(held.status, 'lapse')
    if (lapsed) {
      await bookings.updateAppointment(tx, held.id, { status: lapsed })
      await expirePayment(tx, clinicId, held.id, now)
    }
    await store.closeOffer(tx, offer.id, outcome)
    if (outcome === 'booked') await store.endEntry(tx, id, 'booked', now)
    if (outcome === 'untold') {
      await store.putOff(tx, id, new Date(now.getTime() + rules.againAfter(untold)))
      untold += 1
    }
    if (outcome === 'missed') {
      await store.countMissed(tx, id)
      missed += 1
    }
    await notify(tx, 'staff', clinicId)
    if (outcome === 'booked') return
  }
  const inOffer = held !== null && outcome === null
  const reason = rules.endOf({ ...entry, state: entry.state, missed, untold }, { inOffer }, now)
  if (!reason) return
  await store.endEntry(tx, id, reason, now)
  await notify(tx, 'staff', clinicId)
}

/**
 * One offer to the first whom a free time suits. True where there may be more to do. What is looked at under the lock was found before
 * it: here a time is only held, or found to be gone.
 */
async function offerNext(tx: Tx, plan: Plan, now: Date): Promise<boolean> {
  const { clinic, gone } = plan
  const clinicId = clinic.id
  await hold(tx, `waitlist|${clinicId}`, 'write')
  const open = await store.listOpenOffers(tx, clinicId)
  if (open.length >= rules.mostOffers) return false
  const passed = Map.groupBy(await store.listPassed(tx, clinicId), ({ entryId }) => entryId)
  // Times that somebody before waits for who cannot be told in this moment: nobody behind is asked first.
  const ahead = new Set<string>()
  const enough = now.getTime() + rules.untoldMinutes * minute
  let tries = 0
  for (const entry of inLine(await store.listEntries(tx, { state: 'waiting' }), open)) {
    const found = plan.timesOf(entry)
    if (!found) continue
    const { service, isOne, slots } = found
    const before = passed.get(entry.id) ?? []
    const isPassed = ({ memberId, startsAt }: MemberSlot) =>
      before.some((each) => each.startsAt.toISOString() === startsAt && (!isOne || each.memberId === memberId))
    const isFree = (slot: MemberSlot) => !gone.has(nameOfSlot(slot)) && !ahead.has(nameOfSlot(slot))
    for (const slot of slots) {
      const startsAt = new Date(slot.startsAt)
      const heldUntil = rules.offerUntil(startsAt, rules.untoldMinutes, now)
      if (!isFree(slot) || heldUntil.getTime() < enough || isPassed(slot)) continue
      if (entry.nextAt > now || !rules.mayTell(clinic.timeZone, startsAt, now)) {
        if (rules.keepsPlace(entry)) ahead.add(nameOfSlot(slot))
        continue
      }
      if (++tries > mostTries) return true
      const { siteId } = slot
      const same = isOne ? [slot] : slots.filter((each) => each.startsAt === slot.startsAt && each.siteId === siteId)
      const memberIds = same.filter(isFree).map(({ memberId }) => memberId)
      const id = randomUUID()
      const as = { id, heldUntil, holdHash: null }
      const held = await placeHold(tx, { clinic, service, startsAt, siteId, now }, memberIds, as)
      // Taken in this moment, by whoever was looking at it.
      if (!held.ok) {
        for (const each of same) gone.add(nameOfSlot(each))
        continue
      }
      gone.add(nameOfSlot(held.value))
      const offerId = randomUUID()
      await store.insertOffer(tx, { id: offerId, clinicId, entryId: entry.id, appointmentId: id, madeAt: now })
      await enqueue(tx, 'waitlist.tell', { clinicId, offerId }, { singletonKey: offerId })
      await notify(tx, 'staff', clinicId)
      return true
    }
  }
  return false
}

const nameOf = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64url')

/**
 * Who is offered a time next, in order: one at a time for one contact, whatever it waits for, and for one house or firm; of one provider's
 * range not many.
 */
function inLine(all: readonly store.EntryRow[], open: readonly store.OfferRow[]): store.EntryRow[] {
  const busy = new Set(open.map(({ entryId }) => entryId))
  const engaged = all.filter(({ id }) => busy.has(id))
  const namesOf = (key: 'contactIndex' | 'nearIndex' | 'wideIndex') =>
    engaged.flatMap((row) => (row[key] ? [nameOf(row[key])] : []))
  const [contacts, near] = [new Set(namesOf('contactIndex')), new Set(namesOf('nearIndex'))]
  const wide = Map.groupBy(namesOf('wideIndex'), (name) => name)
  return all.filter(
    ({ contactIndex, nearIndex, wideIndex }) =>
      !contacts.has(nameOf(contactIndex!)) &&
      !(nearIndex && near.has(nameOf(nearIndex))) &&
      !(wideIndex && (wide.get(nameOf(wideIndex))?.length ?? 0) >= rules.mostOfWide),
  )
}

export const tendAll = async (now: Date): Promise<void> => {
  for (const clinicId of await inNoClinic((tx) => store.lookupWaitlists(tx)))
    await tendClinic(clinicId, now).catch((error: unknown) =>
      log.error({ code: 'WAITLIST_TEND', clinicId, err: error }),
    )
}
