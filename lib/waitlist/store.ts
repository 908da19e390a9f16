import 'server-only'
import type { Prisma } from '@/prisma/generated/client'
import type { Tx } from '../server/tx.ts'
import type { DayPart, EndReason, Outcome } from './rules.ts'

type Bytes = Uint8Array<ArrayBuffer>
type Row = Awaited<ReturnType<Tx['waitlistEntry']['findMany']>>[number]
/** Days as they are written, and what it waits for as the rules have it. */
export type EntryRow = Omit<Row, 'firstDay' | 'lastDay' | 'parts' | 'freeBefore'> & {
  firstDay: string
  lastDay: string
  parts: DayPart[]
  freeBefore: string[]
}
export type OfferRow = Awaited<ReturnType<Tx['waitlistOffer']['findMany']>>[number]
type Held = Prisma.AppointmentGetPayload<object>

const dayOf = (at: Date) => at.toISOString().slice(0, 10)
const asEntry = (row: Row): EntryRow => ({
  ...row,
  firstDay: dayOf(row.firstDay),
  lastDay: dayOf(row.lastDay),
  parts: row.parts as DayPart[],
  freeBefore: row.freeBefore.map((at) => at.toISOString()),
})

/** The clinic of a link. Runs before a clinic is known. */
export async function lookupEntry(tx: Tx, id: string): Promise<string | null> {
  const rows = await tx.$queryRaw<{ id: string | null }[]>`SELECT lookup_waitlist_entry(${id}::uuid) AS id`
  return rows[0]?.id ?? null
}

/** Every clinic where somebody waits, or waited not long ago. Runs before a clinic is known. */
export async function lookupWaitlists(tx: Tx): Promise<string[]> {
  const rows = await tx.$queryRaw<{ id: string }[]>`SELECT lookup_waitlists() AS id`
  return rows.map(({ id }) => id)
}

export interface NewEntry extends Omit<
  Row,
  'firstDay' | 'lastDay' | 'missed' | 'untold' | 'endReason' | 'endedAt' | 'parts' | 'freeBefore'
> {
  firstDay: string
  lastDay: string
  parts: DayPart[]
  freeBefore: string[]
}

/** False where this contact waits for the service already, or the id is somebody's. */
export async function insertEntry(tx: Tx, { firstDay, lastDay, ...row }: NewEntry): Promise<boolean> {
  const days = { firstDay: new Date(firstDay), lastDay: new Date(lastDay) }
  const { count } = await tx.waitlistEntry.createMany({ data: [{ ...row, ...days }], skipDuplicates: true })
  return count === 1
}

/** What a contact waits for: not what has ended. */
export async function listOfContact(tx: Tx, contactIndex: Bytes): Promise<EntryRow[]> {
  const rows = await tx.waitlistEntry.findMany({ where: { contactIndex, state: { not: 'ended' } } })
  return rows.map(asEntry)
}

export async function findEntry(tx: Tx, id: string): Promise<EntryRow | null> {
  const row = await tx.waitlistEntry.findFirst({ where: { id } })
  return row && asEntry(row)
}

/** The row, locked until the transaction ends. */
export async function lockEntry(tx: Tx, id: string): Promise<EntryRow | null> {
  await tx.$queryRaw`SELECT id FROM waitlist_entry WHERE id = ${id}::uuid FOR UPDATE`
  return findEntry(tx, id)
}

/** Who waits at this clinic, in order. */
export async function listEntries(tx: Tx, seen: Prisma.WaitlistEntryWhereInput): Promise<EntryRow[]> {
  const rows = await tx.waitlistEntry.findMany({
    where: { state: { not: 'ended' }, AND: seen },
    orderBy: [{ madeAt: 'asc' }, { id: 'asc' }],
  })
  return rows.map(asEntry)
}

/** Those of whom there is something to see to: a time is held for them, or their waiting may be over. */
export async function listDue(
  tx: Tx,
  clinicId: string,
  { day, askedBefore }: { day: string; askedBefore: Date },
): Promise<string[]> {
  const rows = await tx.waitlistEntry.findMany({
    where: {
      clinicId,
      state: { not: 'ended' },
      OR: [
        { offers: { some: { outcome: null } } },
        { lastDay: { lt: new Date(day) } },
        { state: 'asked', madeAt: { lte: askedBefore } },
      ],
    },
    select: { id: true },
    orderBy: { madeAt: 'asc' },
    take: 1000,
  })
  return rows.map(({ id }) => id)
}

export async function countEntries(tx: Tx, clinicId: string): Promise<{ asked: number; waiting: number }> {
  const count = (state: 'asked' | 'waiting') => tx.waitlistEntry.count({ where: { clinicId, state } })
  return { asked: await count('asked'), waiting: await count('waiting') }
}

/** How many times a contact let pass of late, whichever of its waitings it was in. */
export async function passesOf(
  tx: Tx,
  { serviceId, contactIndex }: Pick<Row, 'serviceId' | 'contactIndex'>,
  since: Date,
): Promise<number> {
  const where = { serviceId, contactIndex, state: 'ended' as const, endedAt: { gte: since } }
  return (await tx.waitlistEntry.aggregate({ where, _max: { missed: true } }))._max.missed ?? 0
}

