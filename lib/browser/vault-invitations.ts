import { random, sha256, toB64, utf8 } from '../crypto/bytes.ts'
import { decodeContent, encodeContent } from '../crypto/cbor.ts'
import { hpkeOpen, hpkeSeal, type HpkeBox } from '../crypto/hpke.ts'
import { claimOf } from '../crypto/invitation.ts'
import type { KeptInvitation, Vault } from './vault-api.ts'
import { requireUnlocked, type VaultContext } from './vault-context.ts'

type InvitationPart = Pick<Vault, 'newInvitation' | 'rememberInvitation' | 'recallInvitation'>

interface Remembered {
  expiresAt: string
  box: HpkeBox
}

export function invitations(context: VaultContext): InvitationPart {
  const { storage } = context
  const info = (id: string) => utf8(`curtain/v1/kept-invitation/${id}`)

  return {
    async newInvitation() {
      const [id, secret] = [crypto.randomUUID(), random(32)]
      return { id, secret: toB64(secret), claimHash: toB64(await sha256(await claimOf(secret, id))) }
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
