import 'server-only'
import type { StaffActor } from '../access/rules.ts'
import type { RecordType } from '../crypto/types.ts'
import { openGrants } from '../record/grants.ts'
import type { Tx } from '../server/tx.ts'
import { type GrantRow, leaseSeconds, type RewrapItem, type Targets } from './rules.ts'

/** What a member passes on: records of these types, opened by these groups' keys. */
export interface Reach {
  types: readonly RecordType[]
  groups: readonly string[]
  targets: Targets
  chainLength: number
}

/** Why a record is put aside whose outer key was destroyed: nobody is told, since there is nothing any more. */
const purged = 'PURGED'
const b64 = (value: Uint8Array) => Buffer.from(value).toString('base64url')

/** Revisions with a grant that a newer one should replace. `$1` clinic, `$2`, `$3` groups and their epochs, `$4` groups that are gone. */
const due = `SELECT g.record_id, g.revision FROM record_grant g
    JOIN unnest($2::text[], $3::int[]) AS newest (id, epoch) ON g.recipient_id = newest.id AND g.epoch < newest.epoch
    WHERE g.clinic_id = $1::uuid AND g.recipient_kind = 'group'
  UNION SELECT g.record_id, g.revision FROM record_grant g
    WHERE g.clinic_id = $1::uuid AND g.recipient_kind = 'group' AND g.recipient_id = ANY ($4::text[])
  UNION SELECT g.record_id, g.revision FROM record_grant g
    WHERE g.clinic_id = $1::uuid AND g.recipient_kind = 'member'`
const dueOf = (actor: StaffActor, { newest, gone }: Targets) =>
  [actor.clinicId, [...newest.keys()], [...newest.values()].map(({ epoch }) => epoch), gone] as const

interface Place {
  recordId: string
  revision: number
}
export const nameOf = ({ recordId, revision }: Place) => `${recordId}.${revision}`

interface Leased {
  places: Place[]
  /** Left for members with this reach, and what could not be passed on: before these were taken. */
  left: number
  failed: number
  /** When the first lease of another session ends. */
  until: Date | null
}

/**
 * Takes some revisions for this session, newest first: none that another session holds, or that could not be passed on with the
 * chain as it is. Two who ask at once get different ones. What is due is looked for once, for taking and for counting; each is then
 * looked up by its index, since a join is planned by statistics, and compares all with all where there are none yet.
 */
export async function leaseBatch(tx: Tx, actor: StaffActor, reach: Reach, size: number, now: Date): Promise<Leased> {
  const ends = new Date(now.getTime() + leaseSeconds * 1000)
  const [row] = await tx.$queryRawUnsafe<Leased[]>(
    `WITH due AS (${due}), known AS MATERIALIZED (
       SELECT due.record_id, due.revision, r.created_at, l.failed, l.until, l.chain_length FROM due
       CROSS JOIN LATERAL (SELECT created_at, type FROM record r WHERE r.clinic_id = $1::uuid
         AND r.record_id = due.record_id AND r.revision = due.revision OFFSET 0) r
       LEFT JOIN LATERAL (SELECT failed, until, chain_length FROM rewrap_lease l WHERE l.clinic_id = $1::uuid
         AND l.record_id = due.record_id AND l.revision = due.revision OFFSET 0) l ON true
       WHERE r.type = ANY ($5::text[])),
     taken AS (
       SELECT k.record_id, k.revision FROM (
         SELECT * FROM known WHERE chain_length IS NULL OR (failed IS NULL AND until <= $8) OR chain_length < $9
         ORDER BY created_at DESC, record_id, revision) k
       CROSS JOIN LATERAL (SELECT 1 FROM record r WHERE r.clinic_id = $1::uuid
         AND r.record_id = k.record_id AND r.revision = k.revision
         AND EXISTS (SELECT 1 FROM record_grant g WHERE g.clinic_id = r.clinic_id AND g.record_id = r.record_id
           AND g.revision = r.revision AND (g.recipient_kind = 'group' AND g.recipient_id = ANY ($6::text[])
             OR g.recipient_kind = 'member' AND g.recipient_id = $12))
         FOR UPDATE SKIP LOCKED) r
       LIMIT $10::int),
     leased AS (
       INSERT INTO rewrap_lease (clinic_id, record_id, revision, session_id, until, chain_length)
         SELECT $1::uuid, record_id, revision, $7::uuid, $11, $9 FROM taken
       ON CONFLICT (clinic_id, record_id, revision) DO UPDATE
         SET session_id = EXCLUDED.session_id, until = EXCLUDED.until, chain_length = EXCLUDED.chain_length, failed = NULL
         WHERE rewrap_lease.chain_length < $9 OR (rewrap_lease.failed IS NULL AND rewrap_lease.until <= $8)
       RETURNING record_id, revision)
     SELECT count(*) FILTER (WHERE failed IS NULL OR chain_length < $9)::int AS left,
       count(*) FILTER (WHERE failed <> '${purged}' AND chain_length >= $9)::int AS failed,
       min(until) FILTER (WHERE failed IS NULL AND until > $8) AS until,
       (SELECT coalesce(json_agg(json_build_object('recordId', record_id, 'revision', revision)), '[]') FROM leased) AS places
     FROM known`,
    ...dueOf(actor, reach.targets),
    [...reach.types],
    [...reach.groups],
    actor.sessionId,
    now,
    reach.chainLength,
    size,
    ends,
    actor.memberId,
  )
  return row!
}

