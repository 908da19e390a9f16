import { afterAll, beforeAll, expect, test } from 'vitest'
import { PDFDocument, PDFName, PDFRawStream } from 'pdf-lib'
import { type Lab, openLab } from '../../bench/chromium.ts'
import type { PrescriptionContent } from '../../lib/prescription/rules.ts'

let browser: Lab
beforeAll(async () => {
  browser = await openLab({ programs: { pdf: 'components/booking/prescription-pdf.ts' } })
}, 60_000)
afterAll(() => browser?.close())

const rx = (name: string, frequency: string): PrescriptionContent => ({
  rxId: '5b3f9a52-6d0a-4c5e-9a51-3a2f6d1f7c11',
  secret: 's'.repeat(43),
  issuedAt: '2026-11-21T09:00:00Z',
  expiresAt: '2027-02-21T09:00:00Z',
  clinic: { name: 'Harbour', address: '', phone: '' },
  prescriber: { memberId: '8b8f6f3e-5a52-4d7b-9a55-93a1c7a0e7b0', name: 'Dr Amara Okafor', title: 'GP' },
  patient: { name, birthDate: '1984-03-09' },
  items: [
    {
      medicine: 'Amoxicillin',
      dose: '500 mg',
      form: 'capsule',
      route: 'by mouth',
      frequency,
      duration: '7 days',
      quantity: '21',
      repeats: 0,
      substitution: true,
      notes: '',
    },
  ],
  notes: '',
})

/** Pictures on the pages, as width × height in pixels, leaving out each one's own transparency. */
async function pictures(content: PrescriptionContent): Promise<string[]> {
  // As text: a bundler's own import() does not reach into the page.
  const bytes = await browser.page.evaluate<number[]>(`
    import('/pdf.js')
      .then((made) => made.default(${JSON.stringify(content)}, '${'r'.repeat(43)}', 'en', (key) => key))
      .then((blob) => blob.arrayBuffer())
      .then((buffer) => [...new Uint8Array(buffer)])`)
  const pdf = await PDFDocument.load(new Uint8Array(bytes))
  return pdf.context
    .enumerateIndirectObjects()
    .flatMap(([, object]) => (object instanceof PDFRawStream ? [object.dict] : []))
    .filter((dict) => dict.get(PDFName.of('Subtype')) === PDFName.of('Image') && dict.has(PDFName.of('SMask')))
    .map((dict) => `${String(dict.get(PDFName.of('Width')))} × ${String(dict.get(PDFName.of('Height')))}`)
}

test('a prescription in Latin-1 is text alone', async () => {
  expect(await pictures(rx('Zoé Lindqvist', 'three times a day'))).toEqual([])
})

test('a line with other letters is drawn as it is written, and no other line is', async () => {
  expect(await pictures(rx('Łukasz Żółć', 'three times a day'))).toHaveLength(1)
  expect(await pictures(rx('Дарья Κώστας 王', '≤ 3 per day'))).toHaveLength(2)
})
