import { type Bytes, toB64 } from './bytes.ts'
import { decodeArray, encode, read } from './cbor.ts'
import { CryptoError } from './errors.ts'
import { sign, verify } from './sign.ts'
import type { B64 } from './types.ts'

const witnessed = ['members', 'log'] as const
export type Witnessed = (typeof witnessed)[number]

/** How far a witness saw one of a clinic's chains go: of its members, or of its log. */
export interface WitnessedHead {
  clinicId: string
  kind: Witnessed
  /** How many statements or entries it has. */
  length: number
  /** Hash of the last. */
  head: B64
  at: string
}

/** CBOR [1, clinic, kind, length, head, time, signature]. */
export async function signHead(head: Omit<WitnessedHead, 'head'> & { head: Bytes }, key: CryptoKey): Promise<Bytes> {
  const fields = [1, head.clinicId, head.kind, head.length, head.head, head.at]
  return encode([...fields, await sign(key, 'witness-head', fields)])
}

/** Throws BAD_SIGNATURE for what this witness did not sign, BAD_ENVELOPE and UNSUPPORTED as every format here. */
export async function checkHead(witness: Bytes, bytes: Bytes): Promise<WitnessedHead> {
  const [version, clinic, kind, length, head, at, signature] = decodeArray(bytes, 7)
  if (version !== 1) throw new CryptoError('UNSUPPORTED', `witnessed head version ${String(version)}`)
  const parsed = {
    clinicId: read.id(clinic, 'clinic'),
    kind: read.oneOf(kind, witnessed, 'chain'),
    length: read.count(length, 1, 'length'),
    at: read.text(at, 'time'),
  }
  const hash = read.bytes(head, 32, 'head')
  const fields = [1, parsed.clinicId, parsed.kind, parsed.length, hash, parsed.at]
  await verify(witness, 'witness-head', fields, read.bytes(signature, 64, 'signature'))
  return { ...parsed, head: toB64(hash) }
}
