import 'server-only'
import type { Bytes } from './gcm.ts'
import { isId } from '../ids.ts'

/** A key of the outer layer: one for each patient and retention class. */
export interface OuterKeyName {
  clinicId: string
  patientId: string
  class: string
}

/** A key as it is stored: wrapped by this version of the `store` KEK. */
export interface StoredKey {
  kek: string
  wrapped: Bytes
}

/**
 * Where outer keys lie, apart from the database and with backups of its own. Two implementations: a directory, and a second
 * database. `replace` and `remove` are called under one lock (keystore.ts), so that a key which is moved to the next KEK
 * cannot come back after it was destroyed.
 */
export interface KeyStore {
  find: (name: OuterKeyName) => Promise<StoredKey | null>
  /** Keeps the one that is there. */
  add: (name: OuterKeyName, key: StoredKey) => Promise<void>
  /** Nothing, if it is gone. */
  replace: (name: OuterKeyName, key: StoredKey) => Promise<void>
  remove: (name: OuterKeyName) => Promise<void>
  /** Those under another KEK than this one, in no order. Some may be gone when they are looked at. */
  notUnder: (kek: string) => AsyncIterable<OuterKeyName>
}

/** Throws TypeError: ids and class become a path. */
export function checkName({ clinicId, patientId, class: kind }: OuterKeyName): void {
  if (!isId(clinicId) || !isId(patientId)) throw new TypeError('keystore: ids are UUIDs')
  if (!/^[a-z]{3,20}$/.test(kind)) throw new TypeError('keystore: a class is a word')
}
