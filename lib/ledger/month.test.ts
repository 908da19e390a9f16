import { describe, expect, it } from 'vitest'
import { moneyOf, otherMonth, spanOf, sumsOf } from './month'
import type { DaySum } from './rules'

const row = (day: string, kind: string, account: DaySum['account'], amountMinor: number, currency = 'eur'): DaySum => ({
  ...{ day, kind, account, amountMinor, currency },
})

describe('a month', () => {
  it('has its first day and the next one’s, also across a year', () => {
    expect(spanOf('2026-02')).toEqual({ from: '2026-02-01', to: '2026-03-01' })
    expect(spanOf('2026-12')).toEqual({ from: '2026-12-01', to: '2027-01-01' })
    expect([otherMonth('2026-01', -1), otherMonth('2026-12', 1), otherMonth('2026-03', -1)]).toEqual([
      ...['2025-12', '2027-01', '2026-02'],
    ])
  })

  it('counts what was earned with its tax, what came in and what went back', () => {
    const rows = [
      row('2026-11-02', 'paid', 'stripe', 4500),
      row('2026-11-02', 'paid', 'deposits', -4500),
      row('2026-11-02', 'paid', 'cash', 1000),
      row('2026-11-03', 'earned', 'revenue', -3750),
      row('2026-11-03', 'earned', 'tax', -750),
      row('2026-11-03', 'refund-paid', 'stripe', -500),
      row('2026-11-03', 'dispute-opened', 'stripe', -100),
      row('2026-11-04', 'credited', 'revenue', 200),
      row('2026-11-05', 'fee', 'revenue', -1000),
      row('2026-11-05', 'fee', 'tax', -200),
      row('2026-11-05', 'fee', 'receivable', 1200),
    ]
    expect(sumsOf(rows)).toEqual({ earnedMinor: 5500, feesMinor: 1200, takenMinor: 5500, returnedMinor: 500 })
    expect(sumsOf([])).toEqual({ earnedMinor: 0, feesMinor: 0, takenMinor: 0, returnedMinor: 0 })
  })

  it('adds no two currencies, and its sevens make the month', () => {
    const days = [
      row('2026-11-07', 'earned', 'revenue', -100),
      row('2026-11-08', 'earned', 'revenue', -20),
      row('2026-11-30', 'earned', 'revenue', -3),
      row('2026-11-08', 'earned', 'revenue', -5000, 'jpy'),
    ]
    const balances = [{ currency: 'eur', account: 'receivable' as const, sales: 2, amountMinor: 123 }]
    const at = { month: '2026-11', today: '2026-11-08', currency: 'eur' }
    const [eur, jpy] = moneyOf(at, { days, balances, services: [] })
    expect(eur!.weeks.map(({ earnedMinor }) => earnedMinor)).toEqual([100, 20, 0, 0, 3])
    expect(eur!.weeks.at(-1)).toMatchObject({ from: '2026-11-29', to: '2026-11-30' })
    expect(eur).toMatchObject({
      today: { earnedMinor: 20 },
      month: { earnedMinor: 123 },
      unpaidMinor: 123,
      unpaidVisits: 2,
      depositsMinor: 0,
    })
    expect(jpy).toMatchObject({ currency: 'jpy', month: { earnedMinor: 5000 }, unpaidMinor: 0 })
    expect(moneyOf({ ...at, month: '2026-02' }, { days: [], balances: [], services: [] })[0]!.weeks).toHaveLength(4)
  })
})
