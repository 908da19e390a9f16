/** What reader.ts stands on, §1 of docs/envelope.md: deterministic CBOR, hashes, signatures and HPKE on node:crypto. */
import {
  createDecipheriv,
  createHash,
  createHmac,
  createPrivateKey,
  createPublicKey,
  diffieHellman,
  hkdfSync,
  verify,
} from 'node:crypto'

// ── §1: CBOR ──

export type Value = null | boolean | number | string | Buffer | Value[] | { [key: string]: Value }

/** Decodes one deterministic CBOR item that fills the bytes. */
export function decode(bytes: Buffer): Value {
  let at = 0
  const take = (count: number): Buffer => {
    if (at + count > bytes.length) throw new Error('CBOR ends early')
    return bytes.subarray(at, (at += count))
  }
  const argument = (minor: number): number => {
    if (minor < 24) return minor
    if (minor > 27) throw new Error('CBOR: indefinite or reserved length')
    const size = 1 << (minor - 24)
    const value = take(size).reduce((sum, byte) => sum * 256 + byte, 0)
    const least = size === 1 ? 24 : 2 ** (4 * size)
    if (value < least || !Number.isSafeInteger(value)) throw new Error('CBOR: number not in its shortest form')
    return value
  }
  const item = (): Value => {
    const first = take(1)[0]!
    const [major, minor] = [first >> 5, first & 31]
    if (major === 7) return simple(minor, take)
    if (major === 6) throw new Error('CBOR: tag')
    const count = argument(minor)
    if (major === 0) return count
    if (major === 1) return -1 - count
    if (major === 2) return Buffer.from(take(count))
    if (major === 3) return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(take(count))
    if (major === 4) return Array.from({ length: count }, item)
    const map: { [key: string]: Value } = {}
    let before = Buffer.alloc(0)
    for (let i = 0; i < count; i++) {
      const start = at
      const key = item()
      const encoded = bytes.subarray(start, at)
      if (typeof key !== 'string' || Buffer.compare(before, encoded) >= 0) throw new Error('CBOR: map keys')
      before = Buffer.from(encoded)
      map[key] = item()
    }
    return map
  }
  const value = item()
  if (at !== bytes.length) throw new Error('CBOR: trailing bytes')
  return value
}

function simple(minor: number, take: (count: number) => Buffer): Value {
  if (minor === 20 || minor === 21) return minor === 21
  if (minor === 22) return null
  if (minor < 25 || minor > 27) throw new Error('CBOR: simple value')
  const bytes = take(1 << (minor - 24))
  const value = minor === 25 ? half(bytes.readUInt16BE()) : minor === 26 ? bytes.readFloatBE() : bytes.readDoubleBE()
  if (!Number.isFinite(value) || Number.isInteger(value)) throw new Error('CBOR: float for a whole number')
  return value
}

function half(bits: number): number {
  const [exponent, fraction] = [(bits >> 10) & 31, bits & 1023]
  const size = exponent === 0 ? fraction * 2 ** -24 : (1024 + fraction) * 2 ** (exponent - 25)
  return bits & 0x8000 ? -size : size
}

export type Field = null | number | string | Buffer | Field[]

/** Encodes what is signed: arrays of numbers, texts, byte strings and null. */
export function encode(value: Field): Buffer {
  if (value === null) return Buffer.of(0xf6)
  if (typeof value === 'number') return head(0, value)
  if (typeof value === 'string') return Buffer.concat([head(3, Buffer.byteLength(value)), Buffer.from(value)])
  if (Buffer.isBuffer(value)) return Buffer.concat([head(2, value.length), value])
  return Buffer.concat([head(4, value.length), ...value.map(encode)])
}

function head(major: number, count: number): Buffer {
  if (count < 24) return Buffer.of((major << 5) | count)
  const size = count < 2 ** 8 ? 1 : count < 2 ** 16 ? 2 : count < 2 ** 32 ? 4 : 8
  const bytes = Buffer.alloc(1 + size)
  bytes[0] = (major << 5) | (24 + Math.log2(size))
  if (size === 8) bytes.writeBigUInt64BE(BigInt(count), 1)
  else bytes.writeUIntBE(count, 1, size)
  return bytes
}

// ── §1: primitives ──

