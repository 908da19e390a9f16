/**
 * The peer: the WebCrypto operations that sealing and opening a record takes, and nothing else. No CBOR, no base64, no chain, no
 * checks, no messages; buffers are made beforehand. The counts must come out as the vault's own.
 */
type Bytes = Uint8Array<ArrayBuffer>
interface Sealed {
  ciphertext: ArrayBuffer
  signature: ArrayBuffer
  grants: { enc: ArrayBuffer; ct: ArrayBuffer; signature: ArrayBuffer }[]
}
const { subtle } = crypto
const counts: Record<string, number> = {}
const did = (name: string) => (counts[name] = (counts[name] ?? 0) + 1)
const bytes = (length: number): Bytes => crypto.getRandomValues(new Uint8Array(length))

const digest = (data: BufferSource) => (did('digest'), subtle.digest('SHA-256', data))
const sign = (key: CryptoKey, data: BufferSource) => (did('sign'), subtle.sign('Ed25519', key, data))
const verify = (key: CryptoKey, signature: BufferSource, data: BufferSource) => (
  did('verify'),
  subtle.verify('Ed25519', key, signature, data)
)
const hkdf = { name: 'HKDF', hash: 'SHA-256', salt: new Uint8Array(0), info: bytes(64) }
async function derive(secret: BufferSource, bits: number) {
  did('importKey')
  const key = await subtle.importKey('raw', secret, 'HKDF', false, ['deriveBits'])
  did('deriveBits')
  return subtle.deriveBits(hkdf, key, bits)
}
async function aes(use: 'encrypt' | 'decrypt', raw: BufferSource, data: BufferSource, usages: KeyUsage[] = [use]) {
  did('importKey')
  const key = await subtle.importKey('raw', raw, 'AES-GCM', usages.length > 1, usages)
  did(use)
  return subtle[use]({ name: 'AES-GCM', iv: nonce, additionalData: header32 }, key, data)
}
const exported = (key: CryptoKey) => (did('exportKey'), subtle.exportKey('raw', key))
const agree = (privateKey: CryptoKey, publicKey: CryptoKey) => (
  did('deriveBits'),
  subtle.deriveBits({ name: 'X25519', public: publicKey }, privateKey, 256)
)

const nonce = new Uint8Array(12)
const header32 = bytes(32)
const signed = bytes(400)
const signedGrant = bytes(330)

const pair = (await subtle.generateKey('Ed25519', false, ['sign', 'verify'])) as CryptoKeyPair
const recipients = (await Promise.all(
  [0, 1].map(() => subtle.generateKey('X25519', false, ['deriveBits'])),
)) as CryptoKeyPair[]
const body = bytes(4096)

/** HPKE's key schedule: three outputs of one shared secret. Its constants are made once, here as in the vault. */
async function schedule(shared: ArrayBuffer) {
  const [, key] = await Promise.all([expand(shared, 256), expand(shared, 256), expand(shared, 96)])
  return key
}
const noPsk = await subtle.importKey('raw', bytes(60), 'HKDF', false, ['deriveBits'])
const expand = (salt: ArrayBuffer, bits: number) => (
  did('deriveBits'),
  subtle.deriveBits({ ...hkdf, salt }, noPsk, bits)
)

async function grant(recipient: CryptoKeyPair, dek: Bytes) {
  did('generateKey')
  const ephemeral = (await subtle.generateKey('X25519', true, ['deriveBits'])) as CryptoKeyPair
  const enc = await exported(ephemeral.publicKey)
  await exported(recipient.publicKey)
  const shared = await derive(await agree(ephemeral.privateKey, recipient.publicKey), 256)
  const ct = await aes('encrypt', await schedule(shared), dek, ['encrypt', 'decrypt'])
  return { enc, ct, signature: await sign(pair.privateKey, signedGrant) }
}

async function seal(): Promise<Sealed> {
  await digest(signed)
  const dek = bytes(32)
  const both = await derive(dek, 512)
  const ciphertext = await aes('encrypt', new Uint8Array(both, 0, 32), body)
  await digest(ciphertext)
  const [signature] = await Promise.all([sign(pair.privateKey, signed), digest(signed)])
  const grants = await Promise.all(recipients.map((recipient) => grant(recipient, dek)))
  return { ciphertext, signature, grants }
}

async function open(sealed: Sealed) {
  await digest(sealed.ciphertext)
  await Promise.all([digest(signed), verify(pair.publicKey, sealed.signature, signed)])
  const { enc, ct, signature } = sealed.grants[0]!
  await verify(pair.publicKey, signature, signedGrant)
  did('importKey')
  const ephemeral = await subtle.importKey('raw', enc, 'X25519', true, [])
  await exported(recipients[0]!.publicKey)
  const shared = await derive(await agree(recipients[0]!.privateKey, ephemeral), 256)
  const dek = await aes('decrypt', await schedule(shared), ct, ['encrypt', 'decrypt'])
  await digest(signed)
  const both = await derive(dek, 512)
  // The key schedule above is of this file's own making, so the body's key is the one it was sealed under only here.
  await aes('decrypt', new Uint8Array(both, 0, 32), sealed.ciphertext)
}

async function run(count: number) {
  for (const name of Object.keys(counts)) delete counts[name]
  const sealed = await Promise.all(Array.from({ length: count }, seal))
  const half = performance.now()
  await Promise.all(sealed.map(open))
  return { half, counts: { ...counts } }
}
self.onmessage = async ({ data }) => self.postMessage(await run(data))
self.postMessage('ready')

export {}
