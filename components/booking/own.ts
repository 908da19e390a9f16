import type { AppointmentView } from '@/lib/booking/rules'

export interface OwnProps {
  id: string
  locale: 'en' | 'fr'
  view: AppointmentView
  onChange: () => void
}

/** The link's secret for this tab alone, where nobody who comes after should find it in the address or the history. */
export const visitKey = (id: string) => `curtain:visit:${id}`

/** Set where a device booked: it holds keys for this appointment. */
export const mineMark = (id: string) => `curtain:mine:${id}`

/** The clinic's key that the link names: for this tab, what the clinic shows is held against it. */
export function keepLink(clinicId: string): void {
  const root = /[#&]k=([\w-]{43})(?![\w-])/.exec(location.hash)?.[1]
  try {
    if (root) sessionStorage.setItem(`curtain:link:${clinicId}`, root)
  } catch {
    // Storage is off: then the clinic is held against what it was at first use.
  }
}
