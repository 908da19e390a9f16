import { openStretches } from '@/lib/schedule/wall-clock'

const minuteMs = 60_000
const midnight = 1440
const wholeDay = [{ startMinute: 0, endMinute: midnight }]

/** Part of a local day in which the clock runs on evenly; `minute` is what it says at `from`. */
interface Piece {
  from: number
  until: number
  minute: number
}
/** Minutes that some day has twice, ending at this minute of the wall clock. */
interface Twice {
  until: number
  minutes: number
}
/** Part of a local day that is drawn in one go, from `top` on. */
interface Run {
  from: number
  until: number
  top: number
}

/**
 * The wall clock of some days, side by side, as minutes from the top. Where one of them has an hour twice, there is room for it
 * twice, which the others leave empty; where one lacks an hour, it leaves that empty.
 */
export interface Axis {
  days: ReadonlyMap<string, readonly Run[]>
  twice: readonly Twice[]
  length: number
}

function piecesOf(day: string, zone: string): Piece[] {
  const found = openStretches(zone, [day], () => wholeDay).get(day)!
  return found
    .map(({ from, until, anchor }) => ({ from, until, minute: (from - anchor) / minuteMs }))
    .sort((a, b) => a.from - b.from)
}
const endOf = ({ from, until, minute }: Piece) => minute + (until - from) / minuteMs

export function axisOf(days: readonly string[], zone: string): Axis {
  const all = days.map((day) => piecesOf(day, zone))
  const minutes = new Map<number, number>()
  for (const pieces of all)
    pieces.slice(1).forEach((piece, index) => {
      const until = endOf(pieces[index]!)
      if (piece.minute < until) minutes.set(until, Math.max(minutes.get(until) ?? 0, until - piece.minute))
    })
  const twice = [...minutes].map(([until, each]) => ({ until, minutes: each })).sort((a, b) => a.until - b.until)
  return {
    days: new Map(days.map((day, index) => [day, runsOf(all[index]!, twice)])),
    twice,
    length: midnight + twice.reduce((sum, each) => sum + each.minutes, 0),
  }
}

function runsOf(pieces: readonly Piece[], twice: readonly Twice[]): Run[] {
  return pieces.flatMap((piece, index) => {
    const ended = new Set(pieces.slice(0, index).map(endOf))
    const cuts = twice.filter(({ until }) => !ended.has(until) && piece.minute < until && until < endOf(piece))
    const starts = [piece.minute, ...cuts.map(({ until }) => until)]
    return starts.map((minute, nth) => ({
      from: piece.from + (minute - piece.minute) * minuteMs,
      until: piece.from + ((starts[nth + 1] ?? endOf(piece)) - piece.minute) * minuteMs,
      top: twice.reduce(
        (sum, each) => sum + (ended.has(each.until) || each.until <= minute ? each.minutes : 0),
        minute,
      ),
    }))
  })
}

/** How far down an instant is, in its local day: the day's own ends for what lies outside. `last`: something ends then. */
export function topOf({ days }: Axis, day: string, at: number, last = false): number {
  const runs = days.get(day) ?? []
  const run = runs.find(({ until }) => (last ? at <= until : at < until)) ?? runs.at(-1)
  return run ? run.top + (Math.min(Math.max(at, run.from), run.until) - run.from) / minuteMs : 0
}

/** The instant at a height of a local day; where the day has nothing there, the next that it has, at last its end. */
export function instantOf({ days }: Axis, day: string, top: number): number {
  const runs = days.get(day) ?? []
  const run = runs.find(({ from, until, top: begins }) => top < begins + (until - from) / minuteMs)
  return run ? run.from + Math.max(0, top - run.top) * minuteMs : (runs.at(-1)?.until ?? 0)
}

/** Full hours, from the top: one that comes twice is there twice. */
export function hoursOf({ twice }: Axis): { top: number; hour: number }[] {
  const found = Array.from({ length: 24 }, (_, hour) => ({ top: movedTo(twice, hour * 60), hour }))
  for (const { until, minutes } of twice)
    for (let hour = Math.ceil((until - minutes) / 60); hour * 60 < until; hour++)
      found.push({ top: movedTo(twice, hour * 60) + minutes, hour })
  return found.sort((a, b) => a.top - b.top)
}
const movedTo = (twice: readonly Twice[], minute: number) =>
  twice.reduce((sum, each) => sum + (each.until <= minute ? each.minutes : 0), minute)

/** Heights at which a local day has no time at all. */
export function gapsOf({ days, length }: Axis, day: string): { from: number; until: number }[] {
  const gaps: { from: number; until: number }[] = []
  let at = 0
  for (const { top, from, until } of [...(days.get(day) ?? []), { top: length, from: 0, until: 0 }]) {
    if (top > at) gaps.push({ from: at, until: top })
    at = top + (until - from) / minuteMs
  }
  return gaps
}
