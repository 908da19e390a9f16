import { toB64 } from '../crypto/bytes.ts'
import { type Chain, type ChainMember, currentEpochs } from '../crypto/chain.ts'
import type { EpochKey } from '../crypto/epoch.ts'
import type { Keys } from '../crypto/keys.ts'
import type { Reader } from '../crypto/record.ts'
import { type GroupGrant, rewrapRecord, type Superseded } from '../crypto/rewrap.ts'
import { audienceOf } from '../rewrap/rules.ts'
import type { VaultCode } from './vault-api.ts'
import { refusalCode } from './vault-error.ts'

/** A member as who passes records on: their keys, and the chain as it was verified. All of it goes from one thread to another as it is. */
export interface Passer {
  chain: Chain
  member: ChainMember
  keys: Keys
  epochs: EpochKey[]
}
/** `loose` records were sealed to members' own keys while a group had no epoch. */
export type Due = Superseded & { loose: boolean }
export interface PassedOn {
  done: { patientId: string; recordId: string; revision: number; grants: GroupGrant[] }[]
  failed: { recordId: string; revision: number; code: VaultCode }[]
}

export const granterOf = ({ keys, member }: Passer) => ({ sign: keys.sign.privateKey, member })

export function readerOf({ chain, keys, epochs }: Passer): Reader {
  return {
    chain,
    // Nobody is met by this, and nobody believed: whose word a record is, is asked by whoever opens it.
    trustPatient: () => 'none',
    keysFor({ kind, id, key }) {
      if (kind === 'member') return key === toB64(keys.public.dh) ? keys.dh : null
      if (kind !== 'group') return null
      return epochs.find((epoch) => epoch.group === id && toB64(epoch.public) === key)?.pair ?? null
    },
  }
}

/** Grants each of these anew, all at once. What does not verify is answered with its code; a bug throws. */
export async function passOn(passer: Passer, records: readonly Due[]): Promise<PassedOn> {
  const [reader, granter] = [readerOf(passer), granterOf(passer)]
  const current = currentEpochs(passer.chain).map((epoch) => epoch.group)
  const passed: PassedOn = { done: [], failed: [] }
  await Promise.all(
    records.map(async (record) => {
      const { patientId, recordId, revision } = record.meta
      try {
        const due = record.loose ? audienceOf : () => []
        const grants = await rewrapRecord(record, reader, granter, (managing) => due(managing, current))
        passed.done.push({ patientId, recordId, revision, grants })
      } catch (error) {
        const code = refusalCode(error)
        if (!code) throw error
        passed.failed.push({ recordId, revision, code })
      }
    }),
  )
  return passed
}
