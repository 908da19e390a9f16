import { call, type Answer } from './api.ts'
import { bindAll } from './bind-all.ts'
import { keepRoot, loadChart, loadClinicChain, tryRoot } from './booking-device.ts'
import { handOnAll } from './own-keys.ts'
import { openPatientSession } from './patient-session.ts'
import type { FurtherKey } from './vault-backup-api.ts'
import type { PatientHandle } from './vault-api.ts'
import { vault } from './vault.ts'

export type Recovered =
  { ok: true; appointments: string[] } | { ok: false; why: 'unknown' | 'forged' | 'offline' | 'failed' }

/** Files a further key under the session of the one that made it, and hands it everything. */
export async function fileKey(
  patient: PatientHandle,
  further: FurtherKey,
  kind: 'device' | 'kit' | 'passkey',
  name = '',
): Promise<Answer<true>> {
  const { patientId } = patient
  const session = await openPatientSession(patient)
  if (!session.ok) return session
  const added = await call('patient/add-device', { ...further, kind, name }, { as: 'patient', patientId, retry: true })
  if (!added.ok) return added
  return (await handOnAll(patient)) ? { ok: true, value: true } : { ok: false, code: 'OFFLINE' }
}

/** From the bytes of a printed page, or of what a passkey answers, to a browser that opens the records by keys of its own. */
export async function recover(secret: string, rootFingerprint: string | null): Promise<Recovered> {
  const found = await call('patient/find-backup', { keyId: await vault().backupId(secret) }, { retry: true })
  if (!found.ok) return { ok: false, why: found.code === 'NOT_FOUND' ? 'unknown' : 'offline' }
  const { clinicId, patientId } = found.value
  const isTheirs = rootFingerprint ? await tryRoot(clinicId, rootFingerprint) : await loadClinicChain(clinicId)
  if (!isTheirs) return { ok: false, why: 'forged' }
  const kept = await vault().openBackup({ clinicId, patientId, secret })
  const chart = await loadChart(kept)
  if (!chart.ok) return { ok: false, why: 'offline' }
  const filed = await fileKey(kept, await vault().enrolHere({ patientId }), 'device')
  if (!filed.ok) return { ok: false, why: filed.code === 'OFFLINE' ? 'offline' : 'failed' }
  const here = await vault().settleHere({ patientId })
  const session = await openPatientSession(here)
  if (!session.ok) return { ok: false, why: 'offline' }
  if (rootFingerprint) await keepRoot(here, rootFingerprint)
  return { ok: true, appointments: await bindAll(here) }
}
