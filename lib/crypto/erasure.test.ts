import { expect, test } from 'vitest'
import { fromB64 } from './bytes.ts'
import { type Cbor, decodeArray, encode } from './cbor.ts'
import { checkErasure, signErasure } from './erasure.ts'
import { codeOf, newKeys, signerOf, testClinic } from './testing.ts'

// Defences: each check in checkErasure (erasure.ts).
test('an answer to a wish to be forgotten is an officer’s own, for this patient, and says what was signed', async () => {
  const { chain, owner, desk } = await testClinic()
  const answer = {
    ...{ clinicId: 'clinic-1', patientId: 'p1', requestId: 'r1', state: 'erased' as const },
    ...{ classes: ['identity', 'clinical'], ground: '', answeredAt: '2026-11-21T10:00:00.000Z' },
  }
  const good = await signErasure(chain, answer, signerOf(owner))
  expect(await checkErasure(chain, 'p1', good)).toEqual(answer)
  expect(await codeOf(checkErasure(chain, 'p2', good))).toBe('BAD_ENVELOPE')
  expect(await codeOf(checkErasure({ ...chain, clinicId: 'clinic-2' }, 'p1', good))).toBe('BAD_ENVELOPE')
  for (const other of [desk, await newKeys()])
    expect(await codeOf(checkErasure(chain, 'p1', await signErasure(chain, answer, signerOf(other))))).toBe(
      'NOT_VOUCHED',
    )
  const parts: [number, Cbor][] = [
    [3, 'r2'],
    [4, 'refused'],
    [5, ['identity']],
    [6, 'duty'],
    [7, '2020-01-01T10:00:00.000Z'],
  ]
  for (const [index, part] of parts) {
    const changed = encode((decodeArray(good) as Cbor[]).with(index, part))
    expect(await codeOf(checkErasure(chain, 'p1', changed))).toBe('BAD_SIGNATURE')
  }
  const newer = encode((decodeArray(good) as Cbor[]).with(0, 2))
  expect(await codeOf(checkErasure(chain, 'p1', newer))).toBe('UNSUPPORTED')
  // A place in the chain where its signer was an officer, in exchange for the one that was signed.
  const elsewhere = encode((decodeArray(good) as Cbor[]).with(8, fromB64(chain.hashes.at(-2)!)))
  expect(await codeOf(checkErasure(chain, 'p1', elsewhere))).toBe('BAD_SIGNATURE')
  expect(await codeOf(checkErasure({ ...chain, hashes: [] }, 'p1', good))).toBe('CHAIN_SHORTER')
})
