/** Times as people read them. Every one names its zone: nothing here follows the machine's. */

/** Day before month, as with the 24-hour clock everywhere else here. */
export const dateLocale = (locale: string) => (locale === 'en' ? 'en-GB' : locale)

const formats = new Map<string, Intl.DateTimeFormat>()

function format(locale: string, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const key = JSON.stringify([locale, options])
  let known = formats.get(key)
  if (!known) formats.set(key, (known = new Intl.DateTimeFormat(dateLocale(locale), options)))
  return known
}

/** 14:30 */
export const formatTime = (at: Date, zone: string, locale: string) =>
  format(locale, { hour: '2-digit', minute: '2-digit', hourCycle: 'h23', timeZone: zone }).format(at)

/** Tuesday 24 November */
export const formatDay = (at: Date, zone: string, locale: string) =>
  format(locale, { weekday: 'long', day: 'numeric', month: 'long', timeZone: zone }).format(at)

/** Tuesday 24 November 2026 */
export const formatDate = (at: Date, zone: string, locale: string) =>
  format(locale, { weekday: 'long', day: 'numeric', month: 'long', year: 'numeric', timeZone: zone }).format(at)

/** 2026-11-24: the local day of an instant. */
export const dayIn = (zone: string, at: Date) =>
  format('en-CA', { year: 'numeric', month: '2-digit', day: '2-digit', timeZone: zone }).format(at)

/** Paris, New York: a zone by its city; UTC+7 where it has none, for the signs of Etc/GMT-7 and its like are turned round. */
export function zoneCity(zone: string): string {
  const [, sign, hours] = /^Etc\/GMT([+-])(\d{1,2})$/.exec(zone) ?? []
  if (sign) return hours === '0' ? 'UTC' : `UTC${sign === '-' ? '+' : '−'}${hours}`
  return (zone.split('/').pop() ?? zone).replaceAll('_', ' ')
}

/** A calendar day without a zone, as written on a page. */
export const formatPlainDay = (day: string, locale: string, options: Intl.DateTimeFormatOptions) =>
  format(locale, { ...options, timeZone: 'UTC' }).format(new Date(`${day}T12:00:00Z`))

export function addDays(day: string, days: number): string {
  const [year, month, date] = day.split('-').map(Number) as [number, number, number]
  // `Date.UTC` takes the years before 100 for those of the last century.
  const at = new Date(0)
  at.setUTCFullYear(year, month - 1, date + days)
  return at.toISOString().slice(0, 10)
}

/** Whether two zones show the same wall clock at an instant. */
export const sameClock = (a: string, b: string, at: Date) =>
  formatTime(at, a, 'en') === formatTime(at, b, 'en') && dayIn(a, at) === dayIn(b, at)

/** 1 is Monday. */
export const isoWeekday = (day: string) => new Date(`${day}T12:00:00Z`).getUTCDay() || 7

/** A zone's own name, or null for what names none. */
export function knownZone(name: string | undefined): string | null {
  try {
    return name ? new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone : null
  } catch {
    return null
  }
}
