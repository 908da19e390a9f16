import 'server-only'
import type { Prisma } from '@/prisma/generated/client'
import { type Actor, groupsOf, type PatientActor, type StaffActor } from '../access/rules.ts'
import { partOf } from '../access/part.ts'
import type { RecordType, Sealed, SealedGrant } from '../crypto/types.ts'
import { refuse, ok, type Result } from '../errors.ts'
import { sealOuter } from '../server/keystore.ts'
import { mayNotBeGranted } from '../care/rules.ts'
import type { Tx } from '../server/tx.ts'
import { classOf } from '../retention/rules.ts'
import { isStale } from './epochs.ts'
import { openGrant } from './grants.ts'
import { deskTypes, mayWriteForPatient, patientWrites, type StoredRecord } from './rules.ts'

type Writer = Exclude<Actor, { kind: 'public' }>

const bytes = (text: string) => new Uint8Array(Buffer.from(text, 'base64url'))
const b64 = (value: Uint8Array) => Buffer.from(value).toString('base64url')

/**
 * Stores new revisions, each grant inside the outer layer. A repeat of what is stored is no fault; another record under a
 * taken revision is STALE, a record of another clinic or patient NOT_ALLOWED.
 */
export async function insertRecords(
  tx: Tx,
  actor: Writer,
  records: readonly Sealed[],
  at: { patientId: string; appointmentId: string | null },
): Promise<Result<{ stored: number }>> {
  let stored = 0
  if (
    await isStale(
      tx,
      actor.clinicId,
      records.flatMap(({ grants }) => grants),
    )
  )
    return refuse('STALE_EPOCH')
  for (const record of records) {
    const { meta } = record
    if (meta.clinicId !== actor.clinicId || meta.patientId !== at.patientId) return refuse('NOT_ALLOWED')
    if (actor.kind === 'patient' && meta.patientId !== actor.patientId) return refuse('NOT_ALLOWED')
    // What a patient hands in stands: another of their devices, or whoever made one by a mailed code, puts nothing over it.
    if (actor.kind === 'patient' && meta.revision > 1) return refuse('NOT_ALLOWED')
    // The defence on the server's side: of who has a key, nobody at the clinic writes what is the patient's own to say.
    if (actor.kind === 'staff' && (patientWrites as readonly string[]).includes(meta.type)) {
      const keys = await tx.patientKey.count({ where: { clinicId: actor.clinicId, patientId: meta.patientId } })
      if (!mayWriteForPatient(meta, keys > 0)) return refuse('NOT_ALLOWED')
    }
    if (meta.revision > 1) {
      const before = await tx.record.findFirst({ where: { recordId: meta.recordId, revision: meta.revision - 1 } })
      if (!before) return refuse('STALE')
      if (before.patientId !== meta.patientId || before.type !== meta.type) return refuse('NOT_ALLOWED')
    }
    const { count } = await tx.record.createMany({
      data: [
        {
          clinicId: actor.clinicId,
          patientId: meta.patientId,
          recordId: meta.recordId,
          revision: meta.revision,
          type: meta.type,
          appointmentId: at.appointmentId,
          header: bytes(record.header),
          commit: bytes(record.commit),
          ciphertext: bytes(record.ciphertext),
          signature: bytes(record.signature),
        },
      ],
      skipDuplicates: true,
    })
    if (count === 0) {
      const there = await tx.record.findFirst({ where: { recordId: meta.recordId, revision: meta.revision } })
      if (!there || b64(there.signature) !== record.signature) return refuse('STALE')
      continue
    }
    stored += 1
    await insertGrants(
      tx,
      actor,
      record.grants.map((grant) => ({
        patientId: meta.patientId,
        recordId: meta.recordId,
        revision: meta.revision,
        grant,
      })),
    )
  }
  return ok({ stored })
}

export interface NewGrant {
  patientId: string
  recordId: string
  revision: number
  grant: SealedGrant
}

/**
 * Adds readers to stored records; one for a record that is not this patient's is left out. Answers how many were new. Whoever
 * calls it with grants to groups asks `isStale` first.
 */
export async function insertGrants(tx: Tx, actor: Writer, grants: readonly NewGrant[]): Promise<number> {
  const rows = await tx.record.findMany({
    where: { clinicId: actor.clinicId, recordId: { in: [...new Set(grants.map((each) => each.recordId))] } },
    select: { patientId: true, recordId: true, revision: true, type: true },
  })
  const there = new Map(rows.map((row) => [`${row.patientId}.${row.recordId}.${row.revision}`, row.type]))
  // Sealed by a browser that had not heard yet: a device that its patient removed is granted nothing, nor a helper whose time is
  // over.
  const revoked = await tx.patientKey.findMany({
    where: {
      clinicId: actor.clinicId,
      ...mayNotBeGranted(new Date()),
      dhKey: { in: [...new Set(grants.map((each) => each.grant.recipient.key))] },
    },
    select: { dhKey: true },
  })
  const removed = new Set(revoked.map((row) => row.dhKey))
  const data = await Promise.all(
    grants
      .filter((each) => there.has(`${each.patientId}.${each.recordId}.${each.revision}`))
      .filter((each) => each.grant.recipient.kind !== 'patient' || !removed.has(each.grant.recipient.key))
      .map(async ({ patientId, recordId, revision, grant }) => {
        const { recipient, enc, ct, granter, signature } = grant
        const retention = classOf(there.get(`${patientId}.${recordId}.${revision}`) as RecordType)
        const name = { clinicId: actor.clinicId, patientId, class: retention }
        const inner = new TextEncoder().encode(JSON.stringify({ enc, ct, granter, signature }))
        const wrapped = await sealOuter(name, { recordId, revision, recipientKey: recipient.key }, inner)
        return { patientId, recordId, revision, recipient, retention, wrapped: Buffer.from(wrapped).toString('base64') }
      }),
  )
  const of = <T>(pick: (each: (typeof data)[number]) => T) => data.map(pick)
  // One statement of one shape for one grant and for hundreds: what Prisma writes for many takes it longer than all the rest.
  return tx.$executeRaw`
    INSERT INTO record_grant (clinic_id, patient_id, record_id, revision, recipient_kind, recipient_id, recipient_key, epoch,
      retention, wrapped)
    SELECT ${actor.clinicId}::uuid, patient_id, record_id, revision, kind, id, key, epoch, retention, decode(wrapped, 'base64')
    FROM unnest(${of((each) => each.patientId)}::uuid[], ${of((each) => each.recordId)}::uuid[],
      ${of((each) => each.revision)}::int[], ${of((each) => each.recipient.kind)}::text[],
      ${of((each) => each.recipient.id)}::text[], ${of((each) => each.recipient.key)}::text[],
      ${of((each) => each.recipient.epoch)}::int[], ${of((each) => each.retention)}::text[],
      ${of((each) => each.wrapped)}::text[])
      AS granted (patient_id, record_id, revision, kind, id, key, epoch, retention, wrapped)
    ON CONFLICT DO NOTHING`
}

