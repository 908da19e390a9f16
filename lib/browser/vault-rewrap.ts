import { fromB64, sha256, toB64 } from '../crypto/bytes.ts'
import { currentEpochs } from '../crypto/chain.ts'
import { type GroupGrant, rewrapRecord } from '../crypto/rewrap.ts'
import type { Group, RecordType } from '../crypto/types.ts'
import { granterOf, type PassedOn, type Passer, readerOf } from './passing-on.ts'
import { sharedTypes } from '../site/rules.ts'
import { requireMember, type VaultContext } from './vault-context.ts'
import { refusalCode, VaultError } from './vault-error.ts'
import type { RewrapVault } from './vault-rewrap-api.ts'

/** As many records at once for each hand: where the vault's thread is the only one, whoever opens a chart waits for no more than these. */
const SLICE = 25

function passed(error: unknown): GroupGrant[] {
  if (!refusalCode(error)) throw error
  return []
}

const mayShare = (type: RecordType) => (sharedTypes as readonly RecordType[]).includes(type)

/** The unlocked member, as who passes records on. */
function passerOf(context: VaultContext): Passer {
  const { unlocked, loaded, member } = requireMember(context)
  return { chain: loaded.chain, member, keys: unlocked.keys, epochs: unlocked.epochs }
}

export function rewrapping(context: VaultContext): RewrapVault {
  return {
    async grantToSite({ patientId, site, records }) {
      const passer = passerOf(context)
      const [reader, granter] = [readerOf(passer), granterOf(passer)]
      const group: Group = `clinical:${site}`
      const newest = currentEpochs(passer.chain).find((epoch) => epoch.group === group)
      if (!newest || newest.stale) throw new VaultError('NO_KEY', 'the site has no current key')
      // The defence of attack 7 in sharing: which records the server hands over is its choice, whose and what is not.
      const theirs = records.filter(({ meta }) => meta.patientId === patientId && mayShare(meta.type))
      const granted = await Promise.all(
        theirs.map(async ({ meta, ciphertext, ...sealed }) => {
          const ciphertextHash = toB64(await sha256(fromB64(ciphertext)))
          // What does not open here, or is not for this member to give, is given to nobody; the rest is.
          const made = await rewrapRecord({ meta, ciphertextHash, ...sealed }, reader, granter, () => [group]).catch(
            passed,
          )
          const grant = made.find(({ recipient }) => recipient.id === group)
          return grant ? [{ recordId: meta.recordId, revision: meta.revision, grant }] : []
        }),
      )
      // Locked meanwhile: what was made of keys that are gone is not handed out.
      requireMember(context)
      if (!granted.flat().length) throw new VaultError('NOT_VOUCHED', 'nothing here that this member may give')
      return granted.flat()
    },

    async rewrap(records) {
      const passer = passerOf(context)
      const passed: PassedOn = { done: [], failed: [] }
      let at = 0
      await Promise.all(
        context.hands.all().map(async (hand) => {
          for (let slice; (slice = records.slice(at, (at += SLICE))).length;) {
            await context.turns.after()
            const { done, failed } = await hand(passer, slice)
            // Locked meanwhile: what was made of keys that are gone is not handed out.
            requireMember(context)
            passed.done.push(...done)
            passed.failed.push(...failed)
          }
        }),
      )
      return passed
    },
  }
}
