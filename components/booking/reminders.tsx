'use client'
import { useState } from 'react'
import { Button } from '@/components/ui/button'
import { useBusy } from '@/components/ui/use-busy'
import { call } from '@/lib/browser/api'
import type { Words } from './appointment-facts'

interface Props {
  link: { id: string; secret: string }
  start: boolean
  words: Words
  onFail: () => void
}

/** Whether this patient is reminded; of reminders alone. */
export function Reminders({ link, start, words, onFail }: Props) {
  const [chosen, setChosen] = useState<boolean | null>(null)
  const on = chosen ?? start
  const [choose, choosing] = useBusy(async () => {
    const answer = await call('reminder/choose', { ...link, on: !on }, { retry: true })
    if (!answer.ok) return onFail()
    setChosen(answer.value.on)
  })
  return (
    <div className="flex flex-wrap items-center justify-between gap-x-4 gap-y-1 border-t border-line pt-4">
      <p role="status" className="text-soft">
        {on ? words.reminders.on : words.reminders.off}
      </p>
      <Button variant="quiet" size="sm" busy={choosing} onClick={() => void choose()}>
        {on ? words.reminders.stop : words.reminders.start}
      </Button>
    </div>
  )
}
