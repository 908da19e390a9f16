import { call } from './api.ts'
import { vault } from './vault.ts'
import { VaultError } from './vault-error.ts'

type Configured = { url: string; key: string } | null
let configured: Promise<Configured> | null = null

async function witnessOf(): Promise<Configured> {
  configured ??= call('audit/witness', {}, { retry: true }).then((answer) => {
    if (answer.ok) return answer.value.witness
    // No answer is not "there is none": asked again next time.
    configured = null
    return null
  })
  return configured
}

/**
 * Compares the loaded chain, and the log that is proved next, with what the witness signed. Throws CHAIN_SHORTER and CHAIN_FORKED.
 * A witness that does not answer is no reason to stop a clinic: this browser's own pins still hold.
 */
export async function compareWitness(clinicId: string): Promise<void> {
  const witness = await witnessOf()
  if (!witness) return
  const heads = await fetch(`${witness.url}/heads/${clinicId}`, {
    signal: AbortSignal.timeout(4000),
    cache: 'no-store',
  })
    .then(async (answer) => ((await answer.json()) as { heads: string[] }).heads)
    .catch(() => null)
  if (!Array.isArray(heads)) return
  const check = () => vault().checkWitness({ clinicId, key: witness.key, heads })
  try {
    await check()
  } catch (error) {
    if (!(error instanceof VaultError) || error.code !== 'CHAIN_SHORTER') throw error
    // It may have grown, and been witnessed, since it was read here.
    const fresh = await call('access/chain', { clinicId }, { retry: true })
    if (!fresh.ok) throw error
    await vault().loadChain(fresh.value)
    await check()
  }
}
