import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { accounts, type Account, type TaxLine } from '../ledger/rules'
import { splitTax } from '../money'
import { addDays } from '../time'
import {
  addTaxes,
  closeDay,
  closingCsv,
  creditTaxes,
  csvOf,
  documentNumber,
  grossOf,
  leftOf,
  mayClose,
  nextNumber,
  paidBy,
  postingDay,
  Prefix,
  taxesOf,
  totalsOf,
  unpaidOf,
  type ClosedAccount,
  type Counter,
  type Line,
  type Posted,
} from './rules'

const line = (grossMinor: number, taxRate: number): Line => ({
  text: 'Consultation',
  day: '2026-11-21',
  grossMinor,
  taxRate,
})
const rates = [0, 5500, 9975, 20_000]
const lines = fc.array(
  fc.tuple(fc.integer({ min: 1, max: 1_000_000 }), fc.constantFrom(...rates)).map(([gross, rate]) => line(gross, rate)),
  { minLength: 1, maxLength: 6 },
)

describe('taxes of a document', () => {
  it('are of the sum of each rate, the lowest first', () => {
    // Each line alone would round to 17: three times 17 is 51, and the tax of 300 is 50.
    expect(taxesOf([line(100, 20_000), line(4500, 0), line(100, 20_000), line(100, 20_000)])).toEqual([
      { taxRate: 0, netMinor: 4500, taxMinor: 0 },
      { taxRate: 20_000, netMinor: 250, taxMinor: 50 },
    ])
    expect(taxesOf([line(100, 20_000), line(-100, 20_000)])).toEqual([])
    expect(taxesOf([])).toEqual([])
  })

  it('add up to what the lines do', () => {
    fc.assert(
      fc.property(lines, (all) => {
        const { netMinor, taxMinor, grossMinor } = totalsOf(taxesOf(all))
        expect(netMinor + taxMinor).toBe(grossMinor)
        expect(grossMinor).toBe(all.reduce((sum, each) => sum + each.grossMinor, 0))
      }),
    )
  })
})

describe('a credit note', () => {
  const invoice = taxesOf([line(100, 20_000), line(50, 0)])
  it.each<[number, TaxLine[] | null]>([
    [
      150,
      [
        { taxRate: 0, netMinor: 50, taxMinor: 0 },
        { taxRate: 20_000, netMinor: 83, taxMinor: 17 },
      ],
    ],
    [
      75,
      [
        { taxRate: 0, netMinor: 25, taxMinor: 0 },
        { taxRate: 20_000, netMinor: 42, taxMinor: 8 },
      ],
    ],
    [1, [{ taxRate: 20_000, netMinor: 1, taxMinor: 0 }]],
    [151, null],
    [0, null],
    [-5, null],
    [0.5, null],
  ])('of %i', (gross, taxes) => expect(creditTaxes(invoice, [], gross)).toEqual(taxes))

  it('of what is left, after others, gives back the invoice to the last minor unit', () => {
    fc.assert(
      fc.property(lines, fc.array(fc.integer({ min: 1, max: 100 }), { maxLength: 5 }), (all, parts) => {
        const whole = taxesOf(all)
        let credited: TaxLine[] = []
        for (const part of parts) {
          const left = totalsOf(leftOf(whole, credited)).grossMinor
          if (left === 0) break
          const amount = Math.ceil((left * part) / 100)
          const note = creditTaxes(whole, credited, amount)!
          expect(totalsOf(note).grossMinor).toBe(amount)
          // No rate gives back more than it took, and no line is upside down.
          expect(note.every(({ netMinor, taxMinor }) => netMinor >= 0 && taxMinor >= 0)).toBe(true)
          credited = addTaxes(credited, note)
          expect(leftOf(whole, credited).every((each) => grossOf(each) >= 0 && each.taxMinor >= 0)).toBe(true)
          // As if all of it had been credited at once.
          for (const { taxRate, taxMinor, netMinor } of credited)
            expect(taxMinor).toBe(splitTax(netMinor + taxMinor, taxRate).taxMinor)
        }
        const rest = totalsOf(leftOf(whole, credited)).grossMinor
        if (rest > 0) credited = addTaxes(credited, creditTaxes(whole, credited, rest)!)
        expect(credited).toEqual(whole)
        expect(creditTaxes(whole, credited, 1)).toBeNull()
      }),
    )
  })
})

