'use client'
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
  name,
  zone,
  open,
}: {
  appointmentId: string
  name?: string
  zone: string
  open: boolean
}) {
  return open ? <ConsultPane appointmentId={appointmentId} patientName={name} zone={zone} /> : null
}
