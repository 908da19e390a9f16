import type { ClinicPage } from './flow.ts'
import { decimalText } from '../money.ts'
import { inOrderFor } from './rules.ts'

const audienceTypes = { first_visit: 'New patients', follow_up: 'Existing patients' }

/** What a clinic's page tells search engines (schema.org MedicalClinic, as JSON-LD): what stands on it, and nothing else. */
export function clinicData(
  { clinic, services, practitioners }: Pick<ClinicPage, 'clinic' | 'services' | 'practitioners'>,
  origin: string,
): string {
  const url = `${origin}/c/${clinic.slug}`
  const seen = practitioners.filter(({ id }) => services.some((each) => each.practitionerIds.includes(id)))
  const data = {
    '@context': 'https://schema.org',
    '@type': 'MedicalClinic',
    name: clinic.name,
    url,
    ...(clinic.about && { description: clinic.about }),
    ...(clinic.phone && { telephone: clinic.phone }),
    ...(clinic.address && { address: clinic.address }),
    employee: seen.map(({ displayName, title }) => ({
      '@type': 'Person',
      name: displayName,
      ...(title && { jobTitle: title }),
    })),
    isAcceptingNewPatients: services.some(({ audience }) => audience !== 'follow_up'),
    makesOffer: inOrderFor(services, false).map((service) => ({
      '@type': 'Offer',
      url: `${url}?service=${service.id}`,
      itemOffered: {
        '@type': 'Service',
        name: service.name,
        ...(service.description && { description: service.description }),
        ...(service.audience !== 'anyone' && {
          audience: { '@type': 'Audience', audienceType: audienceTypes[service.audience] },
        }),
      },
      price: service.paymentMode === 'free' ? '0' : decimalText(service.priceMinor, service.currency),
      priceCurrency: service.currency.toUpperCase(),
    })),
  }
  // Inside of a script element: a clinic's own words must not end it.
  return JSON.stringify(data).replaceAll('<', '\\u003c')
}
