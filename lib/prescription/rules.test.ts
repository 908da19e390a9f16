import { expect, test } from 'vitest'
import { nextPrescription, type PrescriptionEvent, type PrescriptionStatus, statusAt } from './rules.ts'

const expiresAt = new Date('2026-06-30T12:00:00Z')
const before = new Date('2026-06-30T11:59:59Z')
const after = new Date('2026-06-30T12:00:00Z')

const table: [PrescriptionStatus, PrescriptionEvent, PrescriptionStatus | null, PrescriptionStatus | null][] = [
  // from, event, before its last day, after
  ['issued', 'dispense', 'dispensed', null],
  ['issued', 'cancel', 'cancelled', null],
  ['issued', 'expire', null, 'expired'],
  ['dispensed', 'dispense', null, null],
  ['dispensed', 'cancel', null, null],
  ['dispensed', 'expire', null, null],
  ['cancelled', 'dispense', null, null],
  ['cancelled', 'cancel', null, null],
  ['cancelled', 'expire', null, null],
  ['expired', 'dispense', null, null],
  ['expired', 'cancel', null, null],
  ['expired', 'expire', null, null],
]

test.each(table)('%s + %s: %s in time, %s later', (from, event, early, late) => {
  expect(nextPrescription(from, event, { now: before, expiresAt })).toBe(early)
  expect(nextPrescription(from, event, { now: after, expiresAt })).toBe(late)
})

test('an issued prescription past its day is expired though no job said so', () => {
  expect(statusAt({ status: 'issued', expiresAt }, before)).toBe('issued')
  expect(statusAt({ status: 'issued', expiresAt }, after)).toBe('expired')
  expect(statusAt({ status: 'cancelled', expiresAt }, after)).toBe('cancelled')
})
