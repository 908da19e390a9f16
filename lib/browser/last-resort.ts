import { confirmFields, confirmPurpose } from '../patient/rules.ts'
import { call } from './api.ts'
import type { CallCode } from './call-session.ts'
import type { PatientHandle } from './vault-api.ts'
import { vault } from './vault.ts'

/** A browser that has the appointment's link, and keys for it that nobody has heard of. */
export interface Unknown {
  appointmentId: string
  secret: string
  patient: PatientHandle
}
export type Asked =
  | { ok: true; device: Unknown; minutes: number }
  /** `known`: this device is one of the patient's already. `memory`: this browser would forget its keys with the page. */
  | { ok: false; why: 'known' }
  | { ok: false; why: 'memory' }
  | { ok: false; why: 'refused'; code: CallCode }

/** Makes this browser's keys for the appointment's patient, where it has none, and has a code mailed. */
export async function askForCode(appointmentId: string, secret: string): Promise<Asked> {
  const { openLink } = await import('./call-client.ts')
  for (const isFirst of [true, false]) {
    const opened = await openLink(appointmentId, `#s=${secret}`)
    if (!opened.ok) return { ok: false, why: 'refused', code: opened.code }
    const { patient } = opened.value
    if (patient.home === 'memory') return { ok: false, why: 'memory' }
    const { keyId, keys, patientId } = patient
    const sent = await call('patient/code', { appointmentId, secret, keyId, keys })
    if (sent.ok) {
      const { minutes } = sent.value
      sessionStorage.setItem(askedKey(appointmentId), String(Date.now() + minutes * 60_000))
      return { ok: true, device: { appointmentId, secret, patient }, minutes }
    }
    if (sent.code === 'WRONG_STATE') return { ok: false, why: 'known' }
    if (sent.code !== 'NOT_ALLOWED' || !isFirst) return { ok: false, why: 'refused', code: sent.code }
    // Keys that the patient removed on another device: they open nothing any more, and this browser begins anew.
    await vault().forget(patientId)
  }
  return { ok: false, why: 'refused', code: 'NOT_ALLOWED' }
}

const askedKey = (appointmentId: string) => `curtain:code-asked:${appointmentId}`

/** Asked for a moment ago: a phone that threw the page away while its person read the mail goes on with the same code. */
export async function askedBefore(appointmentId: string, secret: string): Promise<Extract<Asked, { ok: true }> | null> {
  const left = Number(sessionStorage.getItem(askedKey(appointmentId))) - Date.now()
  if (!(left > 0)) return null
  const { openLink } = await import('./call-client.ts')
  const opened = await openLink(appointmentId, `#s=${secret}`)
  if (!opened.ok || opened.value.patient.home === 'memory') return null
  const { patient } = opened.value
  return { ok: true, device: { appointmentId, secret, patient }, minutes: Math.ceil(left / 60_000) }
}

export async function confirmWith({ appointmentId, secret, patient }: Unknown, code: string) {
  const { keyId, keys, patientId } = patient
  const fields = confirmFields(location.origin, { appointmentId, keyId, keys, code })
  const proof = await vault().signPatient({ patientId, purpose: confirmPurpose, fields })
  const answer = await call('patient/confirm', { appointmentId, secret, keyId, keys, code, proof })
  if (answer.ok) sessionStorage.removeItem(askedKey(appointmentId))
  return answer
}
