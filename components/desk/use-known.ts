import { useMemo, useRef, useState } from 'react'
import { identityIn, openRecords, type OpenedRecord, writtenIn } from '@/components/staff/use-opened'
import { call } from '@/lib/browser/api'
import { isNamed } from '@/lib/browser/identity'

export interface KnownPerson {
  patientId: string
  name: string
  birthDate: string
  /** As the desk wrote it down, where they say another. */
  written: string | null
  hasBeen: boolean
}
const most = 6

/** Whom the clinic knows by a name that opens here: read once, when somebody begins to type. What is typed is looked for in this page. */
export function useKnown(typed: string) {
  const asked = useRef(false)
  const [people, setPeople] = useState<KnownPerson[]>([])
  const read = async () => {
    if (asked.current) return
    asked.current = true
    const answer = await call('desk/patients', {}, { retry: true })
    if (!answer.ok) return void (asked.current = false)
    const { patientIds, been, records } = answer.value
    const opened: OpenedRecord[] = await openRecords(records, patientIds)
    setPeople(
      patientIds.flatMap((patientId) => {
        const identity = identityIn(opened, patientId)
        const written = writtenIn(opened, patientId)?.name ?? null
        const hasBeen = been.includes(patientId)
        return identity ? { patientId, name: identity.name, birthDate: identity.birthDate, written, hasBeen } : []
      }),
    )
  }
  const found = useMemo(
    () =>
      typed.trim().length < 2
        ? []
        : people
            .filter(({ name, written }) => isNamed(name, typed) || (written && isNamed(written, typed)))
            .slice(0, most),
    [people, typed],
  )
  return { read: () => void read(), found }
}
