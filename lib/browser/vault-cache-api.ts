import type { Sealed } from '../crypto/types.ts'
import type { OpenResult } from './vault-api.ts'

/** What tells one sealed revision from every other, without its bytes. */
export type RecordName = Pick<Sealed, 'meta' | 'signature'>

/** The vault's memory of what it opened for an unlocked member. */
export interface CacheVault {
  /**
   * For how many seconds the vault remembers what it opened: the clinic's own setting, at most an hour. 0, as before it was
   * called, is not at all. What it remembers is gone as soon as the account locks or the clinic's chain grows.
   */
  cacheFor(seconds: number): Promise<void>
  /**
   * What the vault remembers of this patient's records, by name; null where it remembers nothing. Only for who has just seen that the
   * bytes are those that `open` was given before: the page's own `open` asks so (lib/browser/reopening), and nobody else.
   */
  openAgain(names: RecordName[], of: { patientId: string }): Promise<(OpenResult | null)[]>
}
