import type { DayRow } from '@/lib/encounter/rules'
import { type Axis, instantOf, topOf } from './axis'

const minuteMs = 60_000
/** An appointment has this long at least, and no longer; its length changes by the first. */
const [least, most] = [5 * minuteMs, 480 * minuteMs]

/** Where an appointment would go. */
export interface Target {
  column: string
  memberId: string
  from: number
  until: number
}
interface Way {
  key: string
  day: string
  memberId: string
  /** Milliseconds since 1970. */
  openings: readonly number[]
}
export interface Board {
  axis: Axis
  columns: readonly Way[]
  /** Minutes from the top that are drawn. */
  shown: { from: number; until: number }
}
type Visit = Pick<DayRow, 'startsAt' | 'endsAt' | 'step'>

/** Who has come, or has yet to come, can be given another time. */
export const canMove = ({ status }: Pick<DayRow, 'status'>) => status === 'booked' || status === 'arrived'

const lengthOf = ({ startsAt, endsAt }: Visit) => Date.parse(endsAt) - Date.parse(startsAt)

/** The start nearest to an instant, at the service's own pace from when the practitioner's hours begin, or from midnight. */
function snapped(board: Board, column: Way, at: number, step: number): number {
  const top = (height: number) => instantOf(board.axis, column.day, height)
  const [first, last] = [top(board.shown.from), top(board.shown.until)]
  const anchor = column.openings.findLast((opening) => opening <= at + (step / 2) * minuteMs) ?? top(0)
  const pace = step * minuteMs
  const near = anchor + Math.round((at - anchor) / pace) * pace
  if (near < first) return near + Math.ceil((first - near) / pace) * pace
  return near < last ? near : near - Math.floor((near - last) / pace + 1) * pace
}

/** A quarter of an hour in which somebody pointed: where a new one begins. */
export function pointedAt(board: Board, column: Way, top: number, minutes: number): Target {
  const at = instantOf(board.axis, column.day, Math.floor(top / minutes) * minutes)
  return { column: column.key, memberId: column.memberId, from: at, until: at + minutes * minuteMs }
}

/** Its beginning put at a height of a column. */
export function movedTo(board: Board, visit: Visit, column: Way, top: number): Target {
  const from = snapped(board, column, instantOf(board.axis, column.day, top), visit.step)
  return { column: column.key, memberId: column.memberId, from, until: from + lengthOf(visit) }
}

/** Its end put at a height of its own column. */
export function lengthenedTo(board: Board, target: Target, top: number): Target {
  const { day } = board.columns.find(({ key }) => key === target.column)!
  const length = Math.round((instantOf(board.axis, day, top) - target.from) / least) * least
  return { ...target, until: target.from + Math.min(most, Math.max(least, length)) }
}

export type Push = 'earlier' | 'later' | 'before' | 'after' | 'shorter' | 'longer'

/** One step of the keyboard: along the day, to the column beside, or to another length. */
export function pushed(board: Board, visit: Visit, target: Target, push: Push): Target {
  const index = board.columns.findIndex(({ key }) => key === target.column)
  const column = board.columns[index]!
  if (push === 'shorter' || push === 'longer') {
    const until = target.until + (push === 'longer' ? least : -least)
    const isLength = until - target.from >= least && until - target.from <= most
    return isLength ? { ...target, until } : target
  }
  const length = target.until - target.from
  if (push === 'earlier' || push === 'later') {
    const pace = visit.step * minuteMs
    const from = snapped(board, column, target.from + (push === 'later' ? pace : -pace), visit.step)
    return { ...target, from, until: from + length }
  }
  const beside = board.columns[index + (push === 'after' ? 1 : -1)]
  if (!beside) return target
  const from = instantOf(board.axis, beside.day, topOf(board.axis, column.day, target.from))
  return { column: beside.key, memberId: beside.memberId, from, until: from + length }
}

export const isSame = (a: Target, b: Target) => a.column === b.column && a.from === b.from && a.until === b.until
