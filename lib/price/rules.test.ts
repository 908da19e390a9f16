import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { chargeStep } from '../money'
import {
  CancellationPolicy,
  cancelTerms,
  dueAtBooking,
  fixTerms,
  keepsVoucher,
  keptFee,
  partOfPrice,
  saysAlike,
  TaxRate,
  tooSmall,
  voucherPolicy,
  type PartOfPrice,
  type Paying,
} from './rules'

const none = { kind: 'none' } as PartOfPrice
const percent = (of: number): PartOfPrice => ({ kind: 'percent', percent: of })
const amount = (minor: number): PartOfPrice => ({ kind: 'amount', minor })
const policy = { freeUntilMinutes: 1440, lateFee: percent(50), noShowFee: percent(100) }
const service = {
  priceMinor: 6000,
  currency: 'eur',
  taxRate: 20_000,
  paying: 'online' as Paying,
  deposit: none as PartOfPrice,
}

describe('a part of a price', () => {
  it.each<[number, string, PartOfPrice, number]>([
    [6000, 'eur', none, 0],
    [6000, 'eur', percent(50), 3000],
    [3333, 'eur', percent(50), 1667],
    [6000, 'eur', percent(100), 6000],
    [6000, 'eur', amount(2000), 2000],
    // Never more than the price.
    [1500, 'eur', amount(2000), 1500],
    // Down to what a card takes: the patient keeps what cannot be charged.
    [5120, 'kwd', percent(33), 1690],
    [5000, 'isk', percent(33), 1600],
    [1, 'eur', percent(1), 0],
  ])('%i %s, %j: %i', (price, currency, part, minor) => expect(partOfPrice(price, currency, part)).toBe(minor))

  it('of a price that a card can be charged can be charged', () => {
    const part = fc.oneof(fc.integer({ min: 1, max: 100 }).map(percent), fc.integer({ min: 1, max: 1e6 }).map(amount))
    fc.assert(
      fc.property(fc.nat({ max: 10_000 }), fc.constantFrom('eur', 'jpy', 'kwd', 'isk'), part, (steps, code, of) => {
        const price = steps * chargeStep(code)
        const minor = partOfPrice(price, code, of)
        expect(minor % chargeStep(code)).toBe(0)
        expect(minor >= 0 && minor <= price).toBe(true)
      }),
    )
  })
})

describe('the terms of a booking', () => {
  it.each<[string, Partial<typeof service>, Paying, number, number]>([
    ['all of it', {}, 'online', 0, 6000],
    ['a deposit', { paying: 'deposit', deposit: percent(30) }, 'deposit', 1800, 1800],
    ['a deposit of all', { paying: 'deposit', deposit: amount(9000) }, 'online', 0, 6000],
    ['a deposit of nothing', { paying: 'deposit' }, 'later', 0, 0],
    ['later', { paying: 'later' }, 'later', 0, 0],
    ['nothing, since it is free', { paying: 'free' }, 'free', 0, 0],
    ['nothing, since it costs nothing', { priceMinor: 0 }, 'free', 0, 0],
  ])('ask for %s', (_, change, paying, depositMinor, due) => {
    const terms = fixTerms({ ...service, ...change }, policy)
    expect([terms.paying, terms.depositMinor, dueAtBooking(terms)]).toEqual([paying, depositMinor, due])
    expect(terms.priceMinor).toBe(paying === 'free' ? 0 : 6000)
  })

  it('with a voucher have the price that it was sold at, or none', () => {
    const sold = fixTerms(service, policy, { kind: 'sold', priceMinor: 5500, taxRate: 10_000 })
    expect(sold).toMatchObject({ paying: 'voucher', priceMinor: 5500, taxRate: 10_000 })
    expect(dueAtBooking(sold)).toBe(0)
    expect(fixTerms(service, policy, { kind: 'given', priceMinor: 5500, taxRate: 10_000 })).toMatchObject({
      ...{ paying: 'free', priceMinor: 0 },
    })
  })

  it.each([
    ['eur', 49, 'online', null, 'price'],
    ['eur', 50, 'online', null, null],
    ['eur', 49, 'later', null, null],
    ['eur', 0, 'online', null, null],
    ['eur', 4500, 'deposit', { kind: 'percent', percent: 1 }, 'deposit'],
    ['eur', 5000, 'deposit', { kind: 'percent', percent: 1 }, null],
    ['eur', 4500, 'deposit', { kind: 'amount', minor: 4451 }, 'rest'],
    ['eur', 4500, 'deposit', { kind: 'amount', minor: 4450 }, null],
    ['eur', 4500, 'deposit', { kind: 'percent', percent: 100 }, null],
    ['huf', 900_000, 'deposit', { kind: 'percent', percent: 1 }, 'deposit'],
    ['JPY', 4000, 'deposit', { kind: 'percent', percent: 1 }, 'deposit'],
    ['kwd', 10, 'deposit', { kind: 'percent', percent: 1 }, 'deposit'],
    ['kwd', 1000, 'deposit', { kind: 'percent', percent: 1 }, null],
  ] as const)(
    'what Stripe does not charge is not asked for: %s %i, %s %j',
    (currency, priceMinor, paymentMode, deposit, what) => {
      expect(tooSmall({ priceMinor, currency, paymentMode, deposit: deposit ?? { kind: 'none' } })).toBe(what)
    },
  )

  it('a voucher is used up by a fee of the whole price alone', () => {
    const startsAt = new Date('2026-11-25T09:00:00Z')
    const at = (now: string, by: 'patient' | 'clinic' = 'patient') =>
      ({ how: 'cancelled', by, startsAt, now: new Date(now) }) as const
    const [early, late] = [at('2026-11-24T09:00:00Z'), at('2026-11-24T09:00:01Z')]
    const ends = [early, late, at('2026-11-25T08:00:00Z', 'clinic'), { how: 'missed' }, { how: 'slot-lost' }] as const
    const kept = (lateFee: PartOfPrice) => {
      const booked = { priceMinor: 6000, currency: 'eur', ...policy, lateFee }
      const agreed = { ...booked, ...voucherPolicy(booked) }
      // What they agree to is what becomes of it.
      for (const end of ends) expect(keptFee(agreed, end) > 0).toBe(keepsVoucher(booked, end))
      return ends.map((end) => keepsVoucher(agreed, end))
    }
    expect(kept(percent(50))).toEqual([false, false, false, true, false])
    expect(kept(amount(5999))).toEqual([false, false, false, true, false])
    expect(kept(percent(100))).toEqual([false, true, false, true, false])
    expect(kept(amount(9000))).toEqual([false, true, false, true, false])
    const free = { priceMinor: 0, currency: 'eur', ...policy }
    expect(keepsVoucher(free, { how: 'missed' })).toBe(false)
  })

  it('stay what they were, whatever the clinic changes', () => {
    const changing = { ...service, paying: 'deposit' as Paying, deposit: percent(50) }
    const rules = { ...policy }
    const terms = fixTerms(changing, rules)
    const before = structuredClone(terms)
    Object.assign(changing, { priceMinor: 9000, taxRate: 0, paying: 'free' })
    Object.assign(rules, { freeUntilMinutes: 0, lateFee: percent(100) })
    expect(terms).toEqual(before)
  })
})

