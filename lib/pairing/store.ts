import 'server-only'
import type { Tx } from '../server/tx.ts'

export interface PairRow {
  relay: string
  seq: number
  body: Uint8Array<ArrayBuffer>
  expiresAt: Date
}

export async function findMessage(tx: Tx, relay: string, seq: number): Promise<PairRow | null> {
  return tx.pairMessage.findFirst({ where: { relay, seq } })
}

/** False when the place is taken, by whomever. */
export async function addMessage(tx: Tx, row: PairRow): Promise<boolean> {
  const { count } = await tx.pairMessage.createMany({ data: [row], skipDuplicates: true })
  return count === 1
}

export async function dropExpired(tx: Tx, now: Date): Promise<void> {
  await tx.pairMessage.deleteMany({ where: { expiresAt: { lte: now } } })
}
