import { fromB64, toB64 } from '../crypto/bytes.ts'
import { checkErasure, signErasure } from '../crypto/erasure.ts'
import { requireChain, requireMember, type VaultContext } from './vault-context.ts'
import type { ErasureVault } from './vault-erasure-api.ts'
import { VaultError } from './vault-error.ts'

export function erasures(context: VaultContext): ErasureVault {
  return {
    async signErasure(input) {
      const { unlocked, loaded, member } = requireMember(context)
      if (!member.roles.includes('admin')) throw new VaultError('NOT_VOUCHED', 'only officers answer')
      const answer = { ...input, clinicId: unlocked.clinicId, answeredAt: new Date().toISOString() }
      const signer = { key: unlocked.keys.sign.privateKey, public: unlocked.keys.public.sign }
      return toB64(await signErasure(loaded.chain, answer, signer))
    },

    checkErasure: ({ clinicId, patientId, statement }) =>
      checkErasure(requireChain(context, clinicId).chain, patientId, fromB64(statement)),
  }
}
