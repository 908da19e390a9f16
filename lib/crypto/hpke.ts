import { Aes256Gcm, CipherSuite, DhkemX25519HkdfSha256, HkdfSha256 } from '@hpke/core'
import { type Bytes, toB64 } from './bytes.ts'
import { CryptoError } from './errors.ts'
import { kept } from './kept.ts'

type Buffers = ArrayBufferLike | ArrayBufferView

/**
 * HKDF-SHA256 for the key schedule, which computes three constants anew for every message: the hash of no PSK id, the hash of
 * info (one for each recipient) and the key made of no PSK. All of it is public, so it is kept. A third of HPKE's calls go.
 */
class KeyScheduleHkdf extends HkdfSha256 {
  private readonly hashes = new Map<string, Promise<ArrayBuffer>>()
  private readonly keys = new Map<string, Promise<CryptoKey>>()

  override extract(salt: Buffers, ikm: Buffers): Promise<ArrayBuffer> {
    if (salt.byteLength > 0) return super.extract(salt, ikm)
    return kept(this.hashes, toB64(bytesOf(ikm)), () => super.extract(salt, ikm))
  }

  // The salt is the shared secret; `ikm` is where a PSK would be, and base mode has none.
  override async extractAndExpand(salt: Buffers, ikm: Buffers, info: Buffers, length: number): Promise<ArrayBuffer> {
    const key = await kept(this.keys, toB64(bytesOf(ikm)), () =>
      crypto.subtle.importKey('raw', bytesOf(ikm), 'HKDF', false, ['deriveBits']),
    )
    const params = { name: 'HKDF', hash: 'SHA-256', salt: bytesOf(salt), info: bytesOf(info) }
    return crypto.subtle.deriveBits(params, key, length * 8)
  }
}

const bytesOf = (data: Buffers): Bytes =>
  (ArrayBuffer.isView(data)
    ? new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
    : new Uint8Array(data)) as Bytes

/** HPKE base mode (RFC 9180): DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, AES-256-GCM. */
const suite = new CipherSuite({ kem: new DhkemX25519HkdfSha256(), kdf: new KeyScheduleHkdf(), aead: new Aes256Gcm() })

const imported = new Map<string, Promise<CryptoKey>>()

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

const dhPublicKey = (raw: Bytes): Promise<CryptoKey> =>
  kept(imported, toB64(raw), () =>
    crypto.subtle.importKey('raw', raw, 'X25519', true, []).catch(() => {
      throw new CryptoError('NO_KEY', 'not an X25519 public key')
    }),
  )
