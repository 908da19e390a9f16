import { type Bytes, equal } from './bytes.ts'
import { type Cbor, decodeArray, encode, read } from './cbor.ts'
import { CryptoError } from './errors.ts'
import type { RawKeys } from './keys.ts'
import { sign, verify } from './sign.ts'
import { type CareEnd, type CareRole, OLDEST_WARD } from './types.ts'

/** What is agreed on: who helps, as what, until when. */
export interface CareTerms {
  careId: string
  role: CareRole
  /** A word of a list that pages know: "mother". */
  relation: string
  name: string
  end: CareEnd
  /** ISO 8601, by the clock of who let them in. */
  since: string
}

/** Whose keys let in whose. `from` is the patient's, a guardian's, or the same as `to`: who booked for somebody says so of itself. */
export interface Care {
  clinicId: string
  patientId: string
  terms: CareTerms
  from: RawKeys
  to: RawKeys
}

export const isOfItself = ({ from, to }: Pick<Care, 'from' | 'to'>): boolean => equal(from.sign, to.sign)

const day = /^\d{4}-\d\d-\d\d$/

/** [id, role, relation, name, end's kind, age, first day without access, since] */
export const termFields = ({ careId, role, relation, name, end, since }: CareTerms): Cbor[] => [
  ...[careId, role, relation, name, end.kind],
  ...[end.kind === 'age' ? end.age : 0, end.kind === 'open' ? '' : end.on, since],
]

/** Throws BAD_ENVELOPE, and UNSUPPORTED for a role or an end that this version has not: a guardian has an age, and no other end. */
export function readTerms(fields: readonly unknown[]): CareTerms {
  const [careId, role, relation, name, kind, age, on, since, ...more] = fields
  if (more.length) throw new CryptoError('BAD_ENVELOPE', 'more terms than there are')
  const terms = {
    careId: read.id(careId, 'care'),
    role: read.oneOf(role, ['guardian', 'carer'] as const, 'role'),
    relation: read.id(relation, 'relation'),
    name: read.text(name, 'name'),
    end: readEnd(read.oneOf(kind, ['open', 'date', 'age'] as const, 'end'), age, on),
    since: read.text(since, 'since'),
  }
  // A guardian may let others in: without an end that a birthday gives, that would be for good.
  if (terms.role === 'guardian' && terms.end.kind !== 'age') throw new CryptoError('UNSUPPORTED', 'a guardian for good')
  // The age is the clinic's to choose, in a table that its operator can write: beyond this it is nobody's.
  if (terms.role === 'guardian' && terms.end.kind === 'age' && terms.end.age > OLDEST_WARD)
    throw new CryptoError('UNSUPPORTED', 'a guardian of an adult')
  return terms
}

function readEnd(kind: CareEnd['kind'], age: unknown, on: unknown): CareEnd {
  if (kind === 'open') {
    if (age !== 0 || on !== '') throw new CryptoError('BAD_ENVELOPE', 'an end of none')
    return { kind }
  }
  const date = read.text(on, 'end')
  if (!day.test(date) || Number.isNaN(Date.parse(`${date}T00:00:00Z`)))
    throw new CryptoError('BAD_ENVELOPE', 'not a day')
  if (kind === 'age') return { kind, age: read.count(age, 1, 'age'), on: date }
  if (age !== 0) throw new CryptoError('BAD_ENVELOPE', 'an age of none')
  return { kind, on: date }
}

const fieldsOf = ({ clinicId, patientId, terms, from, to }: Care): Cbor[] => [
  ...[1, clinicId, patientId],
  ...termFields(terms),
  ...[from.sign, from.dh, to.sign, to.dh],
]

/** One side's half: both say it, so that nobody is made a helper, or helped, unasked. */
export const signCare = (care: Care, key: CryptoKey): Promise<Bytes> => sign(key, 'patient-care', fieldsOf(care))

/** Throws BAD_SIGNATURE. */
export const checkCareHalf = (care: Care, signer: Bytes, signature: Bytes): Promise<void> =>
  verify(signer, 'patient-care', fieldsOf(care), signature)

/** CBOR [1, clinic, patient, id, role, relation, name, end's kind, age, day, since, keys of who lets in, keys of who helps, signatures]. */
export const encodeCare = (care: Care, halves: { from: Bytes; to: Bytes }): Bytes =>
  encode([...fieldsOf(care), halves.from, halves.to])

/** Throws UNSUPPORTED, BAD_ENVELOPE for another clinic's or patient's, BAD_SIGNATURE unless both signed. Whether `from` may is not asked here. */
export async function checkCare(clinicId: string, patientId: string, bytes: Bytes): Promise<Care> {
  const [version, clinic, patient, ...rest] = decodeArray(bytes, 17)
  if (version !== 1) throw new CryptoError('UNSUPPORTED', `care version ${String(version)}`)
  // A link of one patient moved to another, or to another clinic.
  if (clinic !== clinicId || patient !== patientId) throw new CryptoError('BAD_ENVELOPE', 'care of another patient')
  const [fromSign, fromDh, toSign, toDh] = rest.slice(8, 12).map((each) => read.bytes(each, 32, 'key'))
  const [fromHalf, toHalf] = rest.slice(12).map((each) => read.bytes(each, 64, 'signature'))
  const from = { sign: fromSign!, dh: fromDh! }
  const care = { clinicId, patientId, terms: readTerms(rest.slice(0, 8)), from, to: { sign: toSign!, dh: toDh! } }
  // Whoever changes an end, a role or a name changes what was signed.
  await checkCareHalf(care, from.sign, fromHalf!)
  await checkCareHalf(care, care.to.sign, toHalf!)
  return care
}

export interface CareEnding {
  clinicId: string
  patientId: string
  careId: string
  endedAt: string
  signer: Bytes
}
const endFields = ({ clinicId, patientId, careId, endedAt, signer }: CareEnding): Cbor[] => [
  ...[1, clinicId, patientId, careId, endedAt, signer],
]

/** CBOR [1, clinic, patient, id, when (ISO 8601), signer, signature]. */
export async function signCareEnding(ending: CareEnding, key: CryptoKey): Promise<Bytes> {
  return encode([...endFields(ending), await sign(key, 'patient-care-end', endFields(ending))])
}

/** Throws UNSUPPORTED, BAD_ENVELOPE for another clinic's or patient's, BAD_SIGNATURE. Whether the signer may is not asked here. */
export async function checkCareEnding(clinicId: string, patientId: string, bytes: Bytes): Promise<CareEnding> {
  const [version, clinic, patient, careId, endedAt, signer, signature] = decodeArray(bytes, 7)
  if (version !== 1) throw new CryptoError('UNSUPPORTED', `care ending version ${String(version)}`)
  if (clinic !== clinicId || patient !== patientId)
    throw new CryptoError('BAD_ENVELOPE', 'an ending of another patient')
  const ending = {
    ...{ clinicId, patientId, careId: read.id(careId, 'care'), endedAt: read.text(endedAt, 'time') },
    signer: read.bytes(signer, 32, 'signer'),
  }
  await verify(ending.signer, 'patient-care-end', endFields(ending), read.bytes(signature, 64, 'signature'))
  return ending
}
