'use client'
import { useEffect, useState, useSyncExternalStore } from 'react'

interface Store<T> {
  subscribe: (listener: () => void) => () => void
  snapshot: () => T
}

/** State that lives outside components: a call outlives the renders that show it. */
export const useStore = <T>(store: Store<T>): T => useSyncExternalStore(store.subscribe, store.snapshot, store.snapshot)

/** The time, once a second or so, for what grows late while nobody does anything. */
export function useNow(everyMs = 10_000): Date {
  const [now, setNow] = useState(() => new Date())
  useEffect(() => {
    const timer = setInterval(() => setNow(new Date()), everyMs)
    return () => clearInterval(timer)
  }, [everyMs])
  return now
}
