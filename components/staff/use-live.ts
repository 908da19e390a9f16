'use client'
import { useEffect, useEffectEvent } from 'react'

/** Calls back when something of the clinic changed; twice a minute besides, should the line be cut unnoticed. */
export function useLive(onChange: () => void) {
  const changed = useEffectEvent(onChange)
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined
    const soon = () => {
      clearTimeout(timer)
      timer = setTimeout(() => changed(), 150)
    }
    const events = new EventSource('/api/staff/events')
    let first = true
    events.onmessage = () => {
      // The first word says only that the line is up: the page has just been drawn.
      if (!first) soon()
      first = false
    }
    const poll = setInterval(soon, 30_000)
    const back = () => document.visibilityState === 'visible' && soon()
    document.addEventListener('visibilitychange', back)
    return () => {
      clearTimeout(timer)
      clearInterval(poll)
      events.close()
      document.removeEventListener('visibilitychange', back)
    }
  }, [])
}
