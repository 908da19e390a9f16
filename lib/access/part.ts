import 'server-only'
import type { Tx } from '../server/tx.ts'
import type { StaffActor } from './rules.ts'

/** What of the clinic a member sees, as the rows say. Keys decide that: this only asks for less. */
export async function partOf(
  tx: Tx,
  { clinicId, memberId }: StaffActor,
): Promise<{ own: string | null; sites: string[] }> {
  const row = await tx.member.findFirst({
    where: { id: memberId, clinicId },
    select: { ownPatients: true, memberSites: { select: { siteId: true } } },
  })
  return { own: row?.ownPatients ? memberId : null, sites: row?.memberSites.map(({ siteId }) => siteId) ?? [] }
}
