import type { B64, Sealed, SealedShare } from '../crypto/types.ts'
import type { OpenResult } from './vault-api.ts'

/** How a patient's emergency key stands: `few` when the clinic's officers are fewer than two people, and there can be none. */
export interface EmergencyKeyView {
  state: 'valid' | 'stale' | 'none' | 'few'
  /** Of the newest one this browser knows; 0 when there was none. */
  epoch: number
  /** Members who hold a share, or would. */
  officers: string[]
}

/** What a signed request says, once it was checked against the chain. */
export interface EmergencyRequestView {
  id: string
  patientId: string
  recordId: string | null
  epoch: number
  /** Member id of the officer who asks. */
  askedBy: string
  /** Eight digits that both officers compare by voice. */
  code: string
  /** Null when it is not sealed to the keys at hand. */
  reason: string | null
}

/** What two officers do together to open a patient's records. Shares never leave the vault. */
export interface EmergencyVault {
  /** Checks a patient's emergency key against the chain; while it is valid, what is sealed for that patient is granted to it. */
  loadEmergencyKey(input: { clinicId: string; patientId: string; statement: B64 | null }): Promise<EmergencyKeyView>
  /** By a clinical member: makes the key, splits its secret between the officers, and forgets it. */
  makeEmergencyKey(input: { clinicId: string; patientId: string; epoch: number }): Promise<{
    statement: B64
    publicKey: B64
    shares: SealedShare[]
  }>
  /** By an officer. `told`: whether the patient's own devices can read the reason already. */
  askEmergency(input: {
    clinicId: string
    patientId: string
    recordId: string | null
    statement: B64
    reason: string
  }): Promise<{ id: string; request: B64; reason: B64; told: boolean }>
  /** For the other officer, for the one who asked, and with `asPatient` for the patient. */
  readEmergency(input: {
    clinicId: string
    request: B64
    reason: B64
    asPatient?: string
  }): Promise<EmergencyRequestView>
  /** The second officer's own share, to the asking browser alone. */
  answerEmergency(input: { clinicId: string; request: B64; statement: B64; share: SealedShare }): Promise<{
    answer: B64
  }>
  /**
   * Puts both shares together, opens the records and forgets the secret again: nothing of it outlives this call. Only records
   * of the patient, and of the one record, that the request names. `reason` is sealed to the patient too, as soon as that can be.
   */
  openEmergency(input: {
    clinicId: string
    request: B64
    statement: B64
    share: SealedShare
    answer: B64
    reason: B64
    records: Sealed[]
  }): Promise<{ results: OpenResult[]; answeredBy: string; reason: B64 | null }>
  /** The one-time key of a request of this browser: whatever was sealed to it opens no more. */
  endEmergency(input: { requestId: string }): Promise<void>
}
