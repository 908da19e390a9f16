import { expect, test } from 'vitest'
import { decideDue, dueOn, nextRecall, type RecallEvent, type RecallStatus } from './rules.ts'

const events: RecallEvent[] = ['invite', 'book', 'decline', 'lapse']
const table: Record<RecallStatus, (RecallStatus | null)[]> = {
  scheduled: ['invited', 'booked', 'declined', null],
  invited: [null, 'booked', 'declined', 'overdue'],
  overdue: ['invited', 'booked', 'declined', null],
  booked: [null, null, null, null],
  declined: [null, null, null, null],
}

test.each(Object.entries(table))('%s moves as the table says', (from, expected) => {
  expect(events.map((event) => nextRecall(from as RecallStatus, event))).toEqual(expected)
})

test.each([
  [{ kind: 'in', count: 6, unit: 'weeks' }, '2026-11-21', '2027-01-02'],
  [{ kind: 'in', count: 1, unit: 'months' }, '2026-01-31', '2026-02-28'],
  [{ kind: 'in', count: 1, unit: 'months' }, '2028-01-31', '2028-02-29'],
  [{ kind: 'in', count: 3, unit: 'months' }, '2026-11-30', '2027-02-28'],
  [{ kind: 'in', count: 12, unit: 'months' }, '2026-03-15', '2027-03-15'],
  [{ kind: 'on', date: '2027-05-04' }, '2026-11-21', '2027-05-04'],
] as const)('%o from %s is %s', (rule, today, day) => {
  expect(dueOn(rule, today)).toBe(day)
})

test.each([
  ['scheduled', '2026-12-01', false, '2026-11-30', null],
  ['scheduled', '2026-12-01', false, '2026-12-01', 'invite'],
  ['scheduled', '2026-12-01', true, '2026-12-01', 'book'],
  ['invited', '2026-12-01', false, '2026-12-21', null],
  ['invited', '2026-12-01', false, '2026-12-22', 'lapse'],
  ['invited', '2026-12-01', true, '2027-01-22', 'book'],
  ['overdue', '2026-12-01', true, '2027-01-22', 'book'],
  ['overdue', '2026-12-01', false, '2027-01-22', null],
  ['booked', '2026-12-01', true, '2027-01-22', null],
  ['declined', '2026-12-01', true, '2027-01-22', null],
] as const)('%s, due %s, booked %s, on %s: %s', (status, due, booked, today, event) => {
  expect(decideDue({ status, dueOn: due, booked }, today)).toBe(event)
})
