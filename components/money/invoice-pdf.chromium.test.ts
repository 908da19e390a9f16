import { afterAll, beforeAll, expect, test } from 'vitest'
import { decodePDFRawStream, PDFDocument, PDFName, PDFRawStream } from 'pdf-lib'
import { type Lab, openLab } from '../../bench/chromium.ts'
import type { DocumentView } from '../../lib/invoice/rules.ts'

let browser: Lab
beforeAll(async () => {
  browser = await openLab({ programs: { pdf: 'components/money/invoice-pdf.ts' } })
}, 60_000)
afterAll(() => browser?.close())

const invoice = (more: Partial<DocumentView> = {}, content: Partial<DocumentView['content']> = {}): DocumentView => ({
  ...{ id: '5b3f9a52-6d0a-4c5e-9a51-3a2f6d1f7c11', appointmentId: '8b8f6f3e-5a52-4d7b-9a55-93a1c7a0e7b0' },
  ...{ series: 'invoice', number: 'INV-2026-000012', day: '2026-11-21', currency: 'eur' },
  ...more,
  content: {
    locale: 'en',
    seller: {
      ...{ name: 'Harbour Health SARL', address: '5 Quai des Docks', phone: '+33 1 23 45 67 89' },
      ...{ taxNumber: 'FR 40 303 265 045', footer: 'RCS Paris 303 265 045' },
    },
    practitioner: 'Dr Amara Okafor',
    lines: [{ text: 'Video consult', day: '2026-11-25', grossMinor: 123_450, taxRate: 5500 }],
    taxes: [{ taxRate: 5500, netMinor: 117_014, taxMinor: 6436 }],
    totals: { netMinor: 117_014, taxMinor: 6436, grossMinor: 123_450 },
    paid: { method: 'cash', day: '2026-11-21', receipt: 'REC-2026-000003' },
    credits: null,
    ...content,
  },
})

/** What it says, line by line, and how many lines of it are pictures. */
async function made(document: DocumentView, name: string | null) {
  // As text: a bundler's own import() does not reach into the page.
  const bytes = await browser.page.evaluate<number[]>(`
    import('/pdf.js')
      .then((made) => made.default(${JSON.stringify(document)}, ${JSON.stringify(name)}))
      .then((blob) => blob.arrayBuffer())
      .then((buffer) => [...new Uint8Array(buffer)])`)
  const pdf = await PDFDocument.load(new Uint8Array(bytes))
  const streams = pdf.context
    .enumerateIndirectObjects()
    .flatMap(([, object]) => (object instanceof PDFRawStream ? [object] : []))
  const pictures = streams.filter(
    ({ dict }) => dict.get(PDFName.of('Subtype')) === PDFName.of('Image') && dict.has(PDFName.of('SMask')),
  )
  const words = pdf.getPages().flatMap((page) => {
    const { Contents } = page.node.normalizedEntries()
    return (Contents?.asArray() ?? []).flatMap((ref) => {
      const stream = pdf.context.lookup(ref)
      if (!(stream instanceof PDFRawStream)) return []
      const drawn = Buffer.from(decodePDFRawStream(stream).decode()).toString('latin1')
      return [...drawn.matchAll(/<([0-9A-Fa-f]+)> Tj/g)].map(([, hex]) =>
        new TextDecoder('windows-1252').decode(Buffer.from(hex!, 'hex')),
      )
    })
  })
  return { words, pictures: pictures.length, title: pdf.getTitle() }
}

test('an invoice says who sold what to whom, its tax, its sum and how it was paid', async () => {
  const { words, pictures, title } = await made(invoice(), 'Zoé Lindqvist')
  expect(title).toBe('Invoice INV-2026-000012')
  expect(pictures).toBe(0)
  expect(words).toEqual([
    'Harbour Health SARL',
    '5 Quai des Docks',
    '+33 1 23 45 67 89',
    'Tax number: FR 40 303 265 045',
    'Invoice',
    'No. INV-2026-000012',
    'Issued on 21 November 2026',
    'For',
    'Zoé Lindqvist',
    'Amount',
    'Service',
    '€1,234.50',
    'Video consult, 25 November 2026',
    'With Dr Amara Okafor',
    '€1,170.14',
    'Net',
    '€64.36',
    'VAT 5.5%',
    '€1,234.50',
    'Total',
    'Paid in cash on 21 November 2026, receipt REC-2026-000003.',
    'RCS Paris 303 265 045',
  ])
})

test('a credit note names its invoice, in French where the booking was, with a line for a name that is not known', async () => {
  const note = invoice(
    { series: 'credit_note', number: 'INV-CR-2026-000001' },
    { locale: 'fr', paid: null, credits: { number: 'INV-2026-000012', day: '2026-11-21' } },
  )
  const { words, pictures } = await made(note, null)
  expect(words).toContain('Avoir')
  expect(words).toContain('Sur la facture INV-2026-000012 du 21 novembre 2026')
  expect(words.join('\n')).toMatch(/Nom du patient : _+/)
  expect(words).toContain('1 234,50 €')
  expect(words).toContain('TVA 5,5 %')
  expect(words).toContain('Total de l’avoir')
  expect(pictures).toBe(0)
  // What is owed says so; a name in other letters is drawn as it is written.
  const owed = await made(invoice({}, { paid: null }), 'Łukasz Żółć')
  expect(owed.words).toContain('To be paid: €1,234.50.')
  expect(owed.pictures).toBe(1)
})

test('what was paid in parts says each of them, and what they leave', async () => {
  const deposit = { method: 'stripe', day: '2026-11-03', receipt: null, amountMinor: 23_450 } as const
  const part = await made(invoice({}, { paid: null, parts: [deposit] }), null)
  expect(part.words.slice(-3)).toEqual([
    'Of it, €234.50 was paid online on 3 November 2026.',
    'To be paid: €1,000.00.',
    'RCS Paris 303 265 045',
  ])
  const rest = { method: 'cash', day: '2026-11-25', receipt: 'REC-2026-000003', amountMinor: 100_000 } as const
  const { words } = await made(invoice({}, { locale: 'fr', paid: null, parts: [deposit, rest] }), null)
  expect(words.slice(-3)).toEqual([
    'Dont 234,50 € payés en ligne le 3 novembre 2026.',
    'Dont 1 000,00 € payés en espèces le 25 novembre 2026, reçu REC-2026-000003.',
    'RCS Paris 303 265 045',
  ])
})
