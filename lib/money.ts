// Amounts are integers of a currency's minor unit, everywhere. This is where they are read, written, split and shared.

/** ISO 4217, and Stripe's count of minor units where the two differ. Whatever is not named has two decimals. */
const noDecimals = new Set('bif clp djf gnf jpy kmf krw mga pyg rwf vnd vuv xaf xof xpf'.split(' '))
const threeDecimals = new Set('bhd iqd jod kwd lyd omr tnd'.split(' '))
/** No coin below one is left of these two. Stripe still counts hundredths, which must be 00. */
const wholeOnly = new Set(['isk', 'ugx'])

/**
 * How many decimals the currency's minor unit stands for. A table, not Intl: Intl says how many people like to read (Node's says
 * none for the forint, and other engines say two), and a stored 4500 must mean the same amount in every browser and at Stripe.
 */
export function decimalsOf(currency: string): 0 | 2 | 3 {
  const code = currency.toLowerCase()
  return noDecimals.has(code) ? 0 : threeDecimals.has(code) ? 3 : 2
}

/** A card is charged in multiples of so many minor units: Stripe wants a 0 at the end of three decimals. */
export const chargeStep = (currency: string) =>
  wholeOnly.has(currency.toLowerCase()) ? 100 : decimalsOf(currency) === 3 ? 10 : 1

/** Why no card can be charged this amount, as a message; null if one can. */
export function chargeFault(minor: number, currency: string): 'wholeAmount' | 'lastDigit' | null {
  if (minor % chargeStep(currency) === 0) return null
  return wholeOnly.has(currency.toLowerCase()) ? 'wholeAmount' : 'lastDigit'
}

/**
 * The least that Stripe charges, in minor units, for an account that is paid out in the same currency: docs.stripe.com/currencies, minimum
 * charge amounts. 0 where nothing is said of it.
 */
export const smallestCharge = (currency: string): number => smallest[currency.toLowerCase()] ?? 0
const smallest: Record<string, number> = {
  ...{
    aed: 200,
    aud: 50,
    bgn: 100,
    brl: 50,
    cad: 50,
    chf: 50,
    czk: 1500,
    dkk: 250,
    eur: 50,
    gbp: 30,
    hkd: 400,
    huf: 17_500,
  },
  ...{
    inr: 50,
    jpy: 50,
    mxn: 1000,
    myr: 200,
    nok: 300,
    nzd: 50,
    pln: 200,
    ron: 200,
    sek: 300,
    sgd: 50,
    thb: 1000,
    usd: 50,
  },
}

/** The most that one price or payment may be. It fits a database integer, and a sum of thousands of them a number. */
export const largestMinor = 1_000_000_000

// ── rounding ──

/** The amount times a fraction of whole numbers, rounded half away from zero. Exact: no floating point on the way. */
export function fractionOf(minor: number, numerator: number, denominator: number): number {
  const product = BigInt(minor) * BigInt(numerator)
  const by = BigInt(denominator)
  const size = product < 0n ? -product : product
  const rounded = Number((2n * size + by) / (2n * by))
  return product < 0n && rounded > 0 ? -rounded : rounded
}

/** Down to what a card can be charged. */
export const downToStep = (minor: number, currency: string) => minor - (minor % chargeStep(currency))

/**
 * An amount shared out by weights, to the last minor unit: each gets its share rounded down, and what is left over goes one by one
 * to whoever lost most by that, the earlier first. Nobody gets more than one above their share. Weights are not negative.
 */
export function shareOut(minor: number, weights: readonly number[]): number[] {
  const whole = weights.reduce((sum, weight) => sum + BigInt(weight), 0n)
  if (whole === 0n) return weights.map(() => 0)
  const size = BigInt(Math.abs(minor))
  const shares = weights.map((weight) => (size * BigInt(weight)) / whole)
  const lost = weights.map((weight, index) => ({ index, rest: (size * BigInt(weight)) % whole }))
  lost.sort((a, b) => (a.rest < b.rest ? 1 : a.rest > b.rest ? -1 : a.index - b.index))
  const over = Number(size - shares.reduce((sum, share) => sum + share, 0n))
  for (const { index } of lost.slice(0, over)) shares[index]! += 1n
  return shares.map((share) => (minor < 0 && share > 0n ? -Number(share) : Number(share)))
}

// ── tax ──

