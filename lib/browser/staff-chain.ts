import { call, type Answer } from './api.ts'
import { keepHead, type SessionCode } from './staff-session.ts'
import { vault } from './vault.ts'
import type { ChainInput, ChainView } from './vault-api.ts'
import { VaultError } from './vault-error.ts'
import type { Group } from '../crypto/types.ts'

const tries = 3

/** Whether somebody is in a group, and so may let others into it: what anybody else signs about it, every browser refuses. */
export const isIn = (chain: ChainView, memberId: string, group: Group): boolean =>
  chain.members.some((member) => member.memberId === memberId && member.groups.includes(group))

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
      // With the epochs that colleagues made since: whoever signs hands them on.
      const fresh = await call('access/me', {})
      if (!fresh.ok) return fresh.code
      const { statements, epochGrants } = fresh.value
      const chain = { clinicId, statements }
      await vault().refresh({ chain, epochGrants })
      const sent = await send(await sign(chain))
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
