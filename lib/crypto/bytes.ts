import { CryptoError } from './errors.ts'
import type { B64 } from './types.ts'

/** What WebCrypto takes: never a view of shared memory. */
export type Bytes = Uint8Array<ArrayBuffer>

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
const letters = new TextEncoder().encode(alphabet)
const values = new Int8Array(256).fill(-1)
letters.forEach((letter, value) => (values[letter] = value))
const ascii = new TextDecoder('latin1')
const utf8Decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
const utf8Encoder = new TextEncoder()

export const utf8 = (text: string): Bytes => utf8Encoder.encode(text)
/** Throws BAD_ENVELOPE for bytes that are not UTF-8. */
export function fromUtf8(bytes: Bytes): string {
  try {
    return utf8Decoder.decode(bytes)
  } catch {
    throw new CryptoError('BAD_ENVELOPE', 'not UTF-8')
  }
}

export const toB64 = (bytes: Uint8Array): B64 =>
  // Newer engines do this natively, some forty times as fast.
  'toBase64' in bytes ? bytes.toBase64({ alphabet: 'base64url', omitPadding: true }) : toB64Slowly(bytes)

/** Refuses (BAD_ENVELOPE) padding, other alphabets, and stray bits after the last byte: one text for each byte string. */
export function fromB64(text: B64, length?: number): Bytes {
  const out = 'fromBase64' in Uint8Array ? fromB64Natively(text) : fromB64Slowly(text)
  if (length !== undefined && out.length !== length) throw new CryptoError('BAD_ENVELOPE', `not ${length} bytes`)
  return out
}

function fromB64Natively(text: B64): Bytes {
  try {
    const out = Uint8Array.fromBase64(text, { alphabet: 'base64url' })
    // The platform's decoder lets whitespace, padding and stray bits pass: only the one text that encodes to itself is taken.
    if (toB64(out) === text) return out
  } catch {
    // falls through to the refusal
  }
  throw new CryptoError('BAD_ENVELOPE', 'not base64url')
}

export function toB64Slowly(bytes: Uint8Array): B64 {
  const out = new Uint8Array(Math.ceil((bytes.length * 4) / 3))
  let at = 0
  for (let i = 0; i < bytes.length; i += 3) {
    const a = bytes[i]!
    const b = i + 1 < bytes.length ? bytes[i + 1]! : 0
    const c = i + 2 < bytes.length ? bytes[i + 2]! : 0
    out[at++] = letters[a >> 2]!
    out[at++] = letters[((a & 3) << 4) | (b >> 4)]!
    if (i + 1 < bytes.length) out[at++] = letters[((b & 15) << 2) | (c >> 6)]!
    if (i + 2 < bytes.length) out[at++] = letters[c & 63]!
  }
  return ascii.decode(out)
}

export function fromB64Slowly(text: B64): Bytes {
  if (typeof text !== 'string' || text.length % 4 === 1) throw new CryptoError('BAD_ENVELOPE', 'not base64url')
  const out = new Uint8Array(Math.floor((text.length * 3) / 4))
  let at = 0
  let bits = 0
  let held = 0
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    const value = code < 256 ? values[code]! : -1
    if (value < 0) throw new CryptoError('BAD_ENVELOPE', 'not base64url')
    held = ((held << 6) | value) & 0xffff
    bits += 6
    if (bits >= 8) {
      bits -= 8
      out[at++] = (held >> bits) & 0xff
    }
  }
  if (bits > 0 && (held & ((1 << bits) - 1)) !== 0) throw new CryptoError('BAD_ENVELOPE', 'stray bits in base64url')
  return out
}

export function concat(...parts: Uint8Array[]): Bytes {
  const out = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    out.set(part, at)
    at += part.length
  }
  return out
}

/** Time depends on the lengths alone, so that it also serves for MACs and commitments. */
export function equal(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false
  let difference = 0
  for (let i = 0; i < a.length; i++) difference |= a[i]! ^ b[i]!
  return difference === 0
}

export const random = (length: number): Bytes => crypto.getRandomValues(new Uint8Array(length))

export const sha256 = async (bytes: Bytes): Promise<Bytes> =>
  new Uint8Array(await crypto.subtle.digest('SHA-256', bytes))

/** SHA-256 over "curtain/v1/<label>" ‖ parts. */
export const labelledHash = (label: string, ...parts: Uint8Array[]): Promise<Bytes> =>
  sha256(concat(utf8(`curtain/v1/${label}`), ...parts))

/** HKDF-SHA256 with an empty salt and info "curtain/v1/<label>" ‖ context. */
export async function derive(secret: Bytes, label: string, context: Uint8Array, length: number): Promise<Bytes> {
  const key = await crypto.subtle.importKey('raw', secret, 'HKDF', false, ['deriveBits'])
  const info = concat(utf8(`curtain/v1/${label}`), context)
  const params = { name: 'HKDF', hash: 'SHA-256', salt: new Uint8Array(0), info }
  return new Uint8Array(await crypto.subtle.deriveBits(params, key, length * 8))
}

export const bigEndian64 = (value: number): Bytes => {
  const out = new Uint8Array(8)
  new DataView(out.buffer).setBigUint64(0, BigInt(value))
  return out
}
