import type { Bytes } from '../crypto/bytes.ts'
import type { B64, Sealed } from '../crypto/types.ts'
import { isSame, isSamePlace } from './same-record.ts'
import type { OpenResult } from './vault-api.ts'
import type { RecordName } from './vault-cache-api.ts'

/** What the vault remembers of records that it opened, so that a list which is drawn again is not opened again. */
export interface RecordCache {
  /** How long, in seconds, at most an hour; 0, which it begins with, keeps nothing. What is there goes. */
  keepFor(seconds: number): void
  /** A copy of the DEK behind a grant that was verified, by record hash: the hash is of one revision. */
  dek(hash: B64): Bytes | null
  keepDek(hash: B64, dek: Bytes): void
  /** What opened from these very bytes, filed at this very place. */
  opened(record: Sealed): OpenResult | null
  /** What opened at this place under this signature. That the bytes are the same, whoever asks has seen. */
  named(name: RecordName): OpenResult | null
  keepOpened(record: Sealed, result: OpenResult): void
  drop(): void
}

const CACHE_MOST_SECONDS = 3600
/** Two keys and a text for each: far more than a clinic's day, and a bound on the worker's memory. */
const MOST_DEKS = 10_000
const MOST_OPENED = 5_000

interface Held<T> {
  value: T
  until: number
}
interface Opening {
  record: Pick<Sealed, 'meta' | 'header' | 'commit' | 'ciphertext'>
  result: OpenResult
}

export function recordCache(now: () => number = () => performance.now()): RecordCache {
  const deks = new Map<B64, Held<Bytes>>()
  const openings = new Map<B64, Held<Opening>>()
  let seconds = 0
  let timer: ReturnType<typeof setTimeout> | undefined

  const forget = (name: B64) => {
    deks.get(name)?.value.fill(0)
    deks.delete(name)
  }
  function drop() {
    clearTimeout(timer)
    timer = undefined
    for (const name of deks.keys()) forget(name)
    openings.clear()
  }
  /** Memory forgets by itself, and not only when it is asked. The oldest come first: all are kept for the same time. */
  function sweep() {
    timer = undefined
    for (const [name, { until }] of deks) if (until <= now()) forget(name)
    for (const [name, { until }] of openings) if (until <= now()) openings.delete(name)
    if (deks.size + openings.size > 0) timer = setTimeout(sweep, 1000)
  }
  function keep<T>(all: Map<B64, Held<T>>, name: B64, value: T) {
    all.set(name, { value, until: now() + seconds * 1000 })
    timer ??= setTimeout(sweep, seconds * 1000)
  }
  // The defence of the clinic's setting: nothing is answered past its time, however late the timer comes.
  const find = <T>(all: Map<B64, Held<T>>, name: B64): T | null => {
    const held = all.get(name)
    return held && held.until > now() ? held.value : null
  }

  return {
    keepFor(wanted) {
      drop()
      seconds = Math.min(Math.max(wanted, 0), CACHE_MOST_SECONDS) || 0
    },
    dek: (hash) => find(deks, hash)?.slice() ?? null,
    keepDek(hash, dek) {
      // Its time runs from when the grant was verified: reading it does not make it longer.
      if (seconds === 0 || find(deks, hash)) return
      if (deks.size >= MOST_DEKS) forget(deks.keys().next().value!)
      keep(deks, hash, dek.slice())
    },
    opened(record) {
      const held = find(openings, record.signature)
      return held && isSame(held.record, record) ? held.result : null
    },
    named({ meta, signature }) {
      const held = find(openings, signature)
      return held && isSamePlace(held.record.meta, meta) ? held.result : null
    },
    keepOpened(record, result) {
      if (seconds === 0 || !result.ok || find(openings, record.signature)) return
      if (openings.size >= MOST_OPENED) openings.delete(openings.keys().next().value!)
      const { meta, header, commit, ciphertext } = record
      keep(openings, record.signature, { record: { meta, header, commit, ciphertext }, result })
    },
    drop,
  }
}
