import { bigEndian64, type Bytes, concat, equal, labelledHash, utf8 } from './bytes.ts'
import { decodeArray, read } from './cbor.ts'
import { CryptoError } from './errors.ts'
import { type HpkeBox, hpkeOpen } from './hpke.ts'

/** What an entry of a clinic's log says. */
export interface AuditDetail {
  at: string
  actor: { kind: 'staff' | 'patient' | 'helper' | 'system'; id: string | null }
  action: string
  subjectId: string | null
  patientId: string | null
  records: { type: string; recordId: string; revision: number }[]
  /** Code of a refusal; null when it was done. */
  refused: string | null
}

/**
 * One entry out of a reader's box. Throws NOT_FOR_YOU for another's box; BAD_COMMITMENT when what it says is not what the
 * chain has a hash of; BAD_ENVELOPE for another clinic's entry, UNSUPPORTED for another version.
 */
export async function openAuditEntry(
  clinicId: string,
  leaf: Bytes,
  box: HpkeBox,
  reader: { public: Bytes; pair: CryptoKeyPair },
): Promise<AuditDetail> {
  const info = concat(utf8('curtain/v1/audit'), reader.public)
  const body = await hpkeOpen(reader.pair, info, leaf, box)
  // What makes an entry in the chain and its words one: without this line a box could say anything.
  if (!equal(await labelledHash('audit-entry', body), leaf))
    throw new CryptoError('BAD_COMMITMENT', 'not what the log has a hash of')
  return parseDetail(clinicId, body)
}

/** CBOR [1, salt, clinic, at, actor's kind, actor, action, subject, patient, [[type, record, revision]], refusal]. */
function parseDetail(clinicId: string, body: Bytes): AuditDetail {
  const [version, salt, clinic, at, kind, actor, action, subject, patient, records, refused] = decodeArray(body, 11)
  if (version !== 1) throw new CryptoError('UNSUPPORTED', `log entry version ${String(version)}`)
  if (clinic !== clinicId) throw new CryptoError('BAD_ENVELOPE', 'an entry of another clinic')
  read.bytes(salt, 32, 'salt')
  const idOrNull = (value: unknown, field: string) => (value === null ? null : read.id(value, field))
  return {
    at: read.text(at, 'time'),
    actor: {
      kind: read.oneOf(kind, ['staff', 'patient', 'helper', 'system'] as const, 'actor'),
      id: idOrNull(actor, 'actor'),
    },
    action: read.text(action, 'action'),
    subjectId: idOrNull(subject, 'subject'),
    patientId: idOrNull(patient, 'patient'),
    records: read.array(records, 'records').map((each) => {
      const [type, recordId, revision] = read.array(each, 'record')
      return {
        type: read.text(type, 'type'),
        recordId: read.id(recordId, 'record'),
        revision: read.count(revision, 1, 'revision'),
      }
    }),
    refused: refused === null ? null : read.text(refused, 'refusal'),
  }
}

/**
 * The log's hash after these leaves, the first of which has the place `from` and follows `previous` (null: nothing). Whoever
 * knows it knows every leaf before.
 */
export async function extendLog(previous: Bytes | null, from: number, leaves: readonly Bytes[]): Promise<Bytes | null> {
  let hash = previous
  for (const [index, leaf] of leaves.entries())
    hash = await labelledHash('audit-link', hash ?? new Uint8Array(32), bigEndian64(from + index), leaf)
  return hash
}
