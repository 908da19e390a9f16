'use client'
import { type RefObject, useEffect, useState } from 'react'

/**
 * For what floats in a corner of the page: true while it has to be in the other one, since what has the focus would be hidden
 * beneath it (WCAG 2.4.11). It is asked while `shown`.
 */
export function useDodge(floating: RefObject<HTMLElement | null>, shown: boolean): boolean {
  const [dodging, setDodging] = useState(false)
  useEffect(() => {
    if (!shown) return
    const dodge = () => {
      const focused = document.activeElement
      if (!floating.current || !focused || floating.current.contains(focused)) return
      const own = floating.current.getBoundingClientRect()
      const other = (focused.closest('label') ?? focused).getBoundingClientRect()
      const [x, y] = [other.x + other.width / 2, other.y + other.height / 2]
      if (x > own.left && x < own.right && y > own.top && y < own.bottom) setDodging((now) => !now)
    }
    dodge()
    document.addEventListener('focusin', dodge)
    document.addEventListener('scroll', dodge, { passive: true })
    return () => {
      document.removeEventListener('focusin', dodge)
      document.removeEventListener('scroll', dodge)
    }
  }, [shown])
  return dodging
}
