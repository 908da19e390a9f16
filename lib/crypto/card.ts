import { type Bytes, concat, derive, random, utf8 } from './bytes.ts'
import { decodeArray, decodeContent, encode, encodeContent, read } from './cbor.ts'
import { CryptoError } from './errors.ts'
import { box } from './keys.ts'

/**
 * A patient's emergency card: what they chose to say, under a secret that is in the printed code alone. Whoever holds the
 * card opens it; nobody signs it, since nobody without the secret can make one that opens.
 */
export async function sealCard(cardId: string, content: unknown): Promise<{ secret: Bytes; sealed: Bytes }> {
  const secret = random(32)
  const [iv, ct] = await box(await cardKey(secret, cardId), cardAad(cardId), encodeContent(content))
  return { secret, sealed: encode([1, iv, ct]) }
}

/** Throws NOT_FOR_YOU for another secret, another card's bytes or an altered one; UNSUPPORTED; BAD_ENVELOPE. */
export async function openCard(cardId: string, secret: Bytes, sealed: Bytes): Promise<unknown> {
  const [version, iv, ct] = decodeArray(sealed, 3)
  if (version !== 1) throw new CryptoError('UNSUPPORTED', `card version ${String(version)}`)
  const params = { name: 'AES-GCM', iv: read.bytes(iv, 12, 'nonce'), additionalData: cardAad(cardId) }
  const body = await crypto.subtle
    .decrypt(params, await cardKey(secret, cardId), read.anyBytes(ct, 'ciphertext'))
    .catch(() => null)
  if (!body) throw new CryptoError('NOT_FOR_YOU', 'the card does not open with this code')
  return decodeContent(new Uint8Array(body))
}

/** What a reader shows the server, which holds its hash: the card was at hand. It says nothing of the card's key. */
export const cardClaim = (secret: Bytes, cardId: string): Promise<Bytes> =>
  derive(secret, 'card-claim', utf8(cardId), 32)

async function cardKey(secret: Bytes, cardId: string): Promise<CryptoKey> {
  const raw = await derive(secret, 'card', utf8(cardId), 32)
  return crypto.subtle.importKey('raw', raw, 'AES-GCM', false, ['encrypt', 'decrypt'])
}

const cardAad = (cardId: string): Bytes => concat(utf8('curtain/v1/card'), encode([1, cardId]))
