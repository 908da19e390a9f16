import 'server-only'
import type { Actor, SystemActor } from '../access/rules.ts'
import type { CareRole } from '../crypto/types.ts'
import type { Tx } from '../server/tx.ts'
import type { CareRow } from './rules.ts'

type InClinic = Extract<Actor, { clinicId: string }>

/** Everybody who helps these patients, or did. */
export async function listCare(
  tx: Tx,
  actor: InClinic,
  patientIds: readonly string[],
): Promise<{ patientId: string; row: CareRow }[]> {
  const rows = await tx.care.findMany({
    where: { clinicId: actor.clinicId, patientId: { in: [...patientIds] } },
    include: { key: true },
    orderBy: { createdAt: 'asc' },
  })
  return rows.map((row) => ({
    patientId: row.patientId,
    row: {
      ...{ careId: row.id, keyId: row.keyId, recordId: row.recordId, role: row.role as CareRole },
      keys: { sign: row.key.signKey, dh: row.key.dhKey },
      until: row.until?.toISOString() ?? null,
      firstSeen: row.createdAt.toISOString(),
      lastUsed: row.lastUsedAt?.toISOString() ?? null,
      endedAt: row.endedAt?.toISOString() ?? null,
      ending: row.ending,
    },
  }))
}

export interface NewCare {
  id: string
  clinicId: string
  patientId: string
  keyId: string
  grantedBy: string
  recordId: string
  role: CareRole
  until: Date | null
}

/** False where this key helps already, or another care has the id. */
export async function insertCare(tx: Tx, row: NewCare, now: Date): Promise<boolean> {
  const { count } = await tx.care.createMany({ data: [{ ...row, createdAt: now }], skipDuplicates: true })
  return count === 1
}

export interface FoundCare {
  id: string
  keyId: string
  grantedBy: string
  role: CareRole
  until: Date | null
  endedAt: Date | null
}

/** Of this patient: by its own id, or by the key that helps. */
export async function findCare(
  tx: Tx,
  patientId: string,
  by: { id: string } | { keyId: string },
): Promise<FoundCare | null> {
  const row = await tx.care.findFirst({ where: { ...by, patientId } })
  return row && { ...row, role: row.role as CareRole }
}

/** Those whom this key let in, and who still help. */
export async function listLetIn(tx: Tx, patientId: string, keyId: string): Promise<FoundCare[]> {
  const rows = await tx.care.findMany({
    where: { patientId, grantedBy: keyId, keyId: { not: keyId }, endedAt: null },
  })
  return rows.map((row) => ({ ...row, role: row.role as CareRole }))
}

/** False when it was ended before. */
export async function endCare(
  tx: Tx,
  patientId: string,
  { id, ending }: { id: string; ending: string | null },
  now: Date,
): Promise<boolean> {
  const { count } = await tx.care.updateMany({
    where: { id, patientId, endedAt: null },
    data: { endedAt: now, ending },
  })
  return count === 1
}

export async function useCare(tx: Tx, { patientId }: { patientId: string }, id: string, now: Date): Promise<void> {
  await tx.care.updateMany({ where: { id, patientId }, data: { lastUsedAt: now } })
}

/** Whether the patient has a browser of their own: one that a member's word, or another of theirs, stands behind. */
export async function hasOwnDevice(tx: Tx, patientId: string): Promise<boolean> {
  const count = await tx.patientKey.count({
    where: { patientId, kind: 'device', state: { notIn: ['revoked', 'confirmed'] }, care: null },
  })
  return count > 0
}

/** Those who help until then at the latest and of whom nobody was told: answered once, and taken for told. */
export async function takeEnding(
  tx: Tx,
  actor: SystemActor,
  by: Date,
  now: Date,
): Promise<{ id: string; patientId: string }[]> {
  const where = { clinicId: actor.clinicId, endedAt: null, toldAt: null, until: { gt: now, lte: by } }
  const rows = await tx.care.findMany({ where, select: { id: true, patientId: true } })
  await tx.care.updateMany({ where: { id: { in: rows.map(({ id }) => id) } }, data: { toldAt: now } })
  return rows
}
