'use client'
import { useEffect, useState } from 'react'
import { identityOf, writtenOtherwise } from '@/lib/browser/identity'
import { vault } from '@/lib/browser/vault'
import type { OpenResult, Vault } from '@/lib/browser/vault-api'
import type { IdentityContent, StoredRecord } from '@/lib/record/rules'

export type OpenedRecord = StoredRecord & { opened: OpenResult }

/**
 * Opens the records of the patients that the page is about, whose keys came with the list in one answer. A live list is redrawn
 * often and its records change rarely: the vault remembers what it opened for as long as the clinic lets it, and no page does. `patientIds` never comes from the records: whose they are is
 * not theirs to say, and one of somebody else is refused, however well signed.
 */
export async function openRecords(
  records: readonly StoredRecord[],
  patientIds: readonly string[],
  keys: Vault = vault(),
): Promise<OpenedRecord[]> {
  const opened = new Map<StoredRecord, OpenResult>()
  await Promise.all(
    patientIds.map(async (patientId) => {
      const mine = records.filter(({ meta }) => meta.patientId === patientId)
      const results = mine.length ? await keys.open(mine, { patientId }) : []
      mine.forEach((record, index) => opened.set(record, results[index]!))
    }),
  )
  return records.map((record) => {
    const { recordId } = record.meta
    // The defence of attack 8 in a page: what is another patient's is none of this one's.
    return { ...record, opened: opened.get(record) ?? { ok: false, recordId, code: 'BAD_ENVELOPE' } }
  })
}

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

const openedOf = (records: readonly OpenedRecord[], patientId: string) =>
  records.flatMap(({ meta, opened }) => (meta.patientId === patientId && opened.ok ? [opened.value] : []))

/** Who a patient is, by the records of theirs that opened. */
export const identityIn = (records: readonly OpenedRecord[], patientId: string): IdentityContent | null =>
  (identityOf(openedOf(records, patientId))?.content as IdentityContent | undefined) ?? null

/** As whom the desk booked them, where they say now that they are somebody else. */
export const writtenIn = (records: readonly OpenedRecord[], patientId: string): IdentityContent | null =>
  writtenOtherwise(openedOf(records, patientId))

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

/** Whether every record of a list has been tried, in the list's newest reading. */
export function isOpenedAll(records: readonly StoredRecord[], opened: readonly OpenedRecord[] | null): boolean {
  const placeOf = ({ meta: { recordId, revision } }: StoredRecord) => `${recordId} ${revision}`
  const tried = new Set(opened?.map(placeOf))
  return opened !== null && records.every((record) => tried.has(placeOf(record)))
}
