// Interval arithmetic beside a slow obvious answer: every five minutes, looked at one by one with the zone's own rules.
import fc from 'fast-check'
import { Temporal } from 'temporal-polyfill'
import { describe, expect, test } from 'vitest'
import { addDays, isoWeekday } from '../time.ts'
import { freeStarts, type StartsQuestion } from './starts.ts'
import type { Row } from './rules.ts'
import { slowly } from './testing.ts'

const minute = 60_000

const fives = (least: number, most: number) => fc.integer({ min: least / 5, max: most / 5 }).map((count) => count * 5)
const row = fc
  .tuple(fives(0, 1435), fives(5, 1440))
  .map(([a, b]): Row => (a < b ? { startMinute: a, endMinute: b } : { startMinute: b - 5, endMinute: a + 5 }))
const week = fc.array(fc.array(row, { maxLength: 3 }), { minLength: 7, maxLength: 7 })
const pace = fc.record({
  minutes: fives(5, 120),
  bufferBefore: fives(0, 30),
  bufferAfter: fives(0, 30),
  step: fives(5, 60),
})
/** Of four days from `firstDay`. */
const stretchesOf = (firstDay: string) =>
  fc.array(
    fc.tuple(fives(-1440, 5 * 1440), fives(5, 600)).map(([from, length]) => {
      const start = Date.parse(`${firstDay}T00:00:00Z`) + from * minute
      return { from: start, until: start + length * minute }
    }),
    { maxLength: 6 },
  )
const questionOf = (zone: string, firstDay: string) =>
  fc
    .record({
      week,
      pace,
      busy: stretchesOf(firstDay),
      shared: stretchesOf(firstDay),
      full: fc.boolean(),
      notice: fives(0, 2880),
      horizon: fives(2880, 7200),
    })
    .map(({ week, pace, busy, shared, full, notice, horizon }): StartsQuestion => {
      const start = Date.parse(`${firstDay}T00:00:00Z`)
      return {
        zone,
        rowsOn: (day) => week[isoWeekday(day) - 1]!,
        pace,
        busy,
        // Buffers of any length lie before a group's start.
        shared: shared.map((each, index) => ({ ...each, start: each.from + index * 5 * minute })),
        firstDay,
        lastDay: addDays(firstDay, 2),
        notBefore: start + notice * minute,
        notAfter: start + horizon * minute,
        ...(full && { isFull: (day: string) => day === addDays(firstDay, 1) }),
      }
    })

const zones = Intl.supportedValuesOf('timeZone')
/** The day before each change of the zone's clock in two years. */
function changes(zone: string): string[] {
  const days: string[] = []
  let at = Temporal.ZonedDateTime.from(`2026-01-01T00:00[${zone}]`)
  for (;;) {
    const next = at.getTimeZoneTransition('next')
    if (!next || next.year > 2027) return days
    days.push(next.toPlainDate().subtract({ days: 1 }).toString())
    at = next
  }
}
const agree = (zone: string, day: string, runs: number) =>
  fc.assert(
    fc.property(questionOf(zone, day), (question) => {
      expect(freeStarts(question)).toEqual(slowly(question))
    }),
    { numRuns: runs },
  )

describe('the same starts as minute by minute', () => {
  test('around each change of the clock of each zone, in two years', () => {
    const all = zones.flatMap((zone) => changes(zone).map((day) => [zone, day] as const))
    expect(all.length).toBeGreaterThan(300)
    for (const [zone, day] of all) agree(zone, day, 1)
  }, 120_000)

  test.each([
    ['Europe/Paris', '2026-10-24'],
    ['America/New_York', '2027-03-13'],
    // Half an hour, and at two in the morning; midnight that does not exist; a change of the date by the clock going back over it.
    ['Australia/Lord_Howe', '2026-04-04'],
    ['Africa/Cairo', '2026-04-23'],
    ['America/St_Johns', '2009-10-31'],
    ['America/Sao_Paulo', '2018-11-03'],
    // A day that a zone left out.
    ['Pacific/Apia', '2011-12-29'],
    ['Asia/Kathmandu', '2026-12-31'],
    ['Pacific/Kiritimati', '2026-12-31'],
    ['Etc/GMT+12', '2028-02-28'],
  ])('%s from %s', (zone, day) => agree(zone, day, 40), 60_000)
})

const ask = (question: Partial<StartsQuestion>): string[] =>
  freeStarts({
    zone: 'Europe/Paris',
    rowsOn: () => [{ startMinute: 9 * 60, endMinute: 12 * 60 }],
    pace: { minutes: 30, bufferBefore: 0, bufferAfter: 0, step: 30 },
    busy: [],
    firstDay: '2026-11-23',
    lastDay: '2026-11-23',
    notBefore: 0,
    notAfter: Date.parse('2027-12-31'),
    ...question,
  }).map((at) => new Date(at).toISOString().slice(11, 16))

describe('as people say it', () => {
  test('nine in Paris is eight in winter and seven in summer', () => {
    const clocks = {
      firstDay: '2026-10-24',
      lastDay: '2026-10-25',
      rowsOn: () => [{ startMinute: 540, endMinute: 570 }],
    }
    expect(ask(clocks)).toEqual(['07:00', '08:00'])
  })
  test('an hour that does not exist is not offered, and one that comes twice is offered twice', () => {
    const night = () => [{ startMinute: 120, endMinute: 180 }]
    expect(ask({ firstDay: '2026-03-29', lastDay: '2026-03-29', rowsOn: night })).toEqual([])
    expect(ask({ firstDay: '2026-10-25', lastDay: '2026-10-25', rowsOn: night })).toEqual([
      ...['00:00', '00:30', '01:00', '01:30'],
    ])
  })
  test('what is taken moves no other start', () => {
    const at = (time: string) => Date.parse(`2026-11-23T${time}:00Z`)
    expect(ask({ busy: [{ from: at('08:40'), until: at('08:50') }] })).toEqual([
      ...['08:00', '09:00', '09:30', '10:00', '10:30'],
    ])
  })
  test('buffers keep from what is taken, on both sides, and may lie outside of the hours', () => {
    const at = (time: string) => Date.parse(`2026-11-23T${time}:00Z`)
    const buffered = { minutes: 30, bufferBefore: 10, bufferAfter: 5, step: 30 }
    expect(ask({ pace: buffered, busy: [{ from: at('08:30'), until: at('09:00') }] })).toEqual([
      ...['09:30', '10:00', '10:30'],
    ])
  })
  test('hours that overlap offer a start once', () => {
    const twice = [
      { startMinute: 540, endMinute: 660 },
      { startMinute: 600, endMinute: 660 },
    ]
    expect(ask({ rowsOn: () => twice })).toEqual(['08:00', '08:30', '09:00', '09:30'])
  })
  test('over midnight where the next day begins at once', () => {
    const late = (day: string) =>
      day === '2026-11-23' ? [{ startMinute: 23 * 60 + 30, endMinute: 1440 }] : [{ startMinute: 0, endMinute: 30 }]
    expect(ask({ rowsOn: late, pace: { minutes: 60, bufferBefore: 0, bufferAfter: 0, step: 30 } })).toEqual(['22:30'])
  })
})
