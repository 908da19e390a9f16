import 'server-only'
import type { StaffActor } from '../access/rules.ts'
import type { Tx } from '../server/tx.ts'
import { sharedTypes, type SiteRow, type SiteView } from './rules.ts'

const columns = { id: true, name: true, address: true } as const

/** Those that are open, in the order in which they were added. Public facts, inside the clinic that the transaction is bound to. */
export async function listSites(tx: Tx): Promise<SiteView[]> {
  return tx.site.findMany({
    where: { closedAt: null },
    select: columns,
    orderBy: [{ createdAt: 'asc' }, { name: 'asc' }],
  })
}

/** Be it closed: where an earlier visit was. */
export async function findSite(tx: Tx, id: string | null): Promise<SiteView | null> {
  return id === null ? null : tx.site.findFirst({ where: { id }, select: columns })
}

/** `today`: the clinic's own. What no longer holds then keeps no site open. */
export async function listUse(tx: Tx, actor: StaffActor, now: Date, today: string): Promise<SiteRow[]> {
  const { clinicId } = actor
  const sites = await tx.site.findMany({
    where: { clinicId, closedAt: null },
    include: { _count: { select: { memberSites: { where: { member: { status: { not: 'removed' } } } } } } },
    orderBy: [{ createdAt: 'asc' }, { name: 'asc' }],
  })
  const of = { clinicId, siteId: { in: sites.map(({ id }) => id) } }
  const coming = await tx.appointment.groupBy({
    by: ['siteId'],
    where: { ...of, startsAt: { gt: now }, status: { in: ['held', 'booked', 'arrived', 'in_consult'] } },
    _count: true,
  })
  // Answered and signed without another look here, it would let somebody into a place that is closed.
  const invited = await tx.invitation.findMany({
    where: { clinicId, state: 'open', expiresAt: { gt: now } },
    select: { groups: true },
  })
  const awaited = (id: string) =>
    invited.filter(({ groups }) => groups.some((group) => group.endsWith(`:${id}`))).length
  const still = { gte: new Date(`${today}T00:00:00Z`) }
  const weekly = await tx.weeklyHours.groupBy({
    by: ['siteId'],
    where: { ...of, OR: [{ validUntil: null }, { validUntil: still }] },
    _count: true,
  })
  const dates = await tx.dateHours.groupBy({ by: ['siteId'], where: { ...of, day: still }, _count: true })
  const count = (rows: { siteId: string | null; _count: number }[], id: string) =>
    rows.find((row) => row.siteId === id)?._count ?? 0
  return sites.map(({ id, name, address, _count }) => ({
    ...{ id, name, address, members: _count.memberSites + awaited(id) },
    ...{ coming: count(coming, id), hours: count(weekly, id) + count(dates, id) },
  }))
}

/** False when the id is taken. */
export async function insertSite(tx: Tx, actor: StaffActor, site: SiteView): Promise<boolean> {
  const { count } = await tx.site.createMany({ data: [{ ...site, clinicId: actor.clinicId }], skipDuplicates: true })
  return count === 1
}

export async function updateSite(tx: Tx, actor: StaffActor, { id, name, address }: SiteView): Promise<boolean> {
  const where = { id, clinicId: actor.clinicId, closedAt: null }
  return (await tx.site.updateMany({ where, data: { name, address } })).count === 1
}

export async function closeSite(tx: Tx, actor: StaffActor, id: string, now: Date): Promise<boolean> {
  const where = { id, clinicId: actor.clinicId, closedAt: null }
  return (await tx.site.updateMany({ where, data: { closedAt: now } })).count === 1
}

/** Hours that were at no site are at this one: the place that the clinic had before it had several. */
export async function placeHours(tx: Tx, actor: StaffActor, siteId: string): Promise<void> {
  const nowhere = { clinicId: actor.clinicId, siteId: null }
  await tx.weeklyHours.updateMany({ where: nowhere, data: { siteId } })
  await tx.dateHours.updateMany({ where: { ...nowhere, startMinute: { not: null } }, data: { siteId } })
}

/** A member's hours at any place but these end: whoever sees some sites only would not open what is written for visits elsewhere. */
export async function dropHoursElsewhere(tx: Tx, actor: StaffActor, memberId: string, siteIds: readonly string[]) {
  const elsewhere = { clinicId: actor.clinicId, memberId, OR: [{ siteId: null }, { siteId: { notIn: [...siteIds] } }] }
  await tx.weeklyHours.deleteMany({ where: elsewhere })
  await tx.dateHours.deleteMany({ where: { ...elsewhere, startMinute: { not: null } } })
}

/** The newest revisions of what was written for visits of this patient, and no practitioner of this site alone was granted. */
export async function listLacking(
  tx: Tx,
  actor: StaffActor,
  patientId: string,
  siteId: string,
): Promise<{ recordId: string; revision: number }[]> {
  const { clinicId } = actor
  const rows = await tx.record.findMany({
    where: { clinicId, patientId, type: { in: [...sharedTypes] }, appointmentId: { not: null } },
    select: { recordId: true, revision: true },
    orderBy: { revision: 'asc' },
  })
  const newest = [...new Map(rows.map((row) => [row.recordId, row])).values()]
  const granted = await tx.grant.findMany({
    where: { clinicId, patientId, recipientKind: 'group', recipientId: `clinical:${siteId}` },
    select: { recordId: true, revision: true },
  })
  const has = new Set(granted.map((row) => `${row.recordId}.${row.revision}`))
  return newest.filter((row) => !has.has(`${row.recordId}.${row.revision}`))
}
