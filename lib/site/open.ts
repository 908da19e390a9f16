import 'server-only'
import type { Tx } from '../server/tx.ts'
import { listSites } from './store.ts'

/** Whether each of these is an open site of the transaction's clinic. */
export async function areOpen(tx: Tx, siteIds: readonly string[] = []): Promise<boolean> {
  if (!siteIds.length) return true
  const open = new Set((await listSites(tx)).map(({ id }) => id))
  return siteIds.every((id) => open.has(id))
}
