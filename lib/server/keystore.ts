import 'server-only'
import { createSecretKey, type KeyObject, randomBytes } from 'node:crypto'
import pg from 'pg'
import { env } from './env.ts'
import { gcmOpen, gcmSeal, type Bytes } from './gcm.ts'
import { kekOf, ringState, unwrap, wrap } from './keks.ts'
import { databaseKeyStore } from './keystore-db.ts'
import { directoryKeyStore } from './keystore-dir.ts'
import type { KeyStore, OuterKeyName } from './keystore-port.ts'
import { withLock } from './lock.ts'
import { log } from './log.ts'

/**
 * The outer layer around every grant: one key for each patient and retention class, in a store with backups of its own.
 * Destroying that key kills the live rows and every backup of them. The layer hides nothing from the server; its loss does.
 */
const kept = globalThis as { curtainKeyStores?: Map<string, { store: KeyStore; pool: pg.Pool | null }> }

function keyStore(): KeyStore {
  const { KEYSTORE_URL, KEYSTORE_DIR } = env()
  const stores = (kept.curtainKeyStores ??= new Map())
  const at = KEYSTORE_URL || KEYSTORE_DIR
  const known = stores.get(at)
  if (known) return known.store
  const pool = KEYSTORE_URL ? new pg.Pool({ connectionString: KEYSTORE_URL, max: 10 }) : null
  // An idle connection that breaks is replaced at the next query.
  pool?.on('error', (error) => log.warn({ code: 'KEYSTORE_CONNECTION', err: error }))
  const store = pool ? databaseKeyStore(pool) : directoryKeyStore(KEYSTORE_DIR)
  stores.set(at, { store, pool })
  return store
}

export async function closeKeyStore(): Promise<void> {
  const stores = kept.curtainKeyStores
  delete kept.curtainKeyStores
  for (const { pool } of stores?.values() ?? []) await pool?.end()
}

const contextOf = (name: OuterKeyName) => `outer|${name.clinicId}|${name.patientId}|${name.class}`

// What was unwrapped, by its wrapped form: a key that was destroyed or replaced has no such form in the store any more.
const most = 2000
const opened = new Map<string, Promise<KeyObject>>()

async function openKey(name: OuterKeyName, key: { kek: string; wrapped: Uint8Array }): Promise<KeyObject> {
  // In a key store that was put back from a backup it lies under a KEK that is gone: then memory must not know it either.
  await kekOf('store', key.kek)
  const at = `${contextOf(name)}|${key.kek}|${Buffer.from(key.wrapped).toString('base64')}`
  const known = opened.get(at)
  if (known) return known
  const opening = unwrap('store', key.kek, key.wrapped, contextOf(name)).then((bytes) => createSecretKey(bytes))
  if (opened.size >= most) opened.clear()
  opened.set(at, opening)
  opening.catch(() => opened.delete(at))
  return opening
}

// A chart's grants ask for one patient's key at once.
const asked = new Map<string, Promise<KeyObject | null>>()

function find(name: OuterKeyName): Promise<KeyObject | null> {
  const at = contextOf(name)
  const under = asked.get(at)
  if (under) return under
  // Only while the store is asked: whoever comes while the answer is opened asks anew, since the key may have been destroyed.
  const asking = keyStore()
    .find(name)
    .finally(() => asked.delete(at))
    .then((there) => there && openKey(name, there))
  asked.set(at, asking)
  return asking
}

async function keyOf(name: OuterKeyName, make: boolean): Promise<KeyObject | null> {
  const there = await find(name)
  if (there || !make) return there
  await keyStore().add(name, await wrap('store', randomBytes(32), contextOf(name)))
  // Another process may have been first: its key is the one that counts. Not by `find`: that may have been asked before.
  const added = await keyStore().find(name)
  return added && openKey(name, added)
}

/** What binds a sealed grant to its place: moved to another record, revision or recipient it does not open. */
export interface OuterPlace {
  recordId: string
  revision: number
  recipientKey: string
}
const aad = (name: OuterKeyName, place: OuterPlace) =>
  `curtain/v1/outer|${name.clinicId}|${place.recordId}|${place.revision}|${place.recipientKey}`

export const sealOuter = (name: OuterKeyName, place: OuterPlace, bytes: Uint8Array): Promise<Bytes> =>
  sealUnder(name, aad(name, place), bytes)

/** Null when the key was destroyed: the record is gone. Throws, and says so in the log, when the bytes were changed or moved. */
export async function openOuter(name: OuterKeyName, place: OuterPlace, sealed: Uint8Array): Promise<Bytes | null> {
  try {
    return await openUnder(name, aad(name, place), sealed)
  } catch (err) {
    log.error({ code: 'GRANT_DAMAGED', clinicId: name.clinicId, recordId: place.recordId, err })
    throw err
  }
}

/** What is no grant and yet must go with its patient: a contact field, a copy for somebody outside. */
export async function sealUnder(name: OuterKeyName, context: string, bytes: Uint8Array): Promise<Bytes> {
  const key = await keyOf(name, true)
  if (!key) throw Object.assign(new Error('the outer key was destroyed while it was made'), { code: 'OUTER_KEY_GONE' })
  return gcmSeal(key, context, bytes)
}

export async function openUnder(name: OuterKeyName, context: string, sealed: Uint8Array): Promise<Bytes | null> {
  const key = await keyOf(name, false)
  return key && gcmOpen(key, context, sealed)
}

/**
 * What is sealed for somebody outside, in a browser that checks it itself: a pharmacist's copy, an emergency card. Null when it was
 * purged; empty, and said in the log, when the bytes were changed or moved.
 */
export async function openCopy(name: OuterKeyName, context: string, sealed: Uint8Array): Promise<Bytes | null> {
  const key = await keyOf(name, false)
  if (!key) return null
  try {
    return gcmOpen(key, context, sealed)
  } catch (err) {
    log.error({ code: 'COPY_DAMAGED', clinicId: name.clinicId, context, err })
    return new Uint8Array()
  }
}

const lock = 'curtain outer keys'

/**
 * Ends every grant of this patient and class, here and in every backup of the database. Answers the version of the store's KEK
 * by which backups of the key store itself still open: they do until that version is destroyed.
 */
export async function destroyOuter(name: OuterKeyName): Promise<string> {
  await withLock(lock, 'wait', () => keyStore().remove(name))
  return (await ringState('store')).current
}

const batch = 50

/**
 * Moves keys that lie under an older KEK to the current one, some at a time, and answers how many it moved. Killed in the
 * middle, or told to stop, it goes on from there when it is called again.
 */
export async function rewrapOuter(step: (moved: number) => 'go on' | 'stop'): Promise<number> {
  const { current } = await ringState('store')
  let moved = 0
  let names: OuterKeyName[] = []
  const move = async () => {
    const these = names
    names = []
    await withLock(lock, 'wait', async () => {
      for (const name of these) {
        const key = await keyStore().find(name)
        if (!key || key.kek === current) continue
        const plain = await unwrap('store', key.kek, key.wrapped, contextOf(name))
        await keyStore().replace(name, await wrap('store', plain, contextOf(name)))
        moved += 1
      }
    })
    return step(moved)
  }
  for await (const name of keyStore().notUnder(current)) {
    names.push(name)
    if (names.length === batch && (await move()) === 'stop') return moved
  }
  if (names.length) await move()
  return moved
}

/** How many keys there still are under an older KEK. */
export async function countOldOuter(): Promise<number> {
  const { current } = await ringState('store')
  let count = 0
  for await (const _ of keyStore().notUnder(current)) count += 1
  return count
}
