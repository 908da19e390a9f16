import 'server-only'
import type { z } from 'zod'
import type { PublicActor, SystemActor } from '../access/rules.ts'
import { tellWaitlist } from '../booking/hold.ts'
import { matches } from '../booking/link.ts'
import { placeWords } from '../booking/mail.ts'
import { nextAppointment } from '../booking/rules.ts'
import * as bookings from '../booking/store.ts'
import { findClinic, findService } from '../clinic/store.ts'
import { bookHeld } from '../desk/book.ts'
import { ok, refuse, type Result } from '../errors.ts'
import type { Ctx } from '../server/action.ts'
import { log } from '../server/log.ts'
import { notify } from '../server/notify.ts'
import { limit } from '../server/rate-limit.ts'
import { inClinic, inNoClinic, type Tx } from '../server/tx.ts'
import { findSite } from '../site/store.ts'
import { lendBack } from '../voucher/flow.ts'
import { note, personOf, tell } from './ask.ts'
import { forgo } from './desk.ts'
import * as rules from './rules.ts'
import * as store from './store.ts'

type In<S extends z.ZodType> = z.output<S>
type Out<K extends keyof rules.CompanionContract> = Promise<Result<rules.CompanionContract[K]['out']>>
const day = 86_400_000
const system = (clinicId: string): SystemActor => ({ kind: 'system', clinicId })

interface Found {
  row: bookings.AppointmentRow
  companion: store.CompanionRow
}

/** What a link opens; its visit is locked before it is. A wrong secret and a wrong id are one answer. */
async function byLink<T>(
  { id, secret }: { id: string; secret: string },
  { ip }: Ctx,
  body: (tx: Tx, found: Found) => Promise<Result<T>>,
): Promise<Result<T>> {
  const counted = await limit('companion-link', ip, rules.looksAMinute)
  if (!counted.ok) return counted
  const clinicId = await inNoClinic((tx) => store.lookupCompanion(tx, id))
  if (!clinicId) return refuse('NOT_FOUND')
  return inClinic(clinicId, async (tx) => {
    // Asked before the visit is locked: nobody without the secret makes it wait.
    const named = await store.findCompanion(tx, id)
    if (!named || !matches(named.linkHash, secret)) return refuse('NOT_FOUND')
    const row = (await bookings.lockAppointment(tx, named.appointmentId))!
    return body(tx, { row, companion: (await store.findCompanion(tx, id))! })
  })
}

/** When and where, and what there is to say to it. Of a visit that they do not come to, no more than they were told. */
export const open = (_: PublicActor, input: In<typeof rules.LinkInput>, ctx: Ctx): Out<'companion/open'> =>
  byLink(input, ctx, async (tx, { row, companion }) => {
    const clinic = (await findClinic(tx, row.clinicId))!
    const { name, phone, timeZone } = clinic
    const state = rules.stateAt(companion, row, ctx.now)
    const may = rules.mayAnswer(companion, row, ctx.now)
    const isTheirs = may.accept || may.decline || state === 'accepted'
    const startsAt = isTheirs ? row.startsAt : companion.askedFor
    const endsAt = new Date(+startsAt + +row.endsAt - +row.startsAt)
    return ok({
      ...{ state, kind: companion.kind, first: companion.first, may, way: row.way },
      clinic: { name, phone, timeZone },
      language: (await personOf(companion)).language,
      place:
        isTheirs && row.way === 'in_person'
          ? placeWords(row.way, clinic, await findSite(tx, row.siteId), ctx.locale)
          : null,
      ...{ startsAt: startsAt.toISOString(), endsAt: endsAt.toISOString() },
      movedFrom: companion.movedFrom?.toISOString() ?? null,
      answerBy: companion.answerBy.toISOString(),
      changeableUntil: rules.changeableUntil(startsAt).toISOString(),
    })
  })

async function isOffered(tx: Tx, row: bookings.AppointmentRow): Promise<boolean> {
  const service = await findService(tx, row.serviceId)
  return service?.active === true && service.practitionerIds.includes(row.memberId)
}