describe('numbers', () => {
  it.each<[Counter | null, string, Counter]>([
    [null, '2026-11-21', { year: 2026, last: 1, issuedOn: '2026-11-21' }],
    [{ year: 2026, last: 7, issuedOn: '2026-11-20' }, '2026-11-21', { year: 2026, last: 8, issuedOn: '2026-11-21' }],
    // A clock that was set back.
    [{ year: 2026, last: 7, issuedOn: '2026-11-21' }, '2026-11-20', { year: 2026, last: 8, issuedOn: '2026-11-21' }],
    [{ year: 2026, last: 7, issuedOn: '2026-12-31' }, '2027-01-01', { year: 2027, last: 1, issuedOn: '2027-01-01' }],
    [{ year: 2027, last: 1, issuedOn: '2027-01-01' }, '2026-12-31', { year: 2027, last: 2, issuedOn: '2027-01-01' }],
  ])('after %j on %s: %j', (counter, today, next) => expect(nextNumber(counter, today)).toEqual(next))

  it('have no gap in a year, and rise with the days', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: -3, max: 200 }), { minLength: 1, maxLength: 40 }), (leaps) => {
        let day = '2026-01-15'
        const issued: Counter[] = []
        for (const leap of leaps) {
          day = addDays(day, leap)
          issued.push(nextNumber(issued.at(-1) ?? null, day))
        }
        for (const [at, next] of issued.entries()) {
          const before = issued[at - 1]
          expect(next.issuedOn.startsWith(`${next.year}-`)).toBe(true)
          expect(next.last).toBe(before?.year === next.year ? before.last + 1 : 1)
          if (before) expect(next.issuedOn >= before.issuedOn && next.year >= before.year).toBe(true)
        }
      }),
    )
  })

  it('are written with their year, and grow past a million', () => {
    expect(documentNumber('INV', { year: 2026, last: 123 })).toBe('INV-2026-000123')
    expect(documentNumber('FAC', { year: 2026, last: 1_234_567 })).toBe('FAC-2026-1234567')
    expect(['INV', 'FAC', '', 'inv', '=A', 'TOOLONG'].map((text) => Prefix.safeParse(text).success)).toEqual([
      ...[true, true, false, false, false, false],
    ])
  })
})

// ── what the accountant gets ──

const posted = (account: Account, amountMinor: number, more: Partial<Posted> = {}): Posted => ({
  ...{ account, amountMinor, taxRate: null, day: '2026-11-21', currency: 'eur', cause: 'paid/pi_1', document: null },
  ...more,
})
const words = {
  heads: {
    ...{ day: 'Day', document: 'Document', account: 'Account', taxRate: 'Tax %', currency: 'Currency' },
    ...{ debit: 'Debit', credit: 'Credit', cause: 'Cause' },
  },
  accounts: Object.fromEntries(accounts.map((each) => [each, each])) as Record<Account, string>,
}
const sold = [
  posted('receivable', 450_050, { document: 'INV-2026-000001', cause: 'earned/a/visit/0' }),
  posted('revenue', -409_332, { taxRate: 9975, document: 'INV-2026-000001', cause: 'earned/a/visit/0' }),
  posted('tax', -40_718, { taxRate: 9975, document: 'INV-2026-000001', cause: 'earned/a/visit/0' }),
]

