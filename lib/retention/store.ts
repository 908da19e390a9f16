import 'server-only'
import type { Actor, PatientActor, StaffActor, SystemActor } from '../access/rules.ts'
import { Prisma } from '@/prisma/generated/client'
import type { Tx } from '../server/tx.ts'
import {
  fates,
  typesOf,
  type ErasureRow,
  type HoldGround,
  type HoldRow,
  type LiftGround,
  type PurgeRow,
  type PurgeState,
  type RetentionClass,
  type StoredSettings,
  type SealedColumn,
} from './rules.ts'

type InClinic = Extract<Actor, { clinicId: string }>

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

// ── how long, holds, requests, purges ──

/** Null where the clinic never set any. */
export async function findSettings(tx: Tx, actor: InClinic): Promise<StoredSettings | null> {
  const row = await tx.retentionSetting.findFirst({ where: { clinicId: actor.clinicId } })
  if (!row) return null
  const { identityYears, clinicalYears, administrativeYears, autoDays, beginsAt } = row
  const wanted = { identity: identityYears, clinical: clinicalYears, administrative: administrativeYears, autoDays }
  if (!beginsAt) return { wanted, before: null, beginsAt: null }
  const before = {
    ...{ identity: row.beforeIdentityYears!, clinical: row.beforeClinicalYears! },
    ...{ administrative: row.beforeAdministrativeYears!, autoDays: row.beforeAutoDays },
  }
  return { wanted, before, beginsAt }
}

/** The public key of the member's account, which signs what they say. */
export async function findSignKey(tx: Tx, { clinicId, memberId }: StaffActor): Promise<string | null> {
  const row = await tx.member.findFirst({
    where: { id: memberId, clinicId, status: 'active' },
    select: { signKey: true },
  })
  return row?.signKey ?? null
}

export async function saveSettings(
  tx: Tx,
  actor: StaffActor,
  { wanted, before, beginsAt }: StoredSettings,
  now: Date,
): Promise<void> {
  const { clinicId, memberId } = actor
  const data = {
    identityYears: wanted.identity,
    clinicalYears: wanted.clinical,
    administrativeYears: wanted.administrative,
    autoDays: wanted.autoDays,
    beforeIdentityYears: before?.identity ?? null,
    beforeClinicalYears: before?.clinical ?? null,
    beforeAdministrativeYears: before?.administrative ?? null,
    beforeAutoDays: before?.autoDays ?? null,
    beginsAt,
    changedBy: memberId,
    changedAt: now,
  }
  await tx.retentionSetting.upsert({ where: { clinicId }, create: { clinicId, ...data }, update: data })
}

export interface Kept {
  patientId: string
  lastEncounter: Date
  classes: string[]
  held: boolean
  expected: boolean
}

/** Every patient of whom something is left, longest not seen first. */
export async function listKept(tx: Tx, actor: InClinic, patientId: string | null, now: Date): Promise<Kept[]> {
  return tx.$queryRaw<Kept[]>`
    SELECT p.id AS "patientId", GREATEST(p.created_at, a.last) AS "lastEncounter", c.classes,
           EXISTS (SELECT FROM legal_hold h WHERE h.patient_id = p.id AND h.lifted_at IS NULL) AS held,
           COALESCE(a.last >= ${now}, false) AS expected
    FROM patient p
    LEFT JOIN LATERAL (
      SELECT max(ends_at) AS last FROM appointment
      WHERE patient_id = p.id AND status IN ('held', 'booked', 'arrived', 'in_consult', 'completed', 'no_show')
    ) a ON true
    CROSS JOIN LATERAL (
      SELECT array_agg(DISTINCT class) AS classes FROM (
        SELECT retention FROM record_grant WHERE patient_id = p.id
        UNION ALL SELECT 'identity' WHERE p.email_sealed IS NOT NULL OR p.phone_sealed IS NOT NULL
        UNION ALL SELECT 'identity' FROM emergency_key WHERE patient_id = p.id
        UNION ALL SELECT 'clinical' FROM prescription WHERE patient_id = p.id
        UNION ALL SELECT 'clinical' FROM emergency_card WHERE patient_id = p.id
        UNION ALL SELECT 'clinical' FROM emergency_request WHERE patient_id = p.id
        UNION ALL SELECT 'administrative' FROM recall WHERE patient_id = p.id
        UNION ALL SELECT 'administrative' FROM call JOIN appointment v ON v.id = call.appointment_id
          WHERE v.patient_id = p.id
      ) AS there(class)
    ) c
    WHERE p.clinic_id = ${actor.clinicId}::uuid AND (${patientId}::uuid IS NULL OR p.id = ${patientId}::uuid)
      AND c.classes IS NOT NULL
    ORDER BY 2, 1 LIMIT 2000`
}

