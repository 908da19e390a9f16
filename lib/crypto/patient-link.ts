import { type Bytes, equal } from './bytes.ts'
import { decodeArray, encode, read } from './cbor.ts'
import { CryptoError } from './errors.ts'
import { isSmallOrder, type RawKeys } from './keys.ts'
import { sign, verify } from './sign.ts'

/** Two keys of one patient, each saying so of the other: a device that was added, and the one that it was added from. */
export interface PatientLink {
  clinicId: string
  patientId: string
  /** Held by a device that had access already. */
  from: RawKeys
  /** The further one. */
  to: RawKeys
}

/** How many links may lie between a key that is believed by itself and one that is believed because of it. */
export const MOST_LINKS = 4

const fieldsOf = ({ clinicId, patientId, from, to }: PatientLink) => [
  ...[1, clinicId, patientId],
  ...[from.sign, from.dh, to.sign, to.dh],
]

/** One side's half: a link counts when both have signed it, so that nobody ties another's key to their own. */
export const signLink = (link: PatientLink, key: CryptoKey): Promise<Bytes> => sign(key, 'patient-link', fieldsOf(link))

/** Throws BAD_SIGNATURE. */
export const checkHalf = (link: PatientLink, signer: Bytes, signature: Bytes): Promise<void> =>
  verify(signer, 'patient-link', fieldsOf(link), signature)

/** CBOR [1, clinic, patient, signing key, agreement key, further signing key, further agreement key, signature, further signature]. */
export const encodeLink = (link: PatientLink, halves: { from: Bytes; to: Bytes }): Bytes =>
  encode([...fieldsOf(link), halves.from, halves.to])

/** Throws UNSUPPORTED, BAD_ENVELOPE for another clinic's or patient's, or one of a key with itself, BAD_SIGNATURE unless both signed. */
export async function checkLink(clinicId: string, patientId: string, bytes: Bytes): Promise<PatientLink> {
  const [version, clinic, patient, ...rest] = decodeArray(bytes, 9)
  if (version !== 1) throw new CryptoError('UNSUPPORTED', `link version ${String(version)}`)
  if (clinic !== clinicId || patient !== patientId) throw new CryptoError('BAD_ENVELOPE', 'a link of another patient')
  const [fromSign, fromDh, toSign, toDh] = rest.slice(0, 4).map((each) => read.bytes(each, 32, 'key'))
  const [fromHalf, toHalf] = rest.slice(4).map((each) => read.bytes(each, 64, 'signature'))
  const link = { clinicId, patientId, from: { sign: fromSign!, dh: fromDh! }, to: { sign: toSign!, dh: toDh! } }
  if (isSmallOrder(fromDh!) || isSmallOrder(toDh!))
    throw new CryptoError('BAD_ENVELOPE', 'a key that nothing can be sealed to')
  if (equal(fromSign!, toSign!)) throw new CryptoError('BAD_ENVELOPE', 'a key linked with itself')
  // The defence of attack 7 for devices: both keys said so, or neither is believed because of the other.
  await checkHalf(link, fromSign!, fromHalf!)
  await checkHalf(link, toSign!, toHalf!)
  return link
}

const same = (a: RawKeys, b: RawKeys): boolean => equal(a.sign, b.sign) && equal(a.dh, b.dh)

/** Every key that these links lead to from `root`, with how many there were on the way; the root itself is none of them. */
export function linkedTo(root: RawKeys, links: readonly PatientLink[]): { keys: RawKeys; hops: number }[] {
  const found: { keys: RawKeys; hops: number }[] = [{ keys: root, hops: 0 }]
  for (const { keys, hops } of found) {
    if (hops === MOST_LINKS) continue
    for (const { from, to } of links) {
      const other = same(from, keys) ? to : same(to, keys) ? from : null
      if (other && !found.some((each) => same(each.keys, other))) found.push({ keys: other, hops: hops + 1 })
    }
  }
  return found.slice(1)
}
