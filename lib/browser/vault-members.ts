import { fromB64 } from '../crypto/bytes.ts'
import type { Entry } from '../crypto/chain.ts'
import { openEpochs } from '../crypto/epoch.ts'
import { checkNewcomer } from '../crypto/invitation.ts'
import { extendChain } from '../crypto/renewal.ts'
import type { EpochGrant } from '../crypto/types.ts'
import type { ChainInput } from './vault-api.ts'
import { adoptChain, rawKeys, requireMember, requireUnlocked, type VaultContext, viewChain } from './vault-context.ts'
import { VaultError } from './vault-error.ts'
import type { Extended, MembersVault } from './vault-members-api.ts'

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

  return {
    async vouch({ clinicId, chain, invitation, memberId, keys, mac }) {
      if (requireUnlocked(context).clinicId !== clinicId) throw new VaultError('LOCKED', 'unlocked for another clinic')
      const { chain: known } = await adoptChain(context, chain, { trust: 'none' })
      const newcomer = rawKeys(keys)
      const { rootFingerprint } = known
      // The defence of attack 7 against an invitation that was altered on the server: what the inviter kept is what is signed.
      const { roles, groups } = invitation
      await checkNewcomer(
        fromB64(invitation.secret, 32),
        { clinicId, invitationId: invitation.id, memberId, rootFingerprint, keys: newcomer, roles, groups },
        fromB64(mac),
      )
      return extend(clinicId, chain, { kind: 'member-added', memberId, keys: newcomer, roles, groups })
    },

    changeMember: ({ clinicId, chain, memberId, roles, groups }) =>
      extend(clinicId, chain, { kind: 'member-changed', memberId, roles, groups }),

    removeMember: ({ clinicId, chain, memberId }) => extend(clinicId, chain, { kind: 'member-removed', memberId }),

    renewEpochs: ({ clinicId, chain }) => extend(clinicId, chain, null),

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
