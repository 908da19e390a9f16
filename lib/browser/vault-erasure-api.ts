import type { ErasureAnswer } from '../crypto/erasure.ts'
import type { B64 } from '../crypto/types.ts'

/** The answer to a wish to be forgotten, as an officer's vault signs it and the patient's checks it. */
export interface ErasureVault {
  /** The unlocked member must be an officer: NOT_VOUCHED. */
  signErasure(input: Omit<ErasureAnswer, 'clinicId' | 'answeredAt'>): Promise<B64>
  /** Against the chain that was loaded for this clinic. */
  checkErasure(input: { clinicId: string; patientId: string; statement: B64 }): Promise<ErasureAnswer>
}
