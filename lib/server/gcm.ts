import 'server-only'
import { createCipheriv, createDecipheriv, type KeyObject, randomBytes } from 'node:crypto'

export type Bytes = Uint8Array<ArrayBuffer>
/** As an object where it is used often: Node takes three times as long with a key as bytes. */
type Key = Uint8Array | KeyObject

export const nonceBytes = 12
export const tagBytes = 16

/** AES-256-GCM: nonce ‖ ciphertext ‖ tag, bound to `context`. */
export function gcmSeal(key: Key, context: string, plain: Uint8Array): Bytes {
  const nonce = randomBytes(nonceBytes)
  const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(Buffer.from(context))
  return new Uint8Array(Buffer.concat([nonce, cipher.update(plain), cipher.final(), cipher.getAuthTag()]))
}

/** Throws when the key or the context is another, or a byte was changed. */
export function gcmOpen(key: Key, context: string, sealed: Uint8Array): Bytes {
  const tag = sealed.subarray(sealed.length - tagBytes)
  const decipher = createDecipheriv('aes-256-gcm', key, sealed.subarray(0, nonceBytes), { authTagLength: tagBytes })
  decipher.setAAD(Buffer.from(context)).setAuthTag(tag)
  return new Uint8Array(
    Buffer.concat([decipher.update(sealed.subarray(nonceBytes, sealed.length - tagBytes)), decipher.final()]),
  )
}
