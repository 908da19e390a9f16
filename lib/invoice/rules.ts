import { z } from 'zod'
import { accounts, type Account, type Entry, type Method, type TaxLine } from '../ledger/rules.ts'
import { decimalText, shareOut, splitTax } from '../money.ts'
import { addDays } from '../time.ts'

// Invoices, receipts and credit notes. A document is a snapshot that never changes; who it is for is written on it in a browser,
// since the server does not know a patient's name.

/** What stands on a document: a service's public name and a day, never a word about the patient. */
export interface Line {
  text: string
  /** ISO day of the visit. */
  day: string | null
  grossMinor: number
  taxRate: number
}

export interface Totals {
  netMinor: number
  taxMinor: number
  grossMinor: number
}

const lineOf = (taxRate: number, grossMinor: number): TaxLine => ({ taxRate, ...splitTax(grossMinor, taxRate) })
export const grossOf = ({ netMinor, taxMinor }: Pick<TaxLine, 'netMinor' | 'taxMinor'>) => netMinor + taxMinor

/** Tax by rate, the lowest first: of the sum of each rate's lines, so that rounding is done once. */
export function taxesOf(lines: readonly Line[]): TaxLine[] {
  const byRate = new Map<number, number>()
  for (const { taxRate, grossMinor } of lines) byRate.set(taxRate, (byRate.get(taxRate) ?? 0) + grossMinor)
  return [...byRate]
    .filter(([, gross]) => gross !== 0)
    .sort(([a], [b]) => a - b)
    .map(([rate, gross]) => lineOf(rate, gross))
}

export function totalsOf(taxes: readonly TaxLine[]): Totals {
  const totals = { netMinor: 0, taxMinor: 0, grossMinor: 0 }
  for (const { netMinor, taxMinor } of taxes) {
    totals.netMinor += netMinor
    totals.taxMinor += taxMinor
    totals.grossMinor += netMinor + taxMinor
  }
  return totals
}

// ── credit notes ──

const rateOf = (taxes: readonly TaxLine[], taxRate: number): TaxLine =>
  taxes.find((line) => line.taxRate === taxRate) ?? { taxRate, netMinor: 0, taxMinor: 0 }

/** What of an invoice has not been credited yet, by rate. */
export const leftOf = (invoice: readonly TaxLine[], credited: readonly TaxLine[]): TaxLine[] =>
  invoice.map(({ taxRate, netMinor, taxMinor }) => {
    const before = rateOf(credited, taxRate)
    return { taxRate, netMinor: netMinor - before.netMinor, taxMinor: taxMinor - before.taxMinor }
  })

/** Sums of several credit notes, by rate. */
export function addTaxes(...documents: (readonly TaxLine[])[]): TaxLine[] {
  const rates = [...new Set(documents.flat().map(({ taxRate }) => taxRate))].sort((a, b) => a - b)
  return rates.map((taxRate) => {
    const lines = documents.map((taxes) => rateOf(taxes, taxRate))
    const { netMinor, taxMinor } = totalsOf(lines)
    return { taxRate, netMinor, taxMinor }
  })
}

/**
 * A credit note of a part of an invoice, or of all that is left. Each rate gives its share; its tax is what is due on all that was
 * credited so far, less what earlier notes gave back: so that the notes of a whole invoice give back its tax to the last minor unit.
 * Null for more than is left.
 */
export function creditTaxes(
  invoice: readonly TaxLine[],
  credited: readonly TaxLine[],
  grossMinor: number,
): TaxLine[] | null {
  const left = leftOf(invoice, credited).map(grossOf)
  const most = left.reduce((sum, gross) => sum + gross, 0)
  if (!Number.isSafeInteger(grossMinor) || grossMinor <= 0 || grossMinor > most) return null
  const shares = shareOut(grossMinor, left)
  return invoice.flatMap(({ taxRate }, index) => {
    const share = shares[index]!
    if (share === 0) return []
    const before = rateOf(credited, taxRate)
    const { taxMinor } = splitTax(grossOf(before) + share, taxRate)
    const tax = taxMinor - before.taxMinor
    return [{ taxRate, netMinor: share - tax, taxMinor: tax }]
  })
}

// ── numbers ──

export type Series = 'invoice' | 'credit_note' | 'receipt'

/** The desk's receipts begin so. */
export const receiptPrefix = 'REC'

/** How a clinic's numbers begin: letters alone, since they stand in file names and sheets. */
export const Prefix = z.string().regex(/^[A-Z]{1,6}$/, { error: 'prefix' })

const words = (max: number) => z.string().trim().max(max, { error: 'tooLong' })
/** What stands on a clinic's invoices. An empty name is the one that patients see. */
export const LegalForm = z.object({
  legalName: words(120),
  taxNumber: words(40),
  invoicePrefix: Prefix.refine((prefix) => prefix !== receiptPrefix, { error: 'prefixTaken' }),
  invoiceFooter: words(500),
})
export type Legal = z.output<typeof LegalForm>

