import { z } from 'zod'
import { Id } from '../ids.ts'
import { largestMinor } from '../money.ts'
import type { PaymentMode } from '../clinic/rules.ts'
import type { RefundInput, StandingInput, TakeInput, WriteOffInput } from '../ledger/rules.ts'

export type PaymentStatus = 'none' | 'due' | 'pending' | 'paid' | 'refunded' | 'failed' | 'expired'
export type PaymentEvent = 'open' | 'pay' | 'pay-part' | 'fail' | 'expire' | 'refund' | 'let-go'

/**
 * Where an event leads; null when it changes nothing. Money that arrived outweighs every other word, however late it comes,
 * and money that went back outweighs that: so any order of the same events ends in the same state.
 */
export function nextPayment(status: PaymentStatus, event: PaymentEvent): PaymentStatus | null {
  switch (event) {
    case 'open':
      return status === 'due' || status === 'failed' || status === 'expired' ? 'pending' : null
    case 'pay':
      return ['due', 'pending', 'failed', 'expired'].includes(status) ? 'paid' : null
    // A deposit: the rest is due.
    case 'pay-part':
      return ['due', 'pending', 'failed', 'expired'].includes(status) ? 'due' : null
    case 'fail':
      return status === 'pending' ? 'failed' : null
    case 'expire':
      return status === 'pending' || status === 'failed' ? 'expired' : null
    case 'refund':
      return status === 'none' || status === 'refunded' ? null : 'refunded'
    case 'let-go':
      return ['due', 'pending', 'failed', 'expired'].includes(status) ? 'none' : null
  }
}

/** What is owed at the start. */
export function firstPayment(mode: PaymentMode, priceMinor: number): PaymentStatus {
  if (mode === 'free' || priceMinor === 0) return 'none'
  return mode === 'later' ? 'due' : 'pending'
}

export type ReturnState = 'paid' | 'waiting' | 'failed' | 'gone' | 'refunded' | 'unknown'

/** What the payer is told on the way back from Stripe's page. */
export function decideReturn(payment: PaymentStatus, appointment: string, isDepositPaid = false): ReturnState {
  const over = isOver(appointment)
  // The rest of it is due, which nobody waits for.
  if (payment === 'due' && isDepositPaid) return over ? 'refunded' : 'paid'
  if (payment === 'refunded' || (payment === 'paid' && over)) return 'refunded'
  if (payment === 'paid') return 'paid'
  if (over) return 'gone'
  return payment === 'pending' ? 'waiting' : payment === 'none' ? 'unknown' : 'failed'
}

/** A page that came to nothing: who pays later, or the rest later, owes as before. */
export const afterLoss = (mode: PaymentMode, next: PaymentStatus, isDepositPaid = false): PaymentStatus =>
  (mode === 'later' || isDepositPaid) && (next === 'failed' || next === 'expired') ? 'due' : next

interface Priced {
  /** The whole price, and what of it is paid at the booking: 0 where that is all, or nothing. */
  amountMinor: number
  depositMinor: number
  /** Stripe's payments that count for it. */
  counted: readonly string[]
}
/** What one of Stripe's pages is for. Its money counts as that or not at all: two of them may ask for the same amount. */
export const pageParts = ['whole', 'deposit', 'rest'] as const
export type PagePart = (typeof pageParts)[number]
export interface Page {
  part: PagePart
  /** Which page of that booking it is. */
  attempt: number
}

/** What is asked for next: the deposit, then the rest; else the whole price. */
export const nextPart = ({ depositMinor, counted }: Pick<Priced, 'depositMinor' | 'counted'>): PagePart =>
  depositMinor === 0 ? 'whole' : counted.length ? 'rest' : 'deposit'
export function pageMinor(priced: Priced): number {
  const { amountMinor, depositMinor } = priced
  const part = nextPart(priced)
  return part === 'whole' ? amountMinor : part === 'rest' ? amountMinor - depositMinor : depositMinor
}

/** A page as Stripe keeps it with its session, and says it with its money. */
export const toMetadata = ({ part, attempt }: Page) => ({ part, attempt: String(attempt) })
/** Pages had no part while there were no deposits: they asked for all. */
export function fromMetadata(metadata: Record<string, string> | null | undefined): Page {
  const part = pageParts.find((each) => each === metadata?.part) ?? 'whole'
  return { part, attempt: Number(metadata?.attempt ?? 0) }
}

