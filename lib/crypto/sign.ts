import { type Bytes, concat, toB64, utf8 } from './bytes.ts'
import { type Cbor, encode } from './cbor.ts'
import { CryptoError } from './errors.ts'
import { kept } from './kept.ts'

const imported = new Map<string, Promise<CryptoKey>>()

/**
 * The bytes that Ed25519 signs: "curtain/v1/<purpose>" ‖ one CBOR array. A purpose ends where the array begins, since no
 * CBOR array starts with a letter, a digit or a hyphen: a signature for one purpose is none for another.
 */
export function signedBytes(purpose: string, fields: readonly Cbor[]): Bytes {
  if (!/^[a-z0-9-]{1,40}$/.test(purpose)) throw new TypeError(`purpose ${purpose}`)
  return concat(utf8(`curtain/v1/${purpose}`), encode(fields))
}

export async function sign(key: CryptoKey, purpose: string, fields: readonly Cbor[]): Promise<Bytes> {
  return signBytes(key, signedBytes(purpose, fields))
}

/** Whoever verifies names the purpose and builds the array: nothing in the message says what it is for. */
export async function verify(
  publicKey: Bytes,
  purpose: string,
  fields: readonly Cbor[],
  signature: Bytes,
): Promise<void> {
  return verifyBytes(publicKey, signedBytes(purpose, fields), signature)
}

/** For bytes that `signedBytes` made and the caller also needs hashed. */
export async function signBytes(key: CryptoKey, bytes: Bytes): Promise<Bytes> {
  return new Uint8Array(await crypto.subtle.sign('Ed25519', key, bytes))
}

/** Throws BAD_SIGNATURE for a wrong signature and for a public key that is none. */
export async function verifyBytes(publicKey: Bytes, bytes: Bytes, signature: Bytes): Promise<void> {
  const good = await crypto.subtle.verify('Ed25519', await verifyingKey(publicKey), signature, bytes).catch(() => false)
  if (!good) throw new CryptoError('BAD_SIGNATURE', 'signature does not verify')
}

const verifyingKey = (publicKey: Bytes): Promise<CryptoKey> =>
  kept(imported, toB64(publicKey), () =>
    crypto.subtle.importKey('raw', publicKey, 'Ed25519', true, ['verify']).catch(() => {
      throw new CryptoError('BAD_SIGNATURE', 'not an Ed25519 public key')
    }),
  )
