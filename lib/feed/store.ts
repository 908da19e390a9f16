import 'server-only'
import type { StaffActor } from '../access/rules.ts'
import type { Tx } from '../server/tx.ts'

export type Bytes = Uint8Array<ArrayBuffer>

/** The clinic of a feed's address. Runs before a clinic is known. */
export async function lookupFeed(tx: Tx, secretHash: Bytes): Promise<string | null> {
  const rows = await tx.$queryRaw<{ id: string | null }[]>`SELECT lookup_calendar_feed(${secretHash}) AS id`
  return rows[0]?.id ?? null
}

/** Whose it is, while they see patients here. */
export const findOwner = (tx: Tx, secretHash: Bytes): Promise<{ memberId: string } | null> =>
  tx.calendarFeed.findFirst({
    where: { secretHash, member: { status: 'active', roles: { has: 'practitioner' } } },
    select: { memberId: true },
  })

export async function findMade(tx: Tx, { memberId }: StaffActor): Promise<string | null> {
  return (await tx.calendarFeed.findFirst({ where: { memberId } }))?.madeAt.toISOString() ?? null
}

export async function saveFeed(tx: Tx, actor: StaffActor, secretHash: Bytes, madeAt: Date): Promise<void> {
  const { clinicId, memberId } = actor
  const change = { secretHash, madeAt }
  await tx.calendarFeed.upsert({ where: { memberId }, create: { clinicId, memberId, ...change }, update: change })
}

/** False when there was none. */
export async function deleteFeed(tx: Tx, { memberId }: StaffActor): Promise<boolean> {
  return (await tx.calendarFeed.deleteMany({ where: { memberId } })).count === 1
}

/** Times and ids alone; a group is one. */
export const listVisits = (tx: Tx, memberId: string, { from, until }: { from: Date; until: Date }) =>
  tx.appointment.findMany({
    where: {
      memberId,
      status: { in: ['booked', 'arrived', 'in_consult', 'completed'] },
      startsAt: { lt: until },
      endsAt: { gt: from },
    },
    select: {
      startsAt: true,
      endsAt: true,
      id: true,
      sessionId: true,
      seat: true,
      sequence: true,
      createdAt: true,
      timedAt: true,
    },
    orderBy: [{ startsAt: 'asc' }, { id: 'asc' }],
    distinct: ['sessionId'],
  })
