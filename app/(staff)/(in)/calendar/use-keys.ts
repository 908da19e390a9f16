import { type KeyboardEvent, type RefObject, useEffect, useState } from 'react'
import type { DayRow } from '@/lib/encounter/rules'
import { neighbour, type Place, type Step } from './lanes'
import { type Board, canMove, isSame, pushed, type Push, type Target } from './moving'

const steps: readonly string[] = ['ArrowUp', 'ArrowDown', 'ArrowLeft', 'ArrowRight', 'Home', 'End'] satisfies Step[]
const pushes: Record<string, Push> = {
  ArrowUp: 'earlier',
  ArrowDown: 'later',
  ArrowLeft: 'before',
  ArrowRight: 'after',
  'Shift+ArrowUp': 'shorter',
  'Shift+ArrowDown': 'longer',
}

interface Moving {
  /** Null while a place for a new one is looked for. */
  row: DayRow | null
  origin: Target
  target: Target
}
/** A new one goes along the day by quarters of an hour; how long it takes is its service's. */
export const cursorMinutes = 15
interface Options {
  board: Board
  places: readonly Place[]
  ghost: RefObject<HTMLElement | null>
  find: (key: string) => { row: DayRow; origin: Target } | null
  focus: (key: string) => void
  onDrop: (row: DayRow, target: Target) => void
  /** Where a place for a new one is looked for first: after this appointment, or where the day begins. */
  cursorAt: (key: string | null) => Target | null
  onBook: (target: Target) => void
  onLeave: () => void
}

/** From appointment to appointment by arrows; after M, one of them along the day, beside, and longer; after B, a place for a new one. */
export function useKeys({ board, places, ghost, find, focus, onDrop, cursorAt, onBook, onLeave }: Options) {
  const [moving, setMoving] = useState<Moving | null>(null)
  useEffect(() => {
    if (moving) ghost.current?.scrollIntoView({ block: 'nearest', inline: 'nearest' })
  }, [moving, ghost])
  const leave = () => {
    setMoving(null)
    onLeave()
  }
  const onKeyDown = (event: KeyboardEvent, key: string | null) => {
    if (event.altKey || event.ctrlKey || event.metaKey) return
    if (moving) {
      const push = pushes[`${event.shiftKey ? 'Shift+' : ''}${event.key}`]
      const isLength = push === 'shorter' || push === 'longer'
      const visit = moving.row ?? { startsAt: '', endsAt: '', step: cursorMinutes }
      if (push && (moving.row || !isLength)) setMoving({ ...moving, target: pushed(board, visit, moving.target, push) })
      else if (event.key === 'Enter') {
        setMoving(null)
        if (!moving.row) onBook(moving.target)
        else if (isSame(moving.origin, moving.target)) onLeave()
        else onDrop(moving.row, moving.target)
      } else if (event.key === 'Escape') leave()
      else if (event.key === 'Tab') return leave()
      return event.preventDefault()
    }
    if (event.shiftKey) return
    // On the sheet itself, which holds the focus where nothing is booked, Enter begins as well.
    if (event.key.toLowerCase() === 'b' || (key === null && event.key === 'Enter')) {
      const target = cursorAt(key)
      if (target) setMoving({ row: null, origin: target, target })
      return event.preventDefault()
    }
    if (key === null) return
    if (event.key.toLowerCase() === 'm') {
      const found = find(key)
      if (found && canMove(found.row)) setMoving({ ...found, target: found.origin })
      return event.preventDefault()
    }
    if (!steps.includes(event.key)) return
    event.preventDefault()
    const next = neighbour(places, key, event.key as Step)
    if (next) focus(next)
  }
  return { moving, onKeyDown, giveUp: () => moving && leave() }
}
