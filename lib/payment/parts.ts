import 'server-only'
import type { Method, Refundable } from '../ledger/rules.ts'
import { findBook } from '../ledger/store.ts'
import type { Tx } from '../server/tx.ts'
import { countedOf, isOpen, pageMinor, promisedOf, withdrawnOf } from './rules.ts'
import * as store from './store.ts'

// What a booking was paid by: a page of Stripe's, two of them, or the desk.

export interface Part {
  /** Stripe's id of it, or of what the desk took. */
  id: string
  method: Method
  receivedAt: Date
  /** ISO day, where the books know it. */
  day: string | null
  /** The desk's. */
  receipt: string | null
  amountMinor: number
  /** Not given back, not promised, not withdrawn by a bank. */
  leftMinor: number
}

/** All that counts for a booking, Stripe's first, each in the order in which it came. */
export async function listParts(tx: Tx, payment: store.PaymentRow): Promise<Part[]> {
  const { paid: posted } = await findBook(tx, payment)
  const refunds = await store.listRefunds(tx, payment.id)
  const disputes = await store.listDisputes(tx, payment.id)
  const left = (of: string, paidMinor: number) =>
    Math.max(0, paidMinor - promisedOf(refunds, of) - withdrawnOf(disputes, of))
  const online = countedOf(payment).map((id, nth) => {
    // What was paid before the books were kept was all of it.
    const { amountMinor, day } = posted.get(id) ?? { amountMinor: payment.amountMinor, day: null }
    const receivedAt = new Date(payment.updatedAt.getTime() + nth)
    const leftMinor = left(id, amountMinor)
    return { id, method: 'stripe' as const, receivedAt, day, receipt: null, amountMinor, leftMinor }
  })
  const atDesk = (await store.listTakings(tx, payment.id)).map(({ id, method, createdAt, amountMinor, ...taking }) => ({
    ...{ id, method, receivedAt: createdAt, day: taking.day.toISOString().slice(0, 10), receipt: taking.number },
    ...{ amountMinor, leftMinor: left(id, amountMinor) },
  }))
  return [...online, ...atDesk]
}

/** What can still be given back of a booking's payments. */
export const listRefundable = async (tx: Tx, payment: store.PaymentRow): Promise<Refundable[]> =>
  (await listParts(tx, payment)).map(({ id, method, receivedAt, leftMinor }) => ({
    ...{ paymentId: id, method, receivedAt, leftMinor },
  }))

/** All that was paid for a booking and counts; of one of which no payment was heard, its price. */
export async function paidWhole(tx: Tx, payment: store.PaymentRow): Promise<number> {
  const paid = (await listParts(tx, payment)).reduce((sum, { amountMinor }) => sum + amountMinor, 0)
  return paid || payment.amountMinor
}

/** Of a booking with a deposit, what the clinic has of it; of any, what is asked for next. */
export async function standingIn(
  tx: Tx,
  payment: store.PaymentRow,
  depositMinor: number,
): Promise<{ paidMinor: number; askedMinor: number }> {
  const parts = depositMinor > 0 ? await listParts(tx, payment) : []
  const paidMinor = parts.reduce((sum, { leftMinor }) => sum + leftMinor, 0)
  return { paidMinor, askedMinor: isOpen(payment.status) ? pageMinor({ ...payment, depositMinor }) : 0 }
}
