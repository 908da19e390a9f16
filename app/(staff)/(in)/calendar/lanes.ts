export interface Box {
  key: string
  /** Minutes from the top. */
  top: number
  bottom: number
}
export interface Placed {
  /** From 0, of as many as stand side by side. */
  lane: number
  lanes: number
}

/** What is drawn at once stands side by side: each group of boxes that meet shares the width among as few lanes as it needs. */
export function sideBySide(boxes: readonly Box[]): Map<string, Placed> {
  const placed = new Map<string, Placed>()
  let [group, ends, until]: [Placed[], number[], number] = [[], [], -Infinity]
  for (const { key, top, bottom } of [...boxes].sort((a, b) => a.top - b.top || b.bottom - a.bottom)) {
    if (top >= until) [group, ends] = [[], []]
    const free = ends.findIndex((end) => end <= top)
    const lane = free < 0 ? ends.length : free
    ends[lane] = bottom
    const place = { lane, lanes: 0 }
    group.push(place)
    placed.set(key, place)
    for (const each of group) each.lanes = ends.length
    until = Math.max(group.length === 1 ? -Infinity : until, bottom)
  }
  return placed
}

/** From which full hour until which something is shown: all of these, with an hour to spare, and never less than the usual day. */
export function hoursShown(boxes: readonly { top: number; bottom: number }[], length: number) {
  const [usualFrom, usualUntil, spare] = [8 * 60, 18 * 60, 60]
  const from = Math.min(usualFrom, ...boxes.map(({ top }) => top - spare))
  const until = Math.max(usualUntil, ...boxes.map(({ bottom }) => bottom + spare))
  return { from: Math.max(0, Math.floor(from / 60) * 60), until: Math.min(length, Math.ceil(until / 60) * 60) }
}

export interface Place {
  key: string
  column: number
  top: number
}
export type Step = 'ArrowUp' | 'ArrowDown' | 'ArrowLeft' | 'ArrowRight' | 'Home' | 'End'

/** Where the focus goes from one of these: along its column, or to what is nearest in time in the next one that has any. */
export function neighbour(places: readonly Place[], from: string, step: Step): string | null {
  const here = places.find(({ key }) => key === from)
  if (!here) return null
  const inColumn = (column: number) => places.filter((each) => each.column === column).sort((a, b) => a.top - b.top)
  const own = inColumn(here.column)
  const index = own.indexOf(here)
  if (step === 'Home') return own[0]!.key
  if (step === 'End') return own.at(-1)!.key
  if (step === 'ArrowUp') return own[index - 1]?.key ?? null
  if (step === 'ArrowDown') return own[index + 1]?.key ?? null
  const columns = [...new Set(places.map(({ column }) => column))].sort((a, b) => a - b)
  const next = columns[columns.indexOf(here.column) + (step === 'ArrowRight' ? 1 : -1)]
  if (next === undefined) return null
  const away = ({ top }: Place) => Math.abs(top - here.top)
  return inColumn(next).reduce((best, each) => (away(each) < away(best) ? each : best)).key
}
