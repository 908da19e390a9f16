import type { RecordType } from '../crypto/types.ts'
import type { PatientExport } from '../patient/rules.ts'
import { call } from './api.ts'
import type { CallCode } from './call-session.ts'
import { openPatientSession } from './patient-session.ts'
import type { Opened, PatientHandle } from './vault-api.ts'
import { vault } from './vault.ts'

interface Kept {
  recordId: string
  revision: number
  type: RecordType
  appointmentId: string | null
  createdAt: string
}
export type ExportedRecord = Kept & (Pick<Opened, 'content' | 'author'> | { notOpened: string })

/** The file that a patient keeps: what programs read, with the sealed originals beside what they say. */
export interface ExportFile extends Omit<PatientExport, 'records' | 'statements'> {
  format: 'curtain-export/1'
  /** ISO 8601. */
  madeAt: string
  records: ExportedRecord[]
  sealed: Pick<PatientExport, 'records' | 'statements'>
}

/** All that is kept of the patient, opened here. */
export async function exportAll(
  patient: PatientHandle,
): Promise<{ ok: true; value: ExportFile } | { ok: false; code: CallCode }> {
  const { patientId } = patient
  const session = await openPatientSession(patient)
  if (!session.ok) return session
  const answer = await call('patient/export', {}, { as: 'patient', patientId, retry: true })
  if (!answer.ok) return answer
  const { records, statements, ...facts } = answer.value
  const opened = await vault().open(records, { asPatient: patientId, patientId })
  const value: ExportFile = {
    format: 'curtain-export/1',
    madeAt: new Date().toISOString(),
    ...facts,
    records: records.map(({ meta: { recordId, revision, type }, appointmentId, createdAt }, index) => {
      const each = opened[index]!
      const kept = { recordId, revision, type, appointmentId, createdAt }
      if (!each.ok) return { ...kept, notOpened: each.code }
      const { content, author } = each.value
      return { ...kept, content, author }
    }),
    sealed: { statements, records },
  }
  return { ok: true, value }
}
