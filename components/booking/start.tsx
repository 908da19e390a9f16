'use client'
import { type ComponentType, useEffect, useState } from 'react'
import { Button } from '@/components/ui/button'
import type { BookingOffer } from '@/lib/booking/rules'

type Form = ComponentType<{ offer: BookingOffer }>

/** A button, and nothing else until it is pressed: the form, its checks and its cryptography come then. */
export function StartBooking({
  offer,
  words,
}: {
  offer: BookingOffer
  words: Record<'start' | 'starting' | 'failed', string>
}) {
  const [Form, setForm] = useState<Form | null>(null)
  const [state, setState] = useState<'idle' | 'loading' | 'failed'>('idle')
  const [ready, setReady] = useState(false)
  const mark = `curtain:started:${offer.clinicId}`

  const start = async () => {
    setState('loading')
    try {
      const { default: BookingApp } = await import('./booking-app')
      setForm(() => BookingApp)
      sessionStorage.setItem(mark, '1')
    } catch {
      setState('failed')
    }
  }
  // A reload, or another time chosen, goes on where the form was.
  useEffect(() => {
    setReady(true)
    let begun = false
    try {
      begun = sessionStorage.getItem(mark) === '1'
    } catch {
      begun = false
    }
    if (begun) void start()
  }, [])

  if (Form) return <Form offer={offer} />
  return (
    <>
      <Button
        variant="primary"
        size="lg"
        block
        // Pressed before the page listens, it would do nothing.
        aria-disabled={!ready || undefined}
        busy={state === 'loading'}
        onClick={() => void start()}
      >
        {state === 'loading' ? words.starting : words.start}
      </Button>
      {state === 'failed' ? (
        <p role="alert" className="mt-3 text-danger">
          {words.failed}
        </p>
      ) : null}
    </>
  )
}
