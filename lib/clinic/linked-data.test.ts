import { expect, test } from 'vitest'
import { clinicData } from './linked-data.ts'

const clinic = { name: 'North', slug: 'north', about: '', phone: '', address: '</script><b>' }
const service = {
  id: 's',
  audience: 'anyone',
  name: 'Talk',
  description: '',
  practitionerIds: ['a'],
  currency: 'eur',
  priceMinor: 4550,
}
const page = {
  clinic,
  services: [
    { ...service, paymentMode: 'online' },
    { ...service, name: 'Again', audience: 'follow_up', paymentMode: 'free' },
    { ...service, name: 'Hello', audience: 'first_visit', paymentMode: 'free' },
  ],
  practitioners: [
    { id: 'a', displayName: 'Dr Mira Okafor', title: 'Physician' },
    { id: 'b', displayName: 'Sees nobody', title: '' },
  ],
} as unknown as Parameters<typeof clinicData>[0]

test('tells search engines what stands on the page, and never ends its element', () => {
  const text = clinicData(page, 'https://care.example')
  expect(text).not.toContain('<')
  expect(JSON.parse(text)).toMatchObject({
    isAcceptingNewPatients: true,
    ...{ '@type': 'MedicalClinic', url: 'https://care.example/c/north', address: '</script><b>' },
    employee: [{ name: 'Dr Mira Okafor', jobTitle: 'Physician' }],
    makesOffer: [
      { price: '45.50', priceCurrency: 'EUR' },
      { price: '0', itemOffered: { name: 'Hello', audience: { audienceType: 'New patients' } } },
      { price: '0', itemOffered: { name: 'Again', audience: { audienceType: 'Existing patients' } } },
    ],
  })
  expect(text).not.toContain('Sees nobody')
})
