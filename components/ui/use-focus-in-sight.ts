'use client'
import { useCallback, useLayoutEffect, useRef } from 'react'

/**
 * For a page that something is added to while it is read. Answers what is to be called just before the new state is set: what
 * had the focus and was in view then is in view after it, however much came in above.
 */
export function useFocusInSight(state: unknown): () => void {
  const held = useRef<Element | null>(null)
  useLayoutEffect(() => {
    if (held.current && held.current === document.activeElement) held.current.scrollIntoView({ block: 'nearest' })
    held.current = null
  }, [state])
  return useCallback(() => {
    const { activeElement: at } = document
    const { top, bottom } = at?.getBoundingClientRect() ?? { top: 0, bottom: 0 }
    held.current = at && at !== document.body && top < innerHeight && bottom > 0 ? at : null
  }, [])
}
