import 'server-only'
import type { z } from 'zod'
import type { PublicActor } from '../access/rules.ts'
import { asHold, tellWaitlist } from '../booking/hold.ts'
import { mayFollowUp } from '../booking/follow-up.ts'
import { countAt, isFlooded, isWorkDone } from '../booking/flood.ts'
import { matches, secretHash } from '../booking/link.ts'
import * as bookings from '../booking/store.ts'
import { findClinic, findService } from '../clinic/store.ts'
import { ok, refuse, type Result } from '../errors.ts'
import { findDeviceKey } from '../patient/store.ts'
import type { Ctx } from '../server/action.ts'
import { enqueue } from '../server/jobs.ts'
import { notify } from '../server/notify.ts'
import { verifyProof } from '../server/proof.ts'
import { limit } from '../server/rate-limit.ts'
import { hold, inClinic, inNoClinic, type Tx } from '../server/tx.ts'
import { listSites } from '../site/store.ts'
import { contactIndex, insertWaiting, nameOf, wishedService } from './entry.ts'
import { letGo } from './offers.ts'
import { freeBefore } from './plan.ts'
import * as rules from './rules.ts'
import * as store from './store.ts'

type In<S extends z.ZodType> = z.output<S>
type Out<K extends keyof rules.WaitlistContract> = Promise<Result<rules.WaitlistContract[K]['out']>>
const minute = 60_000

/**
 * Somebody asks to be told. They wait from when they open the link that is sent to them. The answer is the same for an address that waits
 * already, that let times pass, or that was written to too often: only its mailbox tells.
 */
export async function join(_: PublicActor, input: In<typeof rules.JoinInput>, { now, ip }: Ctx): Out<'waitlist/join'> {
  const { id, clinicId, locale, email, done, known, recallId, earlier, ...wish } = input
  const counted = await limit('wait-join', `${clinicId} ${ip}`, rules.joinsAnHour)
  if (!counted.ok) return counted
  const isTold = done ? !(await isWorkDone(done, id)) : await isFlooded('wait-all', clinicId)
  if (isTold) return refuse('WORK_FIRST')
  return inClinic(clinicId, async (tx) => {
    const clinic = await findClinic(tx, clinicId)
    if (!clinic) return refuse('NOT_FOUND')
    const service = await wishedService(tx, clinic, wish, { now, asDesk: false })
    if (!service.ok) return service
    // Nobody waits for what they could not book: whatever address they type.
    if (service.value.audience === 'follow_up') {
      const patientId = known ? await shownBy(tx, { clinicId, id, ...known }) : null
      const at = { id: null, serviceId: wish.serviceId }
      if (!(await mayFollowUp(tx, at, { patientId, recallId, earlier }))) return refuse('FOLLOW_UP_ONLY')
    }
    await countAt('wait-all', clinicId)
    const sent = ok({ sent: true as const })
    // Sent again after a lost answer: it is done.
    if (await store.findEntry(tx, id)) return sent
    // Before anything is known of who asks.
    if (!(await makeRoom(tx, clinicId, now))) return refuse('LIST_FULL')
    // Looked up for everybody: how long the answer takes tells nothing of an address.
    const before = await freeBefore(tx, clinic, wish, now)
    const contact = { channel: 'mail' as const, to: email }
    if (!(await limit('wait-contact', nameOf(contact), rules.asksADay)).ok) return sent
    const theirs = await store.listOfContact(tx, await contactIndex(clinicId, contact))
    const waits = theirs.find(({ serviceId }) => serviceId === wish.serviceId) ?? theirs[rules.mostEntries - 1]
    // Nobody changes by an address alone what its owner waits for: they are told that they wait, and have the link to leave.
    const asked = { id, contact, wish, locale, state: 'asked' as const, network: ip, ...before }
    const isNew = !waits && (await insertWaiting(tx, clinicId, asked, now))
    await enqueue(tx, 'waitlist.hello', { clinicId, entryId: waits?.id ?? id, added: false })
    if (isNew) await notify(tx, 'staff', clinicId)
    return sent
  })
}

