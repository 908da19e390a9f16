'use client'
import { lazy, type ReactNode, Suspense, useEffect, useState } from 'react'
import type { Locale, Messages } from '@/lib/messages/catalogue'

const load = () => import('@/components/call/patient-call')
const PatientCall = lazy(load)

/** A button until it is pressed: the call's code, and its words, come when they are wanted. */
export function CallIsland({
  appointmentId,
  locale,
  messages,
  label,
  wait,
  children,
}: {
  appointmentId: string
  locale: Locale
  messages: Pick<Messages, 'call' | 'errors' | 'common'>
  label: string
  wait: string
  children: ReactNode
}) {
  const [open, setOpen] = useState(false)
  const [ready, setReady] = useState(false)
  useEffect(() => {
    setReady(true)
    // A reload in the middle of a call goes on without another press; what cannot do the call says so without one.
    if (sessionStorage.getItem(`curtain.in-call:${appointmentId}`) || !('RTCRtpScriptTransform' in window))
      setOpen(true)
  }, [appointmentId])
  if (!open) {
    return (
      <>
        {children}
        <button
          type="button"
          className="inline-flex min-h-14 items-center justify-center rounded-control bg-accent px-8 text-lg font-semibold text-on-accent shadow-low hover:bg-accent-deep aria-disabled:cursor-progress aria-disabled:opacity-75 max-sm:w-full"
          // Pressed before the page listens, it would do nothing.
          aria-disabled={!ready || undefined}
          onClick={() => setOpen(true)}
          onPointerEnter={() => void load()}
          onFocus={() => void load()}
        >
          {label}
        </button>
      </>
    )
  }
  return (
    <Suspense fallback={<p role="status">{wait}</p>}>
      <PatientCall appointmentId={appointmentId} locale={locale} messages={messages} />
    </Suspense>
  )
}
