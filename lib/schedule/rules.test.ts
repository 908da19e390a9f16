import Holidays from 'date-holidays'
import { describe, expect, test, vi } from 'vitest'
import { holidaysOf, isRegion } from './holidays.ts'
import {
  AbsenceInput,
  ClinicDaysInput,
  closedOn,
  LoadInput,
  rowsOn,
  SaveDayInput,
  SaveWeekInput,
  type Schedule,
} from './rules.ts'

describe('which hours hold on a day', () => {
  const usual = {
    weekday: 1,
    startMinute: 540,
    endMinute: 720,
    siteId: null,
    walkIns: 0,
    validFrom: null,
    validUntil: null,
  }
  const summer = { ...usual, startMinute: 480, validFrom: '2026-07-01', validUntil: '2026-08-31' }
  const schedule: Schedule = {
    weekly: [usual, summer],
    dates: [
      { day: '2026-12-28', hours: null },
      { day: '2026-05-25', hours: { startMinute: 600, endMinute: 660, siteId: null, walkIns: 0 } },
    ],
    isClosed: (day) => day === '2026-05-25' || day === '2026-04-06',
  }
  test.each([
    ['2026-06-29', [540], 'the usual hours'],
    ['2026-07-06', [480], 'hours with dates instead of them'],
    ['2026-08-31', [480], 'on their last day too'],
    ['2026-07-07', [], 'and no usual ones beside them'],
    ['2026-04-06', [], 'nothing on a day the clinic is closed'],
    ['2026-05-25', [600], 'but what was said for that date'],
    ['2026-12-28', [], 'a date without hours is closed'],
  ])('%s: %j (%s)', (day, expected) => expect(rowsOn(schedule, day).map((row) => row.startMinute)).toEqual(expected))
})

test('what a clinic says of its days goes before holidays, and of two the later', () => {
  const days = (firstDay: string, lastDay: string, closed: boolean) => ({ id: '', firstDay, lastDay, closed })
  const isClosed = closedOn(
    [
      days('2026-12-21', '2026-12-31', true),
      days('2026-12-28', '2026-12-28', false),
      days('2026-05-25', '2026-05-25', false),
    ],
    [
      { day: '2026-05-25', name: 'Whit Monday' },
      { day: '2026-07-14', name: 'Bastille Day' },
    ],
  )
  expect(
    ['2026-12-24', '2026-12-28', '2026-05-25', '2026-07-14', '2026-07-15'].map((day) => [day, isClosed(day)]),
  ).toEqual([
    ['2026-12-24', true],
    ['2026-12-28', false],
    ['2026-05-25', false],
    ['2026-07-14', true],
    ['2026-07-15', false],
  ])
})

describe('holidays', () => {
  test('are the country’s, and more in some of its regions', () => {
    const days = (region: string) => holidaysOf(region, '2026-12-20', '2027-01-02', 'fr').map(({ day }) => day)
    expect(days('FR')).toEqual(['2026-12-25', '2027-01-01'])
    expect(days('FR-57')).toEqual(['2026-12-25', '2026-12-26', '2027-01-01'])
    expect(days('')).toEqual([])
  })
  test('have names in the clinic’s language', () => {
    expect(holidaysOf('FR', '2026-07-14', '2026-07-14', 'fr')[0]!.name).toBe('Fête Nationale de la France')
    expect(holidaysOf('GB', '2026-12-25', '2026-12-25', 'en')[0]!.name).toBe('Christmas Day')
  })
  test('last as many days as they do', () => {
    const eid = holidaysOf('SA', '2026-03-20', '2026-03-25', 'en').map(({ day }) => day)
    expect(eid).toEqual(['2026-03-20', '2026-03-21', '2026-03-22'])
  })
  // The defence is `known`: who asks for free times without an account would have them computed each time.
  test('are computed once', () => {
    const computed = vi.spyOn(Holidays.prototype, 'getHolidays')
    const asked = () => holidaysOf('DE-BY', '2031-01-01', '2031-12-31', 'en')
    expect(asked()).toEqual(asked())
    expect(computed.mock.calls.map(([year]) => year)).toEqual([2030, 2031])
    computed.mockRestore()
  })
  test('are known of real places alone', () => {
    expect(['FR', 'FR-57', 'DE-BY', 'ZZ', 'FR-ZZ'].map(isRegion)).toEqual([true, true, true, false, false])
  })
})

test('hours for a time are some hours, in order, and no two at once', () => {
  const row = { weekday: 1, startMinute: 540, endMinute: 720, siteId: null }
  const of = (change: object) =>
    SaveWeekInput.safeParse({ memberId: crypto.randomUUID(), hours: [row], ...change }).error?.issues.map(
      ({ path, message }) => `${path.join('.')} ${message}`,
    )
  const period = { from: '2026-07-01', until: '2026-08-31' }
  expect(of({})).toBeUndefined()
  expect(of({ hours: [] })).toBeUndefined()
  expect(of({ period, hours: [] })).toEqual(['hours required'])
  expect(of({ period: { from: '2026-07-02', until: '2026-07-01' } })).toEqual(['period.until timeOrder'])
  expect(of({ hours: [row, { ...row, startMinute: 700 }] })).toEqual(['hours.1 timeOrder', 'hours.1 overlap'].slice(1))
})

// The defence is `isNear` in Day: a request for all days since the year 1 would keep the server from everybody else.
test.each(['0001-01-01', '1999-12-31', '2101-01-01', '9999-12-31'])('no day as far away as %s', (day) => {
  const [id, memberId] = [crypto.randomUUID(), crypto.randomUUID()]
  expect(LoadInput.safeParse({ from: day, until: day }).success).toBe(false)
  expect(SaveDayInput.safeParse({ memberId, day, hours: null }).success).toBe(false)
  expect(ClinicDaysInput.safeParse({ id, firstDay: day, lastDay: day, closed: true }).success).toBe(false)
  const times = { startsAt: `${day}T09:00:00Z`, endsAt: `${day}T10:00:00Z` }
  expect(AbsenceInput.safeParse({ id, memberId, ...times }).success).toBe(false)
})

test('an absence ends after it begins, however its times are written', () => {
  const of = (startsAt: string, endsAt: string) =>
    AbsenceInput.safeParse({ id: crypto.randomUUID(), memberId: crypto.randomUUID(), startsAt, endsAt }).success
  expect(of('2026-11-30T09:00:00Z', '2026-11-30T09:00:00.500Z')).toBe(true)
  expect(of('2026-11-30T09:00:00.500Z', '2026-11-30T09:00:00Z')).toBe(false)
})
