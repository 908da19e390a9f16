import { type Bytes, equal } from './bytes.ts'
import {
  appendStatement,
  type Chain,
  type ChainEpoch,
  currentEpoch,
  currentMembers,
  dueEpochs,
  membersOf,
  verifyChain,
} from './chain.ts'
import type { Entry } from './chain-statement.ts'
import { newEpoch, openEpochs, openSecret, sealEpoch } from './epoch.ts'
import { importSecret } from './keys.ts'
import { isScoped, wholeOf } from './policy.ts'
import type { ChainStatement, EpochGrant, Group } from './types.ts'

/** Who signs, and the keys by which they reach epochs' secrets: their own, and those of epochs that they hold. */
export interface Maker {
  memberId: string
  sign: { key: CryptoKey; public: Bytes }
  held: { public: Bytes; pair: CryptoKeyPair }[]
  epochGrants: EpochGrant[]
}

export interface Extension {
  statements: ChainStatement[]
  epochGrants: EpochGrant[]
}

/**
 * A statement on a member, and with it all that it makes due: the current epochs to who enters groups, and the next epoch of every
 * group that waits for one and has the maker, to all of its members. Without an entry, the epochs alone. Throws as
 * `appendStatement`. What the maker does not hold is not handed on: an epoch that somebody made for themselves alone would else
 * keep them in the clinic for good.
 */
export async function extendChain(
  clinicId: string,
  statements: ChainStatement[],
  entry: Entry | null,
  maker: Maker,
): Promise<Extension> {
  const all = [...statements]
  const epochGrants: EpochGrant[] = []
  let chain = await verifyChain(clinicId, all)
  const say = async (next: Entry) => {
    all.push(await appendStatement(chain, clinicId, next, maker.sign))
    chain = await verifyChain(clinicId, all)
  }
  if (entry) {
    const before = chain
    await say(entry)
    epochGrants.push(...(await shareEntered(before, chain, entry, maker)))
  }
  const groups = () => currentMembers(chain).find((each) => each.memberId === maker.memberId)?.groups ?? []
  for (let [group] = dueEpochs(chain, groups()); group; [group] = dueEpochs(chain, groups())) {
    const last = currentEpoch(chain, group)
    const { secret, public: key } = await newEpoch()
    await say({ kind: 'epoch', group, epoch: (last?.epoch ?? 0) + 1, key })
    const made = currentEpoch(chain, group)!
    const readers = membersOf(chain, group).map((member) => member.keys.dh)
    // Clinic-wide members reach every scope of theirs by the group's key, so that any of them makes its next epoch.
    if (isScoped(group)) readers.push(currentEpoch(chain, wholeOf(group))!.key)
    for (const to of readers) epochGrants.push(await sealEpoch(clinicId, made, secret, to))
    secret.fill(0)
    // What was written before stays readable to who is in the group, and to who comes.
    epochGrants.push(...(await passPast(chain, group, key, maker)))
  }
  return { statements: all.slice(statements.length), epochGrants }
}

async function shareEntered(before: Chain, chain: Chain, entry: Entry, maker: Maker): Promise<EpochGrant[]> {
  if (entry.kind !== 'member-added' && entry.kind !== 'member-changed') return []
  const { memberId } = entry
  const had = currentMembers(before).find((member) => member.memberId === memberId)?.groups ?? []
  // To the keys that the chain names, whatever the database says of them.
  const { keys } = currentMembers(chain).find((member) => member.memberId === memberId)!
  const entered = entry.groups.filter((group: Group) => !had.includes(group))
  const open = entered.map((group) => currentEpoch(chain, group)).filter((epoch) => epoch && !epoch.stale)
  const passed = await Promise.all(open.map((epoch) => passOn(chain, epoch!, keys.dh, maker)))
  return passed.flatMap((each) => each?.grant ?? [])
}

/**
 * Earlier epochs of a group to its new key: the newest that the maker holds, and each that cannot be reached from there, since
 * who made the one after did not hand it on.
 */
async function passPast(chain: Chain, group: Group, key: Bytes, maker: Maker): Promise<EpochGrant[]> {
  const passed: EpochGrant[] = []
  const reached = new Set<number>()
  for (const epoch of chain.epochs.filter((each) => each.group === group).toReversed()) {
    if (equal(epoch.key, key) || reached.has(epoch.epoch)) continue
    const given = await passOn(chain, epoch, key, maker)
    if (!given) continue
    passed.push(given.grant)
    const further = await openEpochs(chain, maker.epochGrants, { public: epoch.key, pair: given.pair })
    for (const each of further) if (each.group === group) reached.add(each.epoch)
  }
  return passed
}

/** Null where the maker does not hold the epoch's secret. */
async function passOn(
  chain: Chain,
  epoch: ChainEpoch,
  to: Bytes,
  maker: Maker,
): Promise<{ grant: EpochGrant; pair: CryptoKeyPair } | null> {
  const secret = await openSecret(chain, maker.epochGrants, epoch, maker.held)
  if (!secret) return null
  const grant = await sealEpoch(chain.clinicId, epoch, secret, to)
  const { pair } = await importSecret('X25519', secret)
  secret.fill(0)
  return { grant, pair }
}
