import { describe, expect, it } from 'vitest'
import { factsOf, numberParts, stopOf } from './chain-stop'

describe('a refusal stops everything', () => {
  it.each([
    ['CHAIN_FORKED', 'forked'],
    ['CHAIN_SHORTER', 'shorter'],
    ['CHAIN_INVALID', 'invalid'],
    // Somebody else's statement came first: the browser signs again.
    ['CHAIN_MOVED', null],
    ['WRONG_PASSWORD', null],
    ['OFFLINE', null],
    ['toString', null],
    [undefined, null],
  ] as const)('%s: %s', (code, stop) => {
    expect(stopOf(code as 'OFFLINE' | undefined)).toBe(stop)
  })
})

describe('the facts for the owner', () => {
  const at = new Date('2026-03-01T10:00:00Z')
  const known = { length: 7, head: 'aGVhZA', number: '01234567890123456789' }
  it('say what was known and what was shown instead', () => {
    const refused = { clinicId: 'c1', rootFingerprint: 'cm9vdA', known, shown: { ...known, length: 5 } }
    expect(factsOf('shorter', refused, at).split('\n')).toEqual([
      'list of members: shorter',
      'clinic: c1',
      'root: cm9vdA',
      'known: 7 entries, last aGVhZA, number 01234 56789 01234 56789',
      'shown: 5 entries, last aGVhZA, number 01234 56789 01234 56789',
      'time: 2026-03-01T10:00:00.000Z',
    ])
  })
  it('say so where nothing was known', () => {
    expect(factsOf('invalid', null, at)).toContain('known: none')
  })
  it('have the number in parts that are read aloud', () => {
    expect(numberParts(known.number)).toEqual(['01234', '56789', '01234', '56789'])
  })
})