/** Which of these this session still holds, by name. */
export async function heldBy(tx: Tx, actor: StaffActor, places: readonly Place[]): Promise<Set<string>> {
  const { clinicId, sessionId } = actor
  const rows = await tx.rewrapLease.findMany({
    where: { clinicId, sessionId, failed: null, recordId: { in: places.map(({ recordId }) => recordId) } },
    select: { recordId: true, revision: true },
  })
  return new Set(rows.map(nameOf))
}

/** What this session holds is anybody's again: its browser begins anew. */
export async function dropLeases(tx: Tx, actor: StaffActor): Promise<void> {
  await tx.rewrapLease.deleteMany({
    where: { clinicId: actor.clinicId, sessionId: actor.sessionId, failed: null },
  })
}

interface Row extends Place {
  patientId: string
  type: RecordType
  header: Uint8Array
  commit: Uint8Array
  hash: Uint8Array
}

/**
 * The leased revisions as a browser needs them: the superseded grants, and one that the member can open. What is purged, or
 * damaged here, is put aside, and counted: no browser could pass it on.
 */
export async function readItems(
  tx: Tx,
  actor: StaffActor,
  places: readonly Place[],
  { groups, targets, chainLength }: Reach,
): Promise<{ records: RewrapItem[]; aside: number; damaged: number }> {
  const { clinicId } = actor
  const rows = await tx.$queryRaw<Row[]>`
    SELECT record_id AS "recordId", revision, patient_id AS "patientId", type, header, commit, sha256(ciphertext) AS hash
    FROM record JOIN unnest(${places.map((at) => at.recordId)}::uuid[], ${places.map((at) => at.revision)}::int[])
      AS leased (record_id, revision) USING (record_id, revision)
    WHERE clinic_id = ${clinicId}::uuid ORDER BY created_at DESC, record_id, revision`
  const all = await tx.grant.findMany({
    where: {
      clinicId,
      recordId: { in: places.map(({ recordId }) => recordId) },
      recipientKind: { in: ['group', 'member'] },
    },
  })
  const byPlace = Map.groupBy(all, nameOf)
  const isOld = ({ recipientKind, recipientId, recipientKey }: GrantRow) =>
    recipientKind === 'group' &&
    (targets.gone.includes(recipientId) ||
      (targets.newest.has(recipientId) && targets.newest.get(recipientId)!.key !== recipientKey))
  const isUsable = ({ recipientKind, recipientId }: GrantRow) =>
    recipientKind === 'group' ? groups.includes(recipientId) : recipientId === actor.memberId
  const items: RewrapItem[] = []
  const aside: (Place & { code: string })[] = []
  // All at once: the outer layer looks up one patient's key once for all of their grants.
  const whole = await Promise.all(
    rows.map(async (row) => {
      const grants = byPlace.get(nameOf(row)) ?? []
      // Those to members' own keys too: who reads by a scope is passed on to by that scope.
      const old = grants.filter((grant) => isOld(grant) || grant.recipientKind === 'member')
      const usable = old.some(isUsable) ? [] : grants.filter(isUsable).slice(0, 1)
      const loose = grants.some(({ recipientKind }) => recipientKind === 'member')
      return { ...row, loose, opened: await openGrants([...old, ...usable]) }
    }),
  )
  for (const { recordId, revision, patientId, type, header, commit, hash, loose, opened } of whole) {
    if (!opened || opened.damaged) {
      aside.push({ recordId, revision, code: opened ? 'GRANT_DAMAGED' : purged })
      continue
    }
    items.push({
      meta: { clinicId, patientId, recordId, revision, type },
      header: b64(header),
      commit: b64(commit),
      ciphertextHash: b64(hash),
      grants: opened.grants,
      loose,
    })
  }
  await putAside(tx, actor, aside, chainLength)
  const damaged = aside.filter(({ code }) => code !== purged).length
  return { records: items, aside: aside.length, damaged }
}

