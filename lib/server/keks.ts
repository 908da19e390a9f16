import 'server-only'
import { randomBytes } from 'node:crypto'
import { statSync } from 'node:fs'
import { join } from 'node:path'
import { env } from './env.ts'
import { gcmOpen, gcmSeal, type Bytes } from './gcm.ts'
import { keyService, keyServiceOf } from './key-service.ts'
import { readOrMake, replaceFile } from './secret-file.ts'

/**
 * Two rings of KEKs, each one small file, each KEK in it wrapped by the KMS port.
 *   field   wraps the data keys of contact fields: in KEY_DIR, which has backups
 *   store   wraps the keys of the outer layer: in STORE_KEK_DIR, which must have none, so that a version which is destroyed
 *           here is destroyed everywhere
 * A cloud's KMS does the wrapping and never the destroying: AWS cannot destroy one version of a key at all, Google in a day
 * at the soonest.
 */
export type RingName = 'field' | 'store'

interface RingFile {
  current: string
  keys: Record<string, { by: string; wrapped: string; since: string }>
}

export const ringFile = (ring: RingName) =>
  ring === 'field' ? join(env().KEY_DIR, 'kek.json') : join(env().STORE_KEK_DIR, 'store-kek.json')

const contextOf = (ring: RingName, id: string) => `${ring}-kek|${id}`

interface Read {
  stamp: string
  ring: RingFile
  opened: Map<string, Promise<Bytes>>
}
const read = new Map<string, Read>()

function stampOf(file: string): string | null {
  const stat = statSync(file, { throwIfNoEntry: false, bigint: true })
  return stat ? `${stat.ino}.${stat.mtimeNs}.${stat.size}` : null
}

/** The file as it is now: another process may have begun a version or destroyed one. */
async function load(name: RingName): Promise<Read> {
  const file = ringFile(name)
  const stamp = stampOf(file)
  const known = read.get(file)
  if (known && known.stamp === stamp) return known
  const first = stamp ? '' : JSON.stringify(await withVersion(name, { current: '', keys: {} }, new Date()))
  const ring = JSON.parse(readOrMake(file, () => first)) as RingFile
  const fresh = { stamp: stampOf(file) ?? '', ring, opened: new Map<string, Promise<Bytes>>() }
  read.set(file, fresh)
  return fresh
}

async function withVersion(name: RingName, ring: RingFile, now: Date): Promise<RingFile> {
  const service = await keyService()
  const id = `${Object.keys(ring.keys).length + 1}.${randomBytes(4).toString('hex')}`
  const wrapped = await service.wrap(randomBytes(32), contextOf(name, id))
  const entry = { by: service.id, wrapped: Buffer.from(wrapped).toString('base64'), since: now.toISOString() }
  return { current: id, keys: { ...ring.keys, [id]: entry } }
}

/** Throws KEK_GONE for a version that was destroyed. The KMS is asked once for each version and process. */
export async function kekOf(name: RingName, id: string): Promise<Bytes> {
  const { ring, opened } = await load(name)
  const entry = Object.hasOwn(ring.keys, id) ? ring.keys[id]! : null
  if (!entry) throw Object.assign(new Error('no KEK of that version'), { code: 'KEK_GONE' })
  const kept = opened.get(id)
  if (kept) return kept
  const opening = keyServiceOf(entry.by).then((service) =>
    service.unwrap(Buffer.from(entry.wrapped, 'base64'), contextOf(name, id)),
  )
  opened.set(id, opening)
  // A KMS that was away is asked again.
  opening.catch(() => opened.delete(id))
  return opening
}

export interface RingState {
  current: string
  /** When `current` began. */
  since: Date
  /** Versions that still open what they wrapped, and wrap nothing new. */
  old: string[]
}

export async function ringState(name: RingName): Promise<RingState> {
  const { ring } = await load(name)
  const old = Object.keys(ring.keys).filter((id) => id !== ring.current)
  return { current: ring.current, since: new Date(ring.keys[ring.current]!.since), old }
}

/** One writer at a time: the callers hold a lock of the database. */
export async function beginVersion(name: RingName, now: Date): Promise<RingState> {
  const { ring } = await load(name)
  replaceFile(ringFile(name), JSON.stringify(await withVersion(name, ring, now)))
  return ringState(name)
}

/** What these versions wrapped opens no more, here or in any backup. The current one is never among them. */
export async function destroyVersions(name: RingName, ids: readonly string[]): Promise<void> {
  const { ring } = await load(name)
  if (ids.includes(ring.current)) throw new TypeError('the current KEK is in use')
  const keys = Object.fromEntries(Object.entries(ring.keys).filter(([id]) => !ids.includes(id)))
  replaceFile(ringFile(name), JSON.stringify({ current: ring.current, keys } satisfies RingFile))
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
