import 'server-only'
import { readStanding, type Standing } from '../access/standing.ts'
import { findHead, listStatements } from '../access/store.ts'
import type { SealedGrant } from '../crypto/types.ts'
import { hold, type Tx } from '../server/tx.ts'

/** By clinic, as of one head: a chain grows by a few statements a year, and every record asks for its epochs. */
const known = new Map<string, { head: string; epochs: Standing['epochs'] }>()

/** The newest epoch of each group, as the stored chain says. Until the transaction ends, the chain makes no other. */
async function holdEpochs(tx: Tx, clinicId: string): Promise<Standing['epochs']> {
  await hold(tx, `chain|${clinicId}`, 'read')
  const head = await findHead(tx, clinicId)
  if (!head) return new Map()
  const before = known.get(clinicId)
  if (before?.head === head) return before.epochs
  const { epochs } = readStanding(await listStatements(tx, clinicId))
  known.set(clinicId, { head, epochs })
  return epochs
}

/** Whether one of these grants is to an epoch that is not its group's current one. */
export async function isStale(
  tx: Tx,
  clinicId: string,
  grants: readonly Pick<SealedGrant, 'recipient'>[],
): Promise<boolean> {
  const epochs = await holdEpochs(tx, clinicId)
  // The defence of attack 15 at the door: what a former member's key opens is taken from nobody.
  return grants.some(({ recipient }) => {
    const now = recipient.kind === 'group' && epochs.get(recipient.id)
    return now && (now.stale || now.epoch !== recipient.epoch || now.key !== recipient.key)
  })
}
