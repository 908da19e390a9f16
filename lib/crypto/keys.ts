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

/**
 * X25519's points of small order, as RFC 7748 decodes them (the highest bit counts for nothing): whatever is agreed with them is
 * zero, so that WebCrypto agrees on nothing and nothing is ever sealed to one.
 */
const smallOrder = [
  '0000000000000000000000000000000000000000000000000000000000000000',
  '0100000000000000000000000000000000000000000000000000000000000000',
  'e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800',
  '5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157',
  'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  'edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  'eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
].map((hex) => Uint8Array.from(hex.match(/../g)!, (byte) => parseInt(byte, 16)))

export const isSmallOrder = (key: Bytes): boolean =>
  smallOrder.some((point) => key.every((byte, index) => (index === 31 ? byte & 127 : byte) === point[index]))

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
 * the pin can follow the chain (`rewrapPin`) without the secrets ever being opened again. The pin's key comes from the
 * secrets themselves: whatever opened these, password, kit or passkey, reads and moves the one pin there is.
 */
export async function wrapAccount(
  exportKey: Bytes,
  owner: AccountOwner,
  secrets: AccountSecrets,
  pin: ChainPin,
): Promise<Bytes> {
  const [key, pinKey] = await Promise.all([aesKey(exportKey, 'account', ownerFields(owner)), pinKeyOf(secrets, owner)])
  const wrapped = await boxSecrets(key, aad(owner, 'secrets'), secrets)
  return encode([1, ...wrapped, ...(await box(pinKey, aad(owner, 'pin'), encodePin(pin)))])
}

/** Throws WRONG_PASSWORD when it does not open: another password, member or clinic, or altered bytes. */
export async function unwrapAccount(
  exportKey: Bytes,
  owner: AccountOwner,
  wrapped: Bytes,
): Promise<{ secrets: AccountSecrets; pin: ChainPin; pinKey: CryptoKey }> {
  const fields = accountFields(wrapped)
  const key = await aesKey(exportKey, 'account', ownerFields(owner))
  const secrets = await unboxSecrets(key, aad(owner, 'secrets'), fields[0], fields[1])
  return { secrets, ...(await openAccountPin(secrets, owner, wrapped)) }
}

/** The pin of an account whose secrets another wrap opened. Throws WRONG_PASSWORD: the pin is not this account's. */
export async function openAccountPin(
  secrets: AccountSecrets,
  owner: AccountOwner,
  wrapped: Bytes,
): Promise<{ pin: ChainPin; pinKey: CryptoKey }> {
  const pinKey = await pinKeyOf(secrets, owner)
  return { pin: await openPin(pinKey, owner, wrapped), pinKey }
}

/** What else may open an account: a recovery kit's 32 bytes, or the 32 bytes that a passkey's PRF answers. */
export type FurtherKind = 'kit' | 'passkey'
export interface FurtherOwner extends AccountOwner {
  kind: FurtherKind
  wrapId: string
}

/** The same secrets under a kit or a passkey: CBOR [1, kind, nonce, secrets]. */
export async function wrapFurther(secret: Bytes, owner: FurtherOwner, secrets: AccountSecrets): Promise<Bytes> {
  const key = await aesKey(secret, `account-${owner.kind}`, furtherFields(owner))
  return encode([1, owner.kind, ...(await boxSecrets(key, furtherAad(owner), secrets))])
}

/** Throws UNSUPPORTED before anything is derived, and WRONG_PASSWORD when it does not open. */
export async function unwrapFurther(secret: Bytes, owner: FurtherOwner, wrapped: Bytes): Promise<AccountSecrets> {
  const [version, kind, nonce, ct] = decodeArray(wrapped, 4)
  if (version !== 1 || kind !== owner.kind) throw new CryptoError('UNSUPPORTED', `wrap ${String(version)}`)
  const fields = [read.bytes(nonce, 12, 'nonce'), read.anyBytes(ct, 'wrap')] as const
  return unboxSecrets(await aesKey(secret, `account-${kind}`, furtherFields(owner)), furtherAad(owner), ...fields)
}

/** A kit proves itself to the server by a key of its own; its public half is all that is filed of it beside the wrap. */
export async function kitSigner(entropy: Bytes): Promise<{ pair: CryptoKeyPair; public: Bytes }> {
  const seed = await derive(entropy, 'kit-sign', new Uint8Array(0), 32)
  try {
    return await importSecret('Ed25519', seed)
  } finally {
    seed.fill(0)
  }
}

export function wipe(secrets: AccountSecrets): void {
  for (const secret of [secrets.sign, secrets.dh, secrets.root]) secret?.fill(0)
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

const furtherFields = ({ clinicId, memberId, wrapId }: FurtherOwner): Bytes => encode([clinicId, memberId, wrapId])
const furtherAad = ({ clinicId, memberId, kind, wrapId }: FurtherOwner): Bytes =>
  concat(utf8('curtain/v1/account'), encode([clinicId, memberId, kind, wrapId]))

async function aesKey(secret: Bytes, label: string, context: Bytes): Promise<CryptoKey> {
  const raw = await derive(secret, label, context, 32)
  const key = await crypto.subtle.importKey('raw', raw, 'AES-GCM', false, ['encrypt', 'decrypt'])
  raw.fill(0)
  return key
}

async function pinKeyOf({ sign, dh }: AccountSecrets, owner: AccountOwner): Promise<CryptoKey> {
  const both = concat(sign, dh)
  const key = await aesKey(both, 'account-pin', ownerFields(owner))
  both.fill(0)
  return key
}

async function boxSecrets(key: CryptoKey, additional: Bytes, secrets: AccountSecrets): Promise<[Bytes, Bytes]> {
  const body = encode([secrets.sign, secrets.dh, secrets.root])
  const boxed = await box(key, additional, body)
  body.fill(0)
  return boxed
}

async function unboxSecrets(key: CryptoKey, additional: Bytes, nonce: Bytes, ct: Bytes): Promise<AccountSecrets> {
  const [sign, dh, root] = decodeArray(await unbox(key, additional, nonce, ct), 3)
  return {
    sign: read.bytes(sign, 32, 'signing secret'),
    dh: read.bytes(dh, 32, 'agreement secret'),
    root: root === null ? null : read.bytes(root, 32, 'root secret'),
  }
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
