import { toB64 } from './bytes.ts'
import { type Chain, currentEpoch, membersOf } from './chain.ts'
import { CryptoError } from './errors.ts'
import { isScoped } from './policy.ts'
import type { Group, Recipient } from './types.ts'

/**
 * To whom what is for these groups is sealed now: to each group's current epoch, or, while it waits for its next one, to its
 * members' own keys. A scope that nobody is in any more receives nothing. Throws NO_KEY where a clinic-wide group has nobody.
 */
export function groupRecipients(chain: Chain, groups: readonly Group[]): Recipient[] {
  const found = new Map<string, Recipient>()
  for (const group of groups) {
    const epoch = currentEpoch(chain, group)
    const members = membersOf(chain, group)
    if (!members.length && !isScoped(group)) throw new CryptoError('NO_KEY', `nobody is in the group ${group}`)
    // The defence of attack 15: whoever left knows a stale epoch's secret.
    if (epoch && !epoch.stale && members.length) {
      const key = toB64(epoch.key)
      found.set(key, { kind: 'group', id: group, key, epoch: epoch.epoch })
      continue
    }
    for (const { memberId, keys } of members)
      found.set(toB64(keys.dh), { kind: 'member', id: memberId, key: toB64(keys.dh), epoch: 0 })
  }
  return [...found.values()]
}
