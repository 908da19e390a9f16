import { PDFDocument, type PDFPage, rgb } from 'pdf-lib'
import { encode } from 'uqr'
import { pdfText } from '@/components/booking/pdf-text'
import { fingerprintWords } from '@/components/staff/fingerprint'

interface Kit {
  words: string[]
  code: string
  name: string
  rootFingerprint: string
  site: string
}
type Say = (key: 'title' | 'what' | 'how' | 'root' | 'scan', values?: Record<string, string>) => string

const ink = rgb(0.07, 0.16, 0.16)
const soft = rgb(0.3, 0.38, 0.38)

/** One sheet to be printed and put away. Made here: its words reach no server. */
export default async function kitPdf(kit: Kit, say: Say): Promise<Blob> {
  const pdf = await PDFDocument.create()
  pdf.setTitle(say('title'))
  const text = await pdfText(pdf)
  const page = pdf.addPage([595, 842])
  let y = 770
  const write = async (words: string, { bold = false, size = 11, color = ink, gap = 5 } = {}) => {
    for (const line of text.wrap(words, { bold, size, color }, 483)) {
      await text.draw(page, line, 56, y, { bold, size, color })
      y -= size + gap
    }
  }
  await write(say('title'), { bold: true, size: 22, gap: 12 })
  await write(`${kit.name}, ${kit.site}`, { bold: true, size: 13, gap: 10 })
  await write(say('what'))
  y -= 4
  await write(say('how', { site: kit.site }))
  y -= 18
  const style = { size: 13, color: ink, bold: true }
  for (const [index, word] of kit.words.entries()) {
    const [column, row] = [index % 3, Math.floor(index / 3)]
    await text.draw(page, `${index + 1}.`, 56 + column * 165, y - row * 26, { size: 10, color: soft })
    await text.draw(page, word, 82 + column * 165, y - row * 26, style)
  }
  y -= 8 * 26 + 16
  drawCode(page, kit.code, 56, y - 170, 170)
  let at = y - 20
  const beside = [
    ...text.wrap(say('scan'), { size: 10, color: ink }, 290),
    '',
    ...text.wrap(say('root'), { size: 10, color: ink }, 290),
    ...text.wrap(fingerprintWords(kit.rootFingerprint).join(' '), { size: 10, color: ink }, 290),
  ]
  for (const line of beside) {
    if (line) await text.draw(page, line, 246, at, { size: 10, color: ink })
    at -= 15
  }
  return new Blob([new Uint8Array(await pdf.save())], { type: 'application/pdf' })
}

function drawCode(page: PDFPage, value: string, x: number, y: number, size: number) {
  const { data, size: count } = encode(value, { ecc: 'M', border: 2 })
  const cell = size / count
  for (const [down, row] of data.entries())
    for (const [across, dark] of row.entries())
      if (dark) {
        const at = { x: x + across * cell, y: y + size - (down + 1) * cell }
        page.drawRectangle({ ...at, width: cell + 0.05, height: cell + 0.05, color: rgb(0, 0, 0) })
      }
}
