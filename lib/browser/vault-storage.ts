/**
 * Where a vault keeps what must outlive the worker: CryptoKeys as they are (structured clone), pins, bindings. IndexedDB
 * in browsers; memory in Node, and in a browser whose storage the probe found wanting.
 */
export interface VaultStorage {
  readonly home: 'stored' | 'memory'
  get<T>(key: string): Promise<T | null>
  put(key: string, value: unknown): Promise<void>
  remove(key: string): Promise<void>
  keys(prefix: string): Promise<string[]>
}

export function memoryStorage(): VaultStorage {
  const kept = new Map<string, unknown>()
  return {
    home: 'memory',
    get: async <T>(key: string) => (kept.get(key) as T | undefined) ?? null,
    put: async (key, value) => void kept.set(key, value),
    remove: async (key) => void kept.delete(key),
    keys: async (prefix) => [...kept.keys()].filter((key) => key.startsWith(prefix)),
  }
}
