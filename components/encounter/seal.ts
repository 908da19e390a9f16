import { vault } from '@/lib/browser/vault'
import type { RecordType } from '@/lib/crypto/types'
import type { EncounterView } from '@/lib/encounter/rules'

/** A clinical record of this encounter's patient; `readers` are the patient's own keys when it is shared. */
export const sealFor = <T>(
  view: EncounterView,
  record: {
    type: RecordType
    recordId?: string
    revision?: number
    previous?: string
    content: T
    readers?: { patientId: string; key: string }[]
  },
) =>
  vault().seal<T>({
    clinicId: view.clinic.id,
    patientId: view.appointment.patientId,
    recordId: record.recordId ?? crypto.randomUUID(),
    revision: record.revision ?? 1,
    previous: record.previous,
    type: record.type,
    schema: 1,
    content: record.content,
    managing: 'clinical',
    groups: ['clinical'],
    patients: record.readers,
  })
