import { PDFDocument, rgb } from 'pdf-lib'
import { pdfText } from '@/components/booking/pdf-text'

/** A receipt of lines, made on the patient's device. The signed statement stands at its end, for whoever wants to check it. */
export default async function receiptPdf(title: string, lines: string[], statement: string): Promise<Blob> {
  const pdf = await PDFDocument.create()
  pdf.setTitle(title)
  const text = await pdfText(pdf)
  const page = pdf.addPage([595, 842])
  let y = 780
  const write = async (words: string, size: number, { bold = false, soft = false } = {}) => {
    const style = { size, bold, color: soft ? rgb(0.3, 0.38, 0.38) : rgb(0.07, 0.16, 0.16) }
    for (const line of text.wrap(words, style, 483)) {
      await text.draw(page, line, 56, y, style)
      y -= size + 5
    }
    y -= 8
  }
  await write(title, 20, { bold: true })
  for (const line of lines) await write(line, 11)
  y -= 12
  await write(statement.replace(/(.{64})/g, '$1 '), 8, { soft: true })
  return new Blob([new Uint8Array(await pdf.save())], { type: 'application/pdf' })
}
