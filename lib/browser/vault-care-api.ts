import type { B64, CareEnd, CareRole, PublicKeys, Sealed } from '../crypto/types.ts'

export interface CareTermsInput {
  role: CareRole
  relation: string
  name: string
  end: CareEnd
}

/** What the server says of one who helps: enough to hold it against what was signed. */
export interface CareRowInput {
  careId: string
  keys: PublicKeys
  role: CareRole
  until: string | null
  endedAt: string | null
  ending: B64 | null
}

/**
 * `holds`: granted to, and what it signs is a helper's word. `over`: its day has come. `ended`: somebody ended it. `altered`: the
 * server says other than what was signed. `unknown`: let in by a key that nobody stands behind.
 */
export type CareState = 'holds' | 'over' | 'ended' | 'altered' | 'unknown'

export interface CareView extends CareTermsInput {
  careId: string
  since: string
  state: CareState
  keys: PublicKeys
  /** Said by who booked for the patient, of themselves. */
  ofItself: boolean
  /** Whether a member recognised the patient on the device that let them in. */
  vouched: boolean
  /** Whether it is this very device that helps. */
  mine: boolean
}

/** Whether somebody helped, and does no longer. */
export const isPast = ({ state }: Pick<CareView, 'state'>): boolean => state === 'over' || state === 'ended'

/** Whose word a record is, where a patient's helper signed it. */
export interface HelperView {
  careId: string
  name: string
  relation: string
  state: CareState
}

export interface CareVault {
  /**
   * Takes in what was signed of those who help this patient, out of their `care` records, and what the server says beside it.
   * Remembered by this browser: what it saw once, an ending above all, no server takes back. `now` is the server's clock, which
   * counts where it is ahead of this one. Load the chain and the patient's keys first.
   */
  loadCare(input: {
    clinicId: string
    patientId: string
    asPatient?: string
    records: Sealed[]
    rows: CareRowInput[]
    now: string
  }): Promise<CareView[]>
  /** This device says of itself as what it holds the patient's keys. */
  careOfItself(input: {
    patientId: string
    terms: CareTermsInput
  }): Promise<{ careId: string; statement: B64; until: string | null }>
  /** Signed by this device: the patient's own, the one that let them in, or the helper's. */
  endCare(input: { patientId: string; careId: string }): Promise<{ ending: B64 }>
}
