import { addDays } from '../time.ts'
import type { Row, Stretch } from './rules.ts'
import { type OpenStretch, openStretches } from './wall-clock.ts'

/** In minutes. */
export interface Pace {
  minutes: number
  bufferBefore: number
  bufferAfter: number
  /** From one start that is offered to the next. */
  step: number
}
export interface StartsQuestion {
  zone: string
  /** One practitioner at one place, by the local day. */
  rowsOn: (day: string) => readonly Row[]
  pace: Pace
  /** What is taken, by whatever: appointments with their buffers, absences, busy times elsewhere. */
  busy: readonly Stretch[]
  /** Groups that have room, each with its buffers: one may begin with them, and with nothing else of theirs. */
  shared?: readonly Shared[]
  /** Local days, the last one included. */
  firstDay: string
  lastDay: string
  /** No start before this instant, none at or after the other. */
  notBefore: number
  notAfter: number
  /** Local days that have as many appointments as they may; who joins a group takes up none. */
  isFull?: (day: string) => boolean
}

/** What a group takes up, and when it begins. */
export interface Shared extends Stretch {
  start: number
}

const minute = 60_000

/**
 * Free starts, oldest first, in milliseconds since 1970. Starts keep a row's own pace, whatever is taken in between; an appointment
 * may go on from one row into the next where they touch; its buffers may lie outside of the rows, but not over what is taken.
 */
export function freeStarts(question: StartsQuestion): number[] {
  const { zone, rowsOn, pace, firstDay, lastDay, notBefore, notAfter } = question
  const days: string[] = []
  // What begins on the last day may end on the next.
  for (let day = firstDay; day <= addDays(lastDay, 1); day = addDays(day, 1)) days.push(day)
  const byDay = openStretches(zone, days, rowsOn)
  const open = union([...byDay.values()].flat())
  const busy = union(question.busy)
  const shared = question.shared ?? []
  const joined = new Set(shared.map(({ start }) => start))
  const [length, step] = [pace.minutes * minute, pace.step * minute]
  const [before, after] = [pace.bufferBefore * minute, pace.bufferAfter * minute]
  const found = new Set<number>()
  for (const [day, stretches] of byDay) {
    if (day > lastDay) continue
    const isFull = question.isFull?.(day) ?? false
    for (const stretch of stretches) {
      // A group may have been put at a time of its own.
      const groups = [...joined].filter((start) => stretch.from <= start && start < stretch.until)
      for (const start of [...paced(stretch, step), ...groups]) {
        if (start < notBefore || start >= notAfter || (isFull && !joined.has(start))) continue
        if (!covers(open, start, start + length)) continue
        const [from, until] = [start - before, start + length + after]
        if (shared.some((each) => each.start !== start && each.from < until && from < each.until)) continue
        if (!meets(busy, from, until)) found.add(start)
      }
    }
  }
  return [...found].sort((a, b) => a - b)
}

/** Whether one practitioner is there, at one place, for all of a stretch: whatever is booked then. */
export function isOpen(
  { zone, rowsOn, away }: Pick<StartsQuestion, 'zone' | 'rowsOn'> & { away: readonly Stretch[] },
  days: readonly string[],
  { from, until }: Stretch,
): boolean {
  const open = union([...openStretches(zone, days, rowsOn).values()].flat())
  return covers(open, from, until) && !meets(union(away), from, until)
}

function* paced({ from, until, anchor }: OpenStretch, step: number): Generator<number> {
  for (let at = anchor + Math.ceil((from - anchor) / step) * step; at < until; at += step) yield at
}

/** The same instants in stretches that neither meet nor touch, oldest first. */
function union(all: readonly Stretch[]): Stretch[] {
  const merged: Stretch[] = []
  for (const { from, until } of [...all].sort((a, b) => a.from - b.from)) {
    const last = merged.at(-1)
    if (last && from <= last.until) last.until = Math.max(last.until, until)
    else if (from < until) merged.push({ from, until })
  }
  return merged
}

/** Index of the first stretch that ends after this instant. */
function firstAfter(stretches: readonly Stretch[], instant: number): number {
  let [low, high] = [0, stretches.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if (stretches[middle]!.until > instant) high = middle
    else low = middle + 1
  }
  return low
}
function covers(stretches: readonly Stretch[], from: number, until: number): boolean {
  const stretch = stretches[firstAfter(stretches, from)]
  return !!stretch && stretch.from <= from && until <= stretch.until
}
function meets(stretches: readonly Stretch[], from: number, until: number): boolean {
  const stretch = stretches[firstAfter(stretches, from)]
  return !!stretch && stretch.from < until
}
