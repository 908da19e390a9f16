import 'server-only'
import Holidays from 'date-holidays'
import { addDays } from '../time.ts'
import type { Holiday } from './rules.ts'

const [country, state, place] = [0, 1, 2]

function rulesOf(region: string): Holidays {
  const parts = region.split('-')
  return new Holidays(parts[country]!, parts[state]!, parts[place]!, { types: ['public'] })
}

/** Whether there are holidays known for a country, or a region of one. */
export function isRegion(region: string): boolean {
  const parts = region.split('-')
  const all = new Holidays()
  if (!all.getCountries()[parts[country]!]) return false
  if (parts.length > 1 && !all.getStates(parts[country]!)?.[parts[state]!]) return false
  return parts.length < 3 || Boolean(all.getRegions(parts[country]!, parts[state]!)?.[parts[place]!])
}

const dayLength = 24 * 60 * 60_000
const known = new Map<string, Holiday[]>()
const mostKnown = 500

/** Those that begin in a year, on each of their local days. Kept: whoever looks for a free time asks, and computing them is slow. */
function holidaysIn(region: string, year: number, locale: string): Holiday[] {
  const name = `${region} ${year} ${locale}`
  let found = known.get(name)
  if (found) return found
  found = rulesOf(region)
    .getHolidays(year, locale)
    .flatMap(({ date, start, end, name }) => {
      // Neither half a day nor one of 23 hours is fewer than one.
      const days = Math.max(1, Math.round((+end - +start) / dayLength))
      return Array.from({ length: days }, (_, index) => ({ day: addDays(date.slice(0, 10), index), name }))
    })
  if (known.size >= mostKnown) known.clear()
  known.set(name, found)
  return found
}

/** Public holidays of these local days, both included, named in a language. One that is moved to another day counts on that day. */
export function holidaysOf(region: string, from: string, until: string, locale: string): Holiday[] {
  if (!region) return []
  const found: Holiday[] = []
  // One that begins at a year's end may last into the next.
  for (let year = Number(from.slice(0, 4)) - 1; year <= Number(until.slice(0, 4)); year++)
    found.push(...holidaysIn(region, year, locale).filter(({ day }) => from <= day && day <= until))
  return found.sort((a, b) => (a.day < b.day ? -1 : 1))
}

/** Every country that holidays are known of, and its regions, named in a language. */
export function regionsOf(locale: string): { value: string; label: string }[] {
  const all = new Holidays()
  return Object.entries(all.getCountries(locale)).flatMap(([code, label]) => [
    { value: code, label },
    ...Object.entries(all.getStates(code, locale) ?? {}).map(([state, name]) => ({
      value: `${code}-${state}`,
      label: name,
    })),
  ])
}
