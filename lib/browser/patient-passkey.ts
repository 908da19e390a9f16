import { type Bytes, random, toB64 } from '../crypto/bytes.ts'
import type { Code } from '../errors.ts'
import { deviceName } from '../patient/rules.ts'
import { makePasskey, PasskeyError, showPasskey, type PasskeyCode } from './passkey.ts'
import { fileKey, recover, type Recovered } from './recover.ts'
import type { PatientHandle } from './vault-api.ts'
import { vault } from './vault.ts'

// A patient's passkey is known to the authenticator alone. No server is shown it: what its PRF answers makes a key pair, and that
// key proves itself as a device's does. So the challenge is made here, and the authenticator's signature over it goes nowhere.

const challenge = () => toB64(random(32))

/** A passkey that was made and says what it answers at the next touch only. */
export interface Untouched {
  id: string
}
export type MadePasskey =
  { ok: true; secret: string } | { ok: true; touch: Untouched } | { ok: false; code: PasskeyCode }

/** `name`: what the browser's list of passkeys calls it. Neither it nor anything else in it says who the patient is. */
export const newPatientPasskey = (name: string): Promise<MadePasskey> =>
  attempt(async () => {
    const { response, prf, never } = await makePasskey('patient', {
      challenge: challenge(),
      rp: { id: location.hostname, name: 'Curtain' },
      user: { id: challenge(), name, displayName: name },
      pubKeyCredParams: [-8, -7, -257].map((alg) => ({ type: 'public-key', alg })),
      authenticatorSelection: { residentKey: 'required', requireResidentKey: true, userVerification: 'required' },
      attestation: 'none',
    })
    if (prf) return { ok: true, secret: secretOf(prf) }
    if (!never) return { ok: true, touch: { id: response.id } }
    await forgetPasskey(response.id)
    throw new PasskeyError('NO_PRF')
  })

/** The second touch of an authenticator that answers at a touch only. */
export const touchPasskey = ({ id }: Untouched): Promise<MadePasskey> =>
  attempt(async () => {
    try {
      return { ok: true, secret: await shownSecret([{ id, type: 'public-key' }]) }
    } catch (error) {
      if (error instanceof PasskeyError && error.code === 'NO_PRF') await forgetPasskey(id)
      throw error
    }
  })

/** Opens the patient's records by it from now on. */
export async function keepPasskey(
  patient: PatientHandle,
  secret: string,
): Promise<{ ok: true } | { ok: false; code: Code | 'OFFLINE' | 'INTERNAL' }> {
  const made = await vault().makeBackup({ patientId: patient.patientId, secret })
  return fileKey(patient, made, 'passkey', deviceName(navigator.userAgent))
}

export type Restored = Recovered | { ok: false; code: PasskeyCode }

/** In a browser that holds nothing: the person chooses a passkey, and types nothing. */
export const restoreByPasskey = (): Promise<Restored> => attempt(async () => recover(await shownSecret(), null))

async function shownSecret(allowCredentials?: { id: string; type: 'public-key' }[]): Promise<string> {
  const asked = { challenge: challenge(), rpId: location.hostname, userVerification: 'required' }
  const { prf } = await showPasskey('patient', { ...asked, ...(allowCredentials && { allowCredentials }) })
  return secretOf(prf)
}

function secretOf(prf: Uint8Array): string {
  const secret = toB64(prf as Bytes)
  prf.fill(0)
  return secret
}

/** A passkey that opens nothing should not look like one in the browser's list: browsers that can are told. */
async function forgetPasskey(credentialId: string): Promise<void> {
  const browser = globalThis.PublicKeyCredential as {
    signalUnknownCredential?: (unknown: { rpId: string; credentialId: string }) => Promise<void>
  }
  await browser.signalUnknownCredential?.({ rpId: location.hostname, credentialId }).catch(() => undefined)
}

async function attempt<T>(work: () => Promise<T>): Promise<T | { ok: false; code: PasskeyCode }> {
  try {
    return await work()
  } catch (error) {
    if (error instanceof PasskeyError) return { ok: false, code: error.code }
    throw error
  }
}
