import { PDFDocument, rgb, type PDFPage } from 'pdf-lib'
import { pdfText } from '@/components/booking/pdf-text'
import { type DocumentView, unpaidOf } from '@/lib/invoice/rules'
import en from '@/lib/messages/en/invoice.json'
import fr from '@/lib/messages/fr/invoice.json'
import { formatMoney, formatRate } from '@/lib/money'
import { formatPlainDay } from '@/lib/time'

const ink = rgb(0.07, 0.16, 0.16)
const soft = rgb(0.3, 0.38, 0.38)
const [left, right] = [56, 539]
const wholePage: [number, number] = [595, 842]

const fill = (text: string, values: Record<string, string>) =>
  text.replace(/\{(\w+)\}/g, (_, name: string) => values[name] ?? '')

/**
 * An invoice or a credit note as it was issued, in the language that it was issued in. Made on this device, which alone knows the
 * patient's name; without one there is a line to write it on.
 */
export default async function invoicePdf(document: DocumentView, patient: string | null): Promise<Blob> {
  const { content, currency, series } = document
  const { locale, seller, credits, paid, parts = [], totals } = content
  const words = locale === 'fr' ? fr : en
  const pdf = await PDFDocument.create()
  pdf.setTitle(`${words[series]} ${document.number}`)
  const text = await pdfText(pdf)
  let page: PDFPage = pdf.addPage(wholePage)
  let y = 780
  const amount = (minor: number) => formatMoney(minor, currency, locale, { all: true }).replace(/[\u202f\u00a0]/g, ' ')
  const rate = (taxRate: number) => formatRate(taxRate, locale).replace(/[\u202f\u00a0]/g, ' ')
  const dayOf = (iso: string) => formatPlainDay(iso, locale, { day: 'numeric', month: 'long', year: 'numeric' })
  const write = async (line: string, { bold = false, size = 11, color = ink, gap = 5, x = left, width = 483 } = {}) => {
    for (const part of text.wrap(line, { bold, size, color }, width)) {
      if (y < 70) [page, y] = [pdf.addPage(wholePage), 780]
      await text.draw(page, part, x, y, { bold, size, color })
      y -= size + gap
    }
  }
  /** Words on the left, an amount on the right of their first line. */
  const row = async (line: string, figure: string, { bold = false, from = left } = {}) => {
    if (y < 90) [page, y] = [pdf.addPage(wholePage), 780]
    const style = { bold, size: 11, color: ink }
    await text.draw(page, figure, right - text.widthOf(figure, style), y, style)
    await write(line, { bold, x: from, width: 360 - (from - left) })
  }
  const rule = () => {
    page.drawLine({ start: { x: left, y: y + 8 }, end: { x: right, y: y + 8 }, thickness: 0.7, color: soft })
    y -= 8
  }

  await write(seller.name, { bold: true, size: 15 })
  for (const line of [
    seller.address,
    seller.phone,
    seller.taxNumber && fill(words.taxNumber, { number: seller.taxNumber }),
  ])
    if (line) await write(line, { size: 10, color: soft, gap: 3 })
  y -= 22
  await write(words[series], { bold: true, size: 22, gap: 12 })
  await write(fill(words.number, { number: document.number }), { bold: true })
  await write(fill(words.day, { day: dayOf(document.day) }), { color: soft })
  if (credits) await write(fill(words.takesBack, { number: credits.number, day: dayOf(credits.day) }), { color: soft })
  y -= 14
  if (patient === null) await write(words.nameless)
  else {
    await write(words.for, { size: 10, color: soft, gap: 7 })
    await write(patient, { bold: true, size: 13 })
  }
  y -= 18
  await row(words.line, words.amount, { bold: true })
  rule()
  for (const { text: name, day, grossMinor } of content.lines) {
    await row(day ? fill(words.seen, { text: name, day: dayOf(day) }) : name, amount(grossMinor))
    await write(fill(words.by, { practitioner: content.practitioner }), { size: 10, color: soft })
  }
  y -= 6
  rule()
  for (const tax of content.taxes) {
    await row(words.net, amount(tax.netMinor), { from: 300 })
    await row(tax.taxRate ? fill(words.tax, { rate: rate(tax.taxRate) }) : words.noTax, amount(tax.taxMinor), {
      from: 300,
    })
  }
  await row(series === 'invoice' ? words.total : words.credited, amount(totals.grossMinor), { bold: true, from: 300 })
  y -= 14
  if (paid) await write(fill(words.paid[paid.method], { day: dayOf(paid.day), receipt: paid.receipt ?? '' }))
  for (const { method, day, receipt, amountMinor } of parts)
    await write(fill(words.part[method], { day: dayOf(day), receipt: receipt ?? '', amount: amount(amountMinor) }))
  const unpaid = series === 'invoice' ? unpaidOf(content) : 0
  if (unpaid > 0) await write(fill(words.due, { amount: amount(unpaid) }))
  if (seller.footer) {
    y -= 20
    await write(seller.footer, { size: 9, color: soft, gap: 3 })
  }
  return new Blob([new Uint8Array(await pdf.save())], { type: 'application/pdf' })
}