describe('what is kept of a visit that does not take place', () => {
  const terms = fixTerms(service, policy)
  const startsAt = new Date('2026-11-22T10:00:00Z')
  const cancelled = (by: 'patient' | 'clinic', before: number) =>
    keptFee(terms, { how: 'cancelled', by, startsAt, now: new Date(startsAt.getTime() - before) })
  const day = 1440 * 60_000
  it.each<[string, number, number]>([
    ['a week before', cancelled('patient', 7 * day), 0],
    ['at the last free instant', cancelled('patient', day), 0],
    ['a millisecond later', cancelled('patient', day - 1), 3000],
    ['a minute before', cancelled('patient', 60_000), 3000],
    ['by the clinic, a minute before', cancelled('clinic', 60_000), 0],
    ['when nobody came', keptFee(terms, { how: 'missed' }), 6000],
    ['when the slot was lost', keptFee(terms, { how: 'slot-lost' }), 0],
  ])('%s: %i', (_, kept, fee) => expect(kept).toBe(fee))
})

// Fails when a page that has said nothing, or another deadline or amount, counts as read.
it('what was read is the same in each word, and nothing read is nothing to pay', () => {
  const startsAt = new Date('2026-11-22T10:00:00Z')
  const read = cancelTerms(fixTerms(service, policy), startsAt)
  const free = cancelTerms(fixTerms(service, { ...policy, lateFee: none, noShowFee: none }), startsAt)
  expect(saysAlike(read, { ...read })).toBe(true)
  for (const change of [{ freeUntil: startsAt.toISOString() }, { lateMinor: 2999 }, { missedMinor: 0 }])
    expect(saysAlike(read, { ...read, ...change })).toBe(false)
  expect([saysAlike(null, read), saysAlike(null, free)]).toEqual([false, true])
})

it('a policy and a tax rate are what they may be at the door', () => {
  expect(CancellationPolicy.safeParse(policy).success).toBe(true)
  for (const wrong of [
    { ...policy, freeUntilMinutes: -1 },
    { ...policy, freeUntilMinutes: 1.5 },
    { ...policy, lateFee: percent(101) },
    { ...policy, lateFee: percent(0) },
    { ...policy, noShowFee: amount(0) },
    { ...policy, noShowFee: { kind: 'all' } },
  ])
    expect(CancellationPolicy.safeParse(wrong).success).toBe(false)
  expect([0, 9975, 20_000, 100_000].map((rate) => TaxRate.safeParse(rate).success)).toEqual([true, true, true, true])
  expect([-1, 0.2, 100_001].map((rate) => TaxRate.safeParse(rate).success)).toEqual([false, false, false])
})
