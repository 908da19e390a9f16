import { type Bytes, concat, derive, fromB64, labelledHash, random, utf8 } from './bytes.ts'
import { decodeArray, encode, read } from './cbor.ts'
import { CryptoError } from './errors.ts'

/** A person's or device's two key pairs. Private halves need not be extractable for anything in lib/crypto. */
export interface Keys {
  sign: CryptoKeyPair
  dh: CryptoKeyPair
  public: RawKeys
}
export interface RawKeys {
  sign: Bytes
  dh: Bytes
}

/** 32-byte secrets as they travel inside wraps: Ed25519 seed, X25519 scalar. */
export interface AccountSecrets {
  sign: Bytes
  dh: Bytes
  /** The owner's account also carries the clinic's root, so that the owner's password alone restores it. */
  root: Bytes | null
}
/** What a wiped browser must know so as not to believe whatever chain it is shown. */
export interface ChainPin {
  rootFingerprint: Bytes
  length: number
  head: Bytes
  /** How far an officer saw the clinic's log go. */
  log?: { length: number; head: Bytes }
}

type Curve = 'Ed25519' | 'X25519'
/** PKCS #8 (RFC 8410) around a 32-byte secret: SEQUENCE { 0, OID 1.3.101.{112,110}, OCTET STRING { OCTET STRING } }. */
const pkcs8Prefix = (curve: Curve): Bytes =>
  Uint8Array.of(48, 46, 2, 1, 0, 48, 5, 6, 3, 43, 101, curve === 'Ed25519' ? 112 : 110, 4, 34, 4, 32)

/** Keys that never leave this browser: private halves are not extractable from the first moment. */
export async function generateDeviceKeys(): Promise<Keys> {
  const [sign, dh] = await Promise.all([
    crypto.subtle.generateKey('Ed25519', false, ['sign', 'verify']) as Promise<CryptoKeyPair>,
    crypto.subtle.generateKey('X25519', false, ['deriveBits']) as Promise<CryptoKeyPair>,
  ])
  return { sign, dh, public: { sign: await rawPublic(sign), dh: await rawPublic(dh) } }
}

export const rawPublic = async (pair: CryptoKeyPair): Promise<Bytes> =>
  new Uint8Array(await crypto.subtle.exportKey('raw', pair.publicKey))

/** Non-extractable keys of a 32-byte secret. Throws NO_KEY when the secret is not 32 bytes. */
export async function importSecret(curve: Curve, secret: Bytes): Promise<{ pair: CryptoKeyPair; public: Bytes }> {
  if (secret.length !== 32) throw new CryptoError('NO_KEY', 'a secret is 32 bytes')
  const pkcs8 = concat(pkcs8Prefix(curve), secret)
  const use: KeyUsage[] = curve === 'Ed25519' ? ['sign'] : ['deriveBits']
  // WebCrypto has no other way from a private key to its public one than an export; this copy lives for this function.
  const open = await crypto.subtle.importKey('pkcs8', pkcs8, curve, true, use)
  const raw = fromB64((await crypto.subtle.exportKey('jwk', open)).x!, 32)
  const [privateKey, publicKey] = await Promise.all([
    crypto.subtle.importKey('pkcs8', pkcs8, curve, false, use),
    crypto.subtle.importKey('raw', raw, curve, true, curve === 'Ed25519' ? ['verify'] : []),
  ])
  pkcs8.fill(0)
  return { pair: { privateKey, publicKey }, public: raw }
}

export async function importKeys(secrets: { sign: Bytes; dh: Bytes }): Promise<Keys> {
  const [sign, dh] = await Promise.all([importSecret('Ed25519', secrets.sign), importSecret('X25519', secrets.dh)])
  return { sign: sign.pair, dh: dh.pair, public: { sign: sign.public, dh: dh.public } }
}

export const newAccountSecrets = (withRoot: boolean): AccountSecrets => ({
  sign: random(32),
  dh: random(32),
  root: withRoot ? random(32) : null,
})

/** What links and QR codes carry of a clinic. */
export const rootFingerprint = (root: Bytes): Promise<Bytes> => labelledHash('root', root)

/**
 * The account under OPAQUE's export key: CBOR [1, nonce, secrets, nonce, pin]. Two ciphertexts under two keys, so that
 * the pin can follow the chain (`rewrapPin`) without the secrets ever being opened again.
 */
export async function wrapAccount(
  exportKey: Bytes,
  owner: AccountOwner,
  secrets: AccountSecrets,
  pin: ChainPin,
): Promise<Bytes> {
  const keys = await wrapKeys(exportKey, owner)
  const body = encode([secrets.sign, secrets.dh, secrets.root])
  const wrapped = await box(keys.secrets, aad(owner, 'secrets'), body)
  body.fill(0)
  return encode([1, ...wrapped, ...(await box(keys.pin, aad(owner, 'pin'), encodePin(pin)))])
}

