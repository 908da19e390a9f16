import { equal, fromB64, toB64 } from '../crypto/bytes.ts'
import { type Chain, type ChainMember, currentEpoch } from '../crypto/chain.ts'
import type { Entry } from '../crypto/chain-statement.ts'
import { openEpochs } from '../crypto/epoch.ts'
import { checkNewcomer, type Newcomer, newcomerCode } from '../crypto/invitation.ts'
import { extendChain } from '../crypto/renewal.ts'
import type { EpochGrant, Group } from '../crypto/types.ts'
import type { ChainInput } from './vault-api.ts'
import { adoptChain, rawKeys, requireMember, requireUnlocked, type VaultContext, viewChain } from './vault-context.ts'
import { VaultError } from './vault-error.ts'
import type { Answered, Extended, MembersVault } from './vault-members-api.ts'

/** Signs on the newest chain, which is verified and pinned first. */
export async function extendBy(
  context: VaultContext,
  clinicId: string,
  input: ChainInput,
  entry: Entry | null,
): Promise<Extended> {
  if (requireUnlocked(context).clinicId !== clinicId) throw new VaultError('LOCKED', 'unlocked for another clinic')
  const { statements } = await adoptChain(context, input, { trust: 'none' })
  const { memberId, keys, epochs, epochGrants } = requireMember(context).unlocked
  const sign = { key: keys.sign.privateKey, public: keys.public.sign }
  const held = [{ public: keys.public.dh, pair: keys.dh }, ...epochs]
  return extendChain(clinicId, statements, entry, { memberId, sign, held, epochGrants })
}

export function members(context: VaultContext): MembersVault {
  const extend = (clinicId: string, input: ChainInput, entry: Entry | null) => extendBy(context, clinicId, input, entry)

  /** Whom an answer names, once it is the answer of who had the link. Throws BAD_INVITATION. */
  async function checkAnswer({ clinicId, chain, invitation, memberId, keys, mac }: Answered): Promise<Newcomer> {
    if (requireUnlocked(context).clinicId !== clinicId) throw new VaultError('LOCKED', 'unlocked for another clinic')
    const { rootFingerprint } = (await adoptChain(context, chain, { trust: 'none' })).chain
    // The defence of attack 7 against an invitation that was altered on the server: what the inviter kept is what is signed.
    const { id: invitationId, roles, groups } = invitation
    const newcomer = { clinicId, invitationId, memberId, rootFingerprint, keys: rawKeys(keys), roles, groups }
    await checkNewcomer(fromB64(invitation.secret, 32), newcomer, fromB64(mac))
    return newcomer
  }

  return {
    async newcomerCode(input) {
      return { code: toB64(await newcomerCode(await checkAnswer(input))) }
    },

    async vouch({ compared, ...input }) {
      const newcomer = await checkAnswer(input)
      // The defence against whoever took the link: what was compared by people is what is signed.
      if (!equal(fromB64(compared), await newcomerCode(newcomer)))
        throw new VaultError('BAD_INVITATION', 'not the keys that were compared')
      const { memberId, keys, roles, groups } = newcomer
      return extend(input.clinicId, input.chain, {
        ...{ kind: 'member-added', memberId, keys },
        ...{ roles: [...roles], groups: [...groups] },
      })
    },

    changeMember: ({ clinicId, chain, memberId, roles, groups }) =>
      extend(clinicId, chain, { kind: 'member-changed', memberId, roles, groups }),

    removeMember: ({ clinicId, chain, memberId }) => extend(clinicId, chain, { kind: 'member-removed', memberId }),

    renewEpochs: ({ clinicId, chain }) => extend(clinicId, chain, null),

    async shutOut() {
      const { unlocked, loaded, member } = requireMember(context)
      return member.groups.flatMap((group) => {
        const epoch = currentEpoch(loaded.chain, group)
        const isHeld = unlocked.epochs.some((each) => each.group === group && each.epoch === epoch?.epoch)
        if (!epoch || epoch.stale || isHeld) return []
        const by = enteredBy(loaded.chain, member, group, epoch.since) ?? epoch.by
        return by === member.memberId ? [] : [{ group, by }]
      })
    },

    async refresh({ chain, epochGrants }) {
      const unlocked = requireUnlocked(context)
      const loaded = await adoptChain(context, chain, { trust: 'none' })
      // What was answered once is kept, whatever is answered now.
      const name = ({ group, epoch, to }: EpochGrant) => [group, epoch, to].join()
      const known = new Set(unlocked.epochGrants.map(name))
      unlocked.epochGrants = [...unlocked.epochGrants, ...epochGrants.filter((grant) => !known.has(name(grant)))]
      const { keys } = unlocked
      const own = { public: keys.public.dh, pair: keys.dh }
      unlocked.epochs = await openEpochs(loaded.chain, unlocked.epochGrants, own)
      return viewChain(loaded)
    },
  }
}

/** Who put a member into a group that had this epoch then; null where they were in it when that was made. */
function enteredBy(chain: Chain, member: ChainMember, group: Group, made: number): string | null {
  const theirs = chain.members.filter((each) => each.memberId === member.memberId)
  const before = theirs.findLastIndex((each) => !each.groups.includes(group))
  const entered = theirs[before + 1]!
  return entered.since > made ? entered.by : null
}
