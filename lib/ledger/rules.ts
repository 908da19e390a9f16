import { z } from 'zod'
import { Id } from '../ids.ts'
import { largestMinor, type TaxSplit } from '../money.ts'

// A clinic's books, by double entry: every posting adds up to zero, has one cause, and is never changed. README.md has the table of
// which event posts what.

export const accounts = [
  // What the clinic has.
  'stripe',
  'cash',
  'transfer',
  'receivable',
  'disputes',
  // What it owes.
  'deposits',
  'refunds_due',
  'vouchers',
  'tax',
  // What it earned, and lost.
  'revenue',
  'losses',
] as const
export type Account = (typeof accounts)[number]
export type Method = 'stripe' | 'cash' | 'transfer'

/** Debit is positive, credit negative. Revenue and tax are kept by tax rate. */
export interface Entry {
  account: Account
  taxRate: number | null
  amountMinor: number
}

/** All of one currency, which is the sale's. */
export interface Posting {
  cause: string
  entries: Entry[]
}

/** What is earned at one rate of tax. */
export interface TaxLine extends TaxSplit {
  taxRate: number
}

export type Occasion = 'visit' | 'late-cancellation' | 'missed'

/** Of one sale: a booking with all visits that it was moved to, or a voucher that was sold. */
export type LedgerEvent =
  /**
   * A visit that took place, or a fee. Each occasion comes once; `nth` counts those of its kind whose invoices were credited wholly
   * before, for an invoice that is written anew.
   */
  | { kind: 'earned'; saleId: string; occasion: Occasion; nth: number; taxes: readonly TaxLine[] }
  /** A credit note; `key` is the request's id. */
  | { kind: 'credited'; key: string; taxes: readonly TaxLine[] }
  /** `key`: Stripe's payment intent, or our row of what was taken at the desk. */
  | { kind: 'paid'; key: string; method: Method; amountMinor: number }
  | { kind: 'voided'; key: string; method: 'cash' | 'transfer'; amountMinor: number }
  | { kind: 'refund-due'; refundId: string; amountMinor: number }
  /** `key`: Stripe's refund; of one handed over at the desk, our row. */
  | { kind: 'refund-paid'; key: string; method: Method; amountMinor: number }
  | { kind: 'refund-failed'; key: string; amountMinor: number }
  | { kind: 'refund-dropped'; refundId: string; amountMinor: number }
  | { kind: 'dispute-opened' | 'dispute-won' | 'dispute-lost' | 'dispute-unlost'; dispute: string; amountMinor: number }
  | { kind: 'written-off'; key: string; amountMinor: number }
  | { kind: 'voucher-sold'; voucherId: string; tax: TaxLine }
  | { kind: 'voucher-ended'; voucherId: string; how: 'used' | 'lapsed' | 'credited'; tax: TaxLine }

/** The same for the same thing, whoever brings word of it and however often: it can be posted once in a clinic. */
export function causeOf(event: LedgerEvent): string {
  switch (event.kind) {
    case 'earned':
      return `earned/${event.saleId}/${event.occasion}/${event.nth}`
    case 'refund-due':
    case 'refund-dropped':
      return `${event.kind}/${event.refundId}`
    case 'dispute-opened':
    case 'dispute-won':
    case 'dispute-lost':
    case 'dispute-unlost':
      return `${event.kind}/${event.dispute}`
    case 'voucher-sold':
    case 'voucher-ended':
      return `${event.kind}/${event.voucherId}`
    default:
      return `${event.kind}/${event.key}`
  }
}

/** A change of what the patient owes, and where the other side of it goes. */
interface Move {
  patient: number
  to: readonly Entry[]
}

const at = (account: Account, amountMinor: number, taxRate: number | null = null): Entry => ({
  account,
  taxRate,
  amountMinor,
})

const sum = (amounts: readonly number[]) => amounts.reduce((total, each) => total + each, 0)
const grossOf = (taxes: readonly TaxLine[]) => sum(taxes.map(({ netMinor, taxMinor }) => netMinor + taxMinor))

/** 1 credits revenue and tax, as earning does; -1 takes it back. */
const income = (taxes: readonly TaxLine[], sign: 1 | -1) =>
  taxes.flatMap(({ taxRate, netMinor, taxMinor }) => [
    at('revenue', -sign * netMinor, taxRate),
    at('tax', -sign * taxMinor, taxRate),
  ])

