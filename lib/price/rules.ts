import { z } from 'zod'
import { downToStep, fractionOf, largestMinor, parseAmount, writeAmount, smallestCharge } from '../money.ts'

// What a visit costs, what is asked for when, and what is kept if it does not take place. Fixed when the slot is held: nothing
// that the clinic changes afterwards touches what was booked.

/** Nothing, so many percent of the price, or an amount. */
export const PartOfPrice = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('none') }),
  z.object({ kind: z.literal('percent'), percent: z.number().int().min(1).max(100) }),
  z.object({ kind: z.literal('amount'), minor: z.number().int().min(1).max(largestMinor) }),
])
export type PartOfPrice = z.output<typeof PartOfPrice>

/** A part as it is typed; null for what is none. */
export function readPart(
  kind: PartOfPrice['kind'],
  text: string,
  currency: string,
  locale: string,
): PartOfPrice | null {
  if (kind === 'none') return { kind }
  const percent = /^\d{1,3}$/.test(text.trim()) ? Number(text) : null
  const read = kind === 'percent' ? { kind, percent } : { kind, minor: parseAmount(text, currency, locale) }
  return PartOfPrice.safeParse(read).data ?? null
}
/** What stands in a field to be typed over. */
export const writePart = (part: PartOfPrice, currency: string, locale: string): string =>
  part.kind === 'none' ? '' : part.kind === 'percent' ? `${part.percent}` : writeAmount(part.minor, currency, locale)

/** Thousandths of a percent. */
export const TaxRate = z.number().int().min(0).max(100_000)

/** Of a clinic. The longest notice is four weeks. */
export const CancellationPolicy = z.object({
  freeUntilMinutes: z.number().int().min(0).max(40_320),
  lateFee: PartOfPrice,
  noShowFee: PartOfPrice,
})
export type CancellationPolicy = z.output<typeof CancellationPolicy>

export type Paying = 'free' | 'online' | 'deposit' | 'later' | 'voucher'

/** What was agreed to at the booking, as the appointment keeps it. */
export interface Terms extends CancellationPolicy {
  priceMinor: number
  currency: string
  taxRate: number
  paying: Paying
  depositMinor: number
}

/** A part of a price that a card can be charged, never more than the price. What cannot be charged is the patient's. */
export function partOfPrice(priceMinor: number, currency: string, part: PartOfPrice): number {
  if (part.kind === 'none') return 0
  const wished = part.kind === 'amount' ? part.minor : fractionOf(priceMinor, part.percent, 100)
  return Math.min(priceMinor, downToStep(wished, currency))
}

/** A service as it is offered, turned into terms. A voucher that was sold has its own price; one that was given costs nothing. */
export function fixTerms(
  service: { priceMinor: number; currency: string; taxRate: number; paying: Paying; deposit: PartOfPrice },
  policy: CancellationPolicy,
  voucher: { kind: 'sold' | 'given'; priceMinor: number; taxRate: number } | null = null,
): Terms {
  const { currency } = service
  const price = voucher ? (voucher.kind === 'sold' ? voucher : { priceMinor: 0, taxRate: voucher.taxRate }) : service
  const { priceMinor, taxRate } = price
  const { freeUntilMinutes, lateFee, noShowFee } = policy
  const fixed = { priceMinor, currency, taxRate, freeUntilMinutes, lateFee, noShowFee, depositMinor: 0 }
  if (priceMinor === 0 || service.paying === 'free') return { ...fixed, priceMinor: 0, paying: 'free' }
  if (voucher) return { ...fixed, paying: 'voucher' }
  if (service.paying !== 'deposit') return { ...fixed, paying: service.paying }
  const depositMinor = partOfPrice(priceMinor, currency, service.deposit)
  if (depositMinor === 0) return { ...fixed, paying: 'later' }
  return depositMinor === priceMinor ? { ...fixed, paying: 'online' } : { ...fixed, paying: 'deposit', depositMinor }
}

/**
 * What of a service could not be paid online, for it is less than Stripe charges: its price, its deposit, or the rest after that. A patient
 * would learn it of a page that does not open. Null where all of it can.
 */
export function tooSmall(service: {
  priceMinor: number
  currency: string
  paymentMode: Exclude<Paying, 'voucher'>
  deposit: PartOfPrice
}): 'price' | 'deposit' | 'rest' | null {
  const { priceMinor, currency, paymentMode, deposit } = service
  if (priceMinor === 0 || (paymentMode !== 'online' && paymentMode !== 'deposit')) return null
  const least = Math.max(1, smallestCharge(currency))
  if (priceMinor < least) return 'price'
  if (paymentMode === 'online') return null
  const depositMinor = partOfPrice(priceMinor, currency, deposit)
  if (depositMinor < least) return 'deposit'
  return depositMinor < priceMinor && priceMinor - depositMinor < least ? 'rest' : null
}

