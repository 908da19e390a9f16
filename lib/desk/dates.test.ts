import fc from 'fast-check'
import { Temporal } from 'temporal-polyfill'
import { expect, test } from 'vitest'
import { dayIn, formatTime } from '../time.ts'
import { seriesStarts } from './dates.ts'
import { mostVisits, mostWeeks } from './rules.ts'

const zones = Intl.supportedValuesOf('timeZone')
const minute = 60_000
const first = fc
  .integer({ min: Date.UTC(2026, 0, 1) / minute, max: Date.UTC(2029, 0, 1) / minute })
  .map((minutes) => new Date(minutes * minute))
const iso = (starts: readonly Date[]) => starts.map((each) => each.toISOString())

test('in every zone the dates are those of a walk by the calendar, at the same time by the clock', () => {
  const weeks = fc.integer({ min: 1, max: mostWeeks })
  const count = fc.integer({ min: 2, max: mostVisits })
  fc.assert(
    fc.property(fc.constantFrom(...zones), first, weeks, count, (zone, start, weeks, count) => {
      const begins = Temporal.Instant.fromEpochMilliseconds(+start).toZonedDateTimeISO(zone)
      const walk = Array.from({ length: count }, (_, nth) => begins.add({ weeks: nth * weeks }))
      const starts = seriesStarts(start, zone, { weeks, count })
      expect(iso(starts)).toEqual(iso(walk.map((at) => new Date(at.epochMilliseconds))))
      const until = walk.at(-1)!.toPlainDate().toString()
      expect(iso(seriesStarts(start, zone, { weeks, until }))).toEqual(iso(starts))
    }),
    { numRuns: 1500 },
  )
})

test('nine o’clock stays nine o’clock over both changes of the clock', () => {
  const zone = 'Europe/Paris'
  for (const day of ['2026-10-12', '2027-03-15']) {
    const start = new Date(Temporal.ZonedDateTime.from(`${day}T09:00[${zone}]`).epochMilliseconds)
    const starts = seriesStarts(start, zone, { weeks: 1, count: 6 })
    expect(starts.map((each) => formatTime(each, zone, 'en'))).toEqual(Array(6).fill('09:00'))
    expect(new Set(starts.map((each) => each.getUTCHours())).size).toBe(2)
  }
})

test('a time that the clock skips is the one that it jumps to, on its own day alone', () => {
  const zone = 'Europe/Paris'
  const start = new Date(Temporal.ZonedDateTime.from(`2027-03-21T02:30[${zone}]`).epochMilliseconds)
  const starts = seriesStarts(start, zone, { weeks: 1, count: 3 })
  expect(starts.map((each) => formatTime(each, zone, 'en'))).toEqual(['02:30', '03:30', '02:30'])
})

test('until a day, the day included, and never more than may be booked', () => {
  const zone = 'America/New_York'
  const start = new Date('2026-12-01T15:00:00Z')
  const days = (until: string) => seriesStarts(start, zone, { weeks: 2, until }).map((each) => dayIn(zone, each))
  expect(days('2026-12-29')).toEqual(['2026-12-01', '2026-12-15', '2026-12-29'])
  expect(days('2026-12-28')).toEqual(['2026-12-01', '2026-12-15'])
  expect(days('2026-11-01')).toEqual(['2026-12-01'])
  expect(days('2050-01-01')).toHaveLength(mostVisits)
  expect(seriesStarts(start, zone, { weeks: 1, count: 400 })).toHaveLength(mostVisits)
})
