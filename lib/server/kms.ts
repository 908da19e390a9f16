import 'server-only'
import { createHmac, randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { exportJWK, generateKeyPair, importJWK, type CryptoKey, type JWK } from 'jose'
import { env } from './env.ts'
import { gcmOpen, gcmSeal, nonceBytes, tagBytes, type Bytes } from './gcm.ts'
import { unwrap, wrap } from './keks.ts'
import type { OuterKeyName } from './keystore-port.ts'
import { openUnder, sealUnder } from './keystore.ts'
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

// A sealed field: version ‖ KEK id length ‖ KEK id ‖ wrapped data key (60 bytes) ‖ sealed text. In version 2 the text lies under
// the outer key of one patient as well: a purge of that key ends it in every backup.
const plainVersion = 1
const outerVersion = 2
const wrappedBytes = nonceBytes + 32 + tagBytes

/** How every field begins, after its version, that this KEK wraps. */
export const fieldHead = (kek: string): Buffer => Buffer.concat([Buffer.from([kek.length]), Buffer.from(kek)])

function parseField(sealed: Uint8Array) {
  const [version, length = 0] = sealed
  if (version !== plainVersion && version !== outerVersion)
    throw Object.assign(new Error('unknown form of a sealed field'), { code: 'FIELD_VERSION' })
  const at = 2 + length
  return {
    version,
    kek: Buffer.from(sealed.subarray(2, at)).toString(),
    wrapped: sealed.subarray(at, at + wrappedBytes),
    text: sealed.subarray(at + wrappedBytes),
  }
}

/** Whose outer key a field lies under, by its context: a patient's how-to-reach goes with who they are. */
function ownerOf(context: string): OuterKeyName | null {
  const [kind, clinicId = '', patientId = ''] = context.split('|')
  return kind!.startsWith('patient.') ? { clinicId, patientId, class: 'identity' } : null
}

/**
 * Seals an operational field (an e-mail address, a phone number, a link's secret for later mails) under a fresh data key.
 * `context` names its one place, as `patient.email|<clinicId>|<patientId>`: moved to another row it does not open.
 */
export async function sealField(text: string, context: string): Promise<Bytes> {
  const owner = ownerOf(context)
  const plain = owner ? await sealUnder(owner, `field|${context}`, Buffer.from(text)) : Buffer.from(text)
  const dataKey = randomBytes(32)
  const { kek, wrapped } = await wrap('field', dataKey, context)
  const head = [Buffer.from([owner ? outerVersion : plainVersion]), fieldHead(kek)]
  return new Uint8Array(Buffer.concat([...head, wrapped, gcmSeal(dataKey, context, plain)]))
}

/** Throws FIELD_GONE for what was purged: in a row that came back from a backup. */
export async function openField(sealed: Uint8Array, context: string): Promise<string> {
  const { version, kek, wrapped, text } = parseField(sealed)
  const plain = gcmOpen(await unwrap('field', kek, wrapped, context), context, text)
  if (version === plainVersion) return Buffer.from(plain).toString()
  const inner = await openUnder(ownerOf(context)!, `field|${context}`, plain)
  if (!inner) throw Object.assign(new Error('a field whose patient was purged'), { code: 'FIELD_GONE' })
  return Buffer.from(inner).toString()
}

/** The same field under the current KEK. Its text is not opened. */
export async function rewrapField(sealed: Uint8Array, context: string): Promise<Bytes> {
  const { version, kek, wrapped, text } = parseField(sealed)
  const fresh = await wrap('field', await unwrap('field', kek, wrapped, context), context)
  return new Uint8Array(Buffer.concat([Buffer.from([version]), fieldHead(fresh.kek), fresh.wrapped, text]))
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
