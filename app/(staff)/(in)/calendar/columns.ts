import type { CalendarView, HeldVisit, MemberStretch } from '@/lib/calendar/rules'
import type { DayRow } from '@/lib/encounter/rules'
import { type Axis, axisOf, gapsOf, instantOf, topOf } from './axis'
import { type Box, hoursShown, type Placed, sideBySide } from './lanes'

/** From the top, in minutes. */
export interface Band {
  key: string
  from: number
  until: number
}
export interface Block extends Box, Placed {
  row: DayRow
  /** All of a group, `row` the first of them; of others it alone. */
  rows: DayRow[]
}
/** A time that waits for somebody's answer. */
export interface HeldBox extends Box, Placed {
  visit: HeldVisit
}
/** One practitioner's local day. */
export interface Column {
  key: string
  memberId: string
  name: string
  day: string
  isClosed: boolean
  /** Hours as they are kept, for who reads them. */
  hours: { from: Date; until: Date }[]
  open: Band[]
  away: Band[]
  elsewhere: Band[]
  taken: Band[]
  gaps: Band[]
  blocks: Block[]
  held: HeldBox[]
}

/** No block is lower: what is shorter is drawn as long as this. */
const leastMinutes = 15

/** Every practitioner's day, or the days of one, side by side on one clock, and which hours of it are shown. */
export function columnsOf(view: CalendarView, rows: readonly DayRow[], held: readonly HeldVisit[]) {
  const axis = axisOf(view.days, view.zone)
  const columns = view.days.flatMap((day) =>
    view.practitioners.map((who): Column => {
      const [from, until] = [instantOf(axis, day, 0), instantOf(axis, day, axis.length)]
      const isIn = (each: { from: number; until: number }) => each.from < until && from < each.until
      const bands = (all: readonly MemberStretch[]) =>
        all
          .filter((each) => each.memberId === who.memberId && isIn(each))
          .map((each) => ({ ...bandOf(axis, day, each), key: `${each.from} ${each.until}` }))
      const mine = rows.filter((row) => row.memberId === who.memberId && isIn(stretchOf(row)))
      return {
        ...{ ...who, day, key: `${day} ${who.memberId}`, isClosed: view.closed.includes(day) },
        hours: view.open
          .filter((each) => each.memberId === who.memberId && isIn(each))
          .map((each) => ({ from: new Date(each.from), until: new Date(each.until) })),
        ...{
          open: bands(view.open),
          away: bands(view.away),
          elsewhere: bands(view.elsewhere),
          taken: bands(view.taken),
        },
        gaps: gapsOf(axis, day).map((gap) => ({ ...gap, key: String(gap.from) })),
        ...boxesOf(
          axis,
          day,
          mine,
          held.filter((each) => each.memberId === who.memberId && isIn(each)),
        ),
      }
    }),
  )
  const boxes = columns.flatMap(({ open, taken, blocks, held }) => [
    ...blocks,
    ...held,
    ...[...open, ...taken].map(({ from, until }) => ({ top: from, bottom: until })),
  ])
  return { axis, columns, shown: hoursShown(boxes, axis.length) }
}

const stretchOf = ({ startsAt, endsAt }: DayRow) => ({ from: Date.parse(startsAt), until: Date.parse(endsAt) })
const bandOf = (axis: Axis, day: string, { from, until }: { from: number; until: number }) => ({
  from: topOf(axis, day, from),
  until: topOf(axis, day, until, true),
})

function boxesOf(
  axis: Axis,
  day: string,
  rows: readonly DayRow[],
  held: readonly HeldVisit[],
): Pick<Column, 'blocks' | 'held'> {
  const boxOf = (id: string, at: { from: number; until: number }): Box => {
    const { from, until } = bandOf(axis, day, at)
    return { key: `${id} ${day}`, top: from, bottom: Math.max(until, from + leastMinutes) }
  }
  // A group is one block.
  const groups = Map.groupBy(rows, (row) => row.group?.id ?? row.appointmentId)
  const boxes = [...groups.values()].map((rows) => {
    const row = rows[0]!
    return { row, rows, ...boxOf(row.appointmentId, stretchOf(row)) }
  })
  const waiting = held.map((visit) => ({ visit, ...boxOf(visit.appointmentId, visit) }))
  const placed = sideBySide([...boxes, ...waiting])
  const put = <T extends Box>(all: readonly T[]) => all.map((box) => ({ ...box, ...placed.get(box.key)! }))
  return { blocks: put(boxes), held: put(waiting) }
}
