import type { RekeyRow } from '../rekey/rules.ts'
import { call } from './api.ts'
import { extendChain } from './staff-chain.ts'
import type { SessionCode } from './staff-session.ts'
import { vault } from './vault.ts'
import type { ChainView } from './vault-api.ts'
import { VaultError } from './vault-error.ts'

const seconds = () => Math.floor(Date.now() / 1000)

/** What a colleague was told against what waits; as the first of two, or, with the first one's word, as the second. Null: it is done. */
export async function confirmKeys(
  clinicId: string,
  { id, memberId, keys, approval }: RekeyRow,
  words: string,
  reload: () => Promise<ChainView | null>,
): Promise<SessionCode | null> {
  const told = { clinicId, memberId, keys, words }
  if (approval)
    return extendChain(
      clinicId,
      (chain) => vault().finishRekey({ ...told, chain, approval: approval.bytes, at: seconds() }),
      (extended) => call('rekey/finish', { id, ...extended }),
      reload,
    )
  const fresh = await call('access/me', {})
  if (!fresh.ok) return fresh.code
  try {
    const chain = { clinicId, statements: fresh.value.statements }
    const given = await call('rekey/approve', {
      id,
      approval: await vault().approveRekey({ ...told, chain, at: seconds() }),
    })
    return given.ok ? null : given.code
  } catch (error) {
    if (error instanceof VaultError) return error.code
    throw error
  }
}