export interface RecordQuery {
  patientIds?: readonly string[]
  appointmentId?: string
  types?: readonly RecordType[]
  recordIds?: readonly string[]
  /** All revisions, not the newest alone. */
  history?: boolean
}

/**
 * Records with the grants that this actor can use: a patient's device those for its own key, the desk those for its group and
 * desk records only, clinical members their groups'. What nobody granted to the actor is not answered.
 */
export async function listRecords(
  tx: Tx,
  actor: PatientActor | StaffActor,
  query: RecordQuery,
): Promise<StoredRecord[]> {
  const readers = await readersOf(tx, actor)
  if (!readers) return []
  const allowed = actor.kind === 'staff' && !actor.roles.includes('practitioner') ? deskTypes : null
  const types = query.types ? query.types.filter((type) => !allowed || allowed.includes(type)) : allowed
  const rows = await tx.record.findMany({
    where: {
      clinicId: actor.clinicId,
      patientId:
        actor.kind === 'patient' ? actor.patientId : query.patientIds ? { in: [...query.patientIds] } : undefined,
      appointmentId: query.appointmentId,
      recordId: query.recordIds ? { in: [...query.recordIds] } : undefined,
      type: types ? { in: [...types] } : undefined,
    },
    orderBy: [{ createdAt: 'asc' }, { revision: 'asc' }],
  })
  const newest = new Map(rows.map((row) => [query.history ? `${row.recordId}.${row.revision}` : row.recordId, row]))
  return withGrants(tx, actor.clinicId, [...newest.values()], readers)
}

/** For an emergency that two officers agreed on: the newest revisions, with their grants to the patient's emergency key alone. */
export async function listEscrowed(
  tx: Tx,
  actor: StaffActor,
  { patientId, recordId, key }: { patientId: string; recordId: string | null; key: string },
): Promise<StoredRecord[]> {
  const { clinicId } = actor
  const rows = await tx.record.findMany({
    where: { clinicId, patientId, ...(recordId && { recordId }) },
    orderBy: [{ createdAt: 'asc' }, { revision: 'asc' }],
  })
  const newest = new Map(rows.map((row) => [row.recordId, row]))
  return withGrants(tx, clinicId, [...newest.values()], { recipientKind: 'escrow', recipientKey: key })
}

type RecordRow = Awaited<ReturnType<Tx['record']['findMany']>>[number]

async function withGrants(
  tx: Tx,
  clinicId: string,
  chosen: readonly RecordRow[],
  readers: NonNullable<Awaited<ReturnType<typeof readersOf>>>,
): Promise<StoredRecord[]> {
  const grants = await tx.grant.findMany({
    where: { clinicId, recordId: { in: chosen.map((row) => row.recordId) }, ...readers },
  })
  const opened = await Promise.all(grants.map(openGrant))
  const out: StoredRecord[] = []
  for (const row of chosen) {
    const mine = opened.filter((each) => each && each.recordId === row.recordId && each.revision === row.revision)
    // Purged, or never granted. One whose grants are damaged is answered without them: its reader is told that it is there.
    if (!mine.length) continue
    out.push({
      meta: {
        clinicId: row.clinicId,
        patientId: row.patientId,
        recordId: row.recordId,
        revision: row.revision,
        type: row.type as RecordType,
      },
      header: b64(row.header),
      commit: b64(row.commit),
      ciphertext: b64(row.ciphertext),
      signature: b64(row.signature),
      grants: mine.flatMap((each) => each!.grant ?? []),
      appointmentId: row.appointmentId,
      createdAt: row.createdAt.toISOString(),
    })
  }
  return out
}

async function readersOf(tx: Tx, actor: PatientActor | StaffActor): Promise<Prisma.GrantWhereInput | null> {
  if (actor.kind === 'staff') {
    const member = await tx.member.findFirst({ where: { id: actor.memberId, clinicId: actor.clinicId } })
    const groups = groupsOf(actor.roles, await partOf(tx, actor))
    // A member's own key reads while one of their groups has no current epoch, since somebody left it.
    const own = member?.dhKey ? [{ recipientKind: 'member', recipientKey: member.dhKey }] : []
    return { OR: [{ recipientKind: 'group', recipientId: { in: groups } }, ...own] }
  }
  const key = await tx.patientKey.findFirst({ where: { id: actor.keyId, patientId: actor.patientId } })
  return key && { recipientKind: 'patient', recipientKey: key.dhKey }
}
