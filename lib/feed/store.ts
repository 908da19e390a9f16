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

/** Times and ids alone; a group is one, changed as often as any visit of it was and whenever one last was, those who do not come too. */
export async function listVisits(tx: Tx, memberId: string, { from, until }: { from: Date; until: Date }) {
  const rows = await tx.appointment.findMany({
    where: {
      memberId,
      OR: [
        { status: { in: ['booked', 'arrived', 'in_consult', 'completed'] } },
        { status: { in: ['cancelled', 'no_show'] }, seat: { not: null } },
      ],
      startsAt: { lt: until },
      endsAt: { gt: from },
    },
    select: {
      ...{ startsAt: true, endsAt: true, id: true, sessionId: true, seat: true, status: true },
      ...{ sequence: true, createdAt: true, timedAt: true, cancelledAt: true },
    },
    orderBy: [{ startsAt: 'asc' }, { id: 'asc' }],
  })
  const sessions = [...Map.groupBy(rows, ({ sessionId }) => sessionId).values()]
  return sessions.flatMap((all) => {
    const stands = all.find(({ status }) => status !== 'cancelled' && status !== 'no_show')
    const changes = all.flatMap(({ createdAt, timedAt, cancelledAt }) => [createdAt, timedAt, cancelledAt ?? createdAt])
    const sequence = Math.max(...all.map((row) => row.sequence))
    return stands ? [{ ...stands, sequence, changedAt: new Date(Math.max(...changes.map(Number))) }] : []
  })
}
