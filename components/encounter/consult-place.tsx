'use client'
import { NextIntlClientProvider, useLocale } from 'next-intl'
import dynamic from 'next/dynamic'
import { Skeleton } from '@/components/ui/status'

// The call's code is large, so it comes once the page stands.
const ConsultPane = dynamic(() => import('@/components/call/consult-pane').then((part) => part.ConsultPane), {
  ssr: false,
  loading: () => <Skeleton className="aspect-video w-full rounded-card" />,
})

/** Where the call is. */
export function ConsultPlace({
  appointmentId,
  patientId,
  name,
  byDesk,
  zone,
  open,
}: {
  appointmentId: string
  patientId: string
  name?: string
  /** The desk booked for them. */
  byDesk: boolean
  zone: string
  open: boolean
}) {
  const locale = useLocale()
  if (!open) return null
  return (
    // Words with a time in them read the provider's zone.
    <NextIntlClientProvider locale={locale} timeZone={zone}>
      <ConsultPane appointmentId={appointmentId} patientId={patientId} patientName={name} {...{ byDesk, zone }} />
    </NextIntlClientProvider>
  )
}