/** Stripe's payments that count for a booking. */
export const countedOf = (payment: {
  counted: readonly string[]
  paymentIntent: string | null
  status: PaymentStatus
}) =>
  payment.counted.length
    ? payment.counted
    : payment.paymentIntent && payment.status === 'paid'
      ? [payment.paymentIntent]
      : []

/** Whether something is still to be paid. */
export const isOpen = (status: PaymentStatus) => status === 'due' || waitsForMoney(status)

/** Whether the booking waits for the money. */
export const waitsForMoney = (status: PaymentStatus) => ['pending', 'failed', 'expired'].includes(status)

/** What a payment does to its appointment: what was freed in the meantime is taken again if it can be, else refunded. */
export function decidePaid(appointment: string): 'confirm' | 'rebook' | 'refund' | 'nothing' {
  if (appointment === 'held') return 'confirm'
  if (appointment === 'expired') return 'rebook'
  if (appointment === 'cancelled' || appointment === 'no_show') return 'refund'
  return 'nothing'
}

/** A booking that will not take place and holds no slot. */
export const isOver = (appointment: string) => ['cancelled', 'expired'].includes(appointment)

/** A booking that is over and earns nothing more but its fee: what else was paid for it is the patient's. */
export const keepsNoDeposit = (appointment: string) => isOver(appointment) || appointment === 'no_show'

/** What becomes of a booking's money when it does not take place. */
export interface Ending {
  /** Kept of what was paid, or owed. */
  feeMinor: number
  /** Goes back, or went. */
  backMinor: number
  /** Of the fee, what is not paid. */
  owedMinor: number
  /** The fee is the voucher that it was booked with, and no money. */
  isVoucher?: true
}

/** What of one payment was given back, or is to be: of one of Stripe's, or of what the desk took. */
export const promisedOf = (
  refunds: readonly {
    paymentIntent: string | null
    takingId: string | null
    amountMinor: number
    state: 'due' | 'paid' | 'failed' | 'dropped'
  }[],
  of: string,
): number =>
  refunds
    .filter(({ paymentIntent, takingId, state }) => (paymentIntent ?? takingId) === of && state !== 'dropped')
    .reduce((sum, { amountMinor }) => sum + amountMinor, 0)

interface RefundSeen {
  state: 'due' | 'paid' | 'failed' | 'dropped'
  stripeRefund: string | null
  handed: string | null
}

/**
 * Where Stripe's word of a refund leads its row; null when nowhere. What failed at the bank stays failed, what was handed back
 * otherwise is settled, and what was let go is another row's: so no old word undoes a newer one.
 */
export function nextRefund(row: RefundSeen, said: 'made' | 'failed'): 'paid' | 'failed' | null {
  if (row.handed !== null || row.state === 'dropped') return null
  const next = said === 'made' ? ('paid' as const) : ('failed' as const)
  if (row.state === 'due' || (row.state === 'failed' && row.stripeRefund === null)) return next
  return row.state === 'paid' && next === 'failed' ? next : null
}

export type DisputeState = 'inquiry' | 'closed' | 'open' | 'lost' | 'won'

/** Stripe's word for a dispute. An inquiry asks and withdraws nothing; it may become a dispute. */
export function disputeState(status: string): DisputeState {
  if (status === 'won' || status === 'lost') return status
  if (status === 'warning_needs_response' || status === 'warning_under_review') return 'inquiry'
  return status === 'needs_response' || status === 'under_review' ? 'open' : 'closed'
}

const disputeOrder: readonly DisputeState[] = ['inquiry', 'closed', 'open', 'lost', 'won']
/** The later of two words, in whatever order they come: an appeal may win what was lost, and nothing undoes that. */
export const laterDispute = (a: DisputeState, b: DisputeState): DisputeState =>
  disputeOrder.indexOf(a) > disputeOrder.indexOf(b) ? a : b

/** What a bank holds of one of Stripe's payments, or took back for good. */
export const withdrawnOf = (
  disputes: readonly { paymentIntent: string; amountMinor: number; state: DisputeState }[],
  of: string,
): number =>
  disputes
    .filter(({ paymentIntent, state }) => paymentIntent === of && (state === 'open' || state === 'lost'))
    .reduce((sum, { amountMinor }) => sum + amountMinor, 0)

/** Most often that Stripe is asked about one payment of which no word comes: five weeks long, at last once a day. */
const mostAsks = 40
const firstAskMinutes = 5

