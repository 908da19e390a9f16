import 'server-only'
import type { StaffActor } from '../access/rules.ts'
import type { Stretch } from '../schedule/rules.ts'
import type { Tx } from '../server/tx.ts'

type Bytes = Uint8Array<ArrayBuffer>
export type SourceRow = NonNullable<Awaited<ReturnType<Tx['busySource']['findFirst']>>>

/** Calendars that are to be read by now. Runs before a clinic is known. */
export const lookupDue = (tx: Tx, now: Date): Promise<{ clinicId: string; memberId: string }[]> =>
  tx.$queryRaw`SELECT clinic_id AS "clinicId", member_id AS "memberId" FROM lookup_due_busy(${now})`

/** Of somebody who sees patients here still. */
export const findSource = (tx: Tx, memberId: string): Promise<SourceRow | null> =>
  tx.busySource.findFirst({ where: { memberId, member: { status: 'active', roles: { has: 'practitioner' } } } })

export async function saveSource(
  tx: Tx,
  { clinicId, memberId }: StaffActor,
  row: { id: string; urlSealed: Bytes; host: string; etag: string | null; nextAt: Date },
  now: Date,
): Promise<void> {
  await tx.busySource.deleteMany({ where: { memberId } })
  await tx.busySource.create({ data: { ...row, clinicId, memberId, savedAt: now, readAt: now } })
}

export async function updateSource(
  tx: Tx,
  id: string,
  change: Partial<Pick<SourceRow, 'etag' | 'readAt' | 'fault' | 'failures' | 'nextAt'>>,
): Promise<void> {
  await tx.busySource.updateMany({ where: { id }, data: change })
}

/** False when there was none. */
export async function deleteSource(tx: Tx, memberId: string): Promise<boolean> {
  const { count } = await tx.busySource.deleteMany({ where: { memberId } })
  await tx.busyElsewhere.deleteMany({ where: { memberId } })
  return count === 1
}

/** Instead of all that was there. */
export async function setBusy(
  tx: Tx,
  { clinicId, memberId }: { clinicId: string; memberId: string },
  busy: readonly Stretch[],
): Promise<void> {
  await tx.busyElsewhere.deleteMany({ where: { memberId } })
  const data = busy.map(({ from, until }) => ({
    ...{ clinicId, memberId },
    ...{ startsAt: new Date(from), endsAt: new Date(until) },
  }))
  await tx.busyElsewhere.createMany({ data })
}

export const countBusy = (tx: Tx, memberId: string, now: Date): Promise<number> =>
  tx.busyElsewhere.count({ where: { memberId, endsAt: { gt: now } } })

/** Those that a stretch of time meets, by practitioner. */
export async function listBusyElsewhere(
  tx: Tx,
  memberIds: readonly string[],
  { from, until }: { from: Date; until: Date },
): Promise<(Stretch & { memberId: string })[]> {
  const rows = await tx.busyElsewhere.findMany({
    where: { memberId: { in: [...memberIds] }, startsAt: { lt: until }, endsAt: { gt: from } },
    select: { memberId: true, startsAt: true, endsAt: true },
    orderBy: [{ startsAt: 'asc' }, { id: 'asc' }],
  })
  return rows.map(({ memberId, startsAt, endsAt }) => ({
    memberId,
    ...{ from: startsAt.getTime(), until: endsAt.getTime() },
  }))
}
