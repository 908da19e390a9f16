import 'server-only'
import { type ClinicProfile, isBookable, type ServiceView } from '../clinic/rules.ts'
import { findConsentText, listServices } from '../clinic/store.ts'
import { isId } from '../ids.ts'
import { bookedAs } from '../price/rules.ts'
import { inClinic } from '../server/tx.ts'
import type { BookingOffer } from './rules.ts'
import { isRecalled } from './store.ts'

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
  const recallId = page.recall && isId(page.recall) ? page.recall : null
  const booked = bookedAs(service, clinic.cancellation)
  return {
    clinicId: clinic.id,
    clinicSlug: clinic.slug,
    clinicZone: clinic.timeZone,
    guardianAge: clinic.guardianAge,
    zone: page.zone,
    locale: page.locale === 'fr' ? 'fr' : 'en',
    recallId,
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
    onlyKnown: await onlyKnown(clinic, service, recallId),
  }
}

/** What there is for who may not book it; null where anybody may, or this recall asks for it. */
export async function onlyKnown(
  clinic: ClinicProfile,
  service: ServiceView,
  recallId: string | null,
): Promise<BookingOffer['onlyKnown']> {
  if (service.audience !== 'follow_up') return null
  return inClinic(clinic.id, async (tx) => {
    if (recallId && (await isRecalled(tx, recallId, service.id))) return null
    const firstVisits = (await listServices(tx))
      .filter((each) => each.audience === 'first_visit' && isBookable(each, clinic.takesPayments))
      .map(({ id, name }) => ({ id, name }))
    return { firstVisits, phone: clinic.phone }
  })
}
