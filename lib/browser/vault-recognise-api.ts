import type { B64, PublicKeys, VouchReason } from '../crypto/types.ts'

/** A further device of a patient, recognised by somebody who has its code read out to them (lib/crypto/device-code.ts). */
export interface RecogniseVault {
  /** What the patient reads out, on the device itself. Throws NO_KEY where there are no keys of theirs. */
  ownDeviceCode(patientId: string): Promise<string>
  /**
   * Signs that this device is the patient's. Throws STALE when the code is another device's, NOT_VOUCHED while no identity record
   * with the name on the screen was opened here, or when the account vouches for nobody.
   */
  recogniseDevice(input: {
    clinicId: string
    patientId: string
    keys: PublicKeys
    code: string
    name: string
    reason: Exclude<VouchReason, 'call'>
  }): Promise<{ vouch: B64; by: 'clinical' | 'desk' }>
}
