'use client'
import { useEffect, useRef } from 'react'

/** What was touched last. Not every browser gives the focus to a button that is pressed. */
let last: Node | null = null
const touched = ({ target }: Event) => {
  if (target instanceof Node) last = target
}
if (typeof document !== 'undefined')
  for (const kind of ['focusin', 'click']) document.addEventListener(kind, touched, true)

/**
 * For a part of the page that shows something else in another state. Where the button that was pressed went away with the old
 * state, what has this ref (and tabIndex -1) has the focus, and is in view: nobody is sent back to the top of the page, and
 * nobody who reads elsewhere is called here. While the state is null nothing is shown yet.
 */
export function useFocusKept<T extends HTMLElement>(state: string | boolean | null) {
  const ref = useRef<T>(null)
  const was = useRef(state)
  useEffect(() => {
    const before = was.current
    was.current = state
    if (before === state || before === null || !last || last.isConnected) return
    const { activeElement } = document
    if (!activeElement || activeElement === document.body) ref.current?.focus()
  }, [state])
  return ref
}
