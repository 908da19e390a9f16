import { fromB64, toB64 } from '../crypto/bytes.ts'
import { openShare, sealShare } from '../crypto/share.ts'
import type { Vault } from './vault-api.ts'
import { requireMember, type VaultContext } from './vault-context.ts'
import { refusalCode, VaultError } from './vault-error.ts'

export function prescriptions(context: VaultContext): Pick<Vault, 'sealShare' | 'openShare'> {
  return {
    async sealShare({ rxId, clinicId, prescriberName, prescription }) {
      const { unlocked, loaded, member } = requireMember(context)
      if (unlocked.clinicId !== clinicId || !member.roles.includes('practitioner')) {
        throw new VaultError('NOT_VOUCHED', 'only practitioners issue')
      }
      const issuedAt = new Date().toISOString()
      const issued = { rxId, memberId: member.memberId, prescriberName, issuedAt, prescription }
      const signer = { key: unlocked.keys.sign.privateKey, public: unlocked.keys.public.sign }
      const { secret, share } = await sealShare(issued, loaded, signer)
      return { secret: toB64(secret), share: toB64(share) }
    },

    // Needs no keys and no loaded chain: a pharmacist's browser has neither.
    async openShare({ rxId, secret, share, rootFingerprint }) {
      try {
        const opened = await openShare({
          rxId,
          secret: fromB64(secret, 32),
          share: fromB64(share),
          rootFingerprint: fromB64(rootFingerprint, 32),
        })
        const prescriber = { memberId: opened.memberId, name: opened.prescriberName }
        return { ok: true, prescription: opened.prescription, prescriber, issuedAt: opened.issuedAt, rootFingerprint }
      } catch (error) {
        const code = refusalCode(error)
        if (!code) throw error
        return { ok: false, code }
      }
    },
  }
}
