import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  chargeStep,
  decimalsOf,
  decimalText,
  downToStep,
  formatMoney,
  fractionOf,
  largestMinor,
  parseAmount,
  shareOut,
  splitTax,
  writeAmount,
  formatRate,
  parseRate,
  writeRate,
} from './money'

const currencies = ['eur', 'jpy', 'kwd', 'isk', 'huf', 'tnd', 'usd', 'krw']
const currency = fc.constantFrom(...currencies)
const locale = fc.constantFrom('en', 'fr', 'en-GB', 'fr-CA')
const amount = fc.integer({ min: 0, max: largestMinor })
/** As Intl writes it, with plain spaces. */
const plain = (text: string) => text.replace(/[\u00a0\u202f]/g, ' ')

describe('decimals', () => {
  it.each([
    ['eur', 2],
    ['EUR', 2],
    ['jpy', 0],
    ['krw', 0],
    ['xof', 0],
    ['mga', 0],
    ['kwd', 3],
    ['tnd', 3],
    ['bhd', 3],
    // Stripe counts hundredths of these, whatever Intl says.
    ['isk', 2],
    ['ugx', 2],
    ['huf', 2],
    ['idr', 2],
  ])('of %s: %i', (code, decimals) => expect(decimalsOf(code)).toBe(decimals))

  it('are Intl’s, except where it says none of what ISO 4217 or Stripe counts', () => {
    for (const code of Intl.supportedValuesOf('currency')) {
      const { maximumFractionDigits } = new Intl.NumberFormat('en', {
        style: 'currency',
        currency: code,
      }).resolvedOptions()
      if (maximumFractionDigits !== decimalsOf(code)) expect([code, maximumFractionDigits]).toEqual([code, 0])
    }
  })

  it('a card is charged in steps that Stripe takes', () => {
    expect(['eur', 'jpy', 'kwd', 'isk', 'ugx'].map(chargeStep)).toEqual([1, 1, 10, 100, 100])
    expect([downToStep(5124, 'kwd'), downToStep(5129, 'isk'), downToStep(5129, 'eur')]).toEqual([5120, 5100, 5129])
  })
})

describe('an amount as written', () => {
  it.each([
    [4500, 'eur', 'en', '€45'],
    [4550, 'eur', 'en', '€45.50'],
    [4550, 'eur', 'fr', '45,50 €'],
    [123_456_789, 'eur', 'fr', '1 234 567,89 €'],
    [4500, 'jpy', 'en', '¥4,500'],
    [1500, 'kwd', 'en', 'KWD 1.500'],
    [500, 'isk', 'en', 'ISK 5'],
    [1_500_000, 'huf', 'fr', '15 000 HUF'],
    [-1250, 'eur', 'en', '-€12.50'],
  ])('%i %s in %s: %s', (minor, code, lang, text) => expect(plain(formatMoney(minor, code, lang))).toBe(text))

  it('shows all decimals where it is asked to, as on an invoice', () => {
    expect(formatMoney(4500, 'eur', 'en', { all: true })).toBe('€45.00')
    expect(formatMoney(4500, 'jpy', 'en', { all: true })).toBe('¥4,500')
    expect(plain(formatMoney(500, 'isk', 'en', { all: true }))).toBe('ISK 5')
    // What cannot be is shown as it is, not rounded away.
    expect(plain(formatMoney(550, 'isk', 'en'))).toBe('ISK 5.50')
  })

  it.each([
    [0, 'eur', '0.00'],
    [5, 'eur', '0.05'],
    [-5, 'kwd', '-0.005'],
    [4500, 'jpy', '4500'],
  ])('%i %s in a file: %s', (minor, code, text) => expect(decimalText(minor, code)).toBe(text))
})

describe('an amount as typed', () => {
  it.each<[string, string, string, number | null]>([
    ['12,50', 'eur', 'fr', 1250],
    ['12,50', 'eur', 'en', 1250],
    ['12.5', 'eur', 'fr', 1250],
    [' 35 ', 'eur', 'en', 3500],
    ['1 234,50', 'eur', 'fr', 123_450],
    ['1\u202f234,50', 'eur', 'fr', 123_450],
    ['1,234.50', 'eur', 'en', 123_450],
    ['1,234', 'eur', 'en', 123_400],
    ['0012', 'eur', 'en', 1200],
    ['0', 'eur', 'en', 0],
    ['1.234', 'kwd', 'en', 1234],
    ['1,234', 'kwd', 'fr', 1234],
    ['1,234', 'kwd', 'en', 1_234_000],
    ['4 500', 'jpy', 'fr', 4500],
    ['10000000', 'eur', 'en', largestMinor],
    // Refused rather than guessed at.
    ['1,234', 'eur', 'fr', null],
    ['1.234', 'eur', 'en', null],
    ['1.234,50', 'eur', 'fr', null],
    ['1,23,456', 'eur', 'en', null],
    ['1 234', 'eur', 'en', null],
    ['1 23', 'eur', 'fr', null],
    ['12,505', 'eur', 'fr', null],
    ['4500.0', 'jpy', 'en', null],
    ['', 'eur', 'en', null],
    [',50', 'eur', 'fr', null],
    ['12,', 'eur', 'fr', null],
    ['-5', 'eur', 'en', null],
    ['1e3', 'eur', 'en', null],
    ['€12', 'eur', 'en', null],
    ['٣', 'eur', 'en', null],
    ['10000000.01', 'eur', 'en', null],
    ['99999999999', 'jpy', 'en', null],
  ])('%j %s in %s: %j', (text, code, lang, minor) => expect(parseAmount(text, code, lang)).toBe(minor))

  it('is read as it was written, in every currency and both languages', () => {
    fc.assert(
      fc.property(amount, currency, locale, (minor, code, lang) => {
        expect(parseAmount(writeAmount(minor, code, lang), code, lang)).toBe(minor)
      }),
    )
  })

  it('is read as Intl groups it', () => {
    fc.assert(
      fc.property(amount, currency, fc.constantFrom('en', 'fr'), (minor, code, lang) => {
        const digits = decimalsOf(code)
        const style = { minimumFractionDigits: digits, maximumFractionDigits: digits }
        const text = new Intl.NumberFormat(lang, style).format(decimalText(minor, code))
        expect(parseAmount(text, code, lang)).toBe(minor)
      }),
    )
  })

  it('is either nothing or a whole number of minor units, whatever was typed', () => {
    const keys = fc.string({ unit: fc.constantFrom(...'0123456789.,  -'), maxLength: 16 })
    fc.assert(
      fc.property(keys, currency, locale, (text, code, lang) => {
        const minor = parseAmount(text, code, lang)
        if (minor !== null) expect(Number.isInteger(minor) && minor >= 0 && minor <= largestMinor).toBe(true)
      }),
    )
  })
})

