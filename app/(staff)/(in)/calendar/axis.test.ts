import fc from 'fast-check'
import { expect, test } from 'vitest'
import { startOfDay } from '@/lib/schedule/wall-clock'
import { addDays } from '@/lib/time'
import { axisOf, gapsOf, hoursOf, instantOf, topOf } from './axis'
import { hoursShown, neighbour, sideBySide } from './lanes'

const minute = 60_000
const at = (iso: string) => Date.parse(iso)

test('a usual day is 24 hours, each at its minute', () => {
  const axis = axisOf(['2026-11-24'], 'Europe/Paris')
  expect(axis.length).toBe(1440)
  expect(topOf(axis, '2026-11-24', at('2026-11-24T08:30:00Z'))).toBe(570)
  expect(instantOf(axis, '2026-11-24', 570)).toBe(at('2026-11-24T08:30:00Z'))
  expect(hoursOf(axis).map(({ top }) => top)).toEqual(Array.from({ length: 24 }, (_, hour) => hour * 60))
  expect(gapsOf(axis, '2026-11-24')).toEqual([])
})

test('a day of 25 hours has room for the hour that comes twice', () => {
  const day = '2026-10-25'
  const axis = axisOf([day], 'Europe/Paris')
  expect(axis.length).toBe(1500)
  // 02:30 summer time, 02:30 winter time, 03:00.
  expect(topOf(axis, day, at('2026-10-25T00:30:00Z'))).toBe(150)
  expect(topOf(axis, day, at('2026-10-25T01:30:00Z'))).toBe(210)
  expect(topOf(axis, day, at('2026-10-25T02:00:00Z'))).toBe(240)
  const hours = hoursOf(axis)
  expect(hours.slice(1, 5)).toEqual([
    { top: 60, hour: 1 },
    { top: 120, hour: 2 },
    { top: 180, hour: 2 },
    { top: 240, hour: 3 },
  ])
  expect(hours).toHaveLength(25)
  expect(gapsOf(axis, day)).toEqual([])
})

test('a day of 23 hours leaves the hour empty that the clock skips', () => {
  const day = '2026-03-29'
  const axis = axisOf([day], 'Europe/Paris')
  expect(axis.length).toBe(1440)
  expect(topOf(axis, day, at('2026-03-29T00:59:00Z'))).toBe(119)
  expect(topOf(axis, day, at('2026-03-29T01:00:00Z'))).toBe(180)
  expect(gapsOf(axis, day)).toEqual([{ from: 120, until: 180 }])
  expect(instantOf(axis, day, 150)).toBe(at('2026-03-29T01:00:00Z'))
})

test('in a week, the other days leave the second hour empty', () => {
  const days = ['2026-10-24', '2026-10-25', '2026-10-26']
  const axis = axisOf(days, 'Europe/Paris')
  expect(gapsOf(axis, '2026-10-24')).toEqual([{ from: 180, until: 240 }])
  expect(gapsOf(axis, '2026-10-25')).toEqual([])
  expect(topOf(axis, '2026-10-26', at('2026-10-26T08:00:00Z'))).toBe(9 * 60 + 60)
  // What ends at three ends above the room, what begins then begins below it.
  expect(topOf(axis, '2026-10-24', at('2026-10-24T01:00:00Z'), true)).toBe(180)
  expect(topOf(axis, '2026-10-24', at('2026-10-24T01:00:00Z'))).toBe(240)
})

test.each([
  'Europe/Paris',
  'America/New_York',
  'Australia/Lord_Howe',
  'America/Santiago',
  'Africa/Casablanca',
  'Etc/UTC',
])('in %s every minute of each week is somewhere, in order, and found again', (zone) => {
  for (const monday of [
    '2026-03-02',
    '2026-03-23',
    '2026-03-30',
    '2026-04-06',
    '2026-09-28',
    '2026-10-19',
    '2026-10-26',
  ]) {
    const days = [0, 1, 2, 3, 4, 5, 6].map((offset) => addDays(monday, offset))
    const axis = axisOf(days, zone)
    for (const day of days) {
      let last = -1
      const end = +startOfDay(addDays(day, 1), zone)
      const gaps = gapsOf(axis, day)
      for (let instant = +startOfDay(day, zone); instant < end; instant += 5 * minute) {
        const top = topOf(axis, day, instant)
        expect(top).toBeGreaterThan(last)
        expect(instantOf(axis, day, top)).toBe(instant)
        expect(gaps.some(({ from, until }) => from <= top && top < until)).toBe(false)
        last = top
      }
      expect(topOf(axis, day, end, true)).toBeLessThanOrEqual(axis.length)
    }
  }
})

test('boxes that meet stand side by side, in as few lanes as they need', () => {
  const box = (key: string, top: number, bottom: number) => ({ key, top, bottom })
  const placed = sideBySide([box('a', 0, 30), box('b', 15, 45), box('c', 30, 60), box('d', 60, 90)])
  expect(placed.get('a')).toEqual({ lane: 0, lanes: 2 })
  expect(placed.get('b')).toEqual({ lane: 1, lanes: 2 })
  expect(placed.get('c')).toEqual({ lane: 0, lanes: 2 })
  expect(placed.get('d')).toEqual({ lane: 0, lanes: 1 })
})

test('no two boxes ever cover each other', () => {
  const box = fc.record({ top: fc.integer({ min: 0, max: 300 }), length: fc.integer({ min: 1, max: 90 }) })
  fc.assert(
    fc.property(fc.array(box, { maxLength: 25 }), (all) => {
      const boxes = all.map(({ top, length }, index) => ({ key: String(index), top, bottom: top + length }))
      const placed = sideBySide(boxes)
      for (const a of boxes)
        for (const b of boxes) {
          if (a === b || a.bottom <= b.top || b.bottom <= a.top) continue
          const [one, other] = [placed.get(a.key)!, placed.get(b.key)!]
          expect(one.lane).not.toBe(other.lane)
          expect(one.lanes).toBe(other.lanes)
          expect(one.lane).toBeLessThan(one.lanes)
        }
    }),
  )
})

test('the hours shown hold everything, with one to spare', () => {
  expect(hoursShown([], 1440)).toEqual({ from: 480, until: 1080 })
  expect(hoursShown([{ top: 390, bottom: 1205 }], 1440)).toEqual({ from: 300, until: 1320 })
  expect(hoursShown([{ top: 0, bottom: 1500 }], 1500)).toEqual({ from: 0, until: 1500 })
})

test('the focus goes along a column, and to the nearest time of the next that has any', () => {
  const places = [
    { key: 'a', column: 0, top: 60 },
    { key: 'b', column: 0, top: 120 },
    { key: 'c', column: 2, top: 110 },
    { key: 'd', column: 2, top: 300 },
  ]
  expect(neighbour(places, 'a', 'ArrowDown')).toBe('b')
  expect(neighbour(places, 'b', 'ArrowDown')).toBeNull()
  expect(neighbour(places, 'b', 'ArrowRight')).toBe('c')
  expect(neighbour(places, 'd', 'ArrowLeft')).toBe('b')
  expect(neighbour(places, 'a', 'ArrowLeft')).toBeNull()
  expect(neighbour(places, 'a', 'End')).toBe('b')
  expect(neighbour(places, 'd', 'Home')).toBe('c')
})
