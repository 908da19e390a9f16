'use client'
import { useCallback, useEffect, useState } from 'react'
import { useStaff } from '@/components/staff/session'
import { useLive } from '@/components/staff/use-live'
import { call } from '@/lib/browser/api'
import type { SessionCode } from '@/lib/browser/staff-session'
import type { RekeyRow } from '@/lib/rekey/rules'

/** What concerns this member: their own, what they may confirm or stop, what they confirmed first. Null until it was read. */
export function useRequests() {
  const { me } = useStaff()
  const [rows, setRows] = useState<RekeyRow[] | null>(null)
  const [code, setCode] = useState<SessionCode | null>(null)
  const load = useCallback(async () => {
    const answer = await call('rekey/list', {}, { as: 'staff' })
    setCode(answer.ok ? null : answer.code)
    if (!answer.ok) return
    const { requests } = answer.value
    setRows(requests.filter((row) => row.mayObject || row.may !== 'nothing' || row.approval?.by === me.memberId))
  }, [me.memberId])
  useEffect(() => void load(), [load])
  useLive(() => void load())
  return { rows, code, load }
}

export const isReady = ({ approval, readyAt }: RekeyRow, now: Date): boolean =>
  approval !== null && new Date(readyAt) <= now
