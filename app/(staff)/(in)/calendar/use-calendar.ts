import { useEffect, useEffectEvent, useMemo, useRef, useState } from 'react'
import { useLive } from '@/components/staff/use-live'
import { alteredOf, identityIn, isOpenedAll, useOpened } from '@/components/staff/use-opened'
import { nameShown, patientOf } from '@/components/staff/whose'
import { call } from '@/lib/browser/api'
import type { CalendarInput, CalendarView } from '@/lib/calendar/rules'
import type { z } from 'zod'

export type Input = z.output<typeof CalendarInput>
const tickMs = 20_000
/** A name that was changed, or is to be seen no longer, is read anew after so long. */
const namesMs = 60_000
const patientsOf = ({ rows, held }: CalendarView) => [...rows, ...held].map((each) => each.patientId)
/** What was drawn before: a page that is gone back to is the one of then. */
const drawn = new WeakSet<CalendarView>()

/** A calendar as the server has it now, read anew whenever something of the clinic changes, with the names that open here. */
export function useCalendar(start: CalendarView, input: Input) {
  const [view, setView] = useState(start)
  const [stale, setStale] = useState(false)
  const [now, setNow] = useState(() => new Date())
  useEffect(() => {
    const timer = setInterval(() => setNow(new Date()), tickMs)
    return () => clearInterval(timer)
  }, [])
  /** Of whom there are names here, and since when: what is sealed was asked for with them. */
  const asked = useRef({ patientIds: new Set(patientsOf(start)), at: Date.now() })
  const read = async () => {
    const isOld = Date.now() - asked.current.at > namesMs
    const light = isOld ? null : await call('calendar/load', { ...input, names: false })
    if (light && !light.ok) return light
    if (light && patientsOf(light.value).every((id) => asked.current.patientIds.has(id)))
      return { ok: true, value: ({ records }: CalendarView) => ({ ...light.value, records }) } as const
    const whole = await call('calendar/load', input)
    if (!whole.ok) return whole
    asked.current = { patientIds: new Set(patientsOf(whole.value)), at: Date.now() }
    return { ok: true, value: () => whole.value } as const
  }
  const turns = useRef({ asked: 0, shown: 0 })
  const refresh = async () => {
    const mine = ++turns.current.asked
    const fresh = await read()
    // What was asked for earlier is never shown over what was asked for later.
    if (mine < turns.current.shown) return
    turns.current.shown = mine
    if (fresh.ok) setView(fresh.value)
    if (!fresh.ok && fresh.code === 'SIGN_IN_FIRST') location.assign('/sign-in?ended')
    setStale(!fresh.ok)
    setNow(new Date())
  }
  useLive(() => void refresh())
  const again = useEffectEvent(() => {
    if (drawn.has(start)) void refresh()
    drawn.add(start)
  })
  useEffect(() => again(), [])

  const rows = useMemo(() => view.rows.map((row) => ({ ...row, patientId: patientOf(row) })), [view])
  const held = useMemo(() => view.held.map((each) => ({ ...each, patientId: patientOf(each) })), [view])
  const named = useMemo(() => [...rows, ...held], [rows, held])
  const patientIds = useMemo(() => [...new Set(named.map((each) => each.patientId))], [named])
  const records = useOpened(view.records, patientIds)
  const names = useMemo(() => {
    const found = new Map<string, string>()
    for (const patientId of patientIds) {
      const identity = identityIn(records ?? [], patientId)
      if (identity) found.set(patientId, identity.name)
    }
    return found
  }, [records, patientIds])
  useEffect(() => {
    for (const each of named) if (names.has(each.patientId)) nameShown(each.appointmentId, each.patientId)
  }, [named, names])
  return {
    ...{ view, rows, held, names, now, stale, refresh },
    /** Not opened yet is not the same as not to be opened. */
    opening: !isOpenedAll(view.records, records),
    failed: alteredOf(records ?? []),
  }
}
