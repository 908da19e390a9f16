import { type Bytes, fromB64, labelledHash, toB64 } from '../crypto/bytes.ts'
import type { KnownChain } from '../crypto/chain.ts'
import { headNumber } from '../crypto/head-number.ts'
import type { ChainInput } from './vault-api.ts'
import type { VaultContext } from './vault-context.ts'
import type { NoticeVault, SeenChain } from './vault-notice-api.ts'

/** What a person whose browser refused the clinic's list of members can tell the clinic's owner. */
export function notices(context: VaultContext): NoticeVault {
  return {
    async refusedChain() {
      if (!context.refused) return null
      const { clinicId, pins, shown } = context.refused
      const known = pins.reduce<Seen | null>((most, { length, head }) => {
        return length && head && length > (most?.length ?? 0) ? { length, head } : most
      }, null)
      const root = pins.find((pin) => pin.rootFingerprint)?.rootFingerprint
      return {
        clinicId,
        rootFingerprint: root ? toB64(root) : null,
        known: known && (await seen(known)),
        shown: await lastOf(shown),
      }
    },

    async numberOf({ clinicId, length }) {
      const hash = context.chains.get(clinicId)?.chain.hashes[length - 1]
      return hash ? headNumber(length, fromB64(hash)) : null
    },
  }
}

interface Seen {
  length: number
  head: Bytes
}

/** Whatever the chain was refused for, kept until the next one is. */
export interface Refused {
  clinicId: string
  pins: readonly KnownChain[]
  shown: ChainInput['statements']
}

async function seen({ length, head }: Seen): Promise<SeenChain> {
  return { length, head: toB64(head), number: await headNumber(length, head) }
}

async function lastOf(statements: ChainInput['statements']): Promise<SeenChain | null> {
  const last = statements.at(-1)
  try {
    return last
      ? await seen({ length: statements.length, head: await labelledHash('chain', fromB64(last.body)) })
      : null
  } catch {
    return null
  }
}
