import 'server-only'
import * as bookings from '../booking/store.ts'
import { creditInvoice, issueInvoice } from '../invoice/flow.ts'
import { creditedOf, leftOf, totalsOf } from '../invoice/rules.ts'
import { listDocuments } from '../invoice/store.ts'
import { post } from '../ledger/flow.ts'
import { standingOf } from '../ledger/rules.ts'
import { findBook } from '../ledger/store.ts'
import { bookedTerms, keepsVoucher, keptFee, type NotTaken } from '../price/rules.ts'
import type { Tx } from '../server/tx.ts'
import { oweRest } from './refund.ts'
import type { Ending } from './rules.ts'
import * as store from './store.ts'

// What a visit that does not take place costs, by what was agreed to when it was booked. The fee is earned and invoiced; what was
// paid beyond it goes back, and what was not paid of it is owed.

const nothing: Ending = { feeMinor: 0, backMinor: 0, owedMinor: 0 }

/** What would become of a booking's money, if it ended so. */
export async function endingOf(tx: Tx, row: bookings.AppointmentRow, end: NotTaken): Promise<Ending> {
  if (row.voucherId) {
    const isKept = row.status !== 'held' && keepsVoucher(bookedTerms(row), end)
    return isKept ? { ...nothing, feeMinor: row.priceMinor, isVoucher: true } : nothing
  }
  const payment = await store.findPayment(tx, row.id)
  if (!payment) return nothing
  const feeMinor = await feeOf(tx, row, payment, end)
  const paidMinor = await paidOf(tx, payment)
  const [backMinor, owedMinor] = [Math.max(0, paidMinor - feeMinor), Math.max(0, feeMinor - paidMinor)]
  return { feeMinor, backMinor, owedMinor }
}

/** What became of the money of a booking that did not take place. */
export async function endedOf(tx: Tx, row: bookings.AppointmentRow): Promise<Ending> {
  const payment = await store.findPayment(tx, row.id)
  if (!payment) return nothing
  const { owedMinor } = standingOf((await findBook(tx, payment)).entries)
  const refunds = (await store.listRefunds(tx, payment.id)).filter(({ state }) => state !== 'dropped')
  const backMinor = refunds.reduce((sum, { amountMinor }) => sum + amountMinor, 0)
  return { feeMinor: row.feeMinor, backMinor, owedMinor: Math.max(0, owedMinor) }
}

/** Never more than what is left of the price after credit notes; of what was let go or went back whole, nothing. */
async function feeOf(tx: Tx, row: bookings.AppointmentRow, payment: store.PaymentRow, end: NotTaken): Promise<number> {
  if (row.status === 'held' || payment.status === 'none' || payment.status === 'refunded') return 0
  const fee = keptFee(bookedTerms(row), end)
  if (fee === 0) return 0
  const documents = await listDocuments(tx, payment.id)
  const invoice = documents.find(({ series }) => series === 'invoice')
  if (!invoice) return Math.min(fee, payment.amountMinor)
  return Math.min(fee, totalsOf(leftOf(invoice.content.taxes, creditedOf(documents))).grossMinor)
}

/** What lies ready of a payment: paid, and neither earned nor promised back. */
async function paidOf(tx: Tx, payment: store.PaymentRow): Promise<number> {
  const { causes, entries } = await findBook(tx, payment)
  // Paid before the books were kept.
  if (payment.status === 'paid' && ![...causes].some((cause) => cause.startsWith('paid/')))
    return payment.amountMinor - payment.refundedMinor
  return Math.max(0, -standingOf(entries).owedMinor)
}

/**
 * Settles a booking that ends so: the fee stays on the invoice and is earned, the rest is credited and goes back. Appointment and
 * payment are locked. Answers what it cost.
 */
export async function settleEnd(
  tx: Tx,
  row: bookings.AppointmentRow,
  payment: store.PaymentRow,
  end: NotTaken,
  now: Date,
): Promise<number> {
  const place = { clinicId: row.clinicId, appointmentId: row.id }
  const feeMinor = await feeOf(tx, row, payment, end)
  const key = `cancelled/${row.id}`
  if (feeMinor === 0) await creditInvoice(tx, place, { key, most: 'all' }, now)
  else {
    const occasion = end.how === 'missed' ? 'missed' : 'late-cancellation'
    const { grossMinor } = totalsOf(await issueInvoice(tx, place, now, { feeMinor, occasion }))
    if (grossMinor > feeMinor) await creditInvoice(tx, place, { key, most: grossMinor - feeMinor }, now)
    const left = (await issueInvoice(tx, place, now)).filter(({ netMinor, taxMinor }) => netMinor + taxMinor !== 0)
    await bookings.updateAppointment(tx, row.id, { feeMinor })
    await post(tx, payment, [{ kind: 'earned', saleId: payment.id, occasion, nth: 0, taxes: left }], now)
  }
  await oweRest(tx, place, payment, 'cancelled', now)
  return feeMinor
}
