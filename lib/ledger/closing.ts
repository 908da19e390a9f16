import 'server-only'
import type { z } from 'zod'
import type { StaffActor } from '../access/rules.ts'
import { findClinic } from '../clinic/store.ts'
import { ok, refuse, type Result } from '../errors.ts'
import { closeDay, mayClose } from '../invoice/rules.ts'
import { audit } from '../server/audit.ts'
import { notify } from '../server/notify.ts'
import { hold, inClinic } from '../server/tx.ts'
import { addDays, dayIn } from '../time.ts'
import { booksOf } from './flow.ts'
import type { ClosingView, DayInput, DaysView } from './month.ts'
import * as store from './store.ts'

// A day's closing: from then on nothing is posted on it, and what it came to is written down.

/** So many days are listed: of those that are open, the first; of those that are closed, the last. */
const mostDays = 62

export const listDays = (actor: StaffActor, _: unknown, { now }: { now: Date }): Promise<Result<DaysView>> =>
  inClinic(actor.clinicId, async (tx) => {
    const { clinicId } = actor
    const { timeZone: zone } = (await findClinic(tx, clinicId))!
    const today = dayIn(zone, now)
    const closed = await store.listClosed(tx, clinicId, mostDays)
    const last = closed[0]?.day ?? null
    const open: string[] = []
    // One after the other, once there was a first; before that, any day on which something happened.
    if (last) {
      for (let day = addDays(last, 1); day < today && open.length < mostDays; day = addDays(day, 1)) open.push(day)
    } else open.push(...(await store.listPostedDays(tx, clinicId, { from: addDays(today, -mostDays), to: today })))
    return ok({ today, zone, last, open, closed })
  })

/** Once, however often it is asked. Whoever posts at that moment is waited for; whoever comes later posts on the next day. */
export const close = (
  actor: StaffActor,
  { day }: z.output<typeof DayInput>,
  { now }: { now: Date },
): Promise<Result<{ done: true }>> =>
  inClinic(actor.clinicId, async (tx) => {
    const { clinicId, memberId } = actor
    await hold(tx, booksOf(clinicId), 'write')
    if (await store.findClosing(tx, clinicId, day)) return ok({ done: true as const })
    const { timeZone } = (await findClinic(tx, clinicId))!
    const last = await store.findLastClosing(tx, clinicId)
    if (!mayClose(day, dayIn(timeZone, now), last?.day ?? null)) return refuse('WRONG_STATE')
    // The first is a day with or after something in the books: from then on each day before today waits to be closed.
    const span = { from: '1970-01-01', to: addDays(day, 1) }
    if (!last && !(await store.listPostedDays(tx, clinicId, span)).length) return refuse('WRONG_STATE')
    const before = last ? last.accounts : await store.listOpening(tx, clinicId, day)
    const entries = await store.listPosted(tx, clinicId, { from: day, to: addDays(day, 1) })
    await store.insertClosing(tx, { clinicId, day, accounts: closeDay(before, entries), closedBy: memberId }, now)
    await audit(tx, actor, 'ledger.day-closed')
    await notify(tx, 'staff', clinicId)
    return ok({ done: true as const })
  })

export const findClosing = (actor: StaffActor, { day }: z.output<typeof DayInput>): Promise<Result<ClosingView>> =>
  inClinic(actor.clinicId, async (tx) => {
    const { clinicId } = actor
    const closing = await store.findClosing(tx, clinicId, day)
    if (!closing) return refuse('NOT_FOUND')
    const { name, legal } = (await findClinic(tx, clinicId))!
    return ok({ ...closing, clinic: legal.legalName || name })
  })