/** `missed`: what they let pass before. */
export async function markWaiting(tx: Tx, id: string, missed: number): Promise<void> {
  await tx.waitlistEntry.updateMany({ where: { id, state: 'asked' }, data: { state: 'waiting', missed } })
}

/** Starts that are no longer among those that were free before, whatever else is taken from them meanwhile. */
export async function dropFreeBefore(tx: Tx, id: string, starts: string[]): Promise<void> {
  await tx.$executeRaw`
    UPDATE waitlist_entry
    SET free_before = ARRAY(SELECT at FROM unnest(free_before) at WHERE at <> ALL (${starts}::timestamptz[]) ORDER BY at)
    WHERE id = ${id}::uuid AND state = 'waiting'`
}

/** Could not be told, and is not tried before then. */
export async function putOff(tx: Tx, id: string, nextAt: Date): Promise<void> {
  await tx.waitlistEntry.updateMany({ where: { id }, data: { nextAt, untold: { increment: 1 } } })
}

export async function countMissed(tx: Tx, id: string): Promise<void> {
  await tx.waitlistEntry.updateMany({ where: { id }, data: { missed: { increment: 1 }, untold: 0 } })
}

const ended = (endReason: EndReason, endedAt: Date) => ({
  ...{ state: 'ended' as const, endReason, endedAt },
  ...{ contactSealed: null, linkSealed: null, nearIndex: null, wideIndex: null, freeBefore: [], freeBeyond: null },
})

/** Ends the waiting, and forgets how to reach them. Who let a time pass is known again for as long as the row stays. */
export async function endEntry(tx: Tx, id: string, endReason: EndReason, endedAt: Date): Promise<void> {
  const where = { id, state: { not: 'ended' as const } }
  const data = ended(endReason, endedAt)
  await tx.waitlistEntry.updateMany({ where: { ...where, missed: 0 }, data: { ...data, contactIndex: null } })
  await tx.waitlistEntry.updateMany({ where, data })
}

/** Makes room: ends what was asked before then and not confirmed. */
export async function endUnconfirmed(tx: Tx, clinicId: string, before: Date, now: Date): Promise<void> {
  await tx.waitlistEntry.updateMany({
    where: { clinicId, state: 'asked', madeAt: { lt: before } },
    data: { ...ended('unconfirmed', now), contactIndex: null },
  })
}

/** Removes what ended before then. */
export async function forgetEntries(tx: Tx, clinicId: string, before: Date): Promise<void> {
  await tx.waitlistEntry.deleteMany({ where: { clinicId, state: 'ended', endedAt: { lt: before } } })
}

// ── offers ──

export async function insertOffer(
  tx: Tx,
  offer: { id: string; clinicId: string; entryId: string; appointmentId: string; madeAt: Date },
): Promise<void> {
  await tx.waitlistOffer.create({ data: offer })
}

/** With the appointment that holds it. */
export type OfferHeld = OfferRow & { appointment: Held }

export const findOffer = (tx: Tx, id: string): Promise<OfferHeld | null> =>
  tx.waitlistOffer.findFirst({ where: { id }, include: { appointment: true } })

/** The offer that stands for somebody, if there is one. */
export const openOffer = (tx: Tx, entryId: string): Promise<OfferHeld | null> =>
  tx.waitlistOffer.findFirst({ where: { entryId, outcome: null }, include: { appointment: true } })

export const listOpenOffers = (tx: Tx, clinicId: string): Promise<OfferHeld[]> =>
  tx.waitlistOffer.findMany({
    where: { clinicId, outcome: null },
    include: { appointment: true },
    orderBy: { madeAt: 'asc' },
  })

/** Times that those who wait were told of before, and did not take. */
export async function listPassed(
  tx: Tx,
  clinicId: string,
): Promise<{ entryId: string; memberId: string; startsAt: Date }[]> {
  const rows = await tx.waitlistOffer.findMany({
    where: { clinicId, outcome: { in: ['missed', 'declined'] }, entry: { state: { not: 'ended' } } },
    select: { entryId: true, appointment: { select: { memberId: true, startsAt: true } } },
  })
  return rows.map(({ entryId, appointment }) => ({ entryId, ...appointment }))
}

export async function markTold(tx: Tx, id: string, toldAt: Date | null): Promise<void> {
  await tx.waitlistOffer.updateMany({ where: { id }, data: { toldAt } })
}

export async function closeOffer(tx: Tx, id: string, outcome: Outcome | 'declined' | 'withdrawn'): Promise<void> {
  await tx.waitlistOffer.updateMany({ where: { id, outcome: null }, data: { outcome } })
}

export async function saveMinutes(tx: Tx, clinicId: string, waitlistMinutes: number): Promise<void> {
  await tx.clinic.update({ where: { id: clinicId }, data: { waitlistMinutes } })
}
