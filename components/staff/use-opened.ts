'use client'
import { useEffect, useState } from 'react'
import { vault } from '@/lib/browser/vault'
import type { OpenResult, Vault } from '@/lib/browser/vault-api'
import type { StoredRecord } from '@/lib/record/rules'

/**
 * What was opened before: a live list is redrawn often and its records change rarely. The name holds all that the vault
 * checks, so that a row which was given another place since is not believed for what it was.
 * What did not open is tried again: a key may have been vouched for since.
 */
const known = new Map<string, OpenResult>()
const nameOf = ({ meta, header, commit, signature, ciphertext }: StoredRecord) =>
  [
    ...[meta.clinicId, meta.patientId, meta.type, meta.recordId, meta.revision],
    ...[header, commit, signature, ciphertext.slice(-32)],
  ].join('.')

export type OpenedRecord = StoredRecord & { opened: OpenResult }

/**
 * Opens the records of the patients that the page is about. `patientIds` never comes from the records: whose they are is
 * not theirs to say, and one of somebody else is refused, however well signed.
 */
export async function openRecords(
  records: readonly StoredRecord[],
  patientIds: readonly string[],
  keys: Vault = vault(),
): Promise<OpenedRecord[]> {
  const missing = records.filter((record) => !known.get(nameOf(record))?.ok)
  await Promise.all(
    patientIds.map(async (patientId) => {
      const mine = missing.filter(({ meta }) => meta.patientId === patientId)
      const results = await keys.open(mine, { patientId })
      mine.forEach((record, index) => known.set(nameOf(record), results[index]!))
    }),
  )
  return records.map((record) => {
    const { recordId, patientId } = record.meta
    // The defence of attack 8 in a page: what was opened for another patient's is none of this one's.
    const opened = patientIds.includes(patientId) ? known.get(nameOf(record)) : undefined
    return { ...record, opened: opened ?? { ok: false, recordId, code: 'BAD_ENVELOPE' } }
  })
}

/** Locked: what was opened goes. */
export const forgetOpened = () => known.clear()

/** Give it lists that stay the same between renders, as long as they say the same. */
export function useOpened(records: readonly StoredRecord[], patientIds: readonly string[]): OpenedRecord[] | null {
  const [opened, setOpened] = useState<OpenedRecord[] | null>(null)
  useEffect(() => {
    let late = false
    void openRecords(records, patientIds).then((list) => {
      if (!late) setOpened(list)
    })
    return () => {
      late = true
    }
  }, [records, patientIds])
  return opened
}

/** Codes of a record that was altered, or moved here from another place: nothing honest looks like that. */
const altered: readonly string[] = ['BAD_ENVELOPE', 'BAD_SIGNATURE', 'BAD_COMMITMENT']

export interface Failed {
  type: string
  code: string
}
export const alteredOf = (records: readonly OpenedRecord[]): Failed[] =>
  records.flatMap(({ meta, opened }) =>
    opened.ok || !altered.includes(opened.code) ? [] : [{ type: meta.type, code: opened.code }],
  )
