import { toB64 } from '../crypto/bytes.ts'
import { currentEpochs } from '../crypto/chain.ts'
import type { Reader } from '../crypto/record.ts'
import { rewrapRecord } from '../crypto/rewrap.ts'
import { audienceOf } from '../rewrap/rules.ts'
import { requireMember, type VaultContext } from './vault-context.ts'
import { refusalCode } from './vault-error.ts'
import type { RewrapVault } from './vault-rewrap-api.ts'

/** As many records at once: WebCrypto's threads are kept busy, and whoever opens a chart waits for no more than these. */
const SLICE = 25

export function rewrapping(context: VaultContext): RewrapVault {
  return {
    async rewrap(records) {
      const { unlocked, loaded, member } = requireMember(context)
      const { chain } = loaded
      const reader: Reader = {
        chain,
        // Nobody is met by this, and nobody believed: whose word a record is, is asked by whoever opens it.
        trustPatient: () => 'none',
        keysFor({ kind, id, key }) {
          if (kind === 'member') return key === toB64(unlocked.keys.public.dh) ? unlocked.keys.dh : null
          if (kind !== 'group') return null
          return unlocked.epochs.find((epoch) => epoch.group === id && toB64(epoch.public) === key)?.pair ?? null
        },
      }
      const granter = { sign: unlocked.keys.sign.privateKey, member }
      const current = currentEpochs(chain).map((epoch) => epoch.group)
      const done: Awaited<ReturnType<RewrapVault['rewrap']>>['done'] = []
      const failed: Awaited<ReturnType<RewrapVault['rewrap']>>['failed'] = []
      for (let at = 0; at < records.length; at += SLICE) {
        await context.turns.after()
        await Promise.all(
          records.slice(at, at + SLICE).map(async (record) => {
            const { patientId, recordId, revision } = record.meta
            try {
              const due = record.loose ? audienceOf : () => []
              const grants = await rewrapRecord(record, reader, granter, (managing) => due(managing, current))
              done.push({ patientId, recordId, revision, grants })
            } catch (error) {
              const code = refusalCode(error)
              if (!code) throw error
              failed.push({ recordId, revision, code })
            }
          }),
        )
        // Locked meanwhile: what was made of keys that are gone is not handed out.
        requireMember(context)
      }
      return { done, failed }
    },
  }
}
