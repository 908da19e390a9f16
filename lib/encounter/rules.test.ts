import { expect, test } from 'vitest'
import { type DayRow, mayArrive, mayUnarrive, nextUp, rowState, weekStart, whyUnnamed } from './rules.ts'

const now = new Date('2026-03-02T10:00:00Z')
const row = (status: DayRow['status'], startsAt: string, more: Partial<DayRow> = {}) =>
  ({ status, waiting: false, atDoor: false, arrivedAt: null, startsAt, endsAt: startsAt, ...more }) as DayRow
const coming = '2026-03-02T10:30:00Z'
const gone = '2026-03-02T09:30:00Z'

test.each([
  [row('booked', coming), 'upcoming'],
  [row('booked', gone), 'late'],
  // Who is called keeps nobody waiting.
  [row('booked', gone, { way: 'phone' }), 'upcoming'],
  [row('booked', gone, { way: 'in_person' }), 'late'],
  [row('booked', gone, { waiting: true }), 'waiting'],
  [row('booked', coming, { waiting: true }), 'waiting'],
  [row('booked', gone, { atDoor: true }), 'at_door'],
  [row('booked', coming, { atDoor: true, waiting: true }), 'waiting'],
  [row('arrived', coming, { atDoor: true }), 'waiting'],
  [row('arrived', coming), 'waiting'],
  [row('in_consult', gone), 'in_consult'],
  [row('completed', gone), 'done'],
  [row('no_show', gone), 'missed'],
  [row('cancelled', coming), 'cancelled'],
  [row('expired', coming), 'cancelled'],
] as const)('%o is %s', (each, state) => {
  expect(rowState(each, now)).toBe(state)
})

test.each([
  [row('booked', coming, { way: 'in_person' }), true],
  [row('booked', gone, { way: 'in_person' }), true],
  // What was missed has cost what it costs.
  [row('no_show', gone, { way: 'in_person' }), false],
  [row('booked', '2026-03-03T10:00:00Z', { way: 'in_person' }), false],
  [row('arrived', coming, { way: 'in_person' }), false],
  [row('completed', gone, { way: 'in_person' }), false],
  [row('booked', coming, { way: 'phone' }), false],
  [row('booked', coming, { way: 'video' }), false],
] as const)('%o: the clinic may say that they are there: %s', (each, may) => {
  expect(mayArrive(each, now)).toBe(may)
})

test.each([
  [row('arrived', coming, { way: 'in_person' }), true],
  [row('booked', coming, { way: 'in_person' }), false],
  [row('in_consult', coming, { way: 'in_person' }), false],
  // Their own device is there.
  [row('arrived', coming, { way: 'video' }), false],
] as const)('%o: that they are there may be taken back: %s', (each, may) => {
  expect(mayUnarrive(each)).toBe(may)
})

test('next is who has waited longest, else who comes next, never who is in, done or gone', () => {
  const waited = row('arrived', coming, { arrivedAt: '2026-03-02T09:50:00Z' })
  const since = row('arrived', gone, { arrivedAt: '2026-03-02T09:55:00Z' })
  const soon = row('booked', coming)
  const later = row('booked', '2026-03-02T11:30:00Z')
  const inside = row('in_consult', gone)
  expect(nextUp([inside, since, waited, soon], now)).toBe(waited)
  expect(nextUp([inside, later, soon, row('completed', gone)], now)).toBe(soon)
  // A link's holder goes before nobody who waits, and keeps the place of the hour.
  const stranger = row('booked', gone, { atDoor: true })
  expect(nextUp([stranger, waited], now)).toBe(waited)
  expect(nextUp([later, stranger], now)).toBe(stranger)
  expect(nextUp([inside, row('cancelled', coming), row('no_show', gone)], now)).toBeNull()
})

test.each([
  ['2026-03-02', '2026-03-02'],
  ['2026-03-08', '2026-03-02'],
  ['2026-01-01', '2025-12-29'],
])('the week of %s begins on %s', (day, monday) => {
  expect(weekStart(day)).toBe(monday)
})

test.each([
  ['mine', null, ['clinical:me'], 'before'],
  ['theirs', null, ['clinical:me'], 'colleague'],
  ['mine', 'north', ['clinical:north', 'desk:north'], 'before'],
  ['theirs', 'south', ['clinical:north'], 'elsewhere'],
  ['theirs', null, ['clinical:north'], 'elsewhere'],
  ['theirs', 'south', ['desk', 'officers'], 'gone'],
  ['theirs', 'south', ['clinical'], 'gone'],
] as const)('a visit of %s at %s has no name for %j: %s', (whose, siteId, groups, why) => {
  const visit = { memberId: whose === 'mine' ? 'me' : 'them', siteId }
  expect(whyUnnamed(visit, { memberId: 'me', groups })).toBe(why)
})
