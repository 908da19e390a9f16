import { type PointerEvent as ReactPointerEvent, type RefObject, useEffect, useRef } from 'react'
import type { DayRow } from '@/lib/encounter/rules'
import { topOf } from './axis'
import { type Board, canMove, isSame, lengthenedTo, movedTo, type Target } from './moving'
import { remPerMinute } from './place'

interface Drag {
  row: DayRow
  origin: Target
  target: Target
  isLength: boolean
  pointerId: number
  start: { x: number; y: number }
  at: { x: number; y: number }
  /** Minutes from the appointment's top to where it was taken. */
  grip: number
  /** Once it moves: where columns are, and the frame that is asked for. */
  lanes: { left: number; width: number }[] | null
  top: number
  frame: number
}
/** A press that trembles is a press. */
const tremble = 4
const edgePx = 36

/**
 * An appointment under a pointer. While it moves nothing of the page is drawn anew but one box, once a frame, by hand: so it
 * follows at any size of a clinic. A finger scrolls, and moves nothing: it has the menu.
 */
export function useDrag({
  board,
  scroller,
  sheet,
  ghost,
  wordsOf,
  onDrop,
}: {
  board: Board
  scroller: RefObject<HTMLElement | null>
  /** What scrolls: columns lie in it. */
  sheet: RefObject<HTMLElement | null>
  ghost: RefObject<HTMLElement | null>
  /** What the box says. */
  wordsOf: (target: Target) => string
  onDrop: (row: DayRow, target: Target) => void
}) {
  const drag = useRef<Drag | null>(null)
  /** The click that ends a drag opens nothing. */
  const dragged = useRef(false)

  const end = () => {
    const held = drag.current
    drag.current = null
    if (!held?.lanes) return
    cancelAnimationFrame(held.frame)
    if (ghost.current) ghost.current.hidden = true
    scroller.current?.classList.remove('cursor-grabbing')
  }
  useEffect(() => {
    const giveUp = (event: KeyboardEvent) => {
      if (event.key !== 'Escape' || !drag.current?.lanes) return
      event.preventDefault()
      dragged.current = true
      end()
    }
    window.addEventListener('keydown', giveUp)
    return () => {
      window.removeEventListener('keydown', giveUp)
      end()
    }
    // `end` reads refs alone.
  }, [])

  const draw = (held: Drag) => {
    const box = ghost.current
    const lane = held.lanes?.[board.columns.findIndex(({ key }) => key === held.target.column)]
    const day = board.columns.find(({ key }) => key === held.target.column)?.day
    if (!box || !lane || !day) return
    const minutePx = remPerMinute * parseFloat(getComputedStyle(document.documentElement).fontSize)
    const top = topOf(board.axis, day, held.target.from) - board.shown.from
    const bottom = topOf(board.axis, day, held.target.until, true) - board.shown.from
    box.style.transform = `translate(${lane.left}px, ${held.top + top * minutePx}px)`
    box.style.width = `${lane.width}px`
    box.style.height = `${Math.max(15, bottom - top) * minutePx}px`
    box.textContent = wordsOf(held.target)
    box.hidden = false
  }
  const begin = (held: Drag) => {
    const lanes = [...sheet.current!.querySelectorAll<HTMLElement>('[data-column]')]
    held.lanes = lanes.map((lane) => ({ left: lane.offsetLeft, width: lane.offsetWidth }))
    held.top = lanes[0]!.offsetTop
    scroller.current!.setPointerCapture(held.pointerId)
    scroller.current!.classList.add('cursor-grabbing')
    draw(held)
    held.frame = requestAnimationFrame(follow)
  }
  /** Once a frame: at the edge it scrolls, and the box goes to the nearest time. */
  const follow = () => {
    const held = drag.current
    const view = scroller.current
    if (!held?.lanes || !view || !sheet.current) return
    const outer = view.getBoundingClientRect()
    const { x, y } = held.at
    const down = y > outer.bottom - edgePx ? 8 : y < outer.top + edgePx * 2 ? -8 : 0
    const right = x > outer.right - edgePx ? 8 : x < outer.left + edgePx * 2 ? -8 : 0
    if (down || right) view.scrollBy({ top: down, left: right, behavior: 'instant' })
    const inner = sheet.current.getBoundingClientRect()
    const minutePx = remPerMinute * parseFloat(getComputedStyle(document.documentElement).fontSize)
    const height = board.shown.from + (y - inner.top - held.top) / minutePx - held.grip
    const across = x - inner.left
    const index = held.lanes.findLastIndex(({ left }) => left <= across)
    const column = board.columns[Math.max(0, index)]!
    const target = held.isLength ? lengthenedTo(board, held.origin, height) : movedTo(board, held.row, column, height)
    if (!isSame(target, held.target)) {
      held.target = target
      draw(held)
    }
    held.frame = requestAnimationFrame(follow)
  }

  return {
    /** Whether a click is what is left of a drag; asked once. */
    wasDragged: () => {
      const was = dragged.current
      dragged.current = false
      return was
    },
    onPointerDown: (event: ReactPointerEvent, row: DayRow, origin: Target, block: HTMLElement) => {
      dragged.current = false
      if (event.button !== 0 || event.pointerType === 'touch' || !canMove(row)) return
      const isLength = event.target instanceof Element && event.target.closest('[data-edge]') !== null
      const box = block.getBoundingClientRect()
      const minutePx = remPerMinute * parseFloat(getComputedStyle(document.documentElement).fontSize)
      const at = { x: event.clientX, y: event.clientY }
      drag.current = {
        ...{ row, origin, target: origin, isLength, pointerId: event.pointerId, start: at, at },
        grip: (event.clientY - (isLength ? box.bottom : box.top)) / minutePx,
        ...{ lanes: null, top: 0, frame: 0 },
      }
    },
    onPointerMove: (event: ReactPointerEvent) => {
      const held = drag.current
      if (!held || held.pointerId !== event.pointerId) return
      held.at = { x: event.clientX, y: event.clientY }
      if (!held.lanes && Math.hypot(held.at.x - held.start.x, held.at.y - held.start.y) > tremble) begin(held)
    },
    onPointerUp: () => {
      const held = drag.current
      if (held?.lanes) {
        dragged.current = true
        // What comes with this release is a click on whatever lies there; what comes later is meant.
        setTimeout(() => (dragged.current = false))
      }
      end()
      if (held?.lanes && !isSame(held.target, held.origin)) onDrop(held.row, held.target)
    },
    onPointerCancel: end,
  }
}
