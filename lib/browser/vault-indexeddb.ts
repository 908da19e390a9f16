import { memoryStorage, type VaultStorage } from './vault-storage.ts'

const DATABASE = 'curtain-vault'
const STORE = 'kept'

/** IndexedDB when it keeps a key that was put there, else memory: private modes refuse, or take and then lose it. */
export async function openStorage(): Promise<VaultStorage> {
  try {
    const storage = indexedDbStorage(await openDatabase())
    return (await keepsKeys(storage)) ? storage : memoryStorage()
  } catch {
    return memoryStorage()
  }
}

/** Stores and rereads a key that cannot be exported, and uses it: some browsers store X25519 keys that come back dead. */
export async function keepsKeys(storage: VaultStorage): Promise<boolean> {
  try {
    const pair = (await crypto.subtle.generateKey('X25519', false, ['deriveBits'])) as CryptoKeyPair
    await storage.put('probe', pair)
    const again = await storage.get<CryptoKeyPair>('probe')
    if (!again) return false
    await crypto.subtle.deriveBits({ name: 'X25519', public: again.publicKey }, again.privateKey, 256)
    await storage.remove('probe')
    return true
  } catch {
    return false
  }
}

function openDatabase(): Promise<IDBDatabase> {
  const request = indexedDB.open(DATABASE, 1)
  request.onupgradeneeded = () => request.result.createObjectStore(STORE)
  return settled(request)
}

function indexedDbStorage(database: IDBDatabase): VaultStorage {
  const read = () => database.transaction(STORE, 'readonly').objectStore(STORE)
  // Strict: what was answered as kept survives a crash of the browser, a booking's keys above all.
  const write = () => database.transaction(STORE, 'readwrite', { durability: 'strict' })
  return {
    home: 'stored',
    get: async <T>(key: string) => ((await settled(read().get(key))) as T | undefined) ?? null,
    async put(key, value) {
      const transaction = write()
      transaction.objectStore(STORE).put(value, key)
      await completed(transaction)
    },
    async remove(key) {
      const transaction = write()
      transaction.objectStore(STORE).delete(key)
      await completed(transaction)
    },
    async keys(prefix) {
      const range = IDBKeyRange.bound(prefix, `${prefix}\uffff`)
      return (await settled(read().getAllKeys(range))) as string[]
    },
  }
}

const settled = <T>(request: IDBRequest<T>): Promise<T> =>
  new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result)
    request.onerror = () => reject(request.error)
  })

const completed = (transaction: IDBTransaction): Promise<void> =>
  new Promise((resolve, reject) => {
    transaction.oncomplete = () => resolve()
    transaction.onabort = transaction.onerror = () => reject(transaction.error)
  })