/** The patient whose key has signed for this place; null where it is nobody's, or not theirs. */
async function shownBy(tx: Tx, facts: Known & { clinicId: string; id: string }): Promise<string | null> {
  const key = await findDeviceKey(tx, facts)
  if (!key || !(await verifyProof(key.signKey, rules.knownPurpose, rules.knownFields(facts), facts.proof))) return null
  return key.patientId
}
type Known = NonNullable<In<typeof rules.JoinInput>['known']>

/** Whether one more may ask. Where very many have, those who did not confirm soon go first. */
async function makeRoom(tx: Tx, clinicId: string, now: Date): Promise<boolean> {
  const { asked, waiting } = await store.countEntries(tx, clinicId)
  if (waiting >= rules.mostWaiting) return false
  if (asked < rules.mostAsked) return true
  await store.endUnconfirmed(tx, clinicId, new Date(now.getTime() - rules.soonConfirmed * minute), now)
  return (await store.countEntries(tx, clinicId)).asked < rules.mostAsked
}

/** The row behind a link, locked. A wrong secret and a wrong id are one answer. */
async function byLink<T>(
  { id, secret }: { id: string; secret: string },
  { ip }: Ctx,
  body: (tx: Tx, row: store.EntryRow) => Promise<Result<T>>,
): Promise<Result<T>> {
  const counted = await limit('wait-link', ip, rules.looksAMinute)
  if (!counted.ok) return counted
  const clinicId = await inNoClinic((tx) => store.lookupEntry(tx, id))
  if (!clinicId) return refuse('NOT_FOUND')
  return inClinic(clinicId, async (tx) => {
    await hold(tx, `waitlist|${clinicId}`, 'write')
    const row = await store.lockEntry(tx, id)
    return row && matches(row.linkHash, secret) ? body(tx, row) : refuse('NOT_FOUND')
  })
}

export const open = (_: PublicActor, input: In<typeof rules.LinkInput>, ctx: Ctx): Out<'waitlist/open'> =>
  byLink(input, ctx, async (tx, row) => {
    const clinic = (await findClinic(tx, row.clinicId))!
    const service = (await findService(tx, row.serviceId))!
    const sites = await listSites(tx)
    const siteName = (siteId: string | null) => sites.find(({ id }) => id === siteId)?.name ?? null
    const nameOf = async (memberId: string) => (await bookings.findPractitioner(tx, memberId))?.displayName ?? ''
    const offer = await store.openOffer(tx, row.id)
    const held = offer && rules.outcomeOf(offer, offer.appointment, ctx.now) === null ? offer.appointment : null
    const { id, name, slug, phone, timeZone } = clinic
    return ok({
      ...{ state: row.state, endReason: row.endReason, firstDay: row.firstDay, lastDay: row.lastDay, parts: row.parts },
      clinic: { id, name, slug, phone, timeZone },
      service: { id: service.id, name: service.name, minutes: service.minutes },
      practitioner: row.memberId && (await nameOf(row.memberId)),
      site: siteName(row.siteId),
      timeZone: row.timeZone,
      minutes: clinic.waitlistMinutes,
      offer: held && {
        appointmentId: held.id,
        startsAt: held.startsAt.toISOString(),
        memberId: service.assignment === 'choose' ? held.memberId : null,
        practitioner: await nameOf(held.memberId),
        siteId: held.siteId,
        site: siteName(held.siteId),
        heldUntil: held.heldUntil!.toISOString(),
        begun: held.patientId !== null,
      },
      now: ctx.now.toISOString(),
    })
  })

/**
 * The second half of asking: whoever reads mail at the address says so. Once, however often it is sent. Who let times pass brings that
 * along, and hears of it only here, where nobody else does.
 */
