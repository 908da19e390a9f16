import 'server-only'
import { createHmac, randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { exportJWK, generateKeyPair, importJWK, type CryptoKey, type JWK } from 'jose'
import { env } from './env.ts'
import { gcmOpen, gcmSeal, nonceBytes, tagBytes, type Bytes } from './gcm.ts'
import { kekOf, ringState, type RingName } from './keks.ts'
import { readOrMake } from './secret-file.ts'

// Sealed fields, keyed hashes and the other secrets of the server: all outside the database and its backups.

const keyFile = (name: string) => join(env().KEY_DIR, name)
const memo = new Map<string, unknown>()
/** Read once a process: by directory too, since tests change it. */
function once<T>(name: string, read: (file: string) => T): T {
  const file = keyFile(name)
  if (!memo.has(file)) memo.set(file, read(file))
  return memo.get(file) as T
}

const wrapContext = (context: string) => `curtain/v1/wrap|${context}`

/** Wraps a data key under the ring's current KEK; the answer names its version. */
export async function wrap(
  ring: RingName,
  dataKey: Uint8Array,
  context: string,
): Promise<{ kek: string; wrapped: Bytes }> {
  const { current } = await ringState(ring)
  return { kek: current, wrapped: gcmSeal(await kekOf(ring, current), wrapContext(context), dataKey) }
}

export async function unwrap(ring: RingName, kek: string, wrapped: Uint8Array, context: string): Promise<Bytes> {
  return gcmOpen(await kekOf(ring, kek), wrapContext(context), wrapped)
}

// A sealed field: version 1 ‖ KEK id length ‖ KEK id ‖ wrapped data key (60 bytes) ‖ sealed text.
const fieldVersion = 1
const wrappedBytes = nonceBytes + 32 + tagBytes

/** How every field begins that this KEK version wraps. */
export const fieldHead = (kek: string): Buffer =>
  Buffer.concat([Buffer.from([fieldVersion, kek.length]), Buffer.from(kek)])

function parseField(sealed: Uint8Array) {
  const [version, length = 0] = sealed
  if (version !== fieldVersion)
    throw Object.assign(new Error('unknown form of a sealed field'), { code: 'FIELD_VERSION' })
  const at = 2 + length
  return {
    kek: Buffer.from(sealed.subarray(2, at)).toString(),
    wrapped: sealed.subarray(at, at + wrappedBytes),
    text: sealed.subarray(at + wrappedBytes),
  }
}

/**
 * Seals an operational field (an e-mail address, a phone number, a link's secret for later mails) under a fresh data key.
 * `context` names its one place, as `patient.email|<clinicId>|<patientId>`: moved to another row it does not open.
 */
export async function sealField(text: string, context: string): Promise<Bytes> {
  const dataKey = randomBytes(32)
  const { kek, wrapped } = await wrap('field', dataKey, context)
  return new Uint8Array(Buffer.concat([fieldHead(kek), wrapped, gcmSeal(dataKey, context, Buffer.from(text))]))
}

export async function openField(sealed: Uint8Array, context: string): Promise<string> {
  const { kek, wrapped, text } = parseField(sealed)
  const dataKey = await unwrap('field', kek, wrapped, context)
  return Buffer.from(gcmOpen(dataKey, context, text)).toString()
}

/** The same field under the current KEK. Its text is not opened. */
export async function rewrapField(sealed: Uint8Array, context: string): Promise<Bytes> {
  const { kek, wrapped, text } = parseField(sealed)
  const fresh = await wrap('field', await unwrap('field', kek, wrapped, context), context)
  return new Uint8Array(Buffer.concat([fieldHead(fresh.kek), fresh.wrapped, text]))
}

/** HMAC-SHA256 under the index key: equal inputs are found, and nothing can be guessed from a dump alone. */
export async function keyedHash(purpose: string, text: string): Promise<Bytes> {
  const key = once('index.key', (file) =>
    Buffer.from(
      readOrMake(file, () => randomBytes(32).toString('base64')),
      'base64',
    ),
  )
  return new Uint8Array(createHmac('sha256', key).update(`curtain/v1/${purpose}\0${text}`).digest())
}

const spelt = (email: string) => email.trim().normalize('NFKC').toLowerCase()

/** What staff are found by, at whichever clinic. Spelling variants of one address are one. */
export const emailIndex = (email: string): Promise<Bytes> => keyedHash('email', spelt(email))

/** A patient's, within one clinic: a dump of many clinics does not say who goes to two of them. */
export const patientEmailIndex = (clinicId: string, email: string): Promise<Bytes> =>
  keyedHash('patient-email', `${clinicId}\0${spelt(email)}`)

/** OPAQUE's server setup with its OPRF seed: without it, a dump of the database cannot be guessed at offline. */
export async function opaqueSetup(): Promise<string> {
  const { ready, server } = await import('@serenity-kit/opaque')
  await ready
  return once('opaque.setup', (file) => readOrMake(file, () => server.createSetup()))
}

export interface TicketKey {
  kid: string
  privateKey: CryptoKey
  publicKey: CryptoKey
}

/** The Ed25519 key that signs call tickets and patient sessions. */
export async function ticketKey(): Promise<TicketKey> {
  const fresh = once('fresh ticket', async () => {
    const { privateKey } = await generateKeyPair('EdDSA', { crv: 'Ed25519', extractable: true })
    return JSON.stringify({ ...(await exportJWK(privateKey)), kid: randomBytes(6).toString('hex') })
  })
  const text = await fresh
  return once('ticket.jwk', async (file) => {
    const jwk = JSON.parse(readOrMake(file, () => text)) as JWK
    const { d: _, ...open } = jwk
    return {
      kid: jwk.kid!,
      privateKey: (await importJWK(jwk, 'EdDSA')) as CryptoKey,
      publicKey: (await importJWK(open, 'EdDSA')) as CryptoKey,
    }
  })
}
