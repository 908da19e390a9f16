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