export const confirm = (_: PublicActor, input: In<typeof rules.LinkInput>, ctx: Ctx): Out<'waitlist/confirm'> =>
  byLink(input, ctx, async (tx, row) => {
    if (row.state === 'ended') return refuse('LINK_EXPIRED')
    if (row.state === 'waiting') return ok({ state: 'waiting' as const })
    const passes = await store.passesOf(tx, row, new Date(ctx.now.getTime() - rules.keptDays * 24 * 60 * minute))
    const isOut = passes >= rules.mostMissed
    if (isOut) await store.endEntry(tx, row.id, 'missed', ctx.now)
    else {
      await store.markWaiting(tx, row.id, passes)
      await tellWaitlist(tx, row.clinicId)
    }
    await notify(tx, 'staff', row.clinicId)
    return ok({ state: isOut ? ('ended' as const) : ('waiting' as const) })
  })

/** The offer that stands, as the page showed it; locked. */
async function standing(tx: Tx, row: store.EntryRow, appointmentId: string, now: Date) {
  const offer = await store.openOffer(tx, row.id)
  const held = offer && (await bookings.lockAppointment(tx, offer.appointmentId))
  if (!held || held.id !== appointmentId || rules.outcomeOf(offer, held, now) !== null) return refuse('HOLD_EXPIRED')
  return ok({ offer, held })
}

/**
 * Hands the held time to the browser that has the link: from now on it is a hold like another, by a secret of that browser's. Whoever
 * takes it again elsewhere has it there; it lasts no longer for that.
 */
export const take = (_: PublicActor, input: In<typeof rules.TakeInput>, ctx: Ctx): Out<'waitlist/take'> =>
  byLink(input, ctx, async (tx, row) => {
    const { now } = ctx
    const found = await standing(tx, row, input.appointmentId, now)
    if (!found.ok) return found
    const { offer, held } = found.value
    if (held.patientId) return refuse('WRONG_STATE')
    const { holdMinutes } = (await findClinic(tx, row.clinicId))!
    const isFirst = held.holdHash === null
    const until = new Date(Math.max(held.heldUntil!.getTime(), isFirst ? now.getTime() + holdMinutes * minute : 0))
    const taken = { heldSince: isFirst ? now : held.heldSince, heldUntil: until }
    await bookings.updateAppointment(tx, held.id, { ...taken, holdHash: secretHash(input.holdSecret) })
    if (!offer.toldAt) await store.markTold(tx, offer.id, now)
    return ok(asHold({ ...held, ...taken }, now))
  })

/** The next has the time. They go on waiting, once: a time that was kept for nothing counts, however it was let go. */
export const decline = (_: PublicActor, input: In<typeof rules.DeclineInput>, ctx: Ctx): Out<'waitlist/decline'> =>
  byLink(input, ctx, async (tx, row) => {
    const found = await standing(tx, row, input.appointmentId, ctx.now)
    if (!found.ok) return found
    if (found.value.held.patientId) return refuse('WRONG_STATE')
    await letGo(tx, found.value.offer, 'declined')
    await store.countMissed(tx, row.id)
    if (row.missed + 1 >= rules.mostMissed) await store.endEntry(tx, row.id, 'missed', ctx.now)
    return ok({ done: true as const })
  })

export const leave = (_: PublicActor, input: In<typeof rules.LinkInput>, ctx: Ctx): Out<'waitlist/leave'> =>
  byLink(input, ctx, async (tx, row) => {
    const offer = await store.openOffer(tx, row.id)
    const held = offer && (await bookings.lockAppointment(tx, offer.appointmentId))
    const outcome = held && rules.outcomeOf(offer, held, ctx.now)
    if (offer && outcome === 'booked') await store.closeOffer(tx, offer.id, outcome)
    else if (offer) {
      await letGo(tx, offer, 'withdrawn')
      // What is being booked, or what nobody was told of, was not kept for nothing.
      if (!held!.patientId && offer.toldAt) await store.countMissed(tx, row.id)
    }
    await store.endEntry(tx, row.id, outcome === 'booked' ? 'booked' : 'left', ctx.now)
    await notify(tx, 'staff', row.clinicId)
    return ok({ done: true as const })
  })
