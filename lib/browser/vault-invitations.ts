import { fromB64, random, sha256, toB64, utf8 } from '../crypto/bytes.ts'
import { appendStatement, currentEpochs, currentMembers } from '../crypto/chain.ts'
import { decodeContent, encodeContent } from '../crypto/cbor.ts'
import { openEpoch, sealEpoch } from '../crypto/epoch.ts'
import { hpkeOpen, hpkeSeal, type HpkeBox } from '../crypto/hpke.ts'
import { checkNewcomer, claimOf } from '../crypto/invitation.ts'
import type { RawKeys } from '../crypto/keys.ts'
import type { EpochGrant, Group } from '../crypto/types.ts'
import type { ChainInput, KeptInvitation, Vault } from './vault-api.ts'
import { adoptChain, rawKeys, requireMember, requireUnlocked, type VaultContext } from './vault-context.ts'
import { VaultError } from './vault-error.ts'

type InvitationPart = Pick<Vault, 'newInvitation' | 'vouch' | 'addRole' | 'rememberInvitation' | 'recallInvitation'>

interface Remembered {
  expiresAt: string
  box: HpkeBox
}

export function invitations(context: VaultContext): InvitationPart {
  const { storage } = context
  const info = (id: string) => utf8(`curtain/v1/kept-invitation/${id}`)

  /** A group's current epoch, to the newcomer. Throws NO_KEY when this member does not hold it. */
  async function shareEpoch(group: Group, to: RawKeys): Promise<EpochGrant> {
    const { unlocked, loaded } = requireMember(context)
    const epoch = currentEpochs(loaded.chain).find((each) => each.group === group)
    const own = toB64(unlocked.keys.public.dh)
    const grant = unlocked.epochGrants.find(
      (each) => each.group === group && each.epoch === epoch?.epoch && each.to === own,
    )
    if (!epoch || epoch.stale || !grant) throw new VaultError('NO_KEY', `no current key of the group ${group}`)
    const { secret } = await openEpoch(loaded.chain, grant, unlocked.keys.public.dh, unlocked.keys.dh)
    const sealed = await sealEpoch(loaded.chain.clinicId, epoch, secret, to.dh)
    secret.fill(0)
    return sealed
  }

  /** The newest chain, and this member's hand to sign its successor with. */
  async function signatory(clinicId: string, input: ChainInput) {
    if (requireUnlocked(context).clinicId !== clinicId) throw new VaultError('LOCKED', 'unlocked for another clinic')
    const { chain } = await adoptChain(context, input, { trust: 'none' })
    const { keys } = requireMember(context).unlocked
    return { chain, signer: { key: keys.sign.privateKey, public: keys.public.sign } }
  }

  return {
    async newInvitation() {
      const [id, secret] = [crypto.randomUUID(), random(32)]
      return { id, secret: toB64(secret), claimHash: toB64(await sha256(await claimOf(secret, id))) }
    },

    async vouch({ clinicId, chain, invitation, memberId, keys, mac }) {
      const known = await signatory(clinicId, chain)
      const newcomer = rawKeys(keys)
      const { rootFingerprint } = known.chain
      // The defence of attack 7 against an invitation that was altered on the server: what the inviter kept is what is signed.
      const { roles, groups } = invitation
      await checkNewcomer(
        fromB64(invitation.secret, 32),
        { clinicId, invitationId: invitation.id, memberId, rootFingerprint, keys: newcomer, roles, groups },
        fromB64(mac),
      )
      const entry = { kind: 'member-added', memberId, keys: newcomer, roles, groups } as const
      const statement = await appendStatement(known.chain, clinicId, entry, known.signer)
      const epochGrants = await Promise.all(groups.map((group) => shareEpoch(group, newcomer)))
      return { statements: [statement], epochGrants }
    },

    async addRole({ clinicId, chain, memberId, role, groups }) {
      const known = await signatory(clinicId, chain)
      const member = currentMembers(known.chain).find((each) => each.memberId === memberId)
      if (!member) throw new VaultError('NOT_VOUCHED', 'the chain names no such member')
      const entered = groups.filter((group) => !member.groups.includes(group))
      const change = { roles: [...member.roles, role], groups: [...member.groups, ...entered] }
      const entry = { kind: 'member-changed', memberId, ...change } as const
      const statement = await appendStatement(known.chain, clinicId, entry, known.signer)
      // To the keys that the chain names, whatever the database says of them.
      const epochGrants = await Promise.all(entered.map((group) => shareEpoch(group, member.keys)))
      return { statements: [statement], epochGrants }
    },

    // Sealed to the account: whoever uses this browser next finds a locked box.
    async rememberInvitation({ expiresAt, ...invitation }) {
      const { keys } = requireUnlocked(context)
      const { id } = invitation
      const box = await hpkeSeal(keys.public.dh, info(id), info(id), encodeContent(invitation))
      const kept: Remembered = { expiresAt, box }
      await storage.put(`invitation:${id}`, kept)
    },

    async recallInvitation(id) {
      const { keys } = requireUnlocked(context)
      const kept = await storage.get<Remembered>(`invitation:${id}`)
      if (!kept) return null
      if (Date.parse(kept.expiresAt) < Date.now()) {
        await storage.remove(`invitation:${id}`)
        return null
      }
      const opened = await hpkeOpen(keys.dh, info(id), info(id), kept.box).catch(() => null)
      return opened ? (decodeContent(opened) as KeptInvitation) : null
    },
  }
}
