import { fromB64, random, toB64, utf8 } from '../crypto/bytes.ts'
import { appendStatement, currentEpochs } from '../crypto/chain.ts'
import { decodeContent, encodeContent } from '../crypto/cbor.ts'
import { openEpoch, sealEpoch } from '../crypto/epoch.ts'
import { hpkeOpen, hpkeSeal, type HpkeBox } from '../crypto/hpke.ts'
import { checkNewcomer } from '../crypto/invitation.ts'
import type { B64, EpochGrant, Group } from '../crypto/types.ts'
import type { Vault } from './vault-api.ts'
import { adoptChain, rawKeys, requireMember, requireUnlocked, type VaultContext } from './vault-context.ts'
import { VaultError } from './vault-error.ts'

type InvitationPart = Pick<Vault, 'newInvitation' | 'vouch' | 'rememberInvitation' | 'recallInvitation'>

interface Remembered {
  expiresAt: string
  box: HpkeBox
}

export function invitations(context: VaultContext): InvitationPart {
  const { storage } = context
  const info = (id: string) => utf8(`curtain/v1/kept-invitation/${id}`)

  /** A group's current epoch, to the newcomer. Throws NO_KEY when this member does not hold it. */
  async function shareEpoch(group: Group, to: ReturnType<typeof rawKeys>): Promise<EpochGrant> {
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

  return {
    newInvitation: async () => ({ id: crypto.randomUUID(), secret: toB64(random(32)) }),

    async vouch({ clinicId, chain, invitation, memberId, roles, groups, keys, mac }) {
      if (requireUnlocked(context).clinicId !== clinicId) throw new VaultError('LOCKED', 'unlocked for another clinic')
      const loaded = await adoptChain(context, chain, { trust: 'none' })
      const { unlocked } = requireMember(context)
      const newcomer = rawKeys(keys)
      const { rootFingerprint } = loaded.chain
      await checkNewcomer(
        fromB64(invitation.secret, 32),
        { clinicId, invitationId: invitation.id, memberId, rootFingerprint, keys: newcomer },
        fromB64(mac),
      )
      const signer = { key: unlocked.keys.sign.privateKey, public: unlocked.keys.public.sign }
      const entry = { kind: 'member-added', memberId, keys: newcomer, roles, groups } as const
      const statement = await appendStatement(loaded.chain, clinicId, entry, signer)
      const epochGrants = await Promise.all(groups.map((group) => shareEpoch(group, newcomer)))
      return { statements: [statement], epochGrants }
    },

    // Sealed to the account: whoever uses this browser next finds a locked box.
    async rememberInvitation({ id, secret, expiresAt }) {
      const { keys } = requireUnlocked(context)
      const box = await hpkeSeal(keys.public.dh, info(id), info(id), encodeContent({ id, secret }))
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
      return opened ? (decodeContent(opened) as { id: string; secret: B64 }) : null
    },
  }
}
