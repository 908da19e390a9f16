import type { BookingOffer } from '@/lib/booking/rules'
import type { Device } from '@/lib/browser/booking-device'
import { wasOffered } from '@/lib/browser/booking-hold'
import { visitBrought } from '@/lib/browser/earlier-visit'

/** `newcomers`: whether it may be for somebody whom this device does not know. */
export type FormDevice = Device & { newcomers: boolean }

/** Of this device's patients, those who may have it, and nobody new; null where there is none. Anybody, where anybody may. */
export async function fitting(offer: BookingOffer, device: Device): Promise<FormDevice | null> {
  const isOpen = !offer.onlyKnown || visitBrought(offer.clinicId) !== null || (await wasOffered(offer))
  if (isOpen) return { ...device, newcomers: true }
  const known = device.known.filter(({ hasBeen }) => hasBeen)
  return known.length ? { ...device, known, newcomers: false } : null
}

export const isOffered = ({ known, newcomers }: FormDevice, patient: string) =>
  newcomers || known.some(({ handle }) => handle.patientId === patient)
