import { expect, test } from 'vitest'
import { formatTime, zoneCity } from './time'

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
