import 'server-only'
import { createCipheriv, createDecipheriv, createHmac, randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { exportJWK, generateKeyPair, importJWK, type CryptoKey, type JWK } from 'jose'
import { env } from './env.ts'
import { readOrMake } from './secret-file.ts'

// The KMS port in its local form: keys are files in KEY_DIR, outside the database and its backups. A cloud KMS replaces
// `wrap` and `unwrap`; the other secrets stay files or come by the platform's secret store.

type Bytes = Uint8Array<ArrayBuffer>

interface KekFile {
  current: string
  keys: Record<string, string>
}

const keyFile = (name: string) => join(env().KEY_DIR, name)
const memo = new Map<string, unknown>()
/** Read once a process: by directory too, since tests change it. */
function once<T>(name: string, read: (file: string) => T): T {
  const file = keyFile(name)
  if (!memo.has(file)) memo.set(file, read(file))
  return memo.get(file) as T
}

const keks = () =>
  once('kek.json', (file): KekFile => {
    const make = () =>
      JSON.stringify({ current: '1', keys: { '1': randomBytes(32).toString('base64') } } satisfies KekFile)
    return JSON.parse(readOrMake(file, make)) as KekFile
  })

function kek(id: string): Buffer {
  const key = keks().keys[id]
  if (!key) throw Object.assign(new Error(`no KEK of that version`), { code: 'KEK_GONE' })
  return Buffer.from(key, 'base64')
}

const nonceBytes = 12
const tagBytes = 16

/** AES-256-GCM: nonce ‖ ciphertext ‖ tag, bound to `context`. */
export function gcmSeal(key: Uint8Array, context: string, plain: Uint8Array): Bytes {
  const nonce = randomBytes(nonceBytes)
  const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(Buffer.from(context))
  return new Uint8Array(Buffer.concat([nonce, cipher.update(plain), cipher.final(), cipher.getAuthTag()]))
}

/** Throws when the key or the context is another, or a byte was changed. */
export function gcmOpen(key: Uint8Array, context: string, sealed: Uint8Array): Bytes {
  const tag = sealed.subarray(sealed.length - tagBytes)
  const decipher = createDecipheriv('aes-256-gcm', key, sealed.subarray(0, nonceBytes), { authTagLength: tagBytes })
  decipher.setAAD(Buffer.from(context)).setAuthTag(tag)
  return new Uint8Array(
    Buffer.concat([decipher.update(sealed.subarray(nonceBytes, sealed.length - tagBytes)), decipher.final()]),
  )
}

/** Wraps a data key under the current KEK; the answer names its version. */
export async function wrap(dataKey: Uint8Array, context: string): Promise<{ kek: string; wrapped: Bytes }> {
  const { current } = keks()
  return { kek: current, wrapped: gcmSeal(kek(current), `curtain/v1/wrap|${context}`, dataKey) }
}

export async function unwrap(kekId: string, wrapped: Uint8Array, context: string): Promise<Bytes> {
  return gcmOpen(kek(kekId), `curtain/v1/wrap|${context}`, wrapped)
}

// A sealed field: version 1 ‖ KEK id length ‖ KEK id ‖ wrapped data key (60 bytes) ‖ sealed text.
const fieldVersion = 1
const wrappedBytes = nonceBytes + 32 + tagBytes

/**
 * Seals an operational field (an e-mail address, a phone number, a link's secret for later mails) under a fresh data key.
 * `context` names its one place, as `patient.email|<clinicId>|<patientId>`: moved to another row it does not open.
 */
export async function sealField(text: string, context: string): Promise<Bytes> {
  const dataKey = randomBytes(32)
  const { kek: id, wrapped } = await wrap(dataKey, context)
  const name = Buffer.from(id)
  return new Uint8Array(
    Buffer.concat([
      Buffer.from([fieldVersion, name.length]),
      name,
      wrapped,
      gcmSeal(dataKey, context, Buffer.from(text)),
    ]),
  )
}

export async function openField(sealed: Uint8Array, context: string): Promise<string> {
  const [version, length = 0] = sealed
  if (version !== fieldVersion)
    throw Object.assign(new Error('unknown form of a sealed field'), { code: 'FIELD_VERSION' })
  const at = 2 + length
  const dataKey = await unwrap(
    Buffer.from(sealed.subarray(2, at)).toString(),
    sealed.subarray(at, at + wrappedBytes),
    context,
  )
  return Buffer.from(gcmOpen(dataKey, context, sealed.subarray(at + wrappedBytes))).toString()
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