/** When Stripe is asked again after so many times; null: no more. */
export function nextAsk(asks: number, now: Date): Date | null {
  if (asks >= mostAsks) return null
  return new Date(now.getTime() + Math.min(firstAskMinutes * 2 ** asks, 24 * 60) * 60_000)
}

/** Stripe lets a session live for 30 minutes at the least; the slot outlives it a little. */
const shortestSessionMinutes = 30
export const sessionMinutes = 32
export const holdForPaymentMinutes = 34
/** Half an hour of typing, and Stripe's page twice: nobody keeps a slot for longer without paying. */
const longestUnpaidMinutes = 30 + 2 * holdForPaymentMinutes

/** How long a slot is held for a page of Stripe's that ends then. */
export const heldForPage = (expiresAt: Date) =>
  new Date(expiresAt.getTime() + (holdForPaymentMinutes - sessionMinutes) * 60_000)

/** Whether an unpaid slot may be held for yet another page. */
export const mayHoldForPage = (heldSince: Date, expiresAt: Date) =>
  heldForPage(expiresAt).getTime() <= heldSince.getTime() + longestUnpaidMinutes * 60_000

/** A page with less than this left is not handed out again. */
const usefulMinutes = 2

export interface Attempt {
  attempt: number
  sessionId: string | null
  sessionUrl: string | null
  sessionExpiresAt: Date | null
}

/**
 * What a wish to pay needs: the page that is open, the end of one that is over, or a page to be made. One attempt is asked for
 * in the same words however often (its expiry is written down before Stripe is asked), so that its idempotency key holds.
 */
export function decideCheckout(
  before: Attempt,
  now: Date,
):
  | { kind: 'use'; url: string }
  | { kind: 'close'; sessionId: string }
  | { kind: 'make'; attempt: number; expiresAt: Date } {
  const left = before.sessionExpiresAt ? before.sessionExpiresAt.getTime() - now.getTime() : 0
  if (before.sessionId)
    return before.sessionUrl && left > usefulMinutes * 60_000
      ? { kind: 'use', url: before.sessionUrl }
      : { kind: 'close', sessionId: before.sessionId }
  if (before.sessionExpiresAt && left > (shortestSessionMinutes + 0.5) * 60_000)
    return { kind: 'make', attempt: before.attempt, expiresAt: before.sessionExpiresAt }
  const second = Math.floor(now.getTime() / 1000) * 1000
  return { kind: 'make', attempt: before.attempt + 1, expiresAt: new Date(second + sessionMinutes * 60_000) }
}

const secret = z
  .string()
  .min(20)
  .max(64)
  .regex(/^[A-Za-z0-9_-]+$/)
export const CheckoutInput = z.object({ id: Id, secret })
export const ReturnInput = z.object({
  appointmentId: Id,
  sessionId: z
    .string()
    .min(4)
    .max(200)
    .regex(/^[\w-]+$/),
})

const back = { appointmentId: Id, amountMinor: z.number().int().min(1).max(largestMinor) }
/** `amountMinor`: all that the page showed as to be handed back. */
export const HandBackInput = z.object({ ...back, method: z.enum(['cash', 'transfer']) })
/** `amountMinor`: all that the page showed as sent back by a bank. */
export const RefundAgainInput = z.object(back)

export interface VisitMoney {
  currency: string
  refundableMinor: number
  owedMinor: number
}

export interface PaymentContract {
  /** Cash or a transfer at the desk; answers the receipt's number. */
  'payment/take': { in: z.input<typeof TakeInput>; out: { number: string } }
  'payment/hand-back': { in: z.input<typeof HandBackInput>; out: { done: true } }
  /** What a bank sent back is asked of Stripe once more. */
  'payment/refund-again': { in: z.input<typeof RefundAgainInput>; out: { done: true } }
  /** What of a booking can be given back, and what is owed for it: for an admin's question. */
  'payment/standing': { in: z.input<typeof StandingInput>; out: VisitMoney }
  'payment/give-back': { in: z.input<typeof RefundInput>; out: { done: true } }
  'payment/write-off': { in: z.input<typeof WriteOffInput>; out: { done: true } }
  /** Stripe's page for what is still owed. */
  'payment/checkout': { in: z.input<typeof CheckoutInput>; out: { url: string } }
  /** Asked by the return page, which may hold no keys: the state alone. */
  'payment/return': { in: z.input<typeof ReturnInput>; out: { status: PaymentStatus; state: ReturnState } }
}
