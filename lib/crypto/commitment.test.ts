import { beforeAll, describe, expect, test } from 'vitest'
import { type Bytes, concat, derive, random, sha256, utf8 } from './bytes.ts'
import { encodeHeader, type Envelope, type Header, openBody, sealBody, verifyEnvelope } from './envelope.ts'
import { type Keys } from './keys.ts'
import { signBytes, signedBytes } from './sign.ts'
import { codeOf, newKeys } from './testing.ts'

let owner: Keys
let header: Header

beforeAll(async () => {
  owner = await newKeys()
  const ids = { clinicId: 'clinic-1', patientId: 'patient-1', recordId: 'record-1' }
  const rest = { revision: 1, previous: null, chainHead: random(32), schema: 1 }
  header = { ...ids, ...rest, type: 'note', author: owner.public, managing: 'clinical' }
})
const seal = (body: Bytes) => sealBody(header, body, owner.sign.privateKey)

describe('attack 9', () => {
  // Defence: the comparison of commitments in openBody (envelope.ts). AES-GCM is not committing: whoever knows both keys can
  // make one ciphertext (here: GHASH is linear, so one block is solved for) that opens under either.
  test('attack 9: one ciphertext made to open under two keys', async () => {
    const headerBytes = encodeHeader(header)
    const headerHash = await sha256(headerBytes)
    const deks = [random(32), random(32)] as const
    const keys = await Promise.all(
      deks.map(async (dek) => (await derive(dek, 'envelope', headerHash, 64)).slice(0, 32)),
    )
    const ciphertext = await twoKeyCiphertext(keys[0]!, keys[1]!, headerHash)
    // It is what it claims to be: AES-GCM alone opens it under both keys.
    for (const raw of keys) {
      const key = await crypto.subtle.importKey('raw', raw, 'AES-GCM', false, ['decrypt'])
      const iv = Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1)
      await crypto.subtle.decrypt({ name: 'AES-GCM', iv, additionalData: headerHash }, key, ciphertext)
    }
    const { commit } = { commit: (await derive(deks[0], 'envelope', headerHash, 64)).slice(32) }
    const signed = signedBytes('envelope', [headerBytes, commit, await sha256(ciphertext)])
    const signature = await signBytes(owner.sign.privateKey, signed)
    const envelope: Envelope = { header: headerBytes, commit, ciphertext, signature }
    await verifyEnvelope(envelope)
    await openBody(envelope, deks[0])
    expect(await codeOf(openBody(envelope, deks[1]))).toBe('BAD_COMMITMENT')
  })

  test('attack 9: the right ciphertext with the key of another record', async () => {
    const [a, b] = [await seal(utf8('one')), await seal(utf8('two'))]
    expect(await codeOf(openBody(a.envelope, b.dek))).toBe('BAD_COMMITMENT')
  })
})

/** One ciphertext with one tag that is valid under two AES-256-GCM keys (nonce 0…01, same AAD): three blocks, the last solved for. */
async function twoKeyCiphertext(a: Bytes, b: Bytes, aad: Bytes): Promise<Bytes> {
  const block = async (raw: Bytes, input: Bytes) => {
    const key = await crypto.subtle.importKey('raw', raw, 'AES-CBC', false, ['encrypt'])
    return new Uint8Array(await crypto.subtle.encrypt({ name: 'AES-CBC', iv: new Uint8Array(16) }, key, input)).slice(
      0,
      16,
    )
  }
  const counter = new Uint8Array(16)
  counter[11] = 1 // the nonce's last byte: final chunk
  counter[15] = 1 // block counter of the tag's mask
  const lengths = new Uint8Array(16)
  new DataView(lengths.buffer).setUint32(4, aad.length * 8)
  new DataView(lengths.buffer).setUint32(12, 48 * 8)
  const free = random(32)
  // tag = GHASH(aad ‖ c1 ‖ c2 ‖ c3 ‖ lengths) ^ mask, with c3 unknown: equal tags give c3 · (Ha² ^ Hb²) = known.
  const side = async (raw: Bytes) => {
    const h = toInt(await block(raw, new Uint8Array(16)))
    const known = [aad.slice(0, 16), aad.slice(16), free.slice(0, 16), free.slice(16), new Uint8Array(16), lengths]
    const sum = known.reduce((y, x) => multiply(y ^ toInt(x), h), 0n)
    return { square: multiply(h, h), sum: sum ^ toInt(await block(raw, counter)) }
  }
  const [left, right] = [await side(a), await side(b)]
  const last = multiply(left.sum ^ right.sum, inverse(left.square ^ right.square))
  const tag = left.sum ^ multiply(last, left.square)
  return concat(free, fromInt(last), fromInt(tag))
}

const toInt = (bytes: Bytes): bigint => bytes.reduce((sum, byte) => (sum << 8n) | BigInt(byte), 0n)
const fromInt = (value: bigint): Bytes =>
  Uint8Array.from({ length: 16 }, (_, index) => Number((value >> BigInt(120 - 8 * index)) & 255n))
/** GF(2¹²⁸) as GCM writes it: bit 127 of the integer is x⁰. */
function multiply(x: bigint, y: bigint): bigint {
  let [z, v] = [0n, y]
  for (let bit = 127n; bit >= 0n; bit--) {
    if ((x >> bit) & 1n) z ^= v
    v = v & 1n ? (v >> 1n) ^ (0xe1n << 120n) : v >> 1n
  }
  return z
}
function inverse(x: bigint): bigint {
  // x^(2^128 - 2)
  let [result, square] = [1n << 127n, x]
  for (let bit = 1; bit < 128; bit++) {
    square = multiply(square, square)
    result = multiply(result, square)
  }
  return result
}
