import { expect, test } from 'vitest'
import { type Bytes, equal, random, utf8 } from './bytes.ts'
import { decodeArray, encode } from './cbor.ts'
import { cardClaim, openCard, sealCard } from './card.ts'
import { codeOf, flip } from './testing.ts'

const content = { name: 'Zoë Quist', allergies: 'penicillin' }

test('a card opens with the code’s secret, and with nothing else', async () => {
  const { secret, sealed } = await sealCard('card-1', content)
  expect(await openCard('card-1', secret, sealed)).toEqual(content)
  expect(await codeOf(openCard('card-1', random(32), sealed))).toBe('NOT_FOR_YOU')
  expect(await codeOf(openCard('card-2', secret, sealed))).toBe('NOT_FOR_YOU')
  const [, iv, ct] = decodeArray(sealed, 3) as [number, Bytes, Bytes]
  expect(await codeOf(openCard('card-1', secret, encode([1, iv, flip(ct, 9)])))).toBe('NOT_FOR_YOU')
  expect(await codeOf(openCard('card-1', secret, encode([2, iv, ct])))).toBe('UNSUPPORTED')
})

// Defence: a claim under a label of its own in cardClaim. What the server is shown must not open what it holds.
test('what the server is shown of a card does not open it', async () => {
  const { secret, sealed } = await sealCard('card-1', content)
  const claim = await cardClaim(secret, 'card-1')
  expect(await codeOf(openCard('card-1', claim, sealed))).toBe('NOT_FOR_YOU')
  const raw = await crypto.subtle.importKey('raw', claim, 'AES-GCM', false, ['decrypt'])
  const [, iv, ct] = decodeArray(sealed, 3) as [number, Bytes, Bytes]
  const additionalData = new Uint8Array([...utf8('curtain/v1/card'), ...encode([1, 'card-1'])])
  await expect(crypto.subtle.decrypt({ name: 'AES-GCM', iv, additionalData }, raw, ct)).rejects.toThrow()
  expect(equal(claim, await cardClaim(secret, 'card-2'))).toBe(false)
})
