import type { Sealed } from '../crypto/types.ts'

/** Whose record it is, and where it lies. */
export const isSamePlace = (a: Sealed['meta'], b: Sealed['meta']): boolean =>
  a.clinicId === b.clinicId &&
  a.patientId === b.patientId &&
  a.recordId === b.recordId &&
  a.revision === b.revision &&
  a.type === b.type

/** The defence of attack 8 in memory: one byte or one place different, and it is another record, to be checked as that. */
export const isSame = (
  a: Pick<Sealed, 'meta' | 'header' | 'commit' | 'ciphertext'>,
  b: Pick<Sealed, 'meta' | 'header' | 'commit' | 'ciphertext'>,
): boolean =>
  a.header === b.header && a.commit === b.commit && a.ciphertext === b.ciphertext && isSamePlace(a.meta, b.meta)
