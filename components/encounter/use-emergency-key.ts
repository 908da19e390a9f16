'use client'
import { useEffect } from 'react'
import { keepEmergencyKey } from '@/lib/browser/emergency-keep'
import type { EncounterView } from '@/lib/encounter/rules'
import type { Chart } from './use-chart'

/** Once for each set of records that the chart shows, and never before it is shown. */
export function useEmergencyKey(view: EncounterView, chart: Chart | null) {
  const revisions = chart ? view.records.map(({ meta }) => `${meta.recordId}.${meta.revision}`).join() : null
  useEffect(() => {
    if (chart && revisions) void keepEmergencyKey(chart, view.records)
    // The records change only with their revisions; a live view is drawn anew far more often.
  }, [revisions])
}
