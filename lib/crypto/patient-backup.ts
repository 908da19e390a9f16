import { type Bytes, derive } from './bytes.ts'
import { CryptoError } from './errors.ts'
import { importKeys, type Keys } from './keys.ts'

/**
 * A patient's key that is kept on no device: of 32 random bytes on a printed page (24 words), or of what a passkey answers.
 * The id is of the same bytes, so that the words alone find the key again, and says nothing of them. Throws NO_KEY.
 */
export async function backupKeys(secret: Bytes): Promise<{ keyId: string; keys: Keys }> {
  if (secret.length !== 32) throw new CryptoError('NO_KEY', 'a secret is 32 bytes')
  const none = new Uint8Array(0)
  const [both, id] = await Promise.all([
    derive(secret, 'patient-backup', none, 64),
    derive(secret, 'patient-backup-id', none, 16),
  ])
  const keys = await importKeys({ sign: both.slice(0, 32), dh: both.slice(32) })
  both.fill(0)
  // As a random UUID (RFC 9562, version 4) is written.
  id[6] = (id[6]! & 0x0f) | 0x40
  id[8] = (id[8]! & 0x3f) | 0x80
  const hex = [...id].map((byte) => byte.toString(16).padStart(2, '0')).join('')
  return { keyId: hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5'), keys }
}
