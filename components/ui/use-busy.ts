'use client'
import { useRef, useState } from 'react'

/** Runs one piece of work at a time: a call while one is under way is dropped, even within the same tick. */
export function useBusy<A extends unknown[], R>(work: (...args: A) => Promise<R>) {
  const running = useRef(false)
  const [busy, setBusy] = useState(false)
  const run = async (...args: A): Promise<R | undefined> => {
    if (running.current) return undefined
    running.current = true
    setBusy(true)
    try {
      return await work(...args)
    } finally {
      running.current = false
      setBusy(false)
    }
  }
  return [run, busy] as const
}
