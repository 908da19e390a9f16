'use client'
import { useEffect, useState } from 'react'
import { vault } from '@/lib/browser/vault'
import type { OpenResult, Vault } from '@/lib/browser/vault-api'
import type { StoredRecord } from '@/lib/record/rules'

/**
 * What was opened before, by record, revision and signature: a live list is redrawn often and its records change rarely.
 * What did not open is tried again: a key may have been vouched for since.
 */
const known = new Map<string, OpenResult>()
const nameOf = ({ meta, signature, ciphertext }: StoredRecord) =>
  [meta.recordId, meta.revision, signature, ciphertext.slice(-32)].join('.')

export type OpenedRecord = StoredRecord & { opened: OpenResult }

/** Opens records patient by patient: one that belongs to somebody else does not open, however well signed. */
export async function openRecords(records: readonly StoredRecord[], keys: Vault = vault()): Promise<OpenedRecord[]> {
  const missing = records.filter((record) => !known.get(nameOf(record))?.ok)
  const patients = Map.groupBy(missing, (record) => record.meta.patientId)
  await Promise.all(
    Array.from(patients, async ([patientId, mine]) => {
      const results = await keys.open(mine, { patientId })
      mine.forEach((record, index) => known.set(nameOf(record), results[index]!))
    }),
  )
  return records.map((record) => ({ ...record, opened: known.get(nameOf(record))! }))
}

/** Locked: what was opened goes. */
export const forgetOpened = () => known.clear()

export function useOpened(records: readonly StoredRecord[]): OpenedRecord[] | null {
  const [opened, setOpened] = useState<{ of: readonly StoredRecord[]; list: OpenedRecord[] } | null>(null)
  useEffect(() => {
    let late = false
    void openRecords(records).then((list) => {
      if (!late) setOpened({ of: records, list })
    })
    return () => {
      late = true
    }
  }, [records])
  return opened?.list ?? null
}
