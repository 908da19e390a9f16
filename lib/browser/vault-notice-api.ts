import type { B64 } from '../crypto/types.ts'

/** A clinic's list of members as far as somebody saw it. `number` is the same in every browser that saw the same list. */
export interface SeenChain {
  length: number
  head: B64
  number: string
}

/** What a refused list was held against. Ids and hashes alone: it may be told to anybody. */
export interface RefusedChain {
  clinicId: string
  /** Of the clinic that this browser or account knows; null when it knew none. */
  rootFingerprint: B64 | null
  /** The longest list that was seen before, here, in the account, or by the witness; null when none was. */
  known: SeenChain | null
  /** What was shown instead; null when nothing of it could be read. */
  shown: SeenChain | null
}

export interface NoticeVault {
  /** The list of members that was refused last; null when the last one was taken. */
  refusedChain(): Promise<RefusedChain | null>
  /** The number of the loaded list's first `length` entries, for a colleague whose browser refused one; null when it has fewer. */
  numberOf(input: { clinicId: string; length: number }): Promise<string | null>
}
