import { PDFDocument, rgb } from 'pdf-lib'
import { pdfText } from '@/components/booking/pdf-text'
import type { ClosingView } from '@/lib/ledger/month'
import type { Account } from '@/lib/ledger/rules'
import { formatMoney, formatRate } from '@/lib/money'

interface Words {
  locale: 'en' | 'fr'
  title: string
  say: (key: 'title' | 'account' | 'opening' | 'debit' | 'credit' | 'closing' | 'empty') => string
  accounts: Record<Account, string>
}

const ink = rgb(0.07, 0.16, 0.16)
const soft = rgb(0.3, 0.38, 0.38)
/** Where each column of amounts ends. */
const ends = [290, 373, 456, 539]

/** A closed day on paper: what each account had, what moved and what it has. */
export default async function closingPdf(closing: ClosingView, { locale, title, say, accounts }: Words): Promise<Blob> {
  const pdf = await PDFDocument.create()
  pdf.setTitle(`${say('title')} ${closing.day}`)
  const text = await pdfText(pdf)
  let page = pdf.addPage([595, 842])
  let y = 780
  const plain = (words: string) => words.replace(/[\u202f\u00a0]/g, ' ')
  const line = async (words: string, figures: readonly string[], { bold = false, size = 10, color = ink } = {}) => {
    if (y < 70) [page, y] = [pdf.addPage([595, 842]), 780]
    const style = { bold, size, color }
    for (const [index, figure] of figures.entries())
      await text.draw(page, figure, ends[index]! - text.widthOf(figure, style), y, style)
    for (const part of text.wrap(words, style, figures.length ? 160 : 483)) {
      await text.draw(page, part, 56, y, style)
      y -= size + 6
    }
  }
  await line(closing.clinic, [], { bold: true, size: 15 })
  y -= 10
  await line(say('title'), [], { bold: true, size: 22 })
  await line(title, [], { size: 11, color: soft })
  const rows = closing.accounts
  if (!rows.length) {
    y -= 14
    await line(say('empty'), [])
  }
  for (const currency of [...new Set(rows.map((row) => row.currency))]) {
    y -= 18
    await line(
      `${say('account')} (${currency.toUpperCase()})`,
      [say('opening'), say('debit'), say('credit'), say('closing')],
      {
        bold: true,
      },
    )
    const amount = (minor: number) => plain(formatMoney(minor, currency, locale, { all: true }))
    for (const row of rows.filter((each) => each.currency === currency)) {
      const name = accounts[row.account]
      const named = row.taxRate === null ? name : `${name} ${plain(formatRate(row.taxRate, locale))}`
      await line(named, [row.openingMinor, row.debitMinor, row.creditMinor, row.closingMinor].map(amount))
    }
  }
  return new Blob([new Uint8Array(await pdf.save())], { type: 'application/pdf' })
}
