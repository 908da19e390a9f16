import type { AppointmentView } from '@/lib/booking/rules'

export interface OwnProps {
  id: string
  locale: 'en' | 'fr'
  view: AppointmentView
  onChange: () => void
}

/** Set where a device booked: it holds keys for this appointment. */
export const mineMark = (id: string) => `curtain:mine:${id}`
