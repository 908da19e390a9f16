'use client'
import { Skeleton } from '@/components/ui/status'

/** Where the call is: its code is large, so it comes once the page stands. */
export function ConsultPlace({ open }: { appointmentId: string; open: boolean }) {
  if (!open) return null
  return <Skeleton className="aspect-video w-full rounded-card" />
}
