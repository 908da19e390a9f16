import type { B64, PublicKeys } from '../crypto/types.ts'
import type { ChainInput } from './vault-api.ts'
import type { Extended } from './vault-members-api.ts'

export interface NewKeys {
  memberId: string
  keys: PublicKeys
}

/**
 * New keys for a member who lost passphrase and kit. Their browser makes them and shows eight words; two colleagues each type the
 * words that they were told, and sign, a day apart.
 */
export interface RekeyVault {
  /** Second half of a registration (`registerStart`): new account keys, of a member of this chain, and the words to tell. */
  renewAccount(input: {
    clinicId: string
    memberId: string
    response: B64
    chain: ChainInput
  }): Promise<{ record: B64; wrappedAccount: B64; keys: PublicKeys; words: string[] }>
  /** The first colleague's word. WRONG_WORDS: what was told is not what the server shows. `at`: seconds since 1970. */
  approveRekey(input: NewKeys & { clinicId: string; chain: ChainInput; words: string; at: number }): Promise<B64>
  /** The second one's, who was told the words too. TOO_EARLY: the first one's is not a day old. */
  finishRekey(
    input: NewKeys & { clinicId: string; chain: ChainInput; words: string; approval: B64; at: number },
  ): Promise<Extended>
}
