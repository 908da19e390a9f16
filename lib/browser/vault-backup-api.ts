import type { B64, PublicKeys } from '../crypto/types.ts'
import type { PatientHandle } from './vault-api.ts'

/** A key as the server files it, and its own and another's word that both are the patient's. */
export interface FurtherKey {
  keyId: string
  keys: PublicKeys
  link: B64
}

/** What opens a patient's records when every device is lost (lib/crypto/patient-backup.ts). */
export interface BackupVault {
  /** 32 random bytes: what is printed. */
  newBackupSecret(): Promise<B64>
  /** Where the server finds the key of these bytes. */
  backupId(secret: B64): Promise<string>
  /** A further key of this patient, made of `secret`: believed from now on, and to be handed the records. */
  makeBackup(input: { patientId: string; secret: B64 }): Promise<FurtherKey>
  /** In a browser that holds nothing: speaks for the patient with the key of these bytes, and keeps none of it. */
  openBackup(input: { clinicId: string; patientId: string; secret: B64 }): Promise<PatientHandle>
  /** Keys of this browser's own, linked with those that speak here now. They speak after `settleHere` alone. */
  enrolHere(input: { patientId: string }): Promise<FurtherKey>
  settleHere(input: { patientId: string }): Promise<PatientHandle>
}
