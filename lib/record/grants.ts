import 'server-only'
import { decode } from 'cborg'
import type { SealedGrant } from '../crypto/types.ts'
import { openOuter } from '../server/keystore.ts'
import type { Tx } from '../server/tx.ts'

/** The grants of one revision, taken out of the outer layer. Null when its key was destroyed; `damaged` when one does not open. */
export async function openGrants(
  rows: readonly StoredGrant[],
): Promise<{ grants: SealedGrant[]; damaged: boolean } | null> {
  const opened = await Promise.all(rows.map(openGrant))
  if (opened.includes(null)) return null
  const grants = opened.flatMap((each) => each!.grant ?? [])
  return { grants, damaged: grants.length < rows.length }
}

export type StoredGrant = Awaited<ReturnType<Tx['grant']['findMany']>>[number]

/** Null when the outer key was destroyed: the record is purged. Without a grant when the row was altered or moved. */
export async function openGrant(row: StoredGrant) {
  const { clinicId, patientId, recordId, revision, recipientKey } = row
  const recipient = {
    kind: row.recipientKind as SealedGrant['recipient']['kind'],
    id: row.recipientId,
    key: recipientKey,
    epoch: row.epoch,
  }
  try {
    const name = { clinicId, patientId, class: row.retention }
    const inner = await openOuter(name, { recordId, revision, recipientKey }, row.wrapped)
    if (!inner) return null
    const rest = JSON.parse(new TextDecoder().decode(inner)) as Omit<SealedGrant, 'recipient'>
    return { recordId, revision, grant: { recipient, ...rest } satisfies SealedGrant }
  } catch {
    // One row that was tampered with is not answered; the rest of the chart is.
    return { recordId, revision, grant: null }
  }
}

/** The header's last item: the group that manages the record (docs/envelope.md, 2.1). */
export const managingOf = (header: Uint8Array): string => (decode(new Uint8Array(header)) as string[])[12]!
