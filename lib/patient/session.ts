import 'server-only'
import { jwtVerify, SignJWT } from 'jose'
import type { PatientActor } from '../access/rules.ts'
import { ticketKey } from '../server/kms.ts'
import { inClinic } from '../server/tx.ts'
import { cookieName, sessionSeconds } from './rules.ts'
import { findDeviceKey } from './store.ts'
import { isId } from '../ids.ts'

const audience = 'curtain-patient'

export async function signSession(
  ids: { clinicId: string; patientId: string; keyId: string },
  now: Date,
): Promise<string> {
  const { kid, privateKey } = await ticketKey()
  const seconds = Math.floor(now.getTime() / 1000)
  return new SignJWT({ clinic: ids.clinicId, key: ids.keyId })
    .setProtectedHeader({ alg: 'EdDSA', kid })
    .setSubject(ids.patientId)
    .setAudience(audience)
    .setIssuedAt(seconds)
    .setExpirationTime(seconds + sessionSeconds)
    .sign(privateKey)
}

/**
 * The patient that this request speaks for: the one that it names in the header `curtain-patient` or, where a browser can
 * send no header, in the query. The device key is looked up every time, so that a revoked one fails at its next request.
 */
export async function resolvePatient(request: Request, now: Date): Promise<PatientActor | null> {
  const patientId = request.headers.get('curtain-patient') ?? new URL(request.url).searchParams.get('patient')
  if (!patientId || !isId(patientId)) return null
  const cookies = request.headers.get('cookie') ?? ''
  const mine = cookies.split(/;\s*/).find((cookie) => cookie.startsWith(`${cookieName(patientId)}=`))
  if (!mine) return null
  const { publicKey } = await ticketKey()
  const verified = await jwtVerify(decodeURIComponent(mine.slice(mine.indexOf('=') + 1)), publicKey, {
    audience,
    subject: patientId,
    algorithms: ['EdDSA'],
    currentDate: now,
  }).catch(() => null)
  if (!verified) return null
  const { clinic: clinicId, key: keyId } = verified.payload as { clinic: string; key: string }
  const key = await inClinic(clinicId, (tx) => findDeviceKey(tx, { patientId, keyId }))
  return key && { kind: 'patient', clinicId, patientId, keyId, ...(key.care && { care: key.care }) }
}

/** Whether this device is one of the patient's still. A page that stays open outlives its session: it opens the next when it asks. */
export async function holdsKey({ clinicId, patientId, keyId }: PatientActor): Promise<boolean> {
  return (await inClinic(clinicId, (tx) => findDeviceKey(tx, { patientId, keyId }))) !== null
}