export async function listHolds(tx: Tx, actor: InClinic, patientId?: string): Promise<HoldRow[]> {
  const rows = await tx.legalHold.findMany({
    where: { clinicId: actor.clinicId, liftedAt: null, ...(patientId ? { patientId } : {}) },
    orderBy: { placedAt: 'desc' },
  })
  return rows.map((row) => ({
    id: row.id,
    patientId: row.patientId,
    ground: row.ground as HoldGround,
    placedAt: row.placedAt.toISOString(),
  }))
}

/** False when one stands already. */
export async function placeHold(
  tx: Tx,
  actor: StaffActor,
  hold: { patientId: string; ground: HoldGround },
  now: Date,
): Promise<boolean> {
  const { clinicId, memberId } = actor
  const { count } = await tx.legalHold.createMany({
    data: [{ ...hold, clinicId, placedBy: memberId, placedAt: now }],
    skipDuplicates: true,
  })
  return count === 1
}

/** Whose it was; null when it was lifted before. */
export async function liftHold(
  tx: Tx,
  actor: StaffActor,
  { id, ground }: { id: string; ground: LiftGround },
  now: Date,
): Promise<string | null> {
  const open = { id, clinicId: actor.clinicId, liftedAt: null }
  const row = await tx.legalHold.findFirst({ where: open, select: { patientId: true } })
  if (!row) return null
  const data = { liftedBy: actor.memberId, liftedAt: now, liftedFor: ground }
  const { count } = await tx.legalHold.updateMany({ where: open, data })
  return count === 1 ? row.patientId : null
}

/** False while one is unanswered. */
export async function insertRequest(tx: Tx, actor: PatientActor, now: Date): Promise<boolean> {
  const { clinicId, patientId } = actor
  const { count } = await tx.erasureRequest.createMany({
    data: [{ clinicId, patientId, askedAt: now }],
    skipDuplicates: true,
  })
  return count === 1
}

export async function listRequests(
  tx: Tx,
  actor: InClinic,
  where: { patientId?: string; id?: string; state?: 'asked' },
): Promise<ErasureRow[]> {
  const rows = await tx.erasureRequest.findMany({
    where: { clinicId: actor.clinicId, ...where },
    orderBy: { askedAt: 'desc' },
    take: 200,
  })
  return rows.map((row) => ({
    id: row.id,
    patientId: row.patientId,
    state: row.state,
    askedAt: row.askedAt.toISOString(),
    answeredAt: row.answeredAt?.toISOString() ?? null,
    answer: row.answer,
  }))
}

/** False when somebody answered it first. */
export async function answerRequest(
  tx: Tx,
  actor: StaffActor,
  { id, state, statement }: { id: string; state: 'erased' | 'refused'; statement: string },
  now: Date,
): Promise<boolean> {
  const { count } = await tx.erasureRequest.updateMany({
    where: { id, clinicId: actor.clinicId, state: 'asked' },
    data: { state, answer: statement, answeredBy: actor.memberId, answeredAt: now },
  })
  return count === 1
}

/** Another transaction that orders, holds or purges this patient waits. False when there is no such patient. */
export async function lockPatient(tx: Tx, actor: InClinic, patientId: string): Promise<boolean> {
  const rows = await tx.$queryRaw<{ id: string }[]>`
    SELECT id FROM patient WHERE clinic_id = ${actor.clinicId}::uuid AND id = ${patientId}::uuid FOR UPDATE`
  return rows.length === 1
}

