import type { BookingOffer, Hold, WorkDone } from '../booking/rules.ts'
import type { SlotView } from '../slot/rules.ts'
import type { Contract } from '../contract.ts'
import { call, type Answer } from './api.ts'
import { vault } from './vault.ts'

export type Slot = SlotView

/** One booking under way on this device, shared by its tabs: the same ids and secrets in each, so that two become one. */
export interface Ticket {
  id: string
  secret: string
  key: string
  linkSecret: string
  /** Of a new patient; the keys are made when the booking is sealed. */
  patientId: string
  serviceId: string
  slot: Slot
  /** Answered with a booking: what it leads to. */
  booked: boolean
  /** A time that the waiting list kept for whoever opened its link here. */
  offered?: true
}

const name = (clinicId: string) => `ticket:${clinicId}`
/** 128 random bits, as they stand in a link. */
export const newSecret = (): string => {
  const bytes = crypto.getRandomValues(new Uint8Array(16))
  return btoa(String.fromCharCode(...bytes))
    .replace(/\+/g, '-')
    .replace(/\//g, '_')
    .replace(/=+$/, '')
}
const same = (a: Slot, b: Slot) => a.startsAt === b.startsAt && a.memberId === b.memberId && a.siteId === b.siteId

/** On a shared computer the ticket lives in this page alone. */
const forgetful = new Map<string, Ticket>()

async function load(clinicId: string): Promise<Ticket | null> {
  return forgetful.get(clinicId) ?? (await vault().loadDraft<Ticket>(name(clinicId)))
}
async function keep(clinicId: string, ticket: Ticket): Promise<void> {
  if (forgetful.has(clinicId)) forgetful.set(clinicId, ticket)
  else await vault().saveDraft(name(clinicId), ticket)
}

export async function forgetTicket(clinicId: string): Promise<void> {
  const ticket = await load(clinicId)
  if (ticket) forgetful.set(clinicId, ticket)
  await vault().saveDraft(name(clinicId), '')
}

export const markBooked = async (clinicId: string, ticket: Ticket) => keep(clinicId, { ...ticket, booked: true })

/** With who sees the patient, as the hold has it: the same whom they chose, or whoever was free. */
export type HeldTicket = Ticket & { memberId: string }

/** `hold` is null for what was booked already. */
export type Held = { ticket: Ticket; hold: null } | { ticket: HeldTicket; hold: Hold }
const heldBy = (ticket: Ticket, hold: Hold): Held => ({ ticket: { ...ticket, memberId: hold.memberId }, hold })

const locked = <T>(clinicId: string, run: () => Promise<T>): Promise<T> =>
  'locks' in navigator ? navigator.locks.request(`curtain-hold-${clinicId}`, run) : run()

/**
 * Whether what was booked is still that visit: a time that was cancelled or left for another may be booked anew. One that lapsed unpaid
 * leads to its page, which says so: who only comes back from the payment holds no time by that.
 */
async function stands({ id, linkSecret, slot }: Ticket): Promise<boolean> {
  const seen = await call('booking/appointment', { id, secret: linkSecret }, { retry: true })
  if (!seen.ok) return seen.code !== 'NOT_FOUND'
  const { status, startsAt } = seen.value
  return !['cancelled', 'no_show'].includes(status) && Date.parse(startsAt) === Date.parse(slot.startsAt)
}

/** Does the work that a flooded clinic asks for one hold, or one place in its line: WebCrypto's, beside the page and not in it. */
async function doWork(id: string): Promise<Answer<WorkDone>> {
  const set = await call('booking/work', { id }, { retry: true })
  if (!set.ok) return set
  const [{ solveChallenge }, { deriveKey }] = await Promise.all([
    import('altcha-lib'),
    import('altcha-lib/algorithms/web/pbkdf2'),
  ])
  const solution = await solveChallenge({ challenge: set.value, deriveKey })
  return solution ? { ok: true, value: { work: set.value, solution } } : { ok: false, code: 'WORK_FIRST' }
}

/**
 * Holds the slot, or finds that this device already does. `onWork` is called where it will take some seconds,
 * because very many hold times at that clinic.
 */
export function takeSlot(offer: BookingOffer, slot: Slot, onWork: () => void): Promise<Answer<Held>> {
  const { clinicId } = offer
  return locked(clinicId, async () => {
    const before = await load(clinicId)
    const mine = before && before.serviceId === offer.service.id && same(before.slot, slot) ? before : null
    if (mine?.booked && (await stands(mine))) return { ok: true, value: { ticket: mine, hold: null } }
    if (mine && !mine.booked) {
      const renewed = await call('booking/renew', { id: mine.id, secret: mine.secret }, { retry: true })
      if (renewed.ok) return { ok: true, value: heldBy(mine, renewed.value) }
      if (renewed.code !== 'HOLD_EXPIRED' && renewed.code !== 'NOT_FOUND') return renewed
    }
    const open = before && !before.booked ? before : null
    const ticket: Ticket = {
      id: crypto.randomUUID(),
      secret: newSecret(),
      key: crypto.randomUUID(),
      linkSecret: newSecret(),
      patientId: open?.patientId ?? crypto.randomUUID(),
      serviceId: offer.service.id,
      slot,
      booked: false,
    }
    // Before it is asked for: an answer that gets lost is found again by the same ids.
    await keep(clinicId, ticket)
    const release = open ? { id: open.id, secret: open.secret } : undefined
    const { id, secret } = ticket
    const wanted = { id, secret, clinicId, serviceId: offer.service.id, ...slot, release }
    let held = await call('booking/hold', wanted, { retry: true })
    if (!held.ok && held.code === 'WORK_FIRST') {
      onWork()
      const done = await doWork(id)
      held = done.ok ? await call('booking/hold', { ...wanted, done: done.value }, { retry: true }) : done
    }
    return held.ok ? { ok: true, value: heldBy(ticket, held.value) } : held
  })
}

/** Whether the waiting list has kept this very time for who opened its link here. */
export async function wasOffered({ clinicId, slot }: BookingOffer): Promise<boolean> {
  const ticket = await load(clinicId)
  return ticket?.offered === true && same(ticket.slot, slot)
}

/** Asks to be told of a time that becomes free. `onWork`: as in `takeSlot`. */
export async function askToWait(
  input: Omit<Contract['waitlist/join']['in'], 'done'>,
  onWork: () => void,
): Promise<Answer<{ sent: true }>> {
  const answer = await call('waitlist/join', input, { retry: true })
  if (answer.ok || answer.code !== 'WORK_FIRST') return answer
  onWork()
  const done = await doWork(input.id)
  return done.ok ? call('waitlist/join', { ...input, done: done.value }, { retry: true }) : done
}

/**
 * Takes the time that a link from the waiting list offers: what is held becomes this device's, and the form goes on with it as with a
 * time that was chosen there. In two tabs, and however often, it is one.
 */
export function takeOffered(
  link: { id: string; secret: string },
  offer: { clinicId: string; serviceId: string; appointmentId: string; slot: Slot },
): Promise<Answer<Hold>> {
  const { clinicId, serviceId, appointmentId, slot } = offer
  return locked(clinicId, async () => {
    const before = await load(clinicId)
    const other = before && !before.booked && before.id !== appointmentId ? before : null
    const ticket: Ticket =
      before?.id === appointmentId
        ? before
        : {
            id: appointmentId,
            secret: newSecret(),
            key: crypto.randomUUID(),
            linkSecret: newSecret(),
            patientId: other?.patientId ?? crypto.randomUUID(),
            serviceId,
            slot: { startsAt: slot.startsAt, memberId: slot.memberId, siteId: slot.siteId },
            booked: false,
            offered: true,
          }
    await keep(clinicId, ticket)
    const taken = await call('waitlist/take', { ...link, appointmentId, holdSecret: ticket.secret }, { retry: true })
    if (taken.ok && other) void call('booking/release', { id: other.id, secret: other.secret }, { retry: true })
    return taken
  })
}
