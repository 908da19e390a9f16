import { type Color, type PDFDocument, type PDFPage, StandardFonts } from 'pdf-lib'

export interface TextStyle {
  size: number
  color: Color
  bold?: boolean
}

/** Pixels to a point, for what is drawn as a picture: sharp on paper. */
const sharpness = 4

/**
 * Text on a page in the fonts that every reader has. They know Latin-1 alone: a line with any other letter (Łukasz, Κώστας, ≤) is
 * drawn by this device's own fonts and set as a picture, rather than misspelt. Such a line cannot be selected.
 */
export async function pdfText(pdf: PDFDocument) {
  const fonts = {
    plain: await pdf.embedFont(StandardFonts.Helvetica),
    bold: await pdf.embedFont(StandardFonts.HelveticaBold),
  }
  const known = new Set(fonts.plain.getCharacterSet())
  const fontOf = ({ bold }: TextStyle) => (bold ? fonts.bold : fonts.plain)
  const isKnown = (text: string) => [...text].every((char) => known.has(char.codePointAt(0)!))

  /** The lines that a text takes within a width, in points. */
  function wrap(text: string, style: TextStyle, width: number): string[] {
    const clean = text.normalize('NFC').replace(/\s+/g, ' ')
    const measure = isKnown(clean)
      ? (line: string) => fontOf(style).widthOfTextAtSize(line, style.size)
      : measureByDevice(style)
    const lines: string[] = []
    let line = ''
    for (const word of clean.split(' ').flatMap((each) => each.match(/.{1,70}/gu) ?? [''])) {
      const next = line ? `${line} ${word}` : word
      if (measure(next) <= width) line = next
      else {
        if (line) lines.push(line)
        line = word
      }
    }
    return [...lines, line]
  }

  /** Of one line, in points. */
  const widthOf = (line: string, style: TextStyle): number =>
    isKnown(line) ? fontOf(style).widthOfTextAtSize(line, style.size) : measureByDevice(style)(line)

  async function draw(page: PDFPage, line: string, x: number, y: number, style: TextStyle): Promise<void> {
    if (isKnown(line)) return page.drawText(line, { x, y, size: style.size, color: style.color, font: fontOf(style) })
    const { png, width, height, descent } = await drawByDevice(line, style)
    page.drawImage(await pdf.embedPng(png), { x, y: y - descent, width, height })
  }

  return { wrap, draw, widthOf }
}

function pencil(style: TextStyle): CanvasRenderingContext2D {
  const context = document.createElement('canvas').getContext('2d')!
  context.font = `${style.bold ? 'bold ' : ''}${style.size * sharpness}px Helvetica, Arial, sans-serif`
  return context
}

function measureByDevice(style: TextStyle): (line: string) => number {
  const context = pencil(style)
  return (line) => context.measureText(line).width / sharpness
}

async function drawByDevice(line: string, style: TextStyle) {
  const context = pencil(style)
  const { font, canvas } = context
  const [above, below] = [style.size * sharpness * 1.25, style.size * sharpness * 0.5]
  // A canvas that is given its size forgets its font.
  canvas.width = Math.ceil(context.measureText(line).width) + sharpness
  canvas.height = Math.ceil(above + below)
  const { red, green, blue } = style.color as Extract<Color, { red: number }>
  context.font = font
  context.fillStyle = `rgb(${[red, green, blue].map((part) => Math.round(part * 255)).join(' ')})`
  context.fillText(line, 0, above)
  const blob = await new Promise<Blob>((done) => canvas.toBlob((made) => done(made!), 'image/png'))
  return {
    png: await blob.arrayBuffer(),
    width: canvas.width / sharpness,
    height: canvas.height / sharpness,
    descent: (canvas.height - above) / sharpness,
  }
}