/** What has to be paid before the booking counts. */
export function dueAtBooking({ paying, priceMinor, depositMinor }: Terms): number {
  return paying === 'online' ? priceMinor : paying === 'deposit' ? depositMinor : 0
}

export type NotTaken =
  { how: 'cancelled'; by: 'patient' | 'clinic'; startsAt: Date; now: Date } | { how: 'missed' } | { how: 'slot-lost' }

/** A service as it is offered, as an appointment keeps it. */
export function bookedAs(
  service: {
    priceMinor: number
    currency: string
    taxRate: number
    paymentMode: Exclude<Paying, 'voucher'>
    deposit: PartOfPrice
  },
  cancellation: CancellationPolicy,
) {
  const { paymentMode, ...rest } = service
  const { priceMinor, currency, taxRate, paying, depositMinor } = fixTerms(
    { ...rest, paying: paymentMode },
    cancellation,
  )
  // What costs nothing keeps the mode that it was offered in.
  const mode = priceMinor === 0 || paying === 'voucher' ? paymentMode : paying
  return { priceMinor, currency, taxRate, paymentMode: mode, depositMinor, cancellation }
}

/** What an appointment keeps of its price and of the clinic's policy. */
export type Booked = CancellationPolicy & Pick<Terms, 'priceMinor' | 'currency'>
export const bookedTerms = (row: { priceMinor: number; currency: string; cancellation: unknown }): Booked => ({
  ...CancellationPolicy.parse(row.cancellation),
  priceMinor: row.priceMinor,
  currency: row.currency,
})

/** What a patient is told before they book, and ever after. */
export interface CancelTerms {
  /** ISO instant: until then cancelling costs nothing. */
  freeUntil: string
  lateMinor: number
  missedMinor: number
}
export const cancelTerms = (terms: Booked, startsAt: Date): CancelTerms => ({
  freeUntil: freeUntil(terms, startsAt).toISOString(),
  lateMinor: partOfPrice(terms.priceMinor, terms.currency, terms.lateFee),
  missedMinor: partOfPrice(terms.priceMinor, terms.currency, terms.noShowFee),
})

/** Whether who has read the one knows what the other costs. */
export const saysAlike = (read: CancelTerms | null, now: CancelTerms): boolean =>
  read
    ? read.freeUntil === now.freeUntil && read.lateMinor === now.lateMinor && read.missedMinor === now.missedMinor
    : now.lateMinor === 0 && now.missedMinor === 0

export const freeUntil = ({ freeUntilMinutes }: CancellationPolicy, startsAt: Date): Date =>
  new Date(startsAt.getTime() - freeUntilMinutes * 60_000)

/** Nothing is kept, whenever it is cancelled. */
export const freeOfCharge: CancellationPolicy = {
  freeUntilMinutes: 0,
  lateFee: { kind: 'none' },
  noShowFee: { kind: 'none' },
}

/** A day in which a patient hears of a time that the clinic chose, and may still say no for nothing. */
const hearingMinutes = 1440
/** The policy of a visit that the clinic puts at another time: too soon to be heard of and declined, it costs nothing any more. */
export const policyMovedByClinic = (policy: CancellationPolicy, startsAt: Date, now: Date): CancellationPolicy =>
  freeUntil(policy, startsAt).getTime() - now.getTime() >= hearingMinutes * 60_000 ? policy : freeOfCharge

/** What is kept of a visit that does not take place. Until the very minute that the policy names it is free. */
export function keptFee(terms: Booked, end: NotTaken): number {
  const fee = (part: PartOfPrice) => partOfPrice(terms.priceMinor, terms.currency, part)
  if (end.how === 'slot-lost') return 0
  if (end.how === 'missed') return fee(terms.noShowFee)
  if (end.by === 'clinic') return 0
  return end.now <= freeUntil(terms, end.startsAt) ? 0 : fee(terms.lateFee)
}

/** A voucher for a visit that did not take place: only a fee of the whole price uses it up. Of a smaller one nothing is kept. */
export const keepsVoucher = (terms: Booked, end: NotTaken): boolean =>
  terms.priceMinor > 0 && keptFee(terms, end) === terms.priceMinor

/** What is agreed to where a voucher pays: that it is used up, or nothing. */
export function voucherPolicy(terms: Booked): CancellationPolicy {
  const { freeUntilMinutes, lateFee, noShowFee, priceMinor, currency } = terms
  const whole = (part: PartOfPrice): PartOfPrice =>
    partOfPrice(priceMinor, currency, part) === priceMinor ? part : { kind: 'none' }
  return { freeUntilMinutes, lateFee: whole(lateFee), noShowFee: whole(noShowFee) }
}
