import 'server-only'
import type { Tx } from '../server/tx.ts'

// Up to when the events of each account were read. No tenant's rows: several clinics may be paid through one account.

/** From now on this account's events are read as well as heard. */
export async function watchAccount(tx: Tx, account: string, now: Date): Promise<void> {
  await tx.stripeAccountRead.createMany({ data: [{ account, readUntil: now }], skipDuplicates: true })
}

export const listWatched = (tx: Tx): Promise<{ account: string; readUntil: Date }[]> => tx.stripeAccountRead.findMany()

/** Never back: another worker may have read further. */
export async function saveReadUntil(tx: Tx, account: string, readUntil: Date): Promise<void> {
  await tx.stripeAccountRead.updateMany({ where: { account, readUntil: { lt: readUntil } }, data: { readUntil } })
}
