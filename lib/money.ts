const noDecimals = new Set([
  'jpy',
  'krw',
  'clp',
  'vnd',
  'xof',
  'xaf',
  'xpf',
  'ugx',
  'rwf',
  'pyg',
  'kmf',
  'gnf',
  'djf',
  'bif',
  'mga',
  'vuv',
])

/** How many decimals the currency's minor unit stands for, as Stripe counts them. */
export const decimalsOf = (currency: string) => (noDecimals.has(currency.toLowerCase()) ? 0 : 2)

/** An amount in minor units, as a person writes it: 4500 eur → €45.00. */
export function formatMoney(minor: number, currency: string, locale: string): string {
  const decimals = decimalsOf(currency)
  const whole = minor % 10 ** decimals === 0
  return new Intl.NumberFormat(locale, {
    style: 'currency',
    currency: currency.toUpperCase(),
    minimumFractionDigits: whole ? 0 : decimals,
    maximumFractionDigits: decimals,
  }).format(minor / 10 ** decimals)
}
