import { expect, test } from 'vitest'
import { addDays, formatTime, zoneCity } from './time'

test.each([
  ['Europe/Paris', 'Paris'],
  ['America/Argentina/Buenos_Aires', 'Buenos Aires'],
  ['Etc/GMT-7', 'UTC+7'],
  ['Etc/GMT+11', 'UTC−11'],
  ['Etc/GMT+0', 'UTC'],
  ['Etc/UTC', 'UTC'],
  ['UTC', 'UTC'],
])('%s is called %s', (zone, name) => {
  expect(zoneCity(zone)).toBe(name)
})

test('a zone’s name goes the way its clock does', () => {
  expect(formatTime(new Date('2026-03-02T12:00:00Z'), 'Etc/GMT-7', 'en')).toBe('19:00')
})

// The defence is setUTCFullYear in addDays: a day that steps back in time is never reached.
test.each([
  ['0099-12-31', '0100-01-01'],
  ['0001-01-01', '0001-01-02'],
  ['2026-12-31', '2027-01-01'],
])('the day after %s is %s', (day, next) => expect(addDays(day, 1)).toBe(next))