/** A tax rate in thousandths of a percent: 20 % is 20000, Québec's 9.975 % is 9975. */
const wholeRate = 100_000

export interface TaxSplit {
  netMinor: number
  taxMinor: number
}

/**
 * The tax that a price includes. The tax is rounded half away from zero, and the rest stays in the net amount: so both always add
 * up to the price, and a price given back splits as it did when it was taken.
 */
export function splitTax(grossMinor: number, taxRate: number): TaxSplit {
  const taxMinor = fractionOf(grossMinor, taxRate, wholeRate + taxRate)
  return { netMinor: grossMinor - taxMinor, taxMinor }
}

/** 20000 → 20%, as people of that language write it. */
export const formatRate = (taxRate: number, locale: string): string =>
  new Intl.NumberFormat(locale, { style: 'percent', maximumFractionDigits: 3 }).format(taxRate / wholeRate)

/** What stands in a field to be typed over: 5500 → "5.5" or "5,5". */
export const writeRate = (taxRate: number, locale: string): string =>
  locale.startsWith('fr') ? String(taxRate / 1000).replace('.', ',') : String(taxRate / 1000)

/** A typed percentage in thousandths: "20", "9.975", "5,5"; none typed is no tax. Null for what is none, or more than 100. */
export function parseRate(text: string): number | null {
  const [, whole, decimals = ''] = /^(\d{1,3})(?:[.,](\d{1,3}))? ?%?$/.exec(text.trim() || '0') ?? []
  if (whole === undefined) return null
  const rate = Number(whole) * 1000 + Number(decimals.padEnd(3, '0'))
  return rate <= wholeRate ? rate : null
}

// ── written and read ──

/** 4500 eur → "45.00", 4500 jpy → "4500", for Intl and for files: a point, no grouping, all decimals. */
export function decimalText(minor: number, currency: string): `${number}` {
  const decimals = decimalsOf(currency)
  const digits = String(Math.abs(minor)).padStart(decimals + 1, '0')
  const text = decimals ? `${digits.slice(0, -decimals)}.${digits.slice(-decimals)}` : digits
  return `${minor < 0 ? '-' : ''}${text}` as `${number}`
}

/** An amount in minor units, as a person reads it: 4500 eur → €45, 4550 eur → €45.50. On a document all decimals are shown. */
export function formatMoney(
  minor: number,
  currency: string,
  locale: string,
  { all = false }: { all?: boolean } = {},
): string {
  const decimals = decimalsOf(currency)
  const whole = minor % 10 ** decimals === 0 && (!all || wholeOnly.has(currency.toLowerCase()))
  return new Intl.NumberFormat(locale, {
    style: 'currency',
    currency: currency.toUpperCase(),
    minimumFractionDigits: whole ? 0 : decimals,
    maximumFractionDigits: decimals,
  }).format(decimalText(minor, currency))
}

/** What stands in a field to be typed over: 1250 eur → "12.50" or "12,50"; whole amounts without decimals. */
export function writeAmount(minor: number, currency: string, locale: string): string {
  const text = decimalText(minor, currency)
  const short = minor % 10 ** decimalsOf(currency) === 0 ? text.split('.')[0]! : text
  return locale.startsWith('fr') ? short.replace('.', ',') : short
}

/**
 * A typed amount in minor units: "35", "12,50", "12.50", "1 234,50", "1,234.50"; null for what is none, and for what could be meant
 * in two ways. Point and comma both serve as the decimal sign, except a comma in English before three digits, which groups them.
 */
export function parseAmount(text: string, currency: string, locale: string): number | null {
  const typed = text.trim().replace(/[\u00a0\u202f\u2009]/g, ' ')
  const french = locale.startsWith('fr')
  const grouped = french ? /^\d{1,3}(?: \d{3})+(?![^.,])/ : /^\d{1,3}(?:,\d{3})+(?![^.])/
  const group = grouped.exec(typed)?.[0] ?? /^\d+/.exec(typed)?.[0] ?? ''
  const rest = /^(?:[.,](\d+))?$/.exec(typed.slice(group.length))
  const whole = group.replace(/[ ,]/g, '').replace(/^0+(?=\d)/, '')
  const decimals = rest?.[1] ?? ''
  if (!rest || !whole || whole.length > 10 || decimals.length > decimalsOf(currency)) return null
  const minor = Number(whole + decimals.padEnd(decimalsOf(currency), '0'))
  return minor <= largestMinor ? minor : null
}
