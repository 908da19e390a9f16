import 'server-only'
import { Aes256Gcm, CipherSuite, DhkemX25519HkdfSha256, HkdfSha256 } from '@hpke/core'

// The one place where the server seals: entries of the log, which are its own words. It holds public keys alone, so that it can
// open nothing of it again; lib/crypto stays closed to it.

type Bytes = Uint8Array<ArrayBuffer>

const suite = new CipherSuite({ kem: new DhkemX25519HkdfSha256(), kdf: new HkdfSha256(), aead: new Aes256Gcm() })

/** HPKE base mode to a raw X25519 public key. Null for a key that is none. */
export async function sealTo(
  key: Bytes,
  info: Bytes,
  aad: Bytes,
  plain: Bytes,
): Promise<{ enc: Bytes; ct: Bytes } | null> {
  try {
    const recipientPublicKey = await crypto.subtle.importKey('raw', key, 'X25519', true, [])
    const { enc, ct } = await suite.seal({ recipientPublicKey, info }, plain, aad)
    return { enc: new Uint8Array(enc), ct: new Uint8Array(ct) }
  } catch {
    return null
  }
}
