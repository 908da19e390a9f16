import { PDFDocument, rgb, type PDFPage } from 'pdf-lib'
import { encode } from 'uqr'
import type { PrescriptionContent } from '@/lib/prescription/rules'
import { dateLocale } from '@/lib/time'
import { pdfText } from './pdf-text'

type Say = (key: string, values?: Record<string, string>) => string

const ink = rgb(0.07, 0.16, 0.16)
const soft = rgb(0.3, 0.38, 0.38)

/** Made here, on the patient's device: what it says reaches no server. The code leads a pharmacist to the signed original. */
export default async function prescriptionPdf(
  rx: PrescriptionContent,
  rootFingerprint: string,
  locale: string,
  say: Say,
): Promise<Blob> {
  const pdf = await PDFDocument.create()
  pdf.setTitle(say('title'))
  const text = await pdfText(pdf)
  let page = pdf.addPage([595, 842])
  let y = 780
  const write = async (
    words: string,
    { bold = false, size = 11, color = ink, gap = 5, x = 56, width = 483 } = {},
  ): Promise<void> => {
    for (const line of text.wrap(words, { bold, size, color }, width)) {
      if (y < 70) [page, y] = [pdf.addPage([595, 842]), 780]
      await text.draw(page, line, x, y, { bold, size, color })
      y -= size + gap
    }
  }
  const day = (iso: string) => new Intl.DateTimeFormat(dateLocale(locale), { dateStyle: 'long' }).format(new Date(iso))
  await write(rx.clinic.name, { bold: true, size: 15 })
  for (const line of [rx.clinic.address, rx.clinic.phone])
    if (line) await write(line, { size: 10, color: soft, gap: 3 })
  y -= 22
  await write(say('title'), { bold: true, size: 22, gap: 12 })
  await write(`${say('prescriber')}: ${[rx.prescriber.name, rx.prescriber.title].filter(Boolean).join(', ')}`)
  const born = new Intl.DateTimeFormat(dateLocale(locale), { dateStyle: 'long', timeZone: 'UTC' }).format(
    new Date(`${rx.patient.birthDate}T12:00:00Z`),
  )
  await write(`${say('patient')}: ${rx.patient.name}, ${say('born', { date: born })}`, { bold: true })
  await write(`${say('issued', { date: day(rx.issuedAt) })}. ${say('until', { date: day(rx.expiresAt) })}.`, {
    color: soft,
  })
  y -= 14
  for (const [index, item] of rx.items.entries()) {
    await write(`${index + 1}. ${item.medicine} ${item.dose}`, { bold: true, size: 13 })
    await write([item.form, item.route, item.frequency, item.duration].filter(Boolean).join(', '), {
      x: 72,
      width: 467,
    })
    const more = [
      item.quantity && say('quantity', { value: item.quantity }),
      item.repeats > 0 && say('repeats', { value: String(item.repeats) }),
      !item.substitution && say('noSubstitution'),
      item.notes,
    ].filter((each): each is string => Boolean(each))
    for (const line of more) await write(line, { x: 72, width: 467, size: 10, color: soft })
    y -= 8
  }
  if (rx.notes) await write(`${say('notes')}: ${rx.notes}`)
  if (y < 250) [page, y] = [pdf.addPage([595, 842]), 780]
  const link = `${location.origin}/rx/${rx.rxId}#k=${rx.secret}&r=${rootFingerprint}`
  drawCode(page, link, 56, 70, 150)
  y = 190
  await write(say('scan'), { x: 226, width: 310, size: 10 })
  await write(link, { x: 226, width: 310, size: 7, color: soft, gap: 2 })
  return new Blob([new Uint8Array(await pdf.save())], { type: 'application/pdf' })
}

export function drawCode(page: PDFPage, text: string, x: number, y: number, size: number) {
  const { data, size: count } = encode(text, { ecc: 'M', border: 2 })
  const cell = size / count
  data.forEach((row, down) =>
    row.forEach((dark, across) => {
      if (dark)
        page.drawRectangle({
          x: x + across * cell,
          y: y + size - (down + 1) * cell,
          width: cell + 0.05,
          height: cell + 0.05,
          color: rgb(0, 0, 0),
        })
    }),
  )
}
