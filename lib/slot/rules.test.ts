import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  askedInOrder,
  fortnightsAfter,
  nearestSlot,
  nextFree,
  readSlot,
  slotName,
  stepMinutes,
  withoutWhom,
} from './rules.ts'

it('offers a start each 10 to 30 minutes', () => expect([5, 20, 30, 90].map(stepMinutes)).toEqual([10, 20, 30, 30]))

// The defence is the clamp to today in fortnightsAfter.
it.each([
  ['2026-11-30', ['2026-12-01', '2026-12-15', '2026-12-29']],
  ['0001-01-01', ['2026-11-21', '2026-12-05', '2026-12-19', '2027-01-02']],
  ['2027-06-01', []],
])('days after %s are searched from today to the horizon alone', (lastDay, days) => {
  expect(fortnightsAfter(lastDay, '2026-11-21', 45)).toEqual(days)
})

// The defence is the search of `slots` in nextFree: a day more than is shown is read at each end.
it('the next free day is the one right after those shown, before any further on', () => {
  const slot = { startsAt: '2026-12-07T23:30:00.000Z', memberId: '', siteId: null }
  expect(nextFree({ slots: [slot], next: null }, '2026-12-07', 'Europe/Paris')).toBe('2026-12-08')
  expect(nextFree({ slots: [slot], next: null }, '2026-12-07', 'UTC')).toBe(null)
  expect(nextFree({ slots: [], next: '2026-12-21' }, '2026-12-07', 'UTC')).toBe('2026-12-21')
})

describe('who is asked for a time', () => {
  const members = ['a', 'b', 'c', 'd', 'e']
  /** Visits one after the other, each with those who are free for it; answers how many each has in the end, and what was wrong. */
  function took(visits: readonly (readonly string[])[]) {
    const had = new Map<string, number>()
    const faults: string[] = []
    for (const free of visits) {
      const [who] = askedInOrder('turn', free, had)
      const least = Math.min(...free.map((id) => had.get(id) ?? 0))
      if (!who || !free.includes(who)) faults.push(`${who} is not free`)
      else if ((had.get(who) ?? 0) !== least) faults.push(`${who} has more than another who is free`)
      if (who) had.set(who, (had.get(who) ?? 0) + 1)
    }
    return { had, faults }
  }
  const someOf = fc.subarray(members, { minLength: 1 })

  it('in turn is always somebody who is free, and of those nobody who has more than another', () => {
    fc.assert(
      fc.property(fc.array(someOf, { maxLength: 60 }), (visits) => {
        expect(took(visits).faults).toEqual([])
      }),
    )
  })

  it('in turn, where all are free, nobody ever has two more than another, whatever order they are named in', () => {
    fc.assert(
      fc.property(someOf, fc.array(fc.integer(), { maxLength: 60 }), (team, seeds) => {
        const named = seeds.map((seed) =>
          team.toSorted((a, b) => ((a.charCodeAt(0) * seed) % 7) - ((b.charCodeAt(0) * seed) % 7)),
        )
        const { had } = took(named)
        const counts = team.map((id) => had.get(id) ?? 0)
        expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(1)
      }),
    )
  })

  it('is the same whoever asks, and the first of the list where it is not by turns', () => {
    const had = new Map([['a', 2]])
    expect(askedInOrder('turn', ['c', 'b', 'a'], had)).toEqual(['b', 'c', 'a'])
    expect(askedInOrder('turn', ['a', 'b', 'c'], had)).toEqual(['b', 'c', 'a'])
    expect(askedInOrder('first', ['c', 'a', 'b'], had)).toEqual(['c', 'a', 'b'])
  })

  it('is nobody’s choice on the page: each time once, at each place', () => {
    const at = (memberId: string, siteId: string | null = null) => ({
      startsAt: '2026-12-07T09:00:00.000Z',
      memberId,
      siteId,
    })
    const shown = withoutWhom([at('a'), at('b'), at('a', 's')])
    expect(shown.map(({ memberId, siteId }) => [memberId, siteId])).toEqual([
      [null, null],
      [null, 's'],
    ])
    expect(shown.map((slot) => readSlot(slotName(slot)))).toEqual(shown)
  })
})

describe('the next best time', () => {
  const at = (time: string, memberId = 'a') => ({ startsAt: `2026-12-07T${time}:00.000Z`, memberId, siteId: null })

  it('is the nearest one, before or after', () => {
    expect(nearestSlot([at('08:00'), at('09:30'), at('12:00')], at('10:00'))).toEqual(at('09:30'))
    expect(nearestSlot([at('08:00'), at('10:15'), at('12:00')], at('10:00'))).toEqual(at('10:15'))
  })

  it('of two as near, is with the same practitioner', () => {
    const slots = [at('10:00', 'b'), at('09:45', 'b'), at('10:15', 'a'), at('09:45', 'a')]
    expect(nearestSlot(slots.slice(1), at('10:00'))).toMatchObject({ memberId: 'a' })
    expect(nearestSlot(slots, at('10:00'))).toEqual(at('10:00', 'b'))
  })

  it('is none where nothing is free', () => expect(nearestSlot([], at('10:00'))).toBeNull())
})
