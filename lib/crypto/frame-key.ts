import { type Bytes, concat, utf8 } from './bytes.ts'
import { CryptoError } from './errors.ts'

/** Which frames one key is for. A new `transform` for every transform that starts: so no counter is used twice under one key. */
export interface FrameScope {
  epoch: number
  generation: number
  /** What is sent, e.g. 'camera' or 'microphone': the two ends name it alike. */
  source: string
  /** 64 random bits, carried in each frame. */
  transform: Bytes
}

/** A sender key as the frame worker holds it: good for deriving, not for reading. Wipes the bytes it was given. */
export async function importSenderKey(senderKey: Bytes): Promise<CryptoKey> {
  if (senderKey.length !== 32) throw new CryptoError('NO_KEY', 'a sender key is 32 bytes')
  const key = await crypto.subtle.importKey('raw', senderKey, 'HKDF', false, ['deriveKey'])
  senderKey.fill(0)
  return key
}

/** HKDF-SHA256(sender key, "curtain/v1/frame" ‖ epoch u32 ‖ generation u32 ‖ transform (8) ‖ source): an AES-256-GCM key. */
export async function frameKey(
  senderKey: CryptoKey,
  scope: FrameScope,
  use: 'encrypt' | 'decrypt',
): Promise<CryptoKey> {
  if (scope.transform.length !== 8) throw new CryptoError('NO_KEY', 'a transform id is 8 bytes')
  const numbers = new Uint8Array(8)
  const view = new DataView(numbers.buffer)
  view.setUint32(0, scope.epoch)
  view.setUint32(4, scope.generation)
  const info = concat(utf8('curtain/v1/frame'), numbers, scope.transform, utf8(scope.source))
  const params = { name: 'HKDF', hash: 'SHA-256', salt: new Uint8Array(0), info }
  return crypto.subtle.deriveKey(params, senderKey, { name: 'AES-GCM', length: 256 }, false, [use])
}
