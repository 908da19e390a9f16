import { call, type Answer } from './api.ts'
import { keepHead, type SessionCode } from './staff-session.ts'
import type { ChainInput, ChainView } from './vault-api.ts'
import { VaultError } from './vault-error.ts'

const tries = 3

/**
 * Signs the chain's next statement and sends it: one successor for each head, so whoever lost the race reads the chain and signs
 * again. Answers what went wrong, or null.
 */
export async function extendChain<Signed>(
  clinicId: string,
  sign: (chain: ChainInput) => Promise<Signed>,
  send: (signed: Signed) => Promise<Answer<unknown>>,
  reload: () => Promise<ChainView | null>,
): Promise<SessionCode | null> {
  try {
    for (let attempt = 0; attempt < tries; attempt++) {
      const fresh = await call('access/chain', { clinicId })
      if (!fresh.ok) return fresh.code
      const sent = await send(await sign(fresh.value))
      if (!sent.ok && sent.code === 'CHAIN_MOVED') continue
      if (!sent.ok) return sent.code
      await reload()
      await keepHead()
      return null
    }
    return 'CHAIN_MOVED'
  } catch (error) {
    return error instanceof VaultError ? error.code : 'INTERNAL'
  }
}
