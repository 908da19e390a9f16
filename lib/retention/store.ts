import 'server-only'
import type { SystemActor } from '../access/rules.ts'
import { Prisma } from '@/prisma/generated/client'
import type { Tx } from '../server/tx.ts'
import type { SealedColumn } from './rules.ts'

export async function lookupClinics(tx: Tx): Promise<string[]> {
  const rows = await tx.$queryRaw<{ clinic_id: string }[]>`SELECT clinic_id FROM lookup_clinics()`
  return rows.map((row) => row.clinic_id)
}

// ── contact fields under an older KEK: those that do not begin, after their version, as the current one's do ──

const names = ({ table, column }: SealedColumn) => ({ table: Prisma.raw(table), column: Prisma.raw(column) })
const isOld = (at: SealedColumn, head: Uint8Array) => {
  const { column } = names(at)
  return Prisma.sql`${column} IS NOT NULL AND substring(${column} FROM 2 FOR ${head.length}) <> ${head}`
}

export async function countOldFields(
  tx: Tx,
  actor: SystemActor,
  at: SealedColumn,
  head: Uint8Array<ArrayBuffer>,
): Promise<number> {
  const { table } = names(at)
  const [row] = await tx.$queryRaw<{ n: bigint }[]>`
    SELECT count(*) AS n FROM ${table} WHERE clinic_id = ${actor.clinicId}::uuid AND ${isOld(at, head)}`
  return Number(row!.n)
}

export async function listOldFields(
  tx: Tx,
  actor: SystemActor,
  at: SealedColumn,
  head: Uint8Array<ArrayBuffer>,
  most: number,
): Promise<{ id: string; sealed: Uint8Array<ArrayBuffer> }[]> {
  const { table, column } = names(at)
  return tx.$queryRaw`
    SELECT id, ${column} AS sealed FROM ${table}
    WHERE clinic_id = ${actor.clinicId}::uuid AND ${isOld(at, head)} ORDER BY id LIMIT ${most}`
}

/** False when the row was written in between: what it holds now is looked at again. */
export async function replaceField(
  tx: Tx,
  actor: SystemActor,
  at: SealedColumn,
  row: { id: string; before: Uint8Array; after: Uint8Array },
): Promise<boolean> {
  const { table, column } = names(at)
  const count = await tx.$executeRaw`
    UPDATE ${table} SET ${column} = ${row.after}
    WHERE clinic_id = ${actor.clinicId}::uuid AND id = ${row.id}::uuid AND ${column} = ${row.before}`
  return count === 1
}

/** Purges whose key store's KEK is gone are final: no backup opens any more. Answers how many became so now. */
export async function markFinal(tx: Tx, actor: SystemActor, keksLeft: readonly string[], now: Date): Promise<number> {
  const { count } = await tx.purge.updateMany({
    where: { clinicId: actor.clinicId, state: 'destroyed', storeKek: { notIn: [...keksLeft] } },
    data: { state: 'final', finalAt: now },
  })
  return count
}
