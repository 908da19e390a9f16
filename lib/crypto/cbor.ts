import { decode as decodeAny, encode as encodeAny, rfc8949EncodeOptions } from 'cborg'
import { type Bytes, equal } from './bytes.ts'
import { CryptoError } from './errors.ts'

/** What signed and hashed structures are made of. Maps are left to record contents: arrays leave no order to argue about. */
export type Cbor = null | boolean | number | string | Uint8Array | readonly Cbor[]

const decodeOptions = {
  strict: true,
  allowIndefinite: false,
  allowUndefined: false,
  allowInfinity: false,
  allowNaN: false,
  allowBigInt: false,
  rejectDuplicateMapKeys: true,
}
const contentOptions = { ...rfc8949EncodeOptions, ignoreUndefinedProperties: true }

/** Deterministic CBOR (RFC 8949 §4.2.1). */
export const encode = (value: Cbor): Bytes => encodeAny(value, rfc8949EncodeOptions) as Bytes

/**
 * One CBOR array of exactly `length` items, in the one encoding `encode` gives. Throws BAD_ENVELOPE for anything else:
 * trailing bytes, longer integers than needed, tags, indefinite lengths, floats for whole numbers, another count of items.
 */
export function decodeArray(bytes: Bytes, length?: number): unknown[] {
  let value: unknown
  try {
    value = decodeAny(bytes, decodeOptions)
  } catch {
    throw new CryptoError('BAD_ENVELOPE', 'not strict CBOR')
  }
  if (!Array.isArray(value)) throw new CryptoError('BAD_ENVELOPE', 'not a CBOR array')
  if (length !== undefined && value.length !== length) {
    throw new CryptoError('BAD_ENVELOPE', `${value.length} fields where ${length} belong`)
  }
  if (!equal(encode(value as Cbor[]), bytes)) throw new CryptoError('BAD_ENVELOPE', 'not deterministic CBOR')
  return value
}

/** A record's content: JSON-like values and byte strings. Undefined properties are left out, as in JSON. */
export const encodeContent = (value: unknown): Bytes => encodeAny(value, contentOptions) as Bytes

/** Throws BAD_ENVELOPE. Only ever called on bytes whose signature and commitment were checked. */
export function decodeContent(bytes: Bytes): unknown {
  try {
    return decodeAny(bytes, decodeOptions)
  } catch {
    throw new CryptoError('BAD_ENVELOPE', 'content is not strict CBOR')
  }
}

/** Field readers for parsers: each throws BAD_ENVELOPE, naming the field. */
export const read = {
  bytes(value: unknown, length: number, field: string): Bytes {
    if (!(value instanceof Uint8Array) || value.length !== length) bad(field)
    return value as Bytes
  },
  anyBytes(value: unknown, field: string): Bytes {
    if (!(value instanceof Uint8Array)) bad(field)
    return value as Bytes
  },
  /** Ids are ASCII, so that two that look alike are alike. */
  id(value: unknown, field: string): string {
    if (typeof value !== 'string' || !/^[0-9A-Za-z_-]{1,64}$/.test(value)) bad(field)
    return value as string
  },
  text(value: unknown, field: string): string {
    if (typeof value !== 'string' || value.length > 10_000) bad(field)
    return value as string
  },
  count(value: unknown, from: number, field: string): number {
    if (!Number.isSafeInteger(value) || (value as number) < from) bad(field)
    return value as number
  },
  oneOf<T extends string>(value: unknown, all: readonly T[], field: string): T {
    if (!all.includes(value as T)) throw new CryptoError('UNSUPPORTED', `${field} ${String(value)}`)
    return value as T
  },
  array(value: unknown, field: string): unknown[] {
    if (!Array.isArray(value)) bad(field)
    return value as unknown[]
  },
}

function bad(field: string): never {
  throw new CryptoError('BAD_ENVELOPE', `bad ${field}`)
}
