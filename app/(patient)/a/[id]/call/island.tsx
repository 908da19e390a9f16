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
  useEffect(() => {
    // A reload in the middle of a call goes on without another press.
    if (sessionStorage.getItem(`curtain.in-call:${appointmentId}`)) setOpen(true)
  }, [appointmentId])
  if (!open) {
    return (
      <>
        {children}
        <button
          type="button"
          className="inline-flex min-h-14 items-center justify-center rounded-control bg-accent px-8 text-lg font-semibold text-on-accent shadow-low hover:bg-accent-deep max-sm:w-full"
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
