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
  row: DayRow
  origin: Target
  target: Target
}
interface Options {
  board: Board
  places: readonly Place[]
  ghost: RefObject<HTMLElement | null>
  find: (key: string) => { row: DayRow; origin: Target } | null
  focus: (key: string) => void
  onDrop: (row: DayRow, target: Target) => void
  onLeave: () => void
}

/** From appointment to appointment by arrows; and, after M, one of them along the day, beside, and longer. */
export function useKeys({ board, places, ghost, find, focus, onDrop, onLeave }: Options) {
  const [moving, setMoving] = useState<Moving | null>(null)
  useEffect(() => {
    if (moving) ghost.current?.scrollIntoView({ block: 'nearest', inline: 'nearest' })
  }, [moving, ghost])
  const leave = () => {
    setMoving(null)
    onLeave()
  }
  const onKeyDown = (event: KeyboardEvent, key: string) => {
    if (event.altKey || event.ctrlKey || event.metaKey) return
    if (moving) {
      const push = pushes[`${event.shiftKey ? 'Shift+' : ''}${event.key}`]
      if (push) setMoving({ ...moving, target: pushed(board, moving.row, moving.target, push) })
      else if (event.key === 'Enter') {
        setMoving(null)
        if (isSame(moving.origin, moving.target)) onLeave()
        else onDrop(moving.row, moving.target)
      } else if (event.key === 'Escape') leave()
      else if (event.key === 'Tab') return leave()
      return event.preventDefault()
    }
    if (event.shiftKey) return
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