/** Throws WRONG_PASSWORD when it does not open: another password, member or clinic, or altered bytes. */
export async function unwrapAccount(
  exportKey: Bytes,
  owner: AccountOwner,
  wrapped: Bytes,
): Promise<{ secrets: AccountSecrets; pin: ChainPin; pinKey: CryptoKey }> {
  const fields = accountFields(wrapped)
  const keys = await wrapKeys(exportKey, owner)
  const [sign, dh, root] = decodeArray(await unbox(keys.secrets, aad(owner, 'secrets'), fields[0], fields[1]), 3)
  const secrets = {
    sign: read.bytes(sign, 32, 'signing secret'),
    dh: read.bytes(dh, 32, 'agreement secret'),
    root: root === null ? null : read.bytes(root, 32, 'root secret'),
  }
  return { secrets, pin: await openPin(keys.pin, owner, wrapped), pinKey: keys.pin }
}

/** The same wrap with a newer pin. `pinKey` is what `unwrapAccount` gave. */
export async function rewrapPin(wrapped: Bytes, owner: AccountOwner, pinKey: CryptoKey, pin: ChainPin): Promise<Bytes> {
  const fields = accountFields(wrapped)
  return encode([1, fields[0], fields[1], ...(await box(pinKey, aad(owner, 'pin'), encodePin(pin)))])
}

export async function openPin(pinKey: CryptoKey, owner: AccountOwner, wrapped: Bytes): Promise<ChainPin> {
  const fields = accountFields(wrapped)
  const parts = decodeArray(await unbox(pinKey, aad(owner, 'pin'), fields[2], fields[3]))
  if (parts.length !== 3 && parts.length !== 5) throw new CryptoError('BAD_ENVELOPE', `${parts.length} fields in a pin`)
  const [root, length, head, logLength, logHead] = parts
  return {
    rootFingerprint: read.bytes(root, 32, 'root fingerprint'),
    length: read.count(length, 0, 'chain length'),
    head: read.bytes(head, 32, 'chain head'),
    ...(parts.length === 5 && {
      log: { length: read.count(logLength, 1, 'log length'), head: read.bytes(logHead, 32, 'log head') },
    }),
  }
}

export interface AccountOwner {
  clinicId: string
  memberId: string
}

function accountFields(wrapped: Bytes): [Bytes, Bytes, Bytes, Bytes] {
  const [version, ...rest] = decodeArray(wrapped, 5)
  if (version !== 1) throw new CryptoError('UNSUPPORTED', `account wrap version ${String(version)}`)
  return rest.map((field, index) =>
    index % 2 === 0 ? read.bytes(field, 12, 'nonce') : read.anyBytes(field, 'wrap'),
  ) as [Bytes, Bytes, Bytes, Bytes]
}

const ownerFields = (owner: AccountOwner): Bytes => encode([owner.clinicId, owner.memberId])
const aad = (owner: AccountOwner, part: string): Bytes =>
  concat(utf8('curtain/v1/account'), encode([owner.clinicId, owner.memberId, part]))
const encodePin = (pin: ChainPin): Bytes =>
  encode([pin.rootFingerprint, pin.length, pin.head, ...(pin.log ? [pin.log.length, pin.log.head] : [])])

async function wrapKeys(exportKey: Bytes, owner: AccountOwner): Promise<{ secrets: CryptoKey; pin: CryptoKey }> {
  const both = await derive(exportKey, 'account', ownerFields(owner), 64)
  const [secrets, pin] = await Promise.all(
    [both.slice(0, 32), both.slice(32)].map((raw) =>
      crypto.subtle.importKey('raw', raw, 'AES-GCM', false, ['encrypt', 'decrypt']),
    ),
  )
  both.fill(0)
  return { secrets: secrets!, pin: pin! }
}

/** AES-256-GCM under a random nonce: for keys that wrap a handful of times. */
export async function box(key: CryptoKey, additionalData: Bytes, plaintext: Bytes): Promise<[Bytes, Bytes]> {
  const iv = random(12)
  const ct = await crypto.subtle.encrypt({ name: 'AES-GCM', iv, additionalData }, key, plaintext)
  return [iv, new Uint8Array(ct)]
}

/** Throws WRONG_PASSWORD: these keys come from one. */
async function unbox(key: CryptoKey, additionalData: Bytes, iv: Bytes, ct: Bytes): Promise<Bytes> {
  try {
    return new Uint8Array(await crypto.subtle.decrypt({ name: 'AES-GCM', iv, additionalData }, key, ct))
  } catch {
    throw new CryptoError('WRONG_PASSWORD', 'the account does not open')
  }
}