describe('a fraction', () => {
  it.each([
    [5, 1, 2, 3],
    [-5, 1, 2, -3],
    [4, 1, 2, 2],
    [1, 1, 3, 0],
    [2, 1, 3, 1],
    [0, 7, 9, 0],
    [-1, 1, 3, 0],
  ])('of %i by %i/%i: %i', (minor, over, under, result) => expect(fractionOf(minor, over, under)).toBe(result))

  it('is exact where floating point is not', () => {
    expect(fractionOf(9_007_199_254_740_991, 99_999, 100_000)).toBe(9_007_109_182_748_444)
    expect(fractionOf(largestMinor, 30_000, 100_000)).toBe(300_000_000)
  })
})

describe('the tax in a price', () => {
  it.each([
    // gross, rate, net, tax
    [12_000, 20_000, 10_000, 2000],
    [4500, 0, 4500, 0],
    [100, 20_000, 83, 17],
    [1, 20_000, 1, 0],
    [3, 20_000, 2, 1],
    // A half: 21 at 20 % holds 3.5 of tax.
    [21, 20_000, 17, 4],
    [-21, 20_000, -17, -4],
    [10_000, 5500, 9479, 521],
    [10_000, 9975, 9093, 907],
    [largestMinor, 25_000, 800_000_000, 200_000_000],
  ])('%i at %i: %i and %i', (gross, rate, netMinor, taxMinor) => {
    expect(splitTax(gross, rate)).toEqual({ netMinor, taxMinor })
  })

  it('adds up, splits back as it split, and is off by half a minor unit at most', () => {
    const gross = fc.integer({ min: -largestMinor, max: largestMinor })
    fc.assert(
      fc.property(gross, fc.integer({ min: 0, max: 100_000 }), (minor, rate) => {
        const { netMinor, taxMinor } = splitTax(minor, rate)
        expect(netMinor + taxMinor).toBe(minor)
        const back = splitTax(-minor, rate)
        expect([back.netMinor + netMinor, back.taxMinor + taxMinor]).toEqual([0, 0])
        // |tax · (100000 + rate) − gross · rate| ≤ (100000 + rate) / 2
        const off = BigInt(taxMinor) * BigInt(100_000 + rate) - BigInt(minor) * BigInt(rate)
        expect(2n * (off < 0n ? -off : off) <= BigInt(100_000 + rate)).toBe(true)
      }),
    )
  })
})

describe('a rate', () => {
  it('is written and read back in both languages', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 100_000 }), fc.constantFrom('en', 'fr'), (rate, locale) => {
        expect(parseRate(writeRate(rate, locale))).toBe(rate)
      }),
    )
    expect([formatRate(20_000, 'en'), formatRate(9975, 'en'), formatRate(5500, 'fr')]).toEqual([
      ...['20%', '9.975%', '5,5\u00a0%'],
    ])
  })

  it.each<[string, number | null]>([
    ['', 0],
    ['20', 20_000],
    [' 20 % ', 20_000],
    ['9.975', 9975],
    ['5,5', 5500],
    ['100', 100_000],
    ['100.001', null],
    ['101', null],
    ['1.2345', null],
    ['-5', null],
    ['vingt', null],
  ])('%j is %s', (text, rate) => expect(parseRate(text)).toBe(rate))
})

describe('an amount shared out', () => {
  it.each<[number, number[], number[]]>([
    [100, [1, 1, 1], [34, 33, 33]],
    [-100, [1, 1, 1], [-34, -33, -33]],
    [1, [1, 5], [0, 1]],
    [10, [0, 1], [0, 10]],
    [10, [0, 0], [0, 0]],
    [0, [3, 4], [0, 0]],
    [5, [], []],
  ])('%i by %j: %j', (minor, weights, shares) => expect(shareOut(minor, weights)).toEqual(shares))

  it('is all of it, and nobody is a minor unit off', () => {
    const weights = fc.array(fc.integer({ min: 0, max: largestMinor }), { minLength: 1, maxLength: 6 })
    fc.assert(
      fc.property(fc.integer({ min: -largestMinor, max: largestMinor }), weights, (minor, parts) => {
        const whole = parts.reduce((sum, part) => sum + part, 0)
        fc.pre(whole > 0)
        const shares = shareOut(minor, parts)
        expect(shares.reduce((sum, share) => sum + share, 0)).toBe(minor)
        shares.forEach((share, at) => {
          const off = BigInt(share) * BigInt(whole) - BigInt(minor) * BigInt(parts[at]!)
          expect((off < 0n ? -off : off) < BigInt(whole)).toBe(true)
        })
      }),
    )
  })
})
