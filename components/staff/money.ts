import { decimalsOf } from '@/lib/money'

/** "35", "35.5" or "35,50" in the currency's smallest unit; null for anything else. */
export function toMinor(text: string, currency: string): number | null {
  const digits = decimalsOf(currency)
  const match = /^(\d{1,7})(?:[.,](\d{1,2}))?$/.exec(text.trim())
  if (!match || (match[2]?.length ?? 0) > digits) return null
  return Number(match[1]) * 10 ** digits + Number((match[2] ?? '').padEnd(digits, '0') || 0)
}

export const fromMinor = (minor: number, currency: string): string => {
  const amount = minor / 10 ** decimalsOf(currency)
  return Number.isInteger(amount) ? String(amount) : amount.toFixed(decimalsOf(currency))
}
