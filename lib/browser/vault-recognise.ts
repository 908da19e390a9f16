import { deviceCode, sameCode } from '../crypto/device-code.ts'
import { requireDevice } from './device-keys.ts'
import type { Vault } from './vault-api.ts'
import { rawKeys, requireChain, type VaultContext } from './vault-context.ts'
import { VaultError } from './vault-error.ts'
import type { RecogniseVault } from './vault-recognise-api.ts'

export function recognising(context: VaultContext, { vouchPatient }: Pick<Vault, 'vouchPatient'>): RecogniseVault {
  return {
    async ownDeviceCode(patientId) {
      const { clinicId, keys } = await requireDevice(context, patientId)
      return deviceCode(requireChain(context, clinicId).chain, patientId, keys.public)
    },

    async recogniseDevice({ clinicId, patientId, keys, code, name, reason }) {
      const { chain } = requireChain(context, clinicId)
      // The defence of attack 7 at the desk: the code that was read out is of these very keys, whatever list they came in.
      if (!sameCode(await deviceCode(chain, patientId, rawKeys(keys)), code)) {
        throw new VaultError('STALE', 'the code of another device')
      }
      // Who was recognised is who was named.
      if (!context.names.get(`${clinicId}/${patientId}`)?.has(name)) {
        throw new VaultError('NOT_VOUCHED', 'no name of this patient was shown')
      }
      return vouchPatient({ clinicId, patientId, keys, reason })
    },
  }
}
