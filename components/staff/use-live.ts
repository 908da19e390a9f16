'use client'
import { useEffect, useEffectEvent } from 'react'
import { onStaffEvent } from '@/lib/browser/staff-events'

/** Calls back when something of the clinic changed; twice a minute besides, should the line be cut unnoticed. */
export function useLive(onChange: () => void) {
  const changed = useEffectEvent(onChange)
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined
    const soon = () => {
      clearTimeout(timer)
      timer = setTimeout(() => changed(), 150)
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
  }, [])
}
