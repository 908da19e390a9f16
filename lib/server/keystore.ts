import 'server-only'
import { randomBytes } from 'node:crypto'
import { rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { env } from './env.ts'
import { gcmOpen, gcmSeal } from './gcm.ts'
import { unwrap, wrap } from './kms.ts'
import { log } from './log.ts'
import { readOrMake } from './secret-file.ts'

/**
 * The outer layer around every grant: one key for each patient and retention class, in a store with backups of its own.
 * Destroying that key kills the live rows and every backup of them. The layer hides nothing from the server; its loss does.
 */
export interface OuterKeyName {
  clinicId: string
  patientId: string
  /** Retention class. */
  class: 'clinical'
}

interface KeyFile {
  kek: string
  wrapped: string
}

const id = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/

function fileOf(name: OuterKeyName) {
  // The ids become a path.
  if (!id.test(name.clinicId) || !id.test(name.patientId)) throw new TypeError('keystore: ids are UUIDs')
  return join(env().KEYSTORE_DIR, name.clinicId, `${name.patientId}.${name.class}`)
}
const contextOf = (name: OuterKeyName) => `outer|${name.clinicId}|${name.patientId}|${name.class}`

const most = 2000
const cache = new Map<string, { stamp: string; key: Uint8Array }>()

/** Inode and time: a key destroyed or replaced by another process is not served from memory. Null when there is none. */
function stampOf(file: string): string | null {
  const stat = statSync(file, { throwIfNoEntry: false, bigint: true })
  return stat ? `${stat.ino}.${stat.mtimeNs}` : null
}

async function keyOf(name: OuterKeyName, make: boolean): Promise<Uint8Array | null> {
  const file = fileOf(name)
  const stamp = stampOf(file)
  const known = cache.get(file)
  if (known && known.stamp === stamp) return known.key
  cache.delete(file)
  if (!stamp && !make) return null
  const fresh = await wrap('store', randomBytes(32), contextOf(name))
  const text = readOrMake(file, () =>
    JSON.stringify({ kek: fresh.kek, wrapped: Buffer.from(fresh.wrapped).toString('base64') } satisfies KeyFile),
  )
  const kept = JSON.parse(text) as KeyFile
  const key = await unwrap('store', kept.kek, Buffer.from(kept.wrapped, 'base64'), contextOf(name))
  if (cache.size >= most) cache.clear()
  cache.set(file, { stamp: stampOf(file) ?? '', key })
  return key
}

/** What binds a sealed grant to its place: moved to another record, revision or recipient it does not open. */
export interface OuterPlace {
  recordId: string
  revision: number
  recipientKey: string
}
const aad = (name: OuterKeyName, place: OuterPlace) =>
  `curtain/v1/outer|${name.clinicId}|${place.recordId}|${place.revision}|${place.recipientKey}`

export async function sealOuter(
  name: OuterKeyName,
  place: OuterPlace,
  bytes: Uint8Array,
): Promise<Uint8Array<ArrayBuffer>> {
  return gcmSeal((await keyOf(name, true))!, aad(name, place), bytes)
}

/** Null when the key was destroyed: the record is gone. Throws, and says so in the log, when the bytes were changed or moved. */
export async function openOuter(
  name: OuterKeyName,
  place: OuterPlace,
  sealed: Uint8Array,
): Promise<Uint8Array<ArrayBuffer> | null> {
  try {
    const key = await keyOf(name, false)
    return key && gcmOpen(key, aad(name, place), sealed)
  } catch (err) {
    log.error({ code: 'GRANT_DAMAGED', clinicId: name.clinicId, recordId: place.recordId, err })
    throw err
  }
}

/** Ends every grant of this patient and class, here and in every backup of the database. */
export function destroyOuter(name: OuterKeyName): void {
  cache.delete(fileOf(name))
  rmSync(fileOf(name), { force: true })
}
