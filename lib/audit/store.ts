import 'server-only'
import type { PatientActor, StaffActor } from '../access/rules.ts'
import type { Tx } from '../server/tx.ts'
import { linksAtOnce, type LogEntry, type LogHead, pageSize } from './rules.ts'

type Bytes = Uint8Array<ArrayBuffer>
const toB64 = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64url')

/** Clinics that have entries without a place. */
export async function lookupUnlinked(tx: Tx): Promise<string[]> {
  const rows = await tx.$queryRaw<{ id: string }[]>`SELECT lookup_unlinked() AS id`
  return rows.map((row) => row.id)
}

export async function findLast(tx: Tx, clinicId: string): Promise<{ seq: number; hash: Bytes } | null> {
  const row = await tx.auditEntry.findFirst({ where: { clinicId, seq: { not: null } }, orderBy: { seq: 'desc' } })
  return row && { seq: row.seq!, hash: row.hash! }
}

/** Entries without a place, in order of arrival. One process at a time gets them, until its transaction ends. */
export async function takeUnlinked(tx: Tx, clinicId: string): Promise<{ id: string; leaf: Bytes }[]> {
  await tx.$queryRaw`SELECT pg_advisory_xact_lock(hashtextextended(${`audit:${clinicId}`}, 0))::text`
  return tx.auditEntry.findMany({
    where: { clinicId, seq: null },
    orderBy: { arrived: 'asc' },
    take: linksAtOnce,
    select: { id: true, leaf: true },
  })
}

export async function saveLinks(
  tx: Tx,
  clinicId: string,
  links: { id: string; seq: number; hash: Bytes }[],
): Promise<number> {
  return tx.$executeRaw`
    UPDATE audit_entry e SET seq = link.seq, hash = link.hash
    FROM unnest(${links.map((link) => link.id)}::uuid[], ${links.map((link) => link.seq)}::int[],
      ${links.map((link) => link.hash)}::bytea[]) AS link (id, seq, hash)
    WHERE e.clinic_id = ${clinicId}::uuid AND e.id = link.id AND e.seq IS NULL`
}

export async function findHead(tx: Tx, clinicId: string): Promise<LogHead> {
  const last = await findLast(tx, clinicId)
  return last ? { length: last.seq + 1, hash: toB64(last.hash) } : { length: 0, hash: '' }
}

export async function findHash(tx: Tx, clinicId: string, seq: number): Promise<string> {
  const row = await tx.auditEntry.findFirst({ where: { clinicId, seq } })
  return row?.hash ? toB64(row.hash) : ''
}

export async function listLeaves(tx: Tx, clinicId: string, from: number): Promise<string[]> {
  const rows = await tx.auditEntry.findMany({
    where: { clinicId, seq: { gte: from, lt: from + linksAtOnce } },
    orderBy: { seq: 'asc' },
    select: { leaf: true },
  })
  return rows.map((row) => toB64(row.leaf))
}

/** Box of an entry for one of these readers, if there is any. */
export interface Reader {
  key: string
  tag: Bytes
}

interface Row {
  seq: number | null
  leaf: Bytes
  auditBoxes: { reader: Bytes; enc: Bytes; ct: Bytes }[]
}

function entryOf(row: Row, readers: Reader[]): LogEntry {
  const box = row.auditBoxes[0]
  const to = box && readers.find((reader) => Buffer.compare(reader.tag, box.reader) === 0)
  return {
    seq: row.seq,
    leaf: toB64(row.leaf),
    to: to?.key ?? null,
    enc: box ? toB64(box.enc) : '',
    ct: box ? toB64(box.ct) : '',
  }
}

/** Entries by place, [from, from + pageSize), or those without one. */
export async function listLog(
  tx: Tx,
  actor: StaffActor,
  readers: Reader[],
  which: { from: number; to: number } | 'pending',
): Promise<LogEntry[]> {
  const rows = await tx.auditEntry.findMany({
    where: { clinicId: actor.clinicId, seq: which === 'pending' ? null : { gte: which.from, lt: which.to } },
    orderBy: which === 'pending' ? { arrived: 'asc' } : { seq: 'asc' },
    take: which === 'pending' ? pageSize : which.to - which.from,
    include: { auditBoxes: { where: { reader: { in: readers.map((reader) => reader.tag) } }, take: 1 } },
  })
  return rows.map((row) => entryOf(row, readers))
}

/** Entries that were sealed to this device, latest first: one more than a page where there is more. */
export async function listOwnLog(tx: Tx, actor: PatientActor, reader: Reader, skip: number): Promise<LogEntry[]> {
  const rows = await tx.auditEntry.findMany({
    where: { clinicId: actor.clinicId, auditBoxes: { some: { reader: reader.tag } } },
    orderBy: { arrived: 'desc' },
    skip,
    take: pageSize + 1,
    include: { auditBoxes: { where: { reader: reader.tag }, take: 1 } },
  })
  return rows.map((row) => entryOf(row, [reader]))
}

export async function findDeviceKey(tx: Tx, actor: PatientActor): Promise<string | null> {
  const row = await tx.patientKey.findFirst({
    where: { clinicId: actor.clinicId, patientId: actor.patientId, id: actor.keyId, state: { not: 'revoked' } },
  })
  return row?.dhKey ?? null
}

export async function listNames(tx: Tx, clinicId: string): Promise<{ memberId: string; displayName: string }[]> {
  const rows = await tx.member.findMany({ where: { clinicId }, select: { id: true, displayName: true } })
  return rows.map((row) => ({ memberId: row.id, displayName: row.displayName }))
}
