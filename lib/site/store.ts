import 'server-only'
import type { StaffActor } from '../access/rules.ts'
import type { Tx } from '../server/tx.ts'
import type { SiteRow, SiteView } from './rules.ts'

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

export async function listUse(tx: Tx, actor: StaffActor, now: Date): Promise<SiteRow[]> {
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
  const hours = await tx.weeklyHours.groupBy({ by: ['siteId'], where: of, _count: true })
  const count = (rows: { siteId: string | null; _count: number }[], id: string) =>
    rows.find((row) => row.siteId === id)?._count ?? 0
  return sites.map(({ id, name, address, _count }) => ({
    ...{ id, name, address, members: _count.memberSites },
    ...{ coming: count(coming, id), hours: count(hours, id) },
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
  await tx.weeklyHours.updateMany({ where: { clinicId: actor.clinicId, siteId: null }, data: { siteId } })
}
