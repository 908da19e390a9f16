import { fromB64 } from '../crypto/bytes.ts'
import { checkHead, type WitnessedHead } from '../crypto/witness.ts'
import type { AuditVault } from './vault-audit-api.ts'
import { requireChain, type VaultContext } from './vault-context.ts'
import { VaultError } from './vault-error.ts'

interface Witness {
  url: string
  key: string
}

const witnessName = (clinicId: string) => `witness:${clinicId}`

/** What a second process, which is not the clinic's server, saw of the clinic's chains. */
export function witnesses(context: VaultContext): Pick<AuditVault, 'checkWitness' | 'knownWitness'> {
  return {
    knownWitness: (clinicId) => context.storage.get<Witness>(witnessName(clinicId)),

    async checkWitness({ clinicId, url, key, heads }) {
      const name = witnessName(clinicId)
      const known = await context.storage.get<Witness>(name)
      // Of its server's word a browser takes the first witness, and no other after it.
      if (known && known.key !== key) throw new VaultError('CHAIN_FORKED', 'another witness than before')
      const seen: WitnessedHead[] = []
      for (const head of heads) seen.push(await checkHead(fromB64(key, 32), fromB64(head)))
      // Where it moved to, once it answered there with what it signed.
      if (seen.length && known?.url !== url) await context.storage.put(name, { url, key } satisfies Witness)
      for (const { clinicId: of, kind, length, head } of seen) {
        if (of !== clinicId) continue
        if (kind === 'log') {
          context.witnessedLogs.set(clinicId, { length, hash: head })
          continue
        }
        // The defence of attack 11 by a witness: a browser that never saw the longer chain refuses the shorter one too.
        const { chain, statements } = requireChain(context, clinicId)
        const { hashes, rootFingerprint } = chain
        if (hashes[length - 1] === head) continue
        const pins = [{ rootFingerprint, length, head: fromB64(head) }]
        context.refused = { clinicId, pins, shown: statements }
        if (hashes.length < length) throw new VaultError('CHAIN_SHORTER', 'statements that were witnessed are missing')
        throw new VaultError('CHAIN_FORKED', 'not the chain that was witnessed')
      }
    },
  }
}
