import { expect, test } from 'vitest'
import { appointmentStates } from '../booking/rules.ts'
import { offersKeeping } from './keep-offer.ts'

const day = 86_400_000
const now = 1000 * day
const one = { kind: 'device', state: 'booking' } as const
const seen = { status: 'booked', keys: [one], home: 'stored', saidLater: null } as const

test('keeping access is offered once the booking stands and once the consult is over, and at no other time', () => {
  const offered = appointmentStates.filter((status) => offersKeeping({ ...seen, status }, now))
  expect(offered).toEqual(['booked', 'completed'])
})

test.each([
  ['a second device', [one, { kind: 'device', state: 'paired' }], false],
  ['a passkey', [one, { kind: 'passkey', state: 'paired' }], false],
  ['a printed page that was removed', [one, { kind: 'kit', state: 'revoked' }], true],
  ['a device that a mailed code let in', [one, { kind: 'device', state: 'confirmed' }], true],
] as const)('beside this device: %s', (_, keys, offers) => {
  expect(offersKeeping({ ...seen, keys }, now)).toBe(offers)
})

test('who asked that nothing be kept is not asked to keep, and "not now" holds for two months', () => {
  expect(offersKeeping({ ...seen, home: 'memory' }, now)).toBe(false)
  expect(offersKeeping({ ...seen, saidLater: now - 59 * day }, now)).toBe(false)
  expect(offersKeeping({ ...seen, saidLater: now - 61 * day }, now)).toBe(true)
})