export const b64 = (text: string): Buffer => {
  const bytes = Buffer.from(text, 'base64url')
  if (bytes.toString('base64url') !== text) throw new Error('not base64url')
  return bytes
}
export const u64 = (value: number): Buffer => {
  const bytes = Buffer.alloc(8)
  bytes.writeBigUInt64BE(BigInt(value))
  return bytes
}
export const text = (value: string): Buffer => Buffer.from(value)
export const sha = (bytes: Buffer): Buffer => createHash('sha256').update(bytes).digest()
export const hash = (label: string, ...parts: Buffer[]): Buffer =>
  sha(Buffer.concat([text(`curtain/v1/${label}`), ...parts]))
export const kdf = (secret: Buffer, label: string, context: Buffer, length: number): Buffer =>
  Buffer.from(
    hkdfSync('sha256', secret, Buffer.alloc(0), Buffer.concat([text(`curtain/v1/${label}`), context]), length),
  )

const prefix = (kind: 'public' | 'private', curve: 'Ed25519' | 'X25519'): Buffer => {
  const oid = curve === 'Ed25519' ? '70' : '6e'
  return Buffer.from(kind === 'public' ? `302a300506032b65${oid}032100` : `302e020100300506032b65${oid}04220420`, 'hex')
}
const publicKey = (curve: 'Ed25519' | 'X25519', raw: Buffer) =>
  createPublicKey({ key: Buffer.concat([prefix('public', curve), raw]), format: 'der', type: 'spki' })
const privateKey = (curve: 'Ed25519' | 'X25519', raw: Buffer) =>
  createPrivateKey({ key: Buffer.concat([prefix('private', curve), raw]), format: 'der', type: 'pkcs8' })
export const publicOf = (curve: 'Ed25519' | 'X25519', secret: Buffer): Buffer =>
  createPublicKey(privateKey(curve, secret)).export({ format: 'der', type: 'spki' }).subarray(-32)

export function checkSignature(key: Buffer, purpose: string, fields: Field[], signature: Buffer): void {
  const message = Buffer.concat([text(`curtain/v1/${purpose}`), encode(fields)])
  if (!verify(null, message, publicKey('Ed25519', key), signature)) throw new Error('bad signature')
}

export function openAead(key: Buffer, nonce: Buffer, aad: Buffer, sealed: Buffer): Buffer {
  const cipher = createDecipheriv('aes-256-gcm', key, nonce)
  cipher.setAAD(aad)
  cipher.setAuthTag(sealed.subarray(-16))
  return Buffer.concat([cipher.update(sealed.subarray(0, -16)), cipher.final()])
}

/** HPKE base mode, single shot (RFC 9180 §4.1, §5.1, §6.1). */
export function openHpke(secret: Buffer, info: Buffer, aad: Buffer, enc: Buffer, ct: Buffer): Buffer {
  const kem = Buffer.concat([text('KEM'), Buffer.of(0, 0x20)])
  const suite = Buffer.concat([text('HPKE'), Buffer.of(0, 0x20, 0, 1, 0, 2)])
  const hmac = (key: Buffer, data: Buffer) => createHmac('sha256', key).update(data).digest()
  const extract = (id: Buffer, salt: Buffer, label: string, ikm: Buffer) =>
    hmac(salt.length ? salt : Buffer.alloc(32), Buffer.concat([text('HPKE-v1'), id, text(label), ikm]))
  const expand = (id: Buffer, prk: Buffer, label: string, context: Buffer, length: number) =>
    hmac(prk, Buffer.concat([Buffer.of(0, length), text('HPKE-v1'), id, text(label), context, Buffer.of(1)])).subarray(
      0,
      length,
    )
  const none = Buffer.alloc(0)
  const dh = diffieHellman({ privateKey: privateKey('X25519', secret), publicKey: publicKey('X25519', enc) })
  const kemContext = Buffer.concat([enc, publicOf('X25519', secret)])
  const shared = expand(kem, extract(kem, none, 'eae_prk', dh), 'shared_secret', kemContext, 32)
  const context = Buffer.concat([
    Buffer.of(0),
    extract(suite, none, 'psk_id_hash', none),
    extract(suite, none, 'info_hash', info),
  ])
  const prk = extract(suite, shared, 'secret', none)
  return openAead(expand(suite, prk, 'key', context, 32), expand(suite, prk, 'base_nonce', context, 12), aad, ct)
}
