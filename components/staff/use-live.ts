'use client'
import { useEffect, useEffectEvent } from 'react'
import { onStaffEvent } from '@/lib/browser/staff-events'

/**
 * Calls back when something of the clinic changed; twice a minute besides, should the line be cut unnoticed. `apart`: no sooner
 * than so many milliseconds after the last time, for what is dear to ask.
 */
export function useLive(onChange: () => void, apart = 0) {
  const changed = useEffectEvent(onChange)
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined
    let last = -Infinity
    const soon = () => {
      clearTimeout(timer)
      const run = () => {
        last = performance.now()
        changed()
      }
      timer = setTimeout(run, Math.max(150, last + apart - performance.now()))
    }
    const stop = onStaffEvent('changed', soon)
    const poll = setInterval(soon, 30_000)
    const back = () => document.visibilityState === 'visible' && soon()
    document.addEventListener('visibilitychange', back)
    return () => {
      clearTimeout(timer)
      clearInterval(poll)
      stop()
      document.removeEventListener('visibilitychange', back)
    }
  }, [apart])
}