/** Of one clinic and series: a row that is locked while a document is written, so that a number that was not used is not gone. */
export interface Counter {
  year: number
  last: number
  /** ISO day of the last document. */
  issuedOn: string
}

/** A document's number and day. Numbers and days rise together: a clock that was set back does not date a document before the last. */
export function nextNumber(counter: Counter | null, today: string): Counter {
  const year = Number(today.slice(0, 4))
  if (!counter || counter.year < year) return { year, last: 1, issuedOn: today }
  const issuedOn = today > counter.issuedOn ? today : counter.issuedOn
  return { year: counter.year, last: counter.last + 1, issuedOn }
}

/** INV-2026-000123. It grows beyond six digits rather than beginning anew. */
export const documentNumber = (prefix: string, { year, last }: Pick<Counter, 'year' | 'last'>): string =>
  `${prefix}-${year}-${String(last).padStart(6, '0')}`

/** A credit note's numbers begin as no invoice's do, whatever prefix a clinic had before. */
export const prefixOf = (series: 'invoice' | 'credit_note', invoicePrefix: string): string =>
  series === 'invoice' ? invoicePrefix : `${invoicePrefix}-CR`

// ── documents ──

export interface Paid {
  method: Method
  /** ISO day. */
  day: string
  /** The desk's receipt. */
  receipt: string | null
}

export interface PaidPart extends Paid {
  /** Of the document's total. */
  amountMinor: number
}

/** How a total is paid by what came, the first first; nothing of what is more than it. */
export function paidBy(grossMinor: number, came: readonly PaidPart[]): Pick<DocumentContent, 'paid' | 'parts'> {
  let left = grossMinor
  const parts = came
    .map((each) => {
      const amountMinor = Math.min(each.amountMinor, left)
      left -= amountMinor
      return { ...each, amountMinor }
    })
    .filter(({ amountMinor }) => amountMinor > 0)
  const [first, second] = parts
  if (!first) return { paid: null }
  if (second || left > 0) return { paid: null, parts }
  const { method, day, receipt } = first
  return { paid: { method, day, receipt } }
}

/** What of an invoice was to be paid when it was issued. */
export const unpaidOf = ({ paid, parts = [], totals }: Pick<DocumentContent, 'paid' | 'parts' | 'totals'>): number =>
  paid ? 0 : parts.reduce((left, { amountMinor }) => left - amountMinor, totals.grossMinor)

/** All that a document says, as it was when it was issued. Whom it is for is not in it: the server does not know. */
export interface DocumentContent {
  locale: 'en' | 'fr'
  seller: { name: string; address: string; phone: string; taxNumber: string; footer: string }
  practitioner: string
  lines: Line[]
  taxes: TaxLine[]
  totals: Totals
  /** How it was paid, where all of it was, at once, when the invoice was issued. */
  paid: Paid | null
  /** Else what of it was paid by then, the first first: a deposit, a deposit and the rest. What they leave is to be paid. */
  parts?: PaidPart[]
  /** The invoice that a credit note takes back in part or whole. */
  credits: { number: string; day: string } | null
}

export interface DocumentView {
  id: string
  appointmentId: string
  series: 'invoice' | 'credit_note'
  number: string
  day: string
  currency: string
  content: DocumentContent
}

/** What a sale's credit notes come to, by rate. */
export const creditedOf = (documents: readonly Pick<DocumentView, 'series' | 'content'>[]): TaxLine[] =>
  addTaxes(...documents.filter(({ series }) => series === 'credit_note').map(({ content }) => content.taxes))

/** The lines of a credit note: one for each rate, named as the invoice's. */
export const creditLines = (invoice: readonly Line[], taxes: readonly TaxLine[]): Line[] =>
  taxes.map((tax) => {
    const { text, day } = invoice.find(({ taxRate }) => taxRate === tax.taxRate)!
    return { text, day, grossMinor: grossOf(tax), taxRate: tax.taxRate }
  })

// ── what the accountant gets ──

/** An entry with its posting. */
export interface Posted extends Entry {
  /** ISO day, of the clinic's own calendar, on which it was posted. */
  day: string
  currency: string
  cause: string
  document: string | null
}

/** 20000 → "20", 5500 → "5.5". */
const percentText = (taxRate: number) => String(taxRate / 1000)

