import 'server-only'
import { encode, rfc8949EncodeOptions } from 'cborg'

/** What a signed array is made of; bytes stay bytes. */
export type ProofField = null | boolean | number | string | Uint8Array | readonly ProofField[]

/** The bytes signed everywhere in Curtain: "curtain/v1/<purpose>" ‖ one deterministic CBOR array (docs/envelope.md). */
export function proofBytes(purpose: string, fields: readonly ProofField[]): Uint8Array<ArrayBuffer> {
  if (!/^[a-z0-9-]{1,40}$/.test(purpose)) throw new TypeError('proof: purpose')
  return new Uint8Array(Buffer.concat([Buffer.from(`curtain/v1/${purpose}`), encode(fields, rfc8949EncodeOptions)]))
}

/** Whether `key` (an Ed25519 public key) signed exactly this. A key or signature that is none answers false. */
export async function verifyProof(
  key: string,
  purpose: string,
  fields: readonly ProofField[],
  signature: string,
): Promise<boolean> {
  try {
    const imported = await crypto.subtle.importKey('raw', fromB64(key, 32), 'Ed25519', false, ['verify'])
    return await crypto.subtle.verify('Ed25519', imported, fromB64(signature, 64), proofBytes(purpose, fields))
  } catch {
    return false
  }
}

/** Base64url of exactly so many bytes, in its one spelling; throws otherwise. */
function fromB64(text: string, length: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(Buffer.from(text, 'base64url'))
  if (bytes.length !== length || Buffer.from(bytes).toString('base64url') !== text)
    throw new TypeError('proof: base64url')
  return bytes
}
