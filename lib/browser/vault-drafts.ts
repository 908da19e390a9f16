import { concat, toB64, utf8 } from '../crypto/bytes.ts'
import { decodeContent, encodeContent } from '../crypto/cbor.ts'
import { hpkeOpen, hpkeSeal, type HpkeBox } from '../crypto/hpke.ts'
import type { Vault } from './vault-api.ts'
import type { VaultContext } from './vault-context.ts'

/** Half-typed forms, sealed to this device, or to the account while one is unlocked. */
export function drafts(context: VaultContext): Pick<Vault, 'saveDraft' | 'loadDraft'> {
  const { storage } = context
  const info = (name: string) => concat(utf8('curtain/v1/draft'), utf8(name))

  /** A member's drafts are theirs: after sign-out nobody at this browser opens them. */
  async function owner(): Promise<{ scope: string; pair: CryptoKeyPair; public: Uint8Array<ArrayBuffer> }> {
    const { unlocked } = context
    if (unlocked) return { scope: unlocked.memberId, pair: unlocked.keys.dh, public: unlocked.keys.public.dh }
    let pair = await storage.get<CryptoKeyPair>('draft-key')
    if (!pair) {
      pair = (await crypto.subtle.generateKey('X25519', false, ['deriveBits'])) as CryptoKeyPair
      await storage.put('draft-key', pair)
    }
    return { scope: 'device', pair, public: new Uint8Array(await crypto.subtle.exportKey('raw', pair.publicKey)) }
  }

  return {
    async saveDraft(name, content) {
      const { scope, public: key } = await owner()
      const at = `draft:${scope}:${name}`
      if (content === '') return storage.remove(at)
      await storage.put(at, await hpkeSeal(key, info(name), utf8(toB64(key)), encodeContent(content)))
    },

    async loadDraft<T>(name: string) {
      const { scope, pair, public: key } = await owner()
      const box = await storage.get<HpkeBox>(`draft:${scope}:${name}`)
      if (!box) return null
      // A draft that no longer opens (the device's key is gone) is no draft.
      const opened = await hpkeOpen(pair, info(name), utf8(toB64(key)), box).catch(() => null)
      return opened ? (decodeContent(opened) as T) : null
    },
  }
}
