import { Aes256Gcm, CipherSuite, DhkemX25519HkdfSha256, HkdfSha256 } from '@hpke/core'
import { type Bytes, toB64 } from './bytes.ts'
import { CryptoError } from './errors.ts'

/** HPKE base mode (RFC 9180): DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, AES-256-GCM. */
const suite = new CipherSuite({ kem: new DhkemX25519HkdfSha256(), kdf: new HkdfSha256(), aead: new Aes256Gcm() })

const imported = new Map<string, Promise<CryptoKey>>()
const IMPORTED_MOST = 1024

export interface HpkeBox {
  enc: Bytes
  ct: Bytes
}

/** Throws NO_KEY for a recipient key that is none, among them those of small order. */
export async function hpkeSeal(recipient: Bytes, info: Bytes, aad: Bytes, plaintext: Bytes): Promise<HpkeBox> {
  const recipientPublicKey = await dhPublicKey(recipient)
  try {
    const { enc, ct } = await suite.seal({ recipientPublicKey, info }, plaintext, aad)
    return { enc: new Uint8Array(enc), ct: new Uint8Array(ct) }
  } catch {
    throw new CryptoError('NO_KEY', 'cannot seal to this key')
  }
}

/** Throws NOT_FOR_YOU: another key, another context, or altered bytes. The pair may be non-extractable. */
export async function hpkeOpen(keys: CryptoKeyPair, info: Bytes, aad: Bytes, box: HpkeBox): Promise<Bytes> {
  try {
    return new Uint8Array(await suite.open({ recipientKey: keys, enc: box.enc, info }, box.ct, aad))
  } catch {
    throw new CryptoError('NOT_FOR_YOU', 'does not open with this key')
  }
}

function dhPublicKey(raw: Bytes): Promise<CryptoKey> {
  const name = toB64(raw)
  const known = imported.get(name)
  if (known) return known
  const fresh = crypto.subtle.importKey('raw', raw, 'X25519', true, []).catch(() => {
    imported.delete(name)
    throw new CryptoError('NO_KEY', 'not an X25519 public key')
  })
  if (imported.size >= IMPORTED_MOST) imported.clear()
  imported.set(name, fresh)
  return fresh
}
