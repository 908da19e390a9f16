import type { B64 } from '../crypto/types.ts'

/** The patient's emergency card, as the vault makes and opens it. */
export interface CardVault {
  /** Seals a new card; its secret stays here, sealed to this device, so that the card can be printed again. */
  sealCard(input: {
    patientId: string
    cardId: string
    content: unknown
  }): Promise<{ secret: B64; sealed: B64; claimHash: B64 }>
  /** The card this device made last, with its secret; null on another device, or where nothing is kept. */
  keptCard<T = unknown>(patientId: string): Promise<{ cardId: string; secret: B64; content: T } | null>
  /** What is shown to the server so that it hands the card out. */
  cardClaim(input: { cardId: string; secret: B64 }): Promise<B64>
  /** Needs no keys: whoever holds the card has none. Refuses with a code. */
  openCard(input: { cardId: string; secret: B64; sealed: B64 }): Promise<unknown>
}
