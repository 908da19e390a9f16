import { expect, test } from 'vitest'
import {
  AgeInput,
  ages,
  birthdayOf,
  COMING_OF_AGE,
  guardianAgeOf,
  guardianAges,
  isTooLate,
  roleOf,
  serverEnd,
} from './rules.ts'

const now = new Date('2026-11-21T10:00:00Z')
const child = { relation: 'mother', birthDate: '2012-03-05', guardianAge: 16 } as const

test('a parent speaks for a child until the birthday that the clinic set, and what they are after it ends all the same', () => {
  expect(roleOf(child, now)).toEqual({ role: 'guardian', end: { kind: 'age', age: 16, on: '2028-03-05' } })
  // Older than the clinic's age and under age: a carer, who lets in nobody, and not for good.
  const minor = { kind: 'age', age: 18, on: '2030-03-05' }
  expect(roleOf({ ...child, guardianAge: 14 }, now)).toEqual({ role: 'carer', end: minor })
  expect(roleOf({ ...child, relation: 'other' }, now)).toEqual({ role: 'carer', end: minor })
  // On the birthday itself, not the day after.
  expect(roleOf(child, new Date('2028-03-04T23:59:59Z')).role).toBe('guardian')
  expect(roleOf(child, new Date('2028-03-05T00:00:00Z')).role).toBe('carer')
  for (const relation of ['mother', 'son'] as const)
    expect(roleOf({ relation, birthDate: '1948-03-05', guardianAge: 18 }, now)).toEqual({
      role: 'carer',
      end: { kind: 'open' },
    })
})

// Defences: guardianAgeOf, and for a number between them roleOf: whatever it says, no minor's helper is one for good.
test('attack 7: an age that the database altered is none, and lets nobody in for longer than the coming of age', () => {
  for (const said of [0, 13, 19, 99, -1, 16.5, NaN, '16', null, undefined]) expect(guardianAgeOf(said)).toBe(18)
  for (const said of guardianAges) {
    expect(guardianAgeOf(said)).toBe(said)
    const { end } = roleOf({ ...child, guardianAge: said }, now)
    expect(end.kind === 'age' && end.on <= birthdayOf(child.birthDate, COMING_OF_AGE)).toBe(true)
  }
})

test('an officer chooses among the ages, and no other', () => {
  const word = { signedAt: now.toISOString(), signature: 'x'.repeat(86) }
  for (const age of guardianAges) expect(AgeInput.safeParse({ age, word }).success).toBe(true)
  for (const age of [0, 13, 19, 15.5, '16', null]) expect(AgeInput.safeParse({ age, word }).success).toBe(false)
  expect(AgeInput.safeParse({ age: 16 }).success).toBe(false)
  expect(ages.every((age) => guardianAges.some((each) => each === age))).toBe(true)
})

test('the server learns the month after a birthday, and refuses an end that is no child’s', () => {
  expect(serverEnd({ kind: 'age', age: 18, on: '2030-03-05' })).toBe('2030-04-01T00:00:00.000Z')
  expect(isTooLate(new Date('2044-12-01T00:00:00Z'), now)).toBe(false)
  expect(isTooLate(new Date('2044-12-01T00:00:01Z'), now)).toBe(true)
})
