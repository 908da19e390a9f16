import { type Bytes, equal, toB64 } from './bytes.ts'
import { decodeArray, encode, read } from './cbor.ts'
import { type Chain, currentMembers, memberAt } from './chain.ts'
import { CryptoError } from './errors.ts'
import { isSmallOrder, type RawKeys } from './keys.ts'
import { hasKind, isOf, wholeOf } from './policy.ts'
import { sign, verify } from './sign.ts'
import type { Group, VouchReason } from './types.ts'

const reasons: readonly VouchReason[] = ['call', 'document', 'known', 'video', 'phone']

/** A member's word that these keys are this patient's, after comparing a code that both screens show, and how they knew the patient. */
export interface PatientVouch {
  clinicId: string
  patientId: string
  keys: RawKeys
  /**
   * The device under whose name the member had met the patient until then, if it is another: what it signed stays the
   * patient's own words in every browser, and it reads nothing more.
   */
  first: RawKeys | null
  reason: VouchReason
}

/**
 * `by` the kind of group that the signer was in: the desk's word counts for what the desk manages, and for nothing else. `groups`
 * those that they were in: of who is in no clinic-wide group of that kind, the word counts for what those manage.
 */
export type CheckedVouch = Pick<PatientVouch, 'keys' | 'first' | 'reason'> & {
  by: 'clinical' | 'desk'
  groups: Group[]
  signer: Bytes
  /** The signer has left since, or has left those groups: with a key that was kept, a head of that time is cited at any time. */
  left: boolean
}

/** CBOR [2, clinic, patient, signing key, agreement key, [signing key, agreement key] of the first device or null, reason, chain
 *  head, signer, signature]. */
export async function vouchForPatient(
  chain: Chain,
  vouch: PatientVouch,
  signer: { key: CryptoKey; public: Bytes },
): Promise<Bytes> {
  const { clinicId, patientId, keys, reason } = vouch
  const first = vouch.first && [vouch.first.sign, vouch.first.dh]
  const fields = [2, clinicId, patientId, keys.sign, keys.dh, first, reason, chain.head, signer.public]
  return encode([...fields, await sign(signer.key, 'patient-key', fields)])
}

/**
 * The keys that a vouch speaks for, and those of the device met first. Throws BAD_SIGNATURE, BAD_ENVELOPE for another clinic's or patient's, CHAIN_SHORTER
 * for a head the chain lacks, NOT_VOUCHED when the signer was in no group at that head that knows patients.
 */
export async function checkPatientVouch(chain: Chain, patientId: string, bytes: Bytes): Promise<CheckedVouch> {
  const [version, clinic, patient, signKey, dhKey, firstKeys, why, head, signer, signature] = decodeArray(bytes, 10)
  if (version !== 2) throw new CryptoError('UNSUPPORTED', `vouch version ${String(version)}`)
  if (clinic !== chain.clinicId || patient !== patientId)
    throw new CryptoError('BAD_ENVELOPE', 'a vouch for another patient')
  const keys = { sign: read.bytes(signKey, 32, 'signing key'), dh: read.bytes(dhKey, 32, 'agreement key') }
  if (isSmallOrder(keys.dh)) throw new CryptoError('BAD_ENVELOPE', 'a key that nothing can be sealed to')
  const first = readFirst(firstKeys)
  const reason = reasons.find((each) => each === why)
  if (!reason) throw new CryptoError('BAD_ENVELOPE', 'a reason that is none')
  const headBytes = read.bytes(head, 32, 'chain head')
  const signerKey = read.bytes(signer, 32, 'signer')
  const fields = [
    2,
    chain.clinicId,
    patientId,
    keys.sign,
    keys.dh,
    first && [first.sign, first.dh],
    reason,
    headBytes,
    signerKey,
  ]
  await verify(signerKey, 'patient-key', fields, read.bytes(signature, 64, 'signature'))
  const seq = chain.hashes.indexOf(toB64(headBytes))
  if (seq < 0) throw new CryptoError('CHAIN_SHORTER', 'the vouch cites a head that this chain lacks')
  const { groups } = memberAt(chain, signerKey, seq) ?? { groups: [] }
  const by = vouchesAs(groups)
  if (!by) throw new CryptoError('NOT_VOUCHED', 'vouched for by nobody who knows patients')
  const now = currentMembers(chain).find((each) => equal(each.keys.sign, signerKey))
  return { keys, first, reason, by, groups, signer: signerKey, left: !now || !hasKind(now.groups, by) }
}

/** What a member of these groups vouches for patients as; null where they do not. */
export const vouchesAs = (groups: readonly Group[]): CheckedVouch['by'] | null =>
  hasKind(groups, 'clinical') ? 'clinical' : hasKind(groups, 'desk') ? 'desk' : null

/**
 * Whether a word by a member of these groups counts for all that a member of those others manages. If not, it counts for what the
 * signer's own groups manage: whoever sees a part of the clinic lets nobody into the rest of it.
 */
export function countsWholly({ by, groups }: Pick<CheckedVouch, 'by' | 'groups'>, reader: readonly Group[]): boolean {
  if (by !== 'clinical') return false
  const ofPatients = reader.filter((group) => wholeOf(group) !== 'officers')
  return groups.includes('clinical') || (ofPatients.length > 0 && ofPatients.every((group) => isOf(groups, group)))
}

function readFirst(value: unknown): RawKeys | null {
  if (value === null) return null
  if (!Array.isArray(value) || value.length !== 2) throw new CryptoError('BAD_ENVELOPE', 'first device: two keys')
  return { sign: read.bytes(value[0], 32, 'signing key'), dh: read.bytes(value[1], 32, 'agreement key') }
}
