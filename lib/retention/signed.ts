import 'server-only'
import { decode, encode, rfc8949EncodeOptions } from 'cborg'
import type { StaffActor } from '../access/rules.ts'
import { env } from '../server/env.ts'
import { type ProofField, verifyProof } from '../server/proof.ts'
import type { Tx } from '../server/tx.ts'
import { retentionClasses, signedFields, wordMinutes, type Signed } from './rules.ts'
import { findSignKey } from './store.ts'

// What destroys records for good needs more than a session's cookie: the key of the officer's account, which no locked browser has.

const isNow = (at: string, now: Date): boolean =>
  Math.abs(now.getTime() - new Date(at).getTime()) <= wordMinutes * 60_000

/** Whether the officer's own key signed this just now. */
export async function isSigned(
  tx: Tx,
  actor: StaffActor,
  purpose: string,
  what: readonly (string | number)[],
  { signedAt, signature }: Signed,
  now: Date,
): Promise<boolean> {
  const key = await findSignKey(tx, actor)
  if (!key || !isNow(signedAt, now)) return false
  return verifyProof(key, purpose, signedFields({ origin: env().APP_ORIGIN, ...actor }, what, signedAt), signature)
}

/**
 * Whether this officer's key signed this answer to this wish just now (docs/envelope.md, 7.2). Whether they are an officer by the
 * clinic's chain is the patient's browser's to check.
 */
export async function isOwnAnswer(
  tx: Tx,
  actor: StaffActor,
  answer: { id: string; patientId: string; state: 'erased' | 'refused'; statement: string },
  now: Date,
): Promise<boolean> {
  const key = await findSignKey(tx, actor)
  const fields = fieldsOf(answer.statement)
  if (!key || fields?.length !== 11) return false
  const [version, clinic, patient, request, state, classes, , at, , signer, signature] = fields
  const erased = answer.state === 'erased' ? retentionClasses : []
  return (
    version === 1 &&
    clinic === actor.clinicId &&
    patient === answer.patientId &&
    request === answer.id &&
    state === answer.state &&
    JSON.stringify(classes) === JSON.stringify(erased) &&
    typeof at === 'string' &&
    isNow(at, now) &&
    toB64(signer) === key &&
    verifyProof(key, 'erasure', fields.slice(0, 10) as ProofField[], toB64(signature))
  )
}

/** Null unless the bytes are one array, in the one encoding that it has. */
function fieldsOf(statement: string): unknown[] | null {
  const bytes = Buffer.from(statement, 'base64url')
  try {
    const fields: unknown = decode(new Uint8Array(bytes))
    return Array.isArray(fields) && bytes.equals(encode(fields, rfc8949EncodeOptions)) ? fields : null
  } catch {
    return null
  }
}

const toB64 = (bytes: unknown): string => (bytes instanceof Uint8Array ? Buffer.from(bytes).toString('base64url') : '')
