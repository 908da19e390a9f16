import { vault } from '@/lib/browser/vault'
import { VaultError } from '@/lib/browser/vault-error'
import type { RecordType } from '@/lib/crypto/types'
import type { Chart } from './use-chart'

/** A clinical record of this chart's patient; `shared` with the keys of the patient whose name the chart shows. */
export async function sealFor<T>(
  { clinicId, patientId, practitioner, site, identity, readers }: Chart,
  record: {
    type: RecordType
    recordId?: string
    revision?: number
    previous?: string
    content: T
    shared?: boolean
  },
) {
  // The defence of attack 7 in what is written: nothing goes to a key while nobody can see whose it is.
  if (record.shared && !identity) throw new VaultError('NOT_VOUCHED', 'no name of this patient was opened')
  return vault().seal<T>({
    clinicId,
    patientId,
    recordId: record.recordId ?? crypto.randomUUID(),
    revision: record.revision ?? 1,
    previous: record.previous,
    type: record.type,
    schema: 1,
    content: record.content,
    practitioner,
    site,
    patients: record.shared ? readers : undefined,
  })
}