describe('the sheet', () => {
  it('has a row for each entry, as an English spreadsheet reads it', () => {
    expect(csvOf(sold, 'en', words).split('\r\n')).toEqual([
      '\uFEFFDay,Document,Account,Tax %,Currency,Debit,Credit,Cause',
      '2026-11-21,INV-2026-000001,receivable,,EUR,4500.50,,earned/a/visit/0',
      '2026-11-21,INV-2026-000001,revenue,9.975,EUR,,4093.32,earned/a/visit/0',
      '2026-11-21,INV-2026-000001,tax,9.975,EUR,,407.18,earned/a/visit/0',
      '',
    ])
  })

  it('has semicolons and decimal commas for a French one', () => {
    expect(csvOf(sold, 'fr', words).split('\r\n')[2]).toBe(
      '2026-11-21;INV-2026-000001;revenue;9,975;EUR;;4093,32;earned/a/visit/0',
    )
    const yen = posted('cash', 4500, { currency: 'jpy' })
    expect(csvOf([yen], 'fr', words).split('\r\n')[1]).toBe('2026-11-21;;cash;;JPY;4500;;paid/pi_1')
  })

  it('runs nothing, and splits no cell, whatever somebody named an account', () => {
    const named = (cash: string) => ({ ...words, accounts: { ...words.accounts, cash } })
    const cellOf = (text: string) =>
      csvOf([posted('cash', 100)], 'en', named(text))
        .split('\r\n')
        .slice(1)
        .join('\r\n')
    expect(cellOf('=HYPERLINK("x")')).toContain(`,"'=HYPERLINK(""x"")",`)
    for (const text of ['+1', '-1', '@SUM(A1)', '\tx']) expect(cellOf(text)).toContain(`,'${text},`)
    expect(cellOf('Cash, till')).toContain(',"Cash, till",')
    expect(cellOf('Cash\r\ntill')).toContain(',"Cash\r\ntill",')
  })
})

