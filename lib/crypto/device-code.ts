import { type Bytes, concat, utf8 } from './bytes.ts'
import { encode } from './cbor.ts'
import type { RawKeys } from './keys.ts'

/**
 * Each guess at keys of one's own costs this much. A code that is read out once cannot be committed to first as the call's is, so
 * whoever may show a member other keys than the patient's could look for some with the same code, and has days for it.
 */
const ROUNDS = 600_000
const DIGITS = 12

/**
 * The code of one device of one patient, as it is read out at the desk: twelve digits in threes. It follows from both public keys
 * and the chain's root, so that both who show it mean the same device and the same clinic.
 */
export async function deviceCode(
  chain: { rootFingerprint: Bytes; clinicId: string },
  patientId: string,
  keys: RawKeys,
): Promise<string> {
  const salt = concat(utf8('curtain/v1/device-code'), encode([chain.clinicId, patientId, chain.rootFingerprint]))
  const secret = await crypto.subtle.importKey('raw', concat(keys.sign, keys.dh), 'PBKDF2', false, ['deriveBits'])
  const bits = await crypto.subtle.deriveBits(
    { name: 'PBKDF2', hash: 'SHA-256', salt, iterations: ROUNDS },
    secret,
    128,
  )
  const number = BigInt(`0x${Array.from(new Uint8Array(bits), (byte) => byte.toString(16).padStart(2, '0')).join('')}`)
  const digits = String(number % 10n ** BigInt(DIGITS)).padStart(DIGITS, '0')
  return digits.match(/.{3}/g)!.join(' ')
}

/** As it may have been typed: with other spaces, with dashes, with none. */
export const sameCode = (shown: string, typed: string): boolean =>
  shown.replaceAll(' ', '') === typed.replace(/\D/g, '')
