import { type Bytes, toB64 } from './bytes.ts'
import { decodeArray, encode, read } from './cbor.ts'
import { type Chain, memberAt } from './chain.ts'
import { CryptoError } from './errors.ts'
import type { RawKeys } from './keys.ts'
import { hasKind } from './policy.ts'
import { sign, verify } from './sign.ts'

/** A clinical member's word that these keys are this patient's ("matches", after comparing the safety code). */
export interface PatientVouch {
  clinicId: string
  patientId: string
  keys: RawKeys
  /**
   * The device under whose name the member had met the patient until then, if it is another: what it signed stays the
   * patient's own words in every browser, and it reads nothing more.
   */
  first: RawKeys | null
}

/** CBOR [1, clinic, patient, signing key, agreement key, [signing key, agreement key] of the first device or null, chain head,
 *  signer, signature]. */
export async function vouchForPatient(
  chain: Chain,
  vouch: PatientVouch,
  signer: { key: CryptoKey; public: Bytes },
): Promise<Bytes> {
  const { clinicId, patientId, keys } = vouch
  const first = vouch.first && [vouch.first.sign, vouch.first.dh]
  const fields = [1, clinicId, patientId, keys.sign, keys.dh, first, chain.head, signer.public]
  return encode([...fields, await sign(signer.key, 'patient-key', fields)])
}

/**
 * The keys that a vouch speaks for, and those of the device met first. Throws BAD_SIGNATURE, BAD_ENVELOPE for another clinic's or patient's, CHAIN_SHORTER
 * for a head the chain lacks, NOT_VOUCHED when the signer was no clinical member at that head.
 */
export async function checkPatientVouch(
  chain: Chain,
  patientId: string,
  bytes: Bytes,
): Promise<Pick<PatientVouch, 'keys' | 'first'>> {
  const [version, clinic, patient, signKey, dhKey, firstKeys, head, signer, signature] = decodeArray(bytes, 9)
  if (version !== 1) throw new CryptoError('UNSUPPORTED', `vouch version ${String(version)}`)
  if (clinic !== chain.clinicId || patient !== patientId)
    throw new CryptoError('BAD_ENVELOPE', 'a vouch for another patient')
  const keys = { sign: read.bytes(signKey, 32, 'signing key'), dh: read.bytes(dhKey, 32, 'agreement key') }
  const first = readFirst(firstKeys)
  const headBytes = read.bytes(head, 32, 'chain head')
  const signerKey = read.bytes(signer, 32, 'signer')
  const fields = [
    1,
    chain.clinicId,
    patientId,
    keys.sign,
    keys.dh,
    first && [first.sign, first.dh],
    headBytes,
    signerKey,
  ]
  await verify(signerKey, 'patient-key', fields, read.bytes(signature, 64, 'signature'))
  const seq = chain.hashes.indexOf(toB64(headBytes))
  if (seq < 0) throw new CryptoError('CHAIN_SHORTER', 'the vouch cites a head that this chain lacks')
  if (!hasKind(memberAt(chain, signerKey, seq)?.groups ?? [], 'clinical')) {
    throw new CryptoError('NOT_VOUCHED', 'not vouched for by a clinical member')
  }
  return { keys, first }
}

function readFirst(value: unknown): RawKeys | null {
  if (value === null) return null
  if (!Array.isArray(value) || value.length !== 2) throw new CryptoError('BAD_ENVELOPE', 'first device: two keys')
  return { sign: read.bytes(value[0], 32, 'signing key'), dh: read.bytes(value[1], 32, 'agreement key') }
}
