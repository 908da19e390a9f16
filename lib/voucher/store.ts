import 'server-only'
import type { StaffActor } from '../access/rules.ts'
import type { Tx } from '../server/tx.ts'
import type { BatchView } from './rules.ts'

export async function insertVouchers(
  tx: Tx,
  actor: StaffActor,
  batch: { batchId: string; serviceId: string; lastDay: string; hashes: readonly Uint8Array<ArrayBuffer>[] },
  now: Date,
): Promise<void> {
  const { hashes, lastDay, ...rest } = batch
  const made = { ...rest, clinicId: actor.clinicId, lastDay: new Date(lastDay), madeBy: actor.memberId, madeAt: now }
  await tx.voucher.createMany({ data: hashes.map((codeHash) => ({ ...made, codeHash })) })
}

export const hasBatch = async (tx: Tx, actor: StaffActor, batchId: string): Promise<boolean> =>
  (await tx.voucher.count({ where: { clinicId: actor.clinicId, batchId } })) > 0

/** Those that a patient could still use. */
export const listOpen = (tx: Tx, actor: StaffActor, today: string): Promise<{ batchId: string }[]> =>
  tx.voucher.findMany({
    where: { clinicId: actor.clinicId, usedBy: null, withdrawnAt: null, lastDay: { gte: new Date(today) } },
    select: { batchId: true },
  })

/** The newest first. */
export const listBatches = (tx: Tx, actor: StaffActor, today: string): Promise<BatchView[]> =>
  tx.$queryRaw`
    SELECT v.batch_id AS "batchId", s.name AS service, to_char(min(v.made_at AT TIME ZONE c.time_zone), 'YYYY-MM-DD') AS "madeOn",
      to_char(max(v.last_day), 'YYYY-MM-DD') AS "lastDay", count(*)::int AS made, count(v.used_by)::int AS used,
      count(v.withdrawn_at) FILTER (WHERE v.used_by IS NULL)::int AS withdrawn,
      count(*) FILTER (WHERE v.withdrawn_at IS NULL)::int AS open, max(v.last_day) < ${today}::date AS "isOver"
    FROM voucher v JOIN service s ON s.id = v.service_id JOIN clinic c ON c.id = v.clinic_id
    WHERE v.clinic_id = ${actor.clinicId}::uuid
    GROUP BY v.batch_id, s.name ORDER BY min(v.made_at) DESC LIMIT 200`

/** Those in use too: their visits stay, and none of them can be used again once its visit is cancelled. */
export async function withdrawBatch(tx: Tx, actor: StaffActor, batchId: string, now: Date): Promise<number> {
  const where = { clinicId: actor.clinicId, batchId, withdrawnAt: null }
  return (await tx.voucher.updateMany({ where, data: { withdrawnAt: now } })).count
}

/**
 * Takes a voucher for a booking, by its code's hash. Null for one that is unknown, used, withdrawn, over or of another service: all the
 * same. Of two at once the second waits for the first, and finds it used.
 */
export async function useVoucher(
  tx: Tx,
  by: { clinicId: string; serviceId: string; appointmentId: string; codeHash: Uint8Array; today: string },
): Promise<string | null> {
  const [row] = await tx.$queryRaw<{ id: string }[]>`
    UPDATE voucher SET used_by = ${by.appointmentId}::uuid
    WHERE clinic_id = ${by.clinicId}::uuid AND code_hash = ${by.codeHash} AND service_id = ${by.serviceId}::uuid
      AND used_by IS NULL AND withdrawn_at IS NULL AND last_day >= ${by.today}::date
    RETURNING id`
  return row?.id ?? null
}

/** Takes for a booking the voucher that it was let go of. False where another has used it since, it was withdrawn, or is over. */
export async function retakeVoucher(
  tx: Tx,
  by: { id: string; appointmentId: string; today: string },
): Promise<boolean> {
  const count = await tx.$executeRaw`
    UPDATE voucher SET used_by = ${by.appointmentId}::uuid
    WHERE id = ${by.id}::uuid AND (used_by = ${by.appointmentId}::uuid
      OR (used_by IS NULL AND withdrawn_at IS NULL AND last_day >= ${by.today}::date))`
  return count === 1
}

/** Lets a booking's voucher go, which can be used until that day at the least unless it is withdrawn. */
export async function releaseVoucher(tx: Tx, appointmentId: string, until: string | null): Promise<void> {
  await tx.$executeRaw`
    UPDATE voucher SET used_by = NULL,
      last_day = CASE WHEN withdrawn_at IS NULL THEN greatest(last_day, ${until}::date) ELSE last_day END
    WHERE used_by = ${appointmentId}::uuid`
}

/** The voucher of a booking, as it stands now. Null for an id that is none. */
export const findVoucher = (
  tx: Tx,
  id: string,
): Promise<{ usedBy: string | null; withdrawnAt: Date | null; lastDay: Date } | null> =>
  tx.voucher.findFirst({ where: { id }, select: { usedBy: true, withdrawnAt: true, lastDay: true } })

/** Vouchers that are used up: by visits of that time that took place, or that were cancelled late or missed. */
export async function countUsed(tx: Tx, clinicId: string, { from, to }: { from: Date; to: Date }): Promise<number> {
  const [row] = await tx.$queryRaw<{ count: number }[]>`
    SELECT count(*)::int AS count FROM appointment a JOIN voucher v ON v.id = a.voucher_id AND v.used_by = a.id
    WHERE a.clinic_id = ${clinicId}::uuid AND a.starts_at >= ${from} AND a.starts_at < ${to}
      AND a.status IN ('completed', 'cancelled', 'no_show')`
  return row!.count
}