function moveOf(event: LedgerEvent): Move {
  switch (event.kind) {
    case 'earned':
      return { patient: grossOf(event.taxes), to: income(event.taxes, 1) }
    case 'credited':
      return { patient: -grossOf(event.taxes), to: income(event.taxes, -1) }
    case 'paid':
      return { patient: -event.amountMinor, to: [at(event.method, event.amountMinor)] }
    case 'voided':
      return { patient: event.amountMinor, to: [at(event.method, -event.amountMinor)] }
    case 'refund-due':
      return { patient: event.amountMinor, to: [at('refunds_due', -event.amountMinor)] }
    case 'refund-dropped':
      return { patient: -event.amountMinor, to: [at('refunds_due', event.amountMinor)] }
    case 'refund-paid':
      return { patient: 0, to: [at('refunds_due', event.amountMinor), at(event.method, -event.amountMinor)] }
    case 'refund-failed':
      return { patient: 0, to: [at('stripe', event.amountMinor), at('refunds_due', -event.amountMinor)] }
    case 'dispute-opened':
      return { patient: 0, to: [at('disputes', event.amountMinor), at('stripe', -event.amountMinor)] }
    case 'dispute-won':
      return { patient: 0, to: [at('stripe', event.amountMinor), at('disputes', -event.amountMinor)] }
    case 'dispute-lost':
      return { patient: event.amountMinor, to: [at('disputes', -event.amountMinor)] }
    case 'dispute-unlost':
      return { patient: -event.amountMinor, to: [at('disputes', event.amountMinor)] }
    case 'written-off':
      return { patient: -event.amountMinor, to: [at('losses', event.amountMinor)] }
    case 'voucher-sold': {
      const { netMinor, taxMinor, taxRate } = event.tax
      return { patient: netMinor + taxMinor, to: [at('vouchers', -netMinor), at('tax', -taxMinor, taxRate)] }
    }
    case 'voucher-ended': {
      const { netMinor, taxMinor, taxRate } = event.tax
      if (event.how !== 'credited')
        return { patient: 0, to: [at('vouchers', netMinor), at('revenue', -netMinor, taxRate)] }
      return { patient: -netMinor - taxMinor, to: [at('vouchers', netMinor), at('tax', taxMinor, taxRate)] }
    }
  }
}

/** An account's balance: of all tax rates, or of one. */
export function balanceOf(entries: Iterable<Entry>, account: Account, taxRate?: number): number {
  let balance = 0
  for (const entry of entries)
    if (entry.account === account && (taxRate === undefined || entry.taxRate === taxRate)) balance += entry.amountMinor
  return balance
}

/** How the patient of a sale stands: what is owed (below zero: what is on deposit), and what was given up. */
export interface Standing {
  owedMinor: number
  lostMinor: number
}
export const standingOf = (entries: readonly Entry[]): Standing => ({
  owedMinor: balanceOf(entries, 'receivable') + balanceOf(entries, 'deposits'),
  lostMinor: balanceOf(entries, 'losses'),
})

/**
 * The entries of an event, for a sale that stands so. Receivable and deposits follow from one sum, so that the order of events says
 * nothing about how they end, and what comes in for a debt that was given up makes good the loss before it is anybody's deposit.
 * Null for an event of nothing.
 */
export function postingOf(event: LedgerEvent, { owedMinor, lostMinor }: Standing): Posting | null {
  const { patient, to } = moveOf(event)
  const made = Math.min(lostMinor, Math.max(0, -(owedMinor + patient)))
  const after = owedMinor + patient + made
  const entries = [
    at('receivable', Math.max(after, 0) - Math.max(owedMinor, 0)),
    at('deposits', Math.min(after, 0) - Math.min(owedMinor, 0)),
    at('losses', -made),
    ...to,
  ].filter(({ amountMinor }) => amountMinor !== 0)
  const amounts = entries.map(({ amountMinor }) => amountMinor)
  // A fraction of a cent, or an entry without its other half, is a fault of ours: it must not reach the books.
  if (sum(amounts) !== 0 || !amounts.every(Number.isSafeInteger))
    throw Object.assign(new Error('a posting that does not add up'), { code: 'UNBALANCED' })
  return entries.length ? { cause: causeOf(event), entries } : null
}

// ── what Stripe says ──

const stripeId = z.string().regex(/^[a-z]{2,4}_\w{1,80}$/)
const amount = z.number().int().min(1).max(largestMinor)
const payment = { intent: stripeId, paidMinor: amount, currency: z.string().regex(/^[a-z]{3}$/) }

/**
 * What the webhook, the return page and the reconciliation keep of Stripe's objects: ids, amounts, states. Each carries its payment,
 * since it may be the first that is heard of it.
 */
