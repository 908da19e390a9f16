import { fromB64, random, toB64 } from '../crypto/bytes.ts'
import { generateDeviceKeys, type Keys } from '../crypto/keys.ts'
import { backupKeys } from '../crypto/patient-backup.ts'
import { encodeLink, signLink } from '../crypto/patient-link.ts'
import { handleOf, keepDevice, requireDevice } from './device-keys.ts'
import { publicKeys, type PatientDevice, type VaultContext } from './vault-context.ts'
import { VaultError } from './vault-error.ts'
import type { BackupVault, FurtherKey } from './vault-backup-api.ts'
import { addLink } from './vault-links.ts'

export function backups(context: VaultContext): BackupVault {
  /** Made here and not yet this patient's on this device. */
  const enrolled = new Map<string, { keyId: string; keys: Keys }>()

  async function linkWith(device: PatientDevice, further: { keyId: string; keys: Keys }): Promise<FurtherKey> {
    const { clinicId, patientId, keys } = device
    const link = { clinicId, patientId, from: keys.public, to: further.keys.public }
    const [from, to] = await Promise.all([keys, further.keys].map((each) => signLink(link, each.sign.privateKey)))
    addLink(context, link)
    const encoded = toB64(encodeLink(link, { from: from!, to: to! }))
    return { keyId: further.keyId, keys: publicKeys(further.keys.public), link: encoded }
  }

  return {
    newBackupSecret: async () => toB64(random(32)),
    backupId: async (secret) => (await backupKeys(fromB64(secret))).keyId,

    async makeBackup({ patientId, secret }) {
      return linkWith(await requireDevice(context, patientId), await backupKeys(fromB64(secret)))
    },

    async openBackup({ clinicId, patientId, secret }) {
      const device: PatientDevice = { clinicId, patientId, ...(await backupKeys(fromB64(secret))), home: 'memory' }
      context.devices.set(patientId, device)
      return handleOf(device)
    },

    async enrolHere({ patientId }) {
      const device = await requireDevice(context, patientId)
      const made = { keyId: crypto.randomUUID(), keys: await generateDeviceKeys() }
      enrolled.set(patientId, made)
      return linkWith(device, made)
    },

    async settleHere({ patientId }) {
      const made = enrolled.get(patientId)
      const device = await requireDevice(context, patientId)
      if (!made) throw new VaultError('NO_KEY', 'nothing was enrolled here')
      enrolled.delete(patientId)
      return keepDevice(context, { clinicId: device.clinicId, patientId, ...made })
    },
  }
}
