import 'server-only'
import { createHash, randomBytes, randomUUID } from 'node:crypto'
import { encode, rfc8949EncodeOptions } from 'cborg'
import type { Actor } from '../access/rules.ts'
import { officerKeys, patientKeys, patientOf } from './audit-readers.ts'
import { keyedHash } from './kms.ts'
import { sealTo } from './seal.ts'
import type { Tx } from './tx.ts'

// The clinic's log (docs/envelope.md §11, docs/decisions/015): an entry is written in the transaction of what it tells of, sealed to
// those who may read it, and gets its place in the chain afterwards (lib/audit). No column says who did what.

type Bytes = Uint8Array<ArrayBuffer>
type Doer = Exclude<Actor, { kind: 'public' }>

/** A record that was answered or written: its type, id and revision. */
export type Touched = readonly [type: string, recordId: string, revision: number]

export interface Happening {
  /** Code of what was done: `appointment.completed`. */
  action: string
  subjectId?: string | undefined
  /** Whom it concerns, where the subject does not say so itself. */
  patientId?: string | undefined
  records?: readonly Touched[]
  /** Why it was refused; none when it was done. */
  refused?: string
}

/** Who did what to which id, in the same transaction as the change. Codes and ids only. */
export async function audit(
  tx: Tx,
  actor: Doer,
  action: string,
  subjectId?: string,
  more: Omit<Happening, 'action' | 'subjectId'> = {},
): Promise<void> {
  await auditAll(tx, actor, [{ action, subjectId, ...more }])
}

/** Several entries of one transaction. */
export async function auditAll(tx: Tx, actor: Doer, happenings: readonly Happening[]): Promise<void> {
  if (happenings.length === 0) return
  const { clinicId } = actor
  const about: (string | null)[] = []
  for (const { patientId, subjectId } of happenings) {
    const own = patientId ?? (actor.kind === 'patient' ? actor.patientId : null)
    about.push(own ?? (subjectId ? await patientOf(tx, clinicId, subjectId) : null))
  }
  const officers = await officerKeys(tx, clinicId)
  const patients = [...new Set(about.flatMap((id) => id ?? []))]
  const keys = patients.length ? await patientKeys(tx, clinicId, patients) : new Map<string, string[]>()
  const at = new Date()
  const entries = await Promise.all(
    happenings.map(async (happening, index) => {
      const patientId = about[index] ?? null
      const detail = detailOf(actor, happening, patientId, at)
      const leaf = labelled('audit-entry', detail)
      const readers = [...new Set([...officers, ...((patientId && keys.get(patientId)) || [])])]
      return {
        id: randomUUID(),
        clinicId,
        leaf,
        boxes: await Promise.all(readers.map((key) => box(key, leaf, detail))),
      }
    }),
  )
  await tx.auditEntry.createMany({ data: entries.map(({ id, clinicId, leaf }) => ({ id, clinicId, leaf })) })
  const boxes = entries.flatMap(({ id, boxes }) =>
    boxes.flatMap((one) => (one ? { clinicId, entryId: id, ...one } : [])),
  )
  if (boxes.length) await tx.auditBox.createMany({ data: boxes })
}

/** What the entry says: CBOR [1, salt, clinic, at, actor's kind, actor, action, subject, patient, [[type, record, revision]], refusal]. */
function detailOf(actor: Doer, happening: Happening, patientId: string | null, at: Date): Bytes {
  const helper = actor.kind === 'patient' ? actor.care : undefined
  const patient = actor.kind === 'patient' ? actor.patientId : null
  const actorId = actor.kind === 'staff' ? actor.memberId : (helper?.id ?? patient)
  const kind = helper ? 'helper' : actor.kind
  // The salt is what keeps the chain's hash from being guessed at: without it, ids and codes could be tried out.
  const salt = new Uint8Array(randomBytes(32))
  const { action, subjectId = null, records = [], refused = null } = happening
  const what = [kind, actorId, action, subjectId, patientId, records.map((each) => [...each]), refused]
  return encode([1, salt, actor.clinicId, at.toISOString(), ...what], rfc8949EncodeOptions) as Bytes
}

async function box(key: string, leaf: Bytes, detail: Bytes) {
  const raw = new Uint8Array(Buffer.from(key, 'base64url'))
  const sealed = await sealTo(raw, concat('curtain/v1/audit', raw), leaf, detail)
  return sealed && { reader: await readerOf(key), ...sealed }
}

/** How a reader's boxes are found: no key stands beside them, so that a thief of the database cannot tell whose they are. */
export const readerOf = (key: string): Promise<Bytes> => keyedHash('audit-reader', key)

/** The hash that an entry has in its place: over the one before it, its place and its leaf. */
export function linkHash(previous: Uint8Array | null, seq: number, leaf: Uint8Array): Bytes {
  const place = Buffer.alloc(8)
  place.writeBigUInt64BE(BigInt(seq))
  return labelled('audit-link', Buffer.concat([previous ?? Buffer.alloc(32), place, leaf]))
}

const labelled = (label: string, bytes: Uint8Array): Bytes =>
  new Uint8Array(createHash('sha256').update(`curtain/v1/${label}`).update(bytes).digest())
const concat = (text: string, bytes: Uint8Array): Bytes => new Uint8Array(Buffer.concat([Buffer.from(text), bytes]))