/** A cell that a spreadsheet neither splits nor runs. */
function cell(text: string, separator: string): string {
  const safe = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text
  return safe.includes(separator) || /["\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe
}

const decimalIn = (text: string, locale: 'en' | 'fr') => (locale === 'fr' ? text.replace('.', ',') : text)

/** Words, or a number that may begin with a minus. */
type Cell = string | { amount: string }

function sheetOf(locale: 'en' | 'fr', lines: readonly (readonly Cell[])[]): string {
  const separator = locale === 'fr' ? ';' : ','
  // The mark at the start tells spreadsheets that this is UTF-8.
  return `\uFEFF${lines.map((row) => row.map((each) => (typeof each === 'string' ? cell(each, separator) : each.amount)).join(separator) + '\r\n').join('')}`
}

export interface SheetWords {
  heads: {
    day: string
    document: string
    account: string
    taxRate: string
    currency: string
    debit: string
    credit: string
    cause: string
  }
  accounts: Record<Account, string>
}

/** One row for each entry, for a spreadsheet as it opens in that language. No patient, no service. */
export function csvOf(entries: readonly Posted[], locale: 'en' | 'fr', words: SheetWords): string {
  const { day, document, account, taxRate, currency, debit, credit, cause } = words.heads
  const rows = entries.map((entry) => {
    const amount = decimalIn(decimalText(Math.abs(entry.amountMinor), entry.currency), locale)
    return [
      entry.day,
      entry.document ?? '',
      words.accounts[entry.account],
      entry.taxRate === null ? '' : decimalIn(percentText(entry.taxRate), locale),
      entry.currency.toUpperCase(),
      entry.amountMinor > 0 ? amount : '',
      entry.amountMinor < 0 ? amount : '',
      entry.cause,
    ]
  })
  return sheetOf(locale, [[day, document, account, taxRate, currency, debit, credit, cause], ...rows])
}

export interface ClosedAccount {
  account: Account
  taxRate: number | null
  currency: string
  openingMinor: number
  debitMinor: number
  creditMinor: number
  closingMinor: number
}

/** A day of the books: what each account had, what moved, what it has now. Accounts that are empty and did not move are left out. */
export function closeDay(before: readonly ClosedAccount[], entries: readonly Posted[]): ClosedAccount[] {
  const name = ({ currency, account, taxRate }: Pick<Posted, 'currency' | 'account' | 'taxRate'>) =>
    `${currency} ${account} ${taxRate}`
  const day = new Map<string, ClosedAccount>()
  const nothing = { openingMinor: 0, debitMinor: 0, creditMinor: 0, closingMinor: 0 }
  for (const { account, taxRate, currency, closingMinor } of before)
    day.set(name({ account, taxRate, currency }), {
      ...{ account, taxRate, currency, ...nothing },
      openingMinor: closingMinor,
      closingMinor,
    })
  for (const entry of entries) {
    const { account, taxRate, currency, amountMinor } = entry
    const row = day.get(name(entry)) ?? { account, taxRate, currency, ...nothing }
    if (amountMinor > 0) row.debitMinor += amountMinor
    else row.creditMinor -= amountMinor
    row.closingMinor += amountMinor
    day.set(name(entry), row)
  }
  const order = ({ account }: ClosedAccount) => accounts.indexOf(account)
  return [...day.values()]
    .filter((row) => row.openingMinor !== 0 || row.debitMinor !== 0 || row.creditMinor !== 0)
    .sort(
      (a, b) =>
        (a.currency < b.currency ? -1 : a.currency > b.currency ? 1 : 0) ||
        order(a) - order(b) ||
        (a.taxRate ?? -1) - (b.taxRate ?? -1),
    )
}

export interface ClosingWords {
  heads: Record<'day' | 'account' | 'taxRate' | 'currency' | 'opening' | 'debit' | 'credit' | 'closing', string>
  accounts: Record<Account, string>
}

/** A closed day as a sheet: a row for each account, tax rate and currency. */
export function closingCsv(
  day: string,
  rows: readonly ClosedAccount[],
  locale: 'en' | 'fr',
  words: ClosingWords,
): string {
  const { heads, accounts: names } = words
  const amount = (minor: number, currency: string) => ({ amount: decimalIn(decimalText(minor, currency), locale) })
  const { day: dayHead, account, taxRate, currency, opening, debit, credit, closing } = heads
  return sheetOf(locale, [
    [dayHead, account, taxRate, currency, opening, debit, credit, closing],
    ...rows.map((row) => [
      ...[day, names[row.account], row.taxRate === null ? '' : decimalIn(percentText(row.taxRate), locale)],
      row.currency.toUpperCase(),
      ...[row.openingMinor, row.debitMinor, row.creditMinor, row.closingMinor].map((each) =>
        amount(each, row.currency),
      ),
    ]),
  ])
}

/** Only a day that is over is closed, and none before the one before it. The first is any. */
export const mayClose = (day: string, today: string, lastClosed: string | null): boolean =>
  day < today && (lastClosed === null || day === addDays(lastClosed, 1))

/** The day that something is posted on: today, or the first open one where the clock was set back into a closed day. */
export const postingDay = (today: string, lastClosed: string | null): string =>
  lastClosed !== null && today <= lastClosed ? addDays(lastClosed, 1) : today
