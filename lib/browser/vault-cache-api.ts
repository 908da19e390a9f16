/** The vault's memory of what it opened for an unlocked member. */
export interface CacheVault {
  /**
   * For how many seconds the vault remembers what it opened: the clinic's own setting, at most an hour. 0, as before it was
   * called, is not at all. What it remembers is gone as soon as the account locks or the clinic's chain grows.
   */
  cacheFor(seconds: number): Promise<void>
}
