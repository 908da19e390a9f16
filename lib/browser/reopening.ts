import type { B64, Sealed } from '../crypto/types.ts'
import { isSame } from './same-record.ts'
import type { OpenResult, Vault } from './vault-api.ts'

/** Records that this page keeps the sealed bytes of: more than a list shows. */
const MOST = 2000

/**
 * The page's side of `open`. What it handed to the vault before, and what opened then, it asks for by name: a list that is drawn or
 * read again is not copied to the worker again. Records with other bytes, and what the vault has forgotten, are handed over whole.
 */
export function reopening({ open, openAgain }: Pick<Vault, 'open' | 'openAgain'>): Vault['open'] {
  const handed = new Map<B64, Sealed>()
  // The defence of attack 8: by its bytes, and each for itself. Another record may bear this one's signature.
  const isHanded = (record: Sealed) => {
    const before = handed.get(record.signature)
    return before !== undefined && isSame(before, record)
  }
  function keep(record: Sealed) {
    if (handed.size >= MOST) handed.delete(handed.keys().next().value!)
    handed.set(record.signature, record)
  }
  return async <T>(records: Sealed<T>[], options: Parameters<Vault['open']>[1]) => {
    // A patient's device keeps nothing.
    const asked = records.map((record) => !options.asPatient && isHanded(record))
    const names = records.flatMap(({ meta, signature }, index) => (asked[index] ? [{ meta, signature }] : []))
    const remembered = names.length ? await openAgain(names, { patientId: options.patientId }) : []
    let next = 0
    const results = asked.map((is): OpenResult | null => (is ? (remembered[next++] ?? null) : null))
    const rest = records.filter((_, index) => !results[index])
    const opened: OpenResult[] = rest.length ? await open(rest, options) : []
    for (const [index, { ok }] of opened.entries()) if (ok && !options.asPatient) keep(rest[index]!)
    next = 0
    return results.map((result) => result ?? opened[next++]!) as OpenResult<T>[]
  }
}
