import 'server-only'
import type { StaffActor } from '../access/rules.ts'
import type { Tx } from '../server/tx.ts'

type Bytes = Uint8Array<ArrayBuffer>
export type MerchantRow = NonNullable<Awaited<ReturnType<Tx['merchant']['findFirst']>>>

/** Whose it is. Runs before a clinic is known. */
export async function lookupMerchant(tx: Tx, id: string): Promise<string | null> {
  const [row] = await tx.$queryRaw<{ clinicId: string | null }[]>`SELECT lookup_merchant(${id}::uuid) AS "clinicId"`
  return row?.clinicId ?? null
}

export const findMerchant = (tx: Tx, id: string): Promise<MerchantRow | null> =>
  tx.merchant.findFirst({ where: { id } })

/** The row of one of the clinic's accounts, in one mode. */
export const findAccount = (tx: Tx, account: string, live: boolean): Promise<MerchantRow | null> =>
  tx.merchant.findFirst({ where: { account, live } })

export const listMerchants = (tx: Tx): Promise<MerchantRow[]> =>
  tx.merchant.findMany({ orderBy: [{ connectedAt: 'desc' }, { id: 'asc' }] })

interface Given {
  id: string
  account: string
  live: boolean
  name: string
  lastFour: string
  currency: string | null
  keySealed: Bytes
  secretSealed: Bytes
  endpoint: string
}

/** A new account, or a new key of one that is known. */
export async function saveMerchant(tx: Tx, { clinicId, memberId }: StaffActor, given: Given, now: Date): Promise<void> {
  const { id, ...rest } = given
  const all = { ...rest, connectedBy: memberId, connectedAt: now, refusedAt: null }
  const { count } = await tx.merchant.updateMany({ where: { id }, data: all })
  if (count === 0) await tx.merchant.create({ data: { id, clinicId, ...all } })
}

/** Nothing opens what was sealed any more; the row stays, since payments name it. */
export async function forgetKey(tx: Tx, id: string): Promise<void> {
  const nothing = { keySealed: null, secretSealed: null, endpoint: null, refusedAt: null }
  await tx.merchant.updateMany({ where: { id }, data: nothing })
}

/** `at` null: it is taken again. */
export async function markRefused(tx: Tx, id: string, at: Date | null): Promise<void> {
  await tx.merchant.updateMany({ where: { id, refusedAt: at ? null : { not: null } }, data: { refusedAt: at } })
}

/** Whether it has a key that Stripe takes, and which is not taken away before this transaction ends. */
export async function holdKey(tx: Tx, id: string): Promise<boolean> {
  const rows = await tx.$queryRaw<{ has: boolean }[]>`
    SELECT key_sealed IS NOT NULL AND refused_at IS NULL AS has FROM merchant WHERE id = ${id}::uuid FOR SHARE`
  return rows[0]?.has ?? false
}

/** The row alone, until the transaction ends. */
export async function lockMerchant(tx: Tx, id: string): Promise<MerchantRow | null> {
  await tx.$queryRaw`SELECT id FROM merchant WHERE id = ${id}::uuid FOR UPDATE`
  return findMerchant(tx, id)
}

/** How many of its payments are owed back: not given yet, or sent back by a bank. */
export const countOwed = (tx: Tx, id: string): Promise<number> =>
  tx.payment.count({
    where: { account: id, refunds: { some: { state: { in: ['due', 'failed'] }, paymentIntent: { not: null } } } },
  })

export interface OpenPage {
  paymentId: string
  appointmentId: string
  sessionId: string
  expiresAt: Date | null
}
/** Pages where somebody could pay into it now, whether or not anybody still waits for that; not those that were paid. */
export const listOpenPages = (tx: Tx, id: string, now: Date): Promise<OpenPage[]> =>
  tx.$queryRaw`
    SELECT id AS "paymentId", appointment_id AS "appointmentId", session_id AS "sessionId", session_expires_at AS "expiresAt"
    FROM payment WHERE account = ${id} AND session_id IS NOT NULL AND status NOT IN ('paid', 'refunded')
      AND (status = 'pending' OR session_expires_at > ${now}) ORDER BY id LIMIT 500`

/** What waited for a key is asked for at once. */
export async function askAgain(tx: Tx, id: string, now: Date): Promise<void> {
  await tx.$executeRaw`
    UPDATE payment SET ask_at = ${now}, asks = 0 WHERE account = ${id} AND (status = 'pending' OR id IN (
      SELECT payment_id FROM refund WHERE state = 'due' AND payment_intent IS NOT NULL))`
}
