import type { B64 } from '../crypto/types.ts'

/** A further wrap as the server files it: what a recovery kit or a passkey opens. */
export interface FurtherWrap {
  id: string
  kind: 'kit' | 'passkey'
  wrapped: B64
}

/** Whose account, its own wrap (which holds the pin), and the further wrap when that is what opens it. */
export interface AccountInput {
  clinicId: string
  memberId: string
  wrappedAccount: B64
  further?: FurtherWrap
}

/**
 * The member's own keys: changing the password, the recovery kit, passkeys. Each needs the account opened just now, by a
 * sign-in (`signInFinish`), a kit (`takeKit`) or a passkey (`takePasskey`): an unlocked vault holds keys that it can use, and
 * cannot wrap anew.
 */
export interface AccountVault {
  /** Second half of a registration (`registerStart`): the account's secrets under the new password. */
  changePassword(input: AccountInput & { response: B64 }): Promise<{ record: B64; wrappedAccount: B64 }>
  /** Makes a kit. Its words and code are shown once and kept nowhere; `handle` is its public key. */
  newKit(
    input: AccountInput & { language: 'en' | 'fr' },
  ): Promise<{ id: string; handle: B64; wrapped: B64; words: string[]; code: string }>
  /** Words or code as typed. BAD_KIT when they are none. */
  takeKit(text: string): Promise<{ handle: B64 }>
  /** Signs the server's nonce with the kit taken last. */
  proveKit(input: { origin: string; nonce: string }): Promise<B64>
  /** `prf`: what the passkey's PRF answered, 32 bytes. */
  sealForPasskey(input: AccountInput & { prf: Uint8Array }): Promise<FurtherWrap>
  takePasskey(prf: Uint8Array): Promise<void>
  /** Forgets what was taken and not used. */
  forgetTaken(): Promise<void>
}