async function answered(
  tx: Tx,
  { row, companion }: Found,
  event: 'accept' | 'decline',
  startsAt: string,
  now: Date,
): Out<'companion/accept'> {
  const to = rules.nextCompanion(companion.state, event)
  const isSaid = companion.state === (event === 'accept' ? 'accepted' : 'declined')
  // A yes is to the time that was on the page.
  if (+row.startsAt !== Date.parse(startsAt)) return refuse('STALE')
  if (isSaid) return ok({ state: companion.state })
  if (!to || !rules.mayAnswer(companion, row, now)[event]) return refuse('TOO_LATE')
  const counted = await limit('companion-answer', companion.id, rules.answersADay)
  if (!counted.ok) return counted
  // A day has passed since the time was held: nobody is booked with who has left, or for what the clinic does not do any more.
  if (event === 'accept' && row.status === 'held' && !(await isOffered(tx, row))) return refuse('TOO_LATE')
  await store.moveCompanion(tx, companion.id, { state: to, ...(event === 'accept' && { calendarAt: row.startsAt }) })
  if (event === 'accept') {
    if (row.status === 'held') await bookHeld(tx, system(row.clinicId), row, now)
    await tell(tx, companion, 'kept')
  } else {
    const freed = row.status === 'held' ? nextAppointment(row.status, 'release') : null
    if (freed) {
      await bookings.updateAppointment(tx, row.id, { status: freed })
      await lendBack(tx, row, now)
      await tellWaitlist(tx, row.clinicId)
    }
    if (companion.state === 'accepted') await tell(tx, companion, 'out')
  }
  const after = (await bookings.findAppointment(tx, row.id))!
  await note(tx, system(row.clinicId), after, companion.id, event === 'accept' ? 'accepted' : 'declined')
  await notify(tx, 'staff', row.clinicId)
  return ok({ state: to })
}

/** Where the time was held for it, the visit is booked by this, and its patient told. */
export const accept = (_: PublicActor, input: In<typeof rules.AnswerInput>, ctx: Ctx): Out<'companion/accept'> =>
  byLink(input, ctx, (tx, found) => answered(tx, found, 'accept', input.startsAt, ctx.now))

/** Where the time was held for it, it is free. A visit that stands goes on standing: the desk sees that nobody comes along. */
export const decline = (_: PublicActor, input: In<typeof rules.AnswerInput>, ctx: Ctx): Out<'companion/decline'> =>
  byLink(input, ctx, (tx, found) => answered(tx, found, 'decline', input.startsAt, ctx.now))

// ── each minute ──

/** Writes down what has lapsed, lets go of what nobody chose anew, and forgets whom it is over for. */
export async function tend(clinicId: string, now: Date): Promise<void> {
  const [unanswered, forgone] = await inClinic(clinicId, async (tx) => {
    await store.forgetCompanions(tx, clinicId, new Date(now.getTime() - rules.keptDays * day))
    return [
      await store.listUnanswered(tx, clinicId, now),
      await store.listForgone(tx, clinicId, new Date(now.getTime() - rules.listedDays * day)),
    ]
  })
  const each = async (all: readonly store.CompanionRow[], body: (tx: Tx, found: Found) => Promise<void>) => {
    for (const { id, appointmentId } of all)
      await inClinic(clinicId, async (tx) => {
        const row = (await bookings.lockAppointment(tx, appointmentId))!
        const companion = await store.findCompanion(tx, id)
        if (companion) await body(tx, { row, companion })
      }).catch((error: unknown) => log.error({ code: 'COMPANION_TEND', companionId: id, err: error }))
  }
  await each(unanswered, (tx, found) => lapse(tx, found, now))
  await each(forgone, async (tx, { row, companion }) => {
    if (row.status === 'expired') await forgo(tx, system(clinicId), row, companion, now)
  })
}

async function lapse(tx: Tx, { row, companion }: Found, now: Date): Promise<void> {
  const state = rules.nextCompanion(companion.state, 'lapse')
  if (!state || rules.stateAt(companion, row, now) !== 'lapsed') return
  await store.moveCompanion(tx, companion.id, { state })
  const freed = row.status === 'held' && row.heldUntil! < now ? nextAppointment(row.status, 'lapse') : null
  if (freed) {
    await bookings.updateAppointment(tx, row.id, { status: freed })
    await tellWaitlist(tx, row.clinicId)
  }
  // Somebody else may have freed the time before.
  const status = freed ?? row.status
  if (status === 'expired') await lendBack(tx, row, now)
  await note(tx, system(row.clinicId), { ...row, status }, companion.id, 'lapsed')
  await notify(tx, 'staff', row.clinicId)
}

export const tendAll = async (now: Date): Promise<void> => {
  for (const clinicId of await inNoClinic((tx) => store.lookupCompanions(tx)))
    await tend(clinicId, now).catch((error: unknown) => log.error({ code: 'COMPANION_TEND', clinicId, err: error }))
}
