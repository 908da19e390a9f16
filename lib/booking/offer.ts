import 'server-only'
import type { ClinicProfile, ServiceView } from '../clinic/rules.ts'
import { findConsentText } from '../clinic/store.ts'
import { bookedAs } from '../price/rules.ts'
import { inClinic } from '../server/tx.ts'
import type { BookingOffer } from './rules.ts'

/** All that the form needs to know before it asks anything. */
export async function findOffer(
  clinic: ClinicProfile,
  service: ServiceView,
  slot: { startsAt: Date; memberId: string | null; siteId: string | null },
  practitioners: BookingOffer['practitioners'],
  page: { zone: string; locale: string; recall: string | undefined },
): Promise<BookingOffer> {
  const text = service.consentTextId
    ? await inClinic(clinic.id, (tx) => findConsentText(tx, service.consentTextId!))
    : null
  const booked = bookedAs(service, clinic.cancellation)
  return {
    clinicId: clinic.id,
    clinicSlug: clinic.slug,
    clinicZone: clinic.timeZone,
    guardianAge: clinic.guardianAge,
    zone: page.zone,
    locale: page.locale === 'fr' ? 'fr' : 'en',
    recallId: page.recall && /^[0-9a-f-]{36}$/.test(page.recall) ? page.recall : null,
    slot: { ...slot, startsAt: slot.startsAt.toISOString() },
    practitioners: slot.memberId ? [] : practitioners,
    service: {
      id: service.id,
      way: service.way,
      priceMinor: service.paymentMode === 'free' ? 0 : service.priceMinor,
      currency: service.currency,
      taxRate: service.taxRate,
      paymentMode: booked.paymentMode,
      dueMinor: booked.paymentMode === 'online' ? booked.priceMinor : booked.depositMinor,
      intakeForm: service.intakeForm,
      intakeVersion: service.intakeVersion,
    },
    consentText: text && { id: text.id, version: text.version, title: text.title, body: text.body },
  }
}
