import { call } from './api.ts'
import { vault } from './vault.ts'
import { VaultError } from './vault-error.ts'

type Configured = { url: string; key: string } | null
let configured: Promise<Configured | undefined> | null = null

/** Null where the server says that there is none. Undefined where it did not answer. */
async function witnessOf(): Promise<Configured | undefined> {
  configured ??= call('audit/witness', {}, { retry: true }).then((answer) => {
    if (answer.ok) return answer.value.witness
    // No answer is not "there is none": asked again next time.
    configured = null
    return undefined
  })
  return configured
}

/** `unnamed`: this browser knows a witness, and the clinic's server no longer names it. It was asked all the same. */
export type WitnessWord = 'none' | 'compared' | 'silent' | 'unnamed'

/**
 * Compares the loaded chain, and the log that is proved next, with what the witness signed. Throws CHAIN_SHORTER and CHAIN_FORKED.
 * A witness that does not answer is no reason to stop a clinic: this browser's own pins still hold. One that was known once is
 * asked whatever the server names: a server that names none, or another place, takes nothing away.
 */
export async function compareWitness(clinicId: string): Promise<WitnessWord> {
  const named = await witnessOf()
  const known = await vault().knownWitness(clinicId)
  // The defence of attack 11 against a server that names no witness any more: the one that is kept.
  const witness = named ?? known
  if (!witness) return 'none'
  const urls = [...new Set([known?.url, witness.url])].filter((url) => url !== undefined)
  for (const url of urls) {
    const heads = await headsAt(url, clinicId)
    if (!heads) continue
    await compare(clinicId, { url, key: witness.key }, heads)
    return named === null ? 'unnamed' : 'compared'
  }
  return named === null ? 'unnamed' : 'silent'
}

async function headsAt(url: string, clinicId: string): Promise<string[] | null> {
  const heads: unknown = await fetch(`${url}/heads/${clinicId}`, {
    signal: AbortSignal.timeout(4000),
    cache: 'no-store',
  })
    .then(async (answer) => ((await answer.json()) as { heads: unknown }).heads)
    .catch(() => null)
  return Array.isArray(heads) ? (heads as string[]) : null
}

async function compare(clinicId: string, at: { url: string; key: string }, heads: string[]): Promise<void> {
  const check = () => vault().checkWitness({ clinicId, ...at, heads })
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
