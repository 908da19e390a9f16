'use client'
import { useCallback, useEffect, useRef, useState } from 'react'
import { useLive } from '@/components/staff/use-live'
import { call } from '@/lib/browser/api'
import type { Answer } from '@/lib/browser/api'
import type { ScheduleView } from '@/lib/schedule/rules'

/** What is known of these days, read again when somebody changes something. `failed`: why the last reading did not come. */
export function useSchedule(from: string, until: string) {
  const [read, setRead] = useState<{ view: ScheduleView; from: string } | null>(null)
  const [failed, setFailed] = useState<Extract<Answer<unknown>, { ok: false }>['code'] | null>(null)
  const wanted = useRef(from)
  const reload = useCallback(async () => {
    const answer = await call('schedule/load', { from, until })
    // Of another month by now: the one that is looked at has its own answer.
    if (wanted.current !== from) return
    setFailed(answer.ok ? null : answer.code)
    if (answer.ok) setRead({ view: answer.value, from })
  }, [from, until])
  useEffect(() => {
    wanted.current = from
    void reload()
  }, [from, reload])
  useLive(() => void reload())
  return { view: read?.from === from ? read.view : null, failed, reload }
}