export async function insertPurge(
  tx: Tx,
  actor: StaffActor | SystemActor,
  purge: { patientId: string; classes: RetentionClass[]; requestId: string | null },
  now: Date,
): Promise<string> {
  const { clinicId } = actor
  const orderedBy = actor.kind === 'staff' ? actor.memberId : null
  const row = await tx.purge.create({ data: { ...purge, clinicId, orderedBy, orderedAt: now }, select: { id: true } })
  return row.id
}

export async function listPurges(
  tx: Tx,
  actor: InClinic,
  where: { patientId?: string; id?: string; state?: PurgeState },
): Promise<PurgeRow[]> {
  const rows = await tx.purge.findMany({
    where: { clinicId: actor.clinicId, ...where },
    orderBy: [{ orderedAt: 'desc' }, { id: 'asc' }],
    take: 200,
  })
  return rows.map((row) => ({
    id: row.id,
    patientId: row.patientId,
    classes: row.classes as RetentionClass[],
    state: row.state,
    requestId: row.requestId,
    orderedAt: row.orderedAt.toISOString(),
    destroyedAt: row.destroyedAt?.toISOString() ?? null,
    finalAt: row.finalAt?.toISOString() ?? null,
  }))
}

/**
 * The rows that the destroyed keys have made unreadable, and what was kept beside them. What stays, and why, is in rules.ts. With
 * who the patient is go the log's boxes that were sealed to them (`readers`): the entries' hashes stay, and with them the chain.
 */
export async function deleteRows(
  tx: Tx,
  actor: SystemActor,
  { patientId, classes }: { patientId: string; classes: readonly RetentionClass[] },
  readers: readonly Uint8Array[],
): Promise<void> {
  const { clinicId } = actor
  const at = { clinicId, patientId }
  await tx.grant.deleteMany({ where: { ...at, retention: { in: [...classes] } } })
  await tx.record.deleteMany({ where: { ...at, type: { in: classes.flatMap(typesOf) } } })
  const theirs = Prisma.sql`clinic_id = ${clinicId}::uuid AND patient_id = ${patientId}::uuid`
  const visits = Prisma.sql`SELECT id FROM appointment WHERE ${theirs}`
  const leadsTo = {
    patient: theirs,
    appointment: Prisma.sql`clinic_id = ${clinicId}::uuid AND appointment_id IN (${visits})`,
    call: Prisma.sql`clinic_id = ${clinicId}::uuid AND call_id IN (SELECT id FROM call WHERE appointment_id IN (${visits}))`,
  }
  for (const [table, fate] of Object.entries(fates)) {
    const name = Prisma.raw(table)
    if ('by' in fate && classes.includes(fate.goes)) await tx.$executeRaw`DELETE FROM ${name} WHERE ${leadsTo[fate.by]}`
  }
  if (classes.includes('clinical')) await tx.$queryRaw`SELECT forget_consents(${patientId}::uuid)`
  if (!classes.includes('identity')) return
  await tx.patient.updateMany({
    where: { id: patientId, clinicId },
    data: { emailIndex: null, emailSealed: null, phoneSealed: null },
  })
  await tx.appointment.updateMany({ where: at, data: { linkSealed: null } })
  await tx.patientKey.updateMany({ where: at, data: { name: '', vouch: null, usedOn: null } })
  await tx.$queryRaw`SELECT forget_audit_boxes(${patientId}::uuid, ${readers}::bytea[])`
}

/** Every key of the patient's that entries of the log were ever sealed to. */
export async function listReaderKeys(tx: Tx, actor: SystemActor, patientId: string): Promise<string[]> {
  const rows = await tx.patientKey.findMany({
    where: { clinicId: actor.clinicId, patientId },
    select: { dhKey: true },
    orderBy: { createdAt: 'asc' },
  })
  return rows.map((row) => row.dhKey)
}

export async function markDestroyed(
  tx: Tx,
  actor: SystemActor,
  { id, storeKek }: { id: string; storeKek: string },
  now: Date,
): Promise<boolean> {
  const { count } = await tx.purge.updateMany({
    where: { id, clinicId: actor.clinicId, state: 'ordered' },
    data: { state: 'destroyed', destroyedAt: now, storeKek },
  })
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