export const StripeFact = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('payment'), ...payment }),
  z.object({
    kind: z.literal('refund'),
    ...payment,
    refund: stripeId,
    amountMinor: amount,
    /** Stripe takes the money from the balance when it begins, and puts it back when it fails. */
    state: z.enum(['made', 'failed']),
    /** Our own row, if we asked for it: then it is owed already. */
    asked: Id.nullable(),
  }),
  z.object({
    kind: z.literal('dispute'),
    ...payment,
    dispute: stripeId,
    amountMinor: amount,
    /** An inquiry that withdrew nothing is none of these. */
    state: z.enum(['open', 'won', 'lost']),
  }),
])
export type StripeFact = z.output<typeof StripeFact>

/**
 * What a fact posts, with all that it implies. `known`: causes that the sale has. Whatever order facts come in, and whichever of them
 * are missing between, the books end the same. An appeal may win a dispute that was lost: winning outweighs losing in either order.
 */
export function eventsOf(fact: StripeFact, known: ReadonlySet<string>): LedgerEvent[] {
  const { intent, paidMinor } = fact
  const paid: LedgerEvent = { kind: 'paid', key: intent, method: 'stripe', amountMinor: paidMinor }
  if (fact.kind === 'payment') return [paid]
  const { amountMinor } = fact
  if (fact.kind === 'refund') {
    const { refund: key, state, asked } = fact
    return [
      paid,
      ...(asked ? [] : [{ kind: 'refund-due', refundId: key, amountMinor } as const]),
      { kind: 'refund-paid', key, method: 'stripe', amountMinor },
      ...(state === 'failed' ? [{ kind: 'refund-failed', key, amountMinor } as const] : []),
    ]
  }
  const said = (kind: 'dispute-opened' | 'dispute-won' | 'dispute-lost' | 'dispute-unlost') =>
    ({ kind, dispute: fact.dispute, amountMinor }) as const
  const before = [paid, said('dispute-opened')]
  const isLost = known.has(causeOf(said('dispute-lost')))
  if (fact.state === 'won') return [...before, ...(isLost ? [said('dispute-unlost')] : []), said('dispute-won')]
  if (fact.state === 'lost' && !known.has(causeOf(said('dispute-won')))) return [...before, said('dispute-lost')]
  return before
}

// ── money back ──

export interface Refundable {
  paymentId: string
  method: Method
  receivedAt: Date
  /** Not given back, not promised, not disputed. */
  leftMinor: number
}

/** Which payments an amount goes back from: Stripe's before what is handed over by hand, the newest first. */
export function planRefund(
  payments: readonly Refundable[],
  amountMinor: number,
): { paymentId: string; method: Method; amountMinor: number }[] {
  const byHand = ({ method }: Refundable) => (method === 'stripe' ? 0 : 1)
  const order = [...payments].sort((a, b) => byHand(a) - byHand(b) || b.receivedAt.getTime() - a.receivedAt.getTime())
  let left = amountMinor
  return order.flatMap(({ paymentId, method, leftMinor }) => {
    const part = Math.min(left, leftMinor)
    left -= part
    return part > 0 ? [{ paymentId, method, amountMinor: part }] : []
  })
}

// ── what the money page asks the books ──

/** What moved on an account on a day, by events of a kind. */
export interface DaySum {
  day: string
  currency: string
  kind: string
  account: Account
  amountMinor: number
}
export interface Balance {
  currency: string
  account: Account
  /** In how many sales. */
  sales: number
  amountMinor: number
}
export interface ServiceSum {
  /** Null: fees for visits that did not take place, of all services. */
  service: string | null
  currency: string
  visits: number
  earnedMinor: number
}
/** Money of one visit that waits for somebody. */
export interface OpenVisit {
  appointmentId: string
  startsAt: string
  service: string
  practitioner: string
  currency: string
  amountMinor: number
}
/** The oldest of them, and how many there are in all. */
export interface Unpaid {
  visits: OpenVisit[]
  total: number
}
/** What payers' banks question, as it stands at Stripe. */
export interface DisputedVisit extends OpenVisit {
  state: 'inquiry' | 'closed' | 'open' | 'lost' | 'won'
  answerBy: string | null
}
/** To be given back and sent back by a bank; `toHandMinor`: all that the desk is to hand over for the visit, this included. */
export interface Bounced extends OpenVisit {
  toHandMinor: number
}

// ── at the door ──

/** Cash or a transfer that the desk took. The browser chooses the key, so that one press is one payment. */
export const TakeInput = z.object({
  appointmentId: Id,
  key: Id,
  method: z.enum(['cash', 'transfer']),
  amountMinor: amount,
})
/** Money that was paid goes back by the clinic's own choice, whole or in part, with a credit note. */
export const RefundInput = z.object({ appointmentId: Id, key: Id, amountMinor: amount })
/** `amountMinor`: all that the page showed as owed. It is let go, with a credit note. */
export const WriteOffInput = z.object({ appointmentId: Id, key: Id, amountMinor: amount })
export const StandingInput = z.object({ appointmentId: Id })
