import { Temporal } from 'temporal-polyfill'
import type { Row, Stretch } from './rules.ts'

/** A row, or the part of it that is left where the clock jumps. `anchor` is the instant that its first minute has, or would have. */
export interface OpenStretch extends Stretch {
  anchor: number
}

const minute = 60_000
const day = 24 * 60 * minute

/** A stretch of constant offset: local time is the instant plus `offset`, in milliseconds. */
interface Segment extends Stretch {
  offset: number
}

const midnight = (local: string) => Date.parse(`${local}T00:00:00Z`)

/** The zone's segments around these local days: asked for once, so that no day, row or start needs the zone's rules again. */
function segments(zone: string, firstDay: string, lastDay: string): Segment[] {
  // No zone is a day and a half away from UTC.
  const [from, until] = [midnight(firstDay) - 2 * day, midnight(lastDay) + 3 * day]
  const found: Segment[] = []
  let at = Temporal.Instant.fromEpochMilliseconds(from).toZonedDateTimeISO(zone)
  for (;;) {
    const next = at.getTimeZoneTransition('next')
    const end = Math.min(next?.epochMilliseconds ?? until, until)
    found.push({ from: at.epochMilliseconds, until: end, offset: at.offsetNanoseconds / 1e6 })
    if (!next || end === until) return found
    at = next
  }
}

/**
 * When rows hold: an instant belongs to a row when its wall-clock minute on its local day does. So an hour that the clock skips
 * gives nothing, one that comes twice gives both, and a day that a zone leaves out is none.
 */
export function openStretches(
  zone: string,
  days: readonly string[],
  rowsOn: (day: string) => readonly Row[],
): Map<string, OpenStretch[]> {
  if (!days.length) return new Map()
  const all = segments(zone, days[0]!, days.at(-1)!)
  return new Map(
    days.map((local) => {
      const start = midnight(local)
      const stretches = rowsOn(local).flatMap(({ startMinute, endMinute }) =>
        all.flatMap((segment) => {
          const anchor = start + startMinute * minute - segment.offset
          const from = Math.max(anchor, segment.from)
          const until = Math.min(start + endMinute * minute - segment.offset, segment.until)
          return from < until ? [{ from, until, anchor }] : []
        }),
      )
      return [local, stretches]
    }),
  )
}

/** Midnight of a local day; where the clock skips it, the day's first instant. */
export const startOfDay = (day: string, zone: string): Date =>
  new Date(Temporal.PlainDate.from(day).toZonedDateTime(zone).epochMilliseconds)

/** A minute of a local day; one that the clock skips is the one that it jumps to, one that comes twice the first. */
export const instantAt = (day: string, minute: number, zone: string): Date => {
  const at = { hour: Math.floor(minute / 60) % 24, minute: minute % 60 }
  const date = Temporal.PlainDate.from(day).add({ days: Math.floor(minute / 1440) })
  return new Date(date.toPlainDateTime(at).toZonedDateTime(zone).epochMilliseconds)
}
