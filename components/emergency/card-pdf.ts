import { PDFDocument, rgb } from 'pdf-lib'
import { encode } from 'uqr'
import { pdfText } from '@/components/booking/pdf-text'
import type { CardContent } from '@/lib/emergency/rules'

type Say = (key: string, values?: Record<string, string>) => string

const ink = rgb(0.07, 0.16, 0.16)
const soft = rgb(0.3, 0.38, 0.38)
const red = rgb(0.66, 0.1, 0.12)
/** A bank card's size (ISO/IEC 7810 ID-1), in points. */
const card = { width: (85.6 / 25.4) * 72, height: (53.98 / 25.4) * 72 }

/** One card on a sheet of A4, to be cut out. Made on the patient's device; of what it opens only the name is printed. */
export default async function cardPdf(content: CardContent, link: string, made: string, say: Say): Promise<Blob> {
  const pdf = await PDFDocument.create()
  pdf.setTitle(say('title'))
  const text = await pdfText(pdf)
  const page = pdf.addPage([595, 842])
  const [left, top] = [56, 786]
  const bottom = top - card.height
  page.drawRectangle({
    ...{ x: left, y: bottom, width: card.width, height: card.height },
    ...{ borderColor: soft, borderWidth: 0.6, borderDashArray: [3, 3] },
  })
  const code = 118
  const { data, size: count } = encode(link, { ecc: 'M', border: 2 })
  const cell = code / count
  const [codeLeft, codeTop] = [left + card.width - code - 6, top - (card.height - code) / 2]
  data.forEach((row, down) =>
    row.forEach((dark, across) => {
      if (!dark) return
      const place = { x: codeLeft + across * cell, y: codeTop - (down + 1) * cell }
      page.drawRectangle({ ...place, width: cell + 0.05, height: cell + 0.05, color: rgb(0, 0, 0) })
    }),
  )
  let y = top - 20
  const width = card.width - code - 24
  const write = async (words: string, size: number, { color = ink, bold = false, at = left + 12, across = width }) => {
    for (const line of text.wrap(words, { size, color, bold }, across)) {
      await text.draw(page, line, at, y, { size, color, bold })
      y -= size + 3
    }
  }
  await write(say('title'), 12, { color: red, bold: true })
  y -= 2
  if (content.name) await write(content.name, 10, { bold: true })
  y -= 2
  await write(say('scan'), 8, {})
  await write(say('made', { date: made }), 7, { color: soft })
  y = bottom - 30
  for (const line of ['cut', 'carry', 'revoke']) await write(say(line), 10, { color: soft, at: left, across: 483 })
  return new Blob([new Uint8Array(await pdf.save())], { type: 'application/pdf' })
}
