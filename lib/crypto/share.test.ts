import { beforeAll, describe, expect, test } from 'vitest'
import { type Bytes, concat, derive, random, utf8 } from './bytes.ts'
import { decodeArray, encode, type Cbor } from './cbor.ts'
import { box } from './keys.ts'
import { type Issued, openShare, sealShare } from './share.ts'
import { adding, codeOf, DESK, flip, newKeys, OWNER, say, signerOf, testClinic, type TestClinic } from './testing.ts'

let world: TestClinic
let sealed: { secret: Bytes; share: Bytes }
const issued: Issued = {
  rxId: 'rx-1',
  memberId: OWNER,
  prescriberName: 'Dr Ada Lovelace',
  issuedAt: '2026-11-21T10:00:00.000Z',
  prescription: { items: [{ drug: 'amoxicillin', dose: '500 mg' }] },
}

beforeAll(async () => {
  world = await testClinic()
  sealed = await sealShare(issued, world, signerOf(world.owner))
})

const open = (change: Partial<Parameters<typeof openShare>[0]> = {}) =>
  openShare({ rxId: 'rx-1', ...sealed, rootFingerprint: world.chain.rootFingerprint, ...change })

/** The share with its inside changed by somebody who holds the secret, as the patient does. */
async function reworked(change: (fields: unknown[]) => unknown[]): Promise<Bytes> {
  const key = await crypto.subtle.importKey(
    'raw',
    await derive(sealed.secret, 'share', utf8('rx-1'), 32),
    'AES-GCM',
    false,
    ['encrypt', 'decrypt'],
  )
  const additionalData = concat(utf8('curtain/v1/share'), encode([1, 'rx-1']))
  const [, iv, ct] = decodeArray(sealed.share, 3) as [number, Bytes, Bytes]
  const body = new Uint8Array(await crypto.subtle.decrypt({ name: 'AES-GCM', iv, additionalData }, key, ct))
  return encode([1, ...(await box(key, additionalData, encode(change(decodeArray(body)) as Cbor[])))])
}

describe('a pharmacist’s copy', () => {
  test('opens with the fragment alone and says who signed', async () => {
    const { chain, ...rest } = await open()
    expect(rest).toEqual(issued)
    expect(chain.members).toHaveLength(2)
  })

  test('another secret, prescription or version, or an altered byte: refused', async () => {
    expect(await codeOf(open({ secret: random(32) }))).toBe('NOT_FOR_YOU')
    expect(await codeOf(open({ rxId: 'rx-2' }))).toBe('NOT_FOR_YOU')
    const [, iv, ct] = decodeArray(sealed.share, 3) as [number, Bytes, Bytes]
    expect(await codeOf(open({ share: encode([2, iv, ct]) }))).toBe('UNSUPPORTED')
    expect(await codeOf(open({ share: encode([1, iv, flip(ct, 100)]) }))).toBe('NOT_FOR_YOU')
    expect(await codeOf(open({ share: sealed.share.slice(1) }))).toBe('BAD_ENVELOPE')
  })
})

describe('attack 10', () => {
  // Defence: verify with the member's key in openShare (share.ts).
  test('attack 10: dose, name, date or number altered by whoever holds the link', async () => {
    const content = (await import('./cbor.ts')).encodeContent({ items: [{ drug: 'amoxicillin', dose: '900 mg' }] })
    for (const [index, value] of [
      [3, 'Dr Evil'],
      [4, '2027-01-01T00:00:00.000Z'],
      [6, content],
      [1, 'rx-0'],
    ] as const) {
      expect(await codeOf(open({ share: await reworked((fields) => fields.with(index, value)) })), `${index}`).toBe(
        'BAD_SIGNATURE',
      )
    }
    const unsigned = await reworked((fields) => fields.with(7, new Uint8Array(64)))
    expect(await codeOf(open({ share: unsigned }))).toBe('BAD_SIGNATURE')
  })

  // Defence: verifyChain with the fragment's root fingerprint in openShare (share.ts).
  test('attack 10: a whole clinic made up', async () => {
    const other = await testClinic()
    const forged = await sealShare(issued, other, signerOf(other.owner))
    expect(await codeOf(open(forged))).toBe('CHAIN_FORKED')
  })

  // Defence: the member whom the chain made a practitioner, in openShare (share.ts).
  test('attack 10: signed by a receptionist, by a stranger, or by somebody not yet or no longer a member', async () => {
    const byDesk = await sealShare({ ...issued, memberId: DESK }, world, signerOf(world.desk))
    expect(await codeOf(open(byDesk))).toBe('NOT_VOUCHED')
    const stranger = await newKeys()
    expect(await codeOf(open(await sealShare({ ...issued, memberId: 'evil' }, world, signerOf(stranger))))).toBe(
      'NOT_VOUCHED',
    )
    expect(await codeOf(open(await sealShare(issued, world, signerOf(stranger))))).toBe('BAD_SIGNATURE')

    const statements = [...world.statements]
    const locum = await newKeys()
    await say(
      'clinic-1',
      statements,
      adding('locum', locum, ['practitioner'], ['desk', 'clinical']),
      signerOf(world.owner),
    )
    const chain = await say(
      'clinic-1',
      statements,
      { kind: 'member-removed', memberId: 'locum' },
      signerOf(world.owner),
    )
    const late = await sealShare({ ...issued, memberId: 'locum' }, { chain, statements }, signerOf(locum))
    expect(await codeOf(open(late))).toBe('NOT_VOUCHED')
    const early = await sealShare({ ...issued, memberId: 'locum' }, { chain: world.chain, statements }, signerOf(locum))
    expect(await codeOf(open(early))).toBe('NOT_VOUCHED')
  })
})
