import { fromB64, sha256, toB64 } from '../crypto/bytes.ts'
import { currentEpochs } from '../crypto/chain.ts'
import type { Reader } from '../crypto/record.ts'
import { type GroupGrant, rewrapRecord } from '../crypto/rewrap.ts'
import type { Group, RecordType } from '../crypto/types.ts'
import { audienceOf } from '../rewrap/rules.ts'
import { sharedTypes } from '../site/rules.ts'
import { requireMember, type VaultContext } from './vault-context.ts'
import { refusalCode, VaultError } from './vault-error.ts'
import type { RewrapVault } from './vault-rewrap-api.ts'

/** As many records at once: WebCrypto's threads are kept busy, and whoever opens a chart waits for no more than these. */
const SLICE = 25

function passed(error: unknown): GroupGrant[] {
  if (!refusalCode(error)) throw error
  return []
}

const mayShare = (type: RecordType) => (sharedTypes as readonly RecordType[]).includes(type)

/** The unlocked member, as who passes records on. */
function passer(context: VaultContext) {
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
  return { chain, reader, granter: { sign: unlocked.keys.sign.privateKey, member } }
}

export function rewrapping(context: VaultContext): RewrapVault {
  return {
    async grantToSite({ patientId, site, records }) {
      const { chain, reader, granter } = passer(context)
      const group: Group = `clinical:${site}`
      const newest = currentEpochs(chain).find((epoch) => epoch.group === group)
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
      const { chain, reader, granter } = passer(context)
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
