import { instantAt } from '../schedule/wall-clock.ts'
import { addDays, dayIn, formatTime } from '../time.ts'
import { mostVisits } from './rules.ts'

/** Every so many weeks, so often or until a day, the day included. */
export type Repetition = { weeks: number } & ({ count: number } | { until: string })

/**
 * The starts of a series, the first as it is: at the same time by the clinic's clock, whatever daylight saving does in between. A time
 * that the clock skips on its day is the one that it jumps to. As many as may be booked at once, at the most.
 */
export function seriesStarts(first: Date, zone: string, rule: Repetition): Date[] {
  const day = dayIn(zone, first)
  const [hours, minutes] = formatTime(first, zone, 'en').split(':').map(Number) as [number, number]
  const most = 'count' in rule ? Math.min(rule.count, mostVisits) : mostVisits
  const starts = [first]
  while (starts.length < most) {
    const next = addDays(day, starts.length * rule.weeks * 7)
    if ('until' in rule && next > rule.until) break
    starts.push(instantAt(next, hours * 60 + minutes, zone))
  }
  return starts
}
