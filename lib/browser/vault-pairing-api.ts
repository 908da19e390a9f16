import type { PairRole } from '../crypto/pairing.ts'
import type { CareTerms } from '../crypto/care.ts'
import type { B64, CareRole, PublicKeys, Sealed } from '../crypto/types.ts'
import type { PatientHandle } from './vault-api.ts'
import type { CareTermsInput } from './vault-care-api.ts'

/** A patient's keys as the server answers them to one of their devices. */
export interface OwnKeyInput {
  keys: PublicKeys
  link: B64 | null
  /** Removed: it still tells of others that were added by it, and is handed nothing. */
  removed: boolean
}
export interface HandedOn {
  recordId: string
  revision: number
  grant: Sealed['grants'][number]
}

/**
 * Two devices of one patient become known to each other (lib/crypto/pairing.ts). Bodies are for the relay, by number: 1, 2
 * and 3 of whoever showed the code, answered it, showed it; 4 and 6 of the device that has access, 5 of the new one. Refused
 * once, a pairing is over: its secret serves no other.
 */
export interface PairingVault {
  newPairSecret(): Promise<B64>
  /** This side shows the code. `patientId` where it has access. */
  pairShow(input: { secret: B64; role: PairRole; patientId?: string }): Promise<{ relay: string; body: B64 }>
  /** This side read the code. Null as long as the other's first message is not there is the page's to know. */
  pairRelay(secret: B64): Promise<string>
  pairRead(input: { secret: B64; role: PairRole; patientId?: string; body: B64 }): Promise<{ body: B64 }>
  /** Answers what both screens must show, and the third message. */
  pairReveal(input: { relay: string; body: B64 }): Promise<{ body: B64; code: string }>
  pairSee(input: { relay: string; body: B64 }): Promise<{ code: string }>
  /** The person said on the device with access that both show the same. */
  /** With `care`, the other device is not the patient's but of somebody who helps. */
  pairVouch(input: { relay: string; care?: CareTermsInput }): Promise<{ body: B64 }>
  /** And on the new one. Its keys are held aside. Throws HELD_ALREADY where this browser holds keys of this patient. */
  pairAccept(input: { relay: string; body: B64; name: string }): Promise<{ body: B64 }>
  /** The new device as the server files it, and both devices' word that it is the patient's. */
  pairFinish(input: { relay: string; body: B64 }): Promise<{
    keyId: string
    keys: PublicKeys
    name: string
    link: B64 | null
    care: { careId: string; role: CareRole; until: string | null; statement: B64 } | null
  }>
  pairDone(input: { relay: string }): Promise<{ body: B64 }>
  /**
   * Throws BAD_ENVELOPE unless the other side said that all is handed over. The keys are usable from now on, and not kept: the
   * page opens a session with them, and reads the clinic's chain against this fingerprint.
   */
  pairEnd(input: { relay: string; body: B64 }): Promise<{ patient: PatientHandle; rootFingerprint: B64 }>
  /** Both were so: the keys are this patient's on this device, and the appointments open here. */
  pairKeep(input: { relay: string }): Promise<{
    patient: PatientHandle
    appointments: string[]
    /** As what it was let in; null where it is the patient's own. */
    terms: CareTerms | null
  }>
  /** The codes differed, or the person went away. Keys that were not kept are gone. */
  pairDrop(input: { relay: string }): Promise<void>

  /** Checks which of these are this patient's own, from this device on. Answers the agreement keys that records are handed on to. */
  loadOwnKeys(input: { patientId: string; keys: OwnKeyInput[] }): Promise<{ keys: PublicKeys[] }>
  /** Re-wraps what this device opens for another of the patient's that `loadOwnKeys` answered, or that was just paired. */
  handOn(input: { patientId: string; records: Sealed[]; to: B64[] }): Promise<HandedOn[]>
}
