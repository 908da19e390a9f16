// What a clinic's database holds about money, as plain rows.
import type { Terms } from '../price/rules.ts'
import type { Entry, Method, Occasion, TaxLine } from './rules.ts'

export interface Sale {
  id: string
  currency: string
  terms: Terms
  startsAt: number
  status: 'held' | 'booked' | 'expired' | 'cancelled' | 'completed' | 'no_show'
  voucherId: string | null
  /** Once the hold has run out, somebody else has it. */
  slotTaken: boolean
}
export interface Payment {
  id: string
  saleId: string
  method: Method
  amountMinor: number
  at: number
  voided: boolean
}
export interface Refund {
  id: string
  paymentId: string
  saleId: string
  amountMinor: number
  state: 'due' | 'sent' | 'paid' | 'failed' | 'dropped'
  /** What of it is not owed any more. */
  droppedMinor: number
  /** How it was paid at the desk: of what the desk took, or after the bank had sent it back. */
  handed: 'cash' | 'transfer' | null
}
export interface Invoice {
  saleId: string
  occasion: Occasion
  taxes: TaxLine[]
  credited: TaxLine[]
}
export interface Voucher {
  id: string
  currency: string
  tax: TaxLine
  state: 'open' | 'booked' | 'used' | 'lapsed' | 'credited'
}
export interface Db {
  postings: { cause: string; saleId: string; currency: string; entries: Entry[] }[]
  sales: Record<string, Sale>
  payments: Record<string, Payment>
  refunds: Record<string, Refund>
  disputes: Record<string, { paymentId: string; amountMinor: number; state: 'open' | 'won' | 'lost' }>
  invoices: Invoice[]
  vouchers: Record<string, Voucher>
  losses: { saleId: string; amountMinor: number }[]
  /** Refunds to ask Stripe for. */
  jobs: string[]
}
