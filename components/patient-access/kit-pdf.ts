import { PDFDocument, rgb } from 'pdf-lib'
import { drawCode } from '../booking/prescription-pdf'
import { pdfText } from '../booking/pdf-text'

const ink = rgb(0.07, 0.16, 0.16)
const soft = rgb(0.3, 0.38, 0.38)

/** One page, made here: neither the words nor the code on it reach a server. */
export default async function kitPdf(
  page: { link: string; words: readonly string[]; address: string; made: string },
  say: (key: 'pdfTitle' | 'pdfLead' | 'pdfHow' | 'pdfKeep' | 'pdfMade', values?: Record<string, string>) => string,
): Promise<Blob> {
  const pdf = await PDFDocument.create()
  pdf.setTitle(say('pdfTitle'))
  const text = await pdfText(pdf)
  const sheet = pdf.addPage([595, 842])
  let y = 780
  const write = async (words: string, { bold = false, size = 11, color = ink, gap = 6 } = {}) => {
    for (const line of text.wrap(words, { bold, size, color }, 483)) {
      await text.draw(sheet, line, 56, y, { bold, size, color })
      y -= size + gap
    }
  }
  await write(say('pdfTitle'), { bold: true, size: 22, gap: 12 })
  await write(say('pdfLead'))
  y -= 12
  for (const [index, word] of page.words.entries()) {
    const [column, row] = [Math.floor(index / 8), index % 8]
    const style = { size: 13, color: ink, bold: true }
    await text.draw(sheet, `${index + 1}. ${word}`, 56 + column * 165, y - row * 24, style)
  }
  y -= 8 * 24 + 18
  await write(say('pdfHow', { address: page.address }))
  await write(say('pdfKeep'), { color: soft })
  await write(say('pdfMade', { date: page.made }), { color: soft })
  drawCode(sheet, page.link, 56, y - 210, 200)
  return new Blob([new Uint8Array(await pdf.save())], { type: 'application/pdf' })
}