describe('a day’s closing', () => {
  it('has what each account had, what moved and what it has', () => {
    const before = closeDay([], [posted('cash', 1000), posted('deposits', -1000)])
    const moved = [
      posted('cash', 500),
      posted('deposits', -500),
      posted('deposits', 1500),
      posted('revenue', -1500, { taxRate: 0 }),
    ]
    const told = ({ account, taxRate, openingMinor, debitMinor, creditMinor, closingMinor }: ClosedAccount) => [
      ...[account, taxRate, openingMinor, debitMinor, creditMinor, closingMinor],
    ]
    expect(closeDay(before, moved).map(told)).toEqual([
      ['cash', null, 1000, 500, 0, 1500],
      ['deposits', null, -1000, 1500, 500, 0],
      ['revenue', 0, 0, 0, 1500, -1500],
    ])
    // An account that is empty and did not move is of no interest the day after.
    expect(closeDay(closeDay(before, moved), []).map(({ account }) => account)).toEqual(['cash', 'revenue'])
  })

  it('is a sheet with signs that a spreadsheet reads as numbers, in both languages', () => {
    const heads = { day: 'Day', account: 'Account', taxRate: 'Tax %', currency: 'Currency', opening: 'Opening' }
    const all = { heads: { ...heads, debit: 'Debit', credit: 'Credit', closing: 'Closing' }, accounts: words.accounts }
    const rows = closeDay([], [posted('cash', 1234), posted('tax', -206, { taxRate: 5500 }), posted('deposits', -1028)])
    expect(closingCsv('2026-11-21', rows, 'fr', all).split('\r\n').slice(1)).toEqual([
      '2026-11-21;cash;;EUR;0,00;12,34;0,00;12,34',
      '2026-11-21;deposits;;EUR;0,00;0,00;10,28;-10,28',
      '2026-11-21;tax;5,5;EUR;0,00;0,00;2,06;-2,06',
      '',
    ])
    const evil = { ...all, accounts: { ...words.accounts, cash: '=1+1' } }
    expect(closingCsv('2026-11-21', rows, 'en', evil)).toContain(",'=1+1,,EUR,0.00,12.34,0.00,12.34")
  })

  it('keeps currencies and tax rates apart', () => {
    const entries = [
      posted('tax', -5, { taxRate: 20_000 }),
      posted('tax', -7, { taxRate: 5500 }),
      posted('cash', 12),
      posted('cash', 9, { currency: 'chf' }),
      posted('deposits', -9, { currency: 'chf' }),
    ]
    expect(closeDay([], entries).map(({ currency, account, taxRate }) => [currency, account, taxRate])).toEqual([
      ['chf', 'cash', null],
      ['chf', 'deposits', null],
      ['eur', 'cash', null],
      ['eur', 'tax', 5500],
      ['eur', 'tax', 20_000],
    ])
  })

  it('adds up each day, and the days to the whole', () => {
    const entry = fc
      .tuple(fc.constantFrom(...accounts), fc.constantFrom(...accounts), fc.integer({ min: -9999, max: 9999 }))
      .filter(([, , amount]) => amount !== 0)
      .map(([from, to, amount]) => [posted(from, -amount), posted(to, amount)])
    const days = fc.array(fc.array(entry, { maxLength: 6 }), { maxLength: 5 })
    const closing = (rows: readonly ClosedAccount[]) =>
      Object.fromEntries(rows.filter((row) => row.closingMinor !== 0).map((row) => [row.account, row.closingMinor]))
    fc.assert(
      fc.property(days, (history) => {
        let closed: ClosedAccount[] = []
        for (const day of history) {
          const before = closed
          closed = closeDay(before, day.flat())
          for (const row of closed) {
            expect(row.openingMinor + row.debitMinor - row.creditMinor).toBe(row.closingMinor)
            const opening = before.find(({ account }) => account === row.account)?.closingMinor ?? 0
            expect(row.openingMinor).toBe(opening)
          }
          expect(closed.reduce((sum, row) => sum + row.closingMinor, 0)).toBe(0)
        }
        expect(closing(closed)).toEqual(closing(closeDay([], history.flat(2))))
      }),
    )
  })

  it('is of days that are over, one after the other; what comes later falls on an open day', () => {
    expect(mayClose('2026-11-20', '2026-11-21', null)).toBe(true)
    expect(mayClose('2026-11-21', '2026-11-21', null)).toBe(false)
    expect(mayClose('2026-11-20', '2026-11-21', '2026-11-19')).toBe(true)
    expect(mayClose('2026-11-20', '2026-11-21', '2026-11-18')).toBe(false)
    expect(mayClose('2026-11-20', '2026-11-21', '2026-11-20')).toBe(false)
    expect(postingDay('2026-11-21', '2026-11-20')).toBe('2026-11-21')
    expect(postingDay('2026-11-21', null)).toBe('2026-11-21')
    expect(postingDay('2026-11-20', '2026-11-20')).toBe('2026-11-21')
    expect(postingDay('2026-12-31', '2026-12-31')).toBe('2027-01-01')
  })
})

describe('what a total is paid by', () => {
  const online = { method: 'stripe', day: '2026-11-03', receipt: null } as const
  const cash = { method: 'cash', day: '2026-11-25', receipt: 'REC-2026-000003' } as const
  const came = (...amounts: number[]) =>
    amounts.map((amountMinor, nth) => ({ ...(nth === 0 ? online : cash), amountMinor }))
  it.each([
    [4500, [], { paid: null }, 4500],
    [4500, [4500], { paid: online }, 0],
    [4500, [2250], { paid: null, parts: came(2250) }, 2250],
    [4500, [2250, 2250], { paid: null, parts: came(2250, 2250) }, 0],
    // A fee takes of a deposit what it is, and nothing of what comes after.
    [900, [2250], { paid: online }, 0],
    [900, [2250, 2250], { paid: online }, 0],
    [3600, [2250, 2250], { paid: null, parts: came(2250, 1350) }, 0],
    // What went back pays nothing.
    [4500, [0, 2250], { paid: null, parts: [{ ...cash, amountMinor: 2250 }] }, 2250],
  ])('%i by %j', (grossMinor, amounts, says, unpaid) => {
    const said = paidBy(grossMinor, came(...amounts))
    expect(said).toEqual(says)
    expect(unpaidOf({ ...said, totals: { netMinor: grossMinor, taxMinor: 0, grossMinor } })).toBe(unpaid)
  })
})
