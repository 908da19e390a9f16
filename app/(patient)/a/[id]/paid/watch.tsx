'use client'

import { useEffect, useState } from 'react'
import { call } from '@/lib/browser/api'

interface Props {
  appointmentId: string
  sessionId: string
  /** Said when it takes longer than it should. */
  longer: string
}

/** Asks until the money has arrived, and shows the page anew then. Without script, the page's own link does it. */
export function Watch({ appointmentId, sessionId, longer }: Props) {
  const [slow, setSlow] = useState(false)
  useEffect(() => {
    const gone = new AbortController()
    let timer: ReturnType<typeof setTimeout>
    const ask = async (turn: number) => {
      const answer = await call('payment/return', { appointmentId, sessionId }, { signal: gone.signal })
      if (answer.ok && answer.value.state !== 'waiting') return location.reload()
      if (turn === 8) setSlow(true)
      timer = setTimeout(() => void ask(turn + 1).catch(() => undefined), Math.min(1000 + 250 * turn, 5000))
    }
    void ask(0).catch(() => undefined)
    return () => {
      gone.abort()
      clearTimeout(timer)
    }
  }, [appointmentId, sessionId])
  return (
    <p role="status" className="mt-4 text-soft">
      {slow ? longer : ''}
    </p>
  )
}
