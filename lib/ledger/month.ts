import { z } from 'zod'
import { Day } from '../day.ts'
import type { ClosedAccount, Posted } from '../invoice/rules.ts'
import { addDays } from '../time.ts'
import type { Account, Balance, Bounced, DaySum, DisputedVisit, ServiceSum, Unpaid } from './rules.ts'

// A month of a clinic's books as the money page shows it: sums of entries, and nothing else.

/** Null: the month that it is. */
export const MonthInput = z.object({
  month: z
    .string()
    .regex(/^20\d\d-(0[1-9]|1[0-2])$/)
    .nullable(),
})

export interface Sums {
  /** By visits and fees, tax included. */
  earnedMinor: number
  /** Of that, by fees for visits that did not take place, before credit notes. */
  feesMinor: number
  takenMinor: number
  returnedMinor: number
}
export interface MoneyOf {
  currency: string
  today: Sums
  month: Sums
  /** The month's days by sevens. */
  weeks: { from: string; to: string; earnedMinor: number }[]
  services: ServiceSum[]
  /** Owed by patients, paid by them for what is to come, and to be given back to them: as of now. */
  unpaidMinor: number
  unpaidVisits: number
  depositsMinor: number
  refundsDueMinor: number
}
export interface MoneyView {
  month: string
  /** Visits of the month that vouchers paid for: none of it is in the books. */
  vouchers: number
  today: string
  zone: string
  currencies: MoneyOf[]
  unpaid: Unpaid
  bounced: Bounced[]
  /** Open, or decided in the last ninety days. */
  disputed: DisputedVisit[]
}

export const DaysInput = z.object({}).strict()
export const DayInput = z.object({ day: Day })

export interface DaysView {
  today: string
  zone: string
  /** The last day that is closed. */
  last: string | null
  /** Days that are over and not closed, the first first. */
  open: string[]
  /** The latest first. */
  closed: { day: string; closedAt: string }[]
}
export interface ClosingView {
  day: string
  closedAt: string
  clinic: string
  accounts: ClosedAccount[]
}

export interface LedgerContract {
  'ledger/days': { in: z.input<typeof DaysInput>; out: DaysView }
  'ledger/close': { in: z.input<typeof DayInput>; out: { done: true } }
  'ledger/closing': { in: z.input<typeof DayInput>; out: ClosingView }
  'ledger/month': { in: z.input<typeof MonthInput>; out: MoneyView }
  /** The month's entries, the earliest first. */
  'ledger/entries': { in: z.input<typeof MonthInput>; out: { month: string; entries: Posted[] } }
}

/** [first day, first day of the next). */
export function spanOf(month: string): { from: string; to: string } {
  const from = `${month}-01`
  return { from, to: `${addDays(from, 31).slice(0, 7)}-01` }
}

/** Months before or after: 2026-01 and -1 → 2025-12. */
export const otherMonth = (month: string, by: 1 | -1) =>
  by === 1 ? spanOf(month).to.slice(0, 7) : addDays(`${month}-01`, -1).slice(0, 7)

const money: readonly Account[] = ['stripe', 'cash', 'transfer']
const total = (rows: readonly { amountMinor: number }[]) => rows.reduce((sum, row) => sum + row.amountMinor, 0)

const isIncome = ({ account }: DaySum) => account === 'revenue' || account === 'tax'

export function sumsOf(rows: readonly DaySum[]): Sums {
  const moved = (...kinds: string[]) =>
    total(rows.filter(({ kind, account }) => kinds.includes(kind) && money.includes(account)))
  // No zero with a minus.
  return {
    earnedMinor: 0 - total(rows.filter(isIncome)),
    feesMinor: 0 - total(rows.filter((row) => row.kind === 'fee' && isIncome(row))),
    takenMinor: moved('paid', 'voided'),
    returnedMinor: 0 - moved('refund-paid', 'refund-failed'),
  }
}

/** One currency after the other, the clinic's own first: amounts of two are never added. */
export function moneyOf(
  at: { month: string; today: string; currency: string },
  rows: { days: readonly DaySum[]; balances: readonly Balance[]; services: readonly ServiceSum[] },
): MoneyOf[] {
  const { from, to } = spanOf(at.month)
  const others = [...rows.days, ...rows.balances].map(({ currency }) => currency).sort()
  return [...new Set([at.currency, ...others])].map((currency) => {
    const mine = rows.days.filter((row) => row.currency === currency)
    const inMonth = mine.filter(({ day }) => day >= from && day < to)
    const of = (account: Account) => rows.balances.filter((row) => row.currency === currency && row.account === account)
    const balance = (account: Account) => total(of(account))
    const weeks = [0, 7, 14, 21, 28]
      .map((offset) => ({ from: addDays(from, offset), next: addDays(from, offset + 7) }))
      .filter((week) => week.from < to)
      .map((week) => ({ from: week.from, next: week.next < to ? week.next : to }))
      .map(({ from: first, next }) => ({
        ...{ from: first, to: addDays(next, -1) },
        earnedMinor: sumsOf(inMonth.filter(({ day }) => day >= first && day < next)).earnedMinor,
      }))
    return {
      currency,
      today: sumsOf(mine.filter(({ day }) => day === at.today)),
      month: sumsOf(inMonth),
      weeks,
      services: rows.services.filter((row) => row.currency === currency),
      unpaidMinor: balance('receivable'),
      unpaidVisits: of('receivable').reduce((sum, { sales }) => sum + sales, 0),
      depositsMinor: 0 - balance('deposits'),
      refundsDueMinor: 0 - balance('refunds_due'),
    }
  })
}