/** Not tried again before the chain has grown. */
export async function putAside(
  tx: Tx,
  actor: StaffActor,
  failed: readonly (Place & { code: string })[],
  chainLength: number,
): Promise<void> {
  await tx.$executeRaw`
    UPDATE rewrap_lease l SET failed = aside.code, chain_length = ${chainLength}
    FROM unnest(${failed.map((at) => at.recordId)}::uuid[], ${failed.map((at) => at.revision)}::int[],
      ${failed.map((at) => at.code)}::text[]) AS aside (record_id, revision, code)
    WHERE l.clinic_id = ${actor.clinicId}::uuid AND l.session_id = ${actor.sessionId}::uuid
      AND l.record_id = aside.record_id AND l.revision = aside.revision`
}

/**
 * Takes away the grants that were replaced, and ends the leases. A revision that is still not passed on after that is put aside:
 * a browser that hands in too little would be asked for it for ever.
 */
export async function dropSuperseded(
  tx: Tx,
  actor: StaffActor,
  places: readonly Place[],
  { chainLength }: Reach,
  decide: (grants: GrantRow[], header: Uint8Array) => { superseded: GrantRow[]; complete: boolean },
): Promise<number> {
  const where = { clinicId: actor.clinicId, recordId: { in: places.map(({ recordId }) => recordId) } }
  const place = { recordId: true, revision: true } as const
  const grants = await tx.grant.findMany({
    where: { ...where, recipientKind: { in: ['group', 'member'] } },
    select: { ...place, id: true, recipientKind: true, recipientId: true, recipientKey: true, epoch: true },
  })
  const byPlace = Map.groupBy(grants, nameOf)
  const handedIn = new Set(places.map(nameOf))
  const rows = (await tx.record.findMany({ where, select: { ...place, header: true } }))
    .filter((row) => handedIn.has(nameOf(row)))
    .map((row) => ({ ...row, ...decide(byPlace.get(nameOf(row)) ?? [], row.header) }))
  const old = rows.flatMap(({ superseded }) => superseded.map(({ id }) => id))
  const { count } = await tx.grant.deleteMany({ where: { clinicId: actor.clinicId, id: { in: old } } })
  const [complete, rest] = [rows.filter((row) => row.complete), rows.filter((row) => !row.complete)]
  await tx.$executeRaw`
    DELETE FROM rewrap_lease l
    USING unnest(${complete.map((at) => at.recordId)}::uuid[], ${complete.map((at) => at.revision)}::int[]) AS done (record_id, revision)
    WHERE l.clinic_id = ${actor.clinicId}::uuid AND l.record_id = done.record_id AND l.revision = done.revision`
  await putAside(
    tx,
    actor,
    rest.map(({ recordId, revision }) => ({ recordId, revision, code: 'INCOMPLETE' })),
    chainLength,
  )
  return count
}
