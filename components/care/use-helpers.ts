import { useEffect, useState } from 'react'
import type { OpenedRecord } from '@/components/staff/use-opened'
import { vault } from '@/lib/browser/vault'
import type { CareView } from '@/lib/browser/vault-care-api'
import type { DayView } from '@/lib/encounter/rules'

/** Who helps each of the day's patients, once their names are open: by them a patient's own device is known. */
export function useHelpers(
  { care, now, records }: DayView,
  opened: readonly OpenedRecord[] | null,
): Map<string, CareView[]> {
  const [helpers, setHelpers] = useState(new Map<string, CareView[]>())
  useEffect(() => {
    let late = false
    const patients = [...new Set(care.map(({ patientId }) => patientId))]
    if (!opened || !patients.length) return
    const read = async (patientId: string): Promise<[string, CareView[]]> => {
      const sealed = records.filter(({ meta }) => meta.type === 'care' && meta.patientId === patientId)
      const [first] = sealed
      if (!first) return [patientId, []]
      const { clinicId } = first.meta
      const rows = care.filter((row) => row.patientId === patientId)
      return [patientId, await vault().loadCare({ clinicId, patientId, records: sealed, rows, now })]
    }
    void Promise.all(patients.map(read)).then((read) => {
      if (!late) setHelpers(new Map(read))
    })
    return () => {
      late = true
    }
  }, [care, now, records, opened])
  return helpers
}
