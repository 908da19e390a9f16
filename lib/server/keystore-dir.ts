import 'server-only'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { checkName, type KeyStore, type OuterKeyName, type StoredKey } from './keystore-port.ts'
import { readOrMake, replaceFile, shred } from './secret-file.ts'

/** One file for each key: <clinic>/<patient>.<class>. */
export function directoryKeyStore(directory: string): KeyStore {
  const fileOf = (name: OuterKeyName) => {
    checkName(name)
    return join(directory, name.clinicId, `${name.patientId}.${name.class}`)
  }
  const textOf = ({ kek, wrapped }: StoredKey) =>
    JSON.stringify({ kek, wrapped: Buffer.from(wrapped).toString('base64') })
  return {
    find: async (name) => read(fileOf(name)),
    add: async (name, key) => void readOrMake(fileOf(name), () => textOf(key)),
    async replace(name, key) {
      if (statSync(fileOf(name), { throwIfNoEntry: false })) replaceFile(fileOf(name), textOf(key))
    },
    remove: async (name) => shred(fileOf(name)),
    async *notUnder(kek) {
      for (const clinicId of list(directory)) {
        for (const entry of list(join(directory, clinicId))) {
          // What a process that was killed left beside a key has a third part in its name.
          const [patientId = '', kind = '', rest] = entry.split('.')
          const name = { clinicId, patientId, class: kind }
          if (rest === undefined && read(fileOf(name))?.kek !== kek) yield name
        }
      }
    },
  }
}

function read(file: string): StoredKey | null {
  try {
    const { kek, wrapped } = JSON.parse(readFileSync(file, 'utf8')) as { kek: string; wrapped: string }
    return { kek, wrapped: new Uint8Array(Buffer.from(wrapped, 'base64')) }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
    throw error
  }
}

function list(directory: string): string[] {
  try {
    return readdirSync(directory)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw error
  }
}
