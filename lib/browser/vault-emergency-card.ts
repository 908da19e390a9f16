import { concat, fromB64, sha256, toB64, utf8 } from '../crypto/bytes.ts'
import { decodeContent, encodeContent } from '../crypto/cbor.ts'
import { cardClaim, openCard, sealCard } from '../crypto/card.ts'
import { hpkeOpen, hpkeSeal, type HpkeBox } from '../crypto/hpke.ts'
import { requireDevice } from './device-keys.ts'
import type { VaultContext } from './vault-context.ts'
import type { CardVault } from './vault-emergency-card-api.ts'

export function emergencyCards(context: VaultContext): CardVault {
  const { storage } = context
  const at = (patientId: string) => `card:${patientId}`
  const info = (patientId: string) => concat(utf8('curtain/v1/kept-card'), utf8(patientId))
  const none = new Uint8Array(0)
  /** For devices that keep nothing: as long as this page is open. */
  const held = new Map<string, HpkeBox>()

  return {
    async sealCard({ patientId, cardId, content }) {
      const device = await requireDevice(context, patientId)
      const { secret, sealed } = await sealCard(cardId, content)
      const claimHash = toB64(await sha256(await cardClaim(secret, cardId)))
      const kept = { cardId, secret: toB64(secret), content }
      const box = await hpkeSeal(device.keys.public.dh, info(patientId), none, encodeContent(kept))
      if (device.home === 'stored') await storage.put(at(patientId), box)
      else held.set(patientId, box)
      return { secret: toB64(secret), sealed: toB64(sealed), claimHash }
    },

    async keptCard<T>(patientId: string) {
      const device = await requireDevice(context, patientId)
      const box = held.get(patientId) ?? (await storage.get<HpkeBox>(at(patientId)))
      // Kept by keys that this device no longer has: it is none.
      const body = box && (await hpkeOpen(device.keys.dh, info(patientId), none, box).catch(() => null))
      return body ? (decodeContent(body) as { cardId: string; secret: string; content: T }) : null
    },

    cardClaim: async ({ cardId, secret }) => toB64(await cardClaim(fromB64(secret, 32), cardId)),
    openCard: ({ cardId, secret, sealed }) => openCard(cardId, fromB64(secret, 32), fromB64(sealed)),
  }
}
