'use client'
import { useEffect, useEffectEvent } from 'react'
import { lastTouch, touch } from '@/lib/browser/staff-presence'

/** While somebody holds this, an idle browser stays open: a consult is not idle though nobody types. */
const held = new Set<symbol>()

export function keepUnlocked(): () => void {
  const mine = Symbol('call')
  held.add(mine)
  return () => held.delete(mine)
}

const signs = ['pointerdown', 'keydown', 'wheel', 'touchstart'] as const

/** Calls back once nobody has touched any of the staff's tabs for so many minutes. */
export function useIdle(minutes: number, onIdle: () => void, on: boolean) {
  const idle = useEffectEvent(onIdle)
  useEffect(() => {
    if (!on) return
    let last = Date.now()
    const touched = () => {
      last = Date.now()
    }
    for (const sign of signs) addEventListener(sign, touched, { passive: true, capture: true })
    // A laptop that slept wakes up past the time: the clock is read, not counted.
    const timer = setInterval(() => {
      if (held.size) touched()
      const others = lastTouch()
      if (last > others) touch(last)
      if (Date.now() - Math.max(last, others) > minutes * 60_000) idle()
    }, 5_000)
    return () => {
      clearInterval(timer)
      for (const sign of signs) removeEventListener(sign, touched, { capture: true })
    }
  }, [minutes, on])
}
