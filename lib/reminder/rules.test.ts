import fc from 'fast-check'
import { expect, it } from 'vitest'
import { formatTime } from '../time'
import { decideFailed, dueLead, leadChoices, nextTry, SaveInput } from './rules'

const minute = 60_000
const startsAt = new Date('2027-03-28T10:00:00Z')
const before = (minutes: number) => new Date(startsAt.getTime() - minutes * minute)
const long = before(60 * 24 * 365 * 2)
const due = (leads: number[], now: Date, more: { timedAt?: Date; setAt?: Date | null } = {}) =>
  dueLead({ leads, setAt: more.setAt ?? null }, { startsAt, timedAt: more.timedAt ?? long }, now)

it.each([
  ['a minute too early', [1440], before(1441), {}, null],
  ['to the minute', [1440], before(1440), {}, 1440],
  ['late, after a worker was away', [1440], before(300), {}, 1440],
  ['two have passed: the last alone', [2880, 120], before(100), {}, 120],
  ['the second is not yet due', [2880, 120], before(121), {}, 2880],
  ['begun', [1440], before(0), {}, null],
  ['over', [1440], before(-600), {}, null],
  ['booked later than the time', [1440], before(600), { timedAt: before(700) }, null],
  ['booked between two times: the second', [1440, 120], before(119), { timedAt: before(700) }, 120],
  ['booked just in time', [1440], before(1440), { timedAt: before(1440) }, 1440],
  ['chosen by the clinic after that time', [2880], before(600), { setAt: before(1000) }, null],
  ['none', [], before(1), {}, null],
] as const)('%s', (_, leads, now, more, lead) => {
  expect(due([...leads], now, more)).toBe(lead)
})

// A day before is 24 hours before: on the wall it is an hour later or earlier where the clocks change in between.
it.each([
  ['Europe/Paris', '2027-03-28T08:00:00Z', '10:00', '09:00'],
  ['Europe/Paris', '2027-10-31T09:00:00Z', '10:00', '11:00'],
  ['America/New_York', '2027-03-14T14:00:00Z', '10:00', '09:00'],
  ['Australia/Lord_Howe', '2027-10-02T23:00:00Z', '10:00', '09:30'],
  ['Asia/Kathmandu', '2027-10-02T04:15:00Z', '10:00', '10:00'],
])('%s, %s: at %s on the wall, a day before it is %s', (zone, instant, wall, before) => {
  const start = new Date(instant)
  const [due, early] = [start.getTime() - 1440 * minute, start.getTime() - 1440 * minute - 1].map(
    (each) => new Date(each),
  )
  expect(formatTime(start, zone, 'en')).toBe(wall)
  expect(formatTime(due!, zone, 'en')).toBe(before)
  const at = (now: Date) => dueLead({ leads: [1440], setAt: null }, { startsAt: start, timedAt: long }, now)
  expect(at(early!)).toBeNull()
  expect(at(due!)).toBe(1440)
})

const choice = fc.subarray([...leadChoices], { maxLength: 3 })
it('each time is due once, in order, and each at its own moment: whatever the times, minute by minute', () => {
  fc.assert(
    fc.property(choice, fc.integer({ min: 0, max: 21_000 }), (leads, bookedBefore) => {
      const timedAt = before(bookedBefore)
      const seen = new Map<number, number>()
      for (let left = 21_000; left >= -60; left -= 30) {
        const lead = dueLead({ leads, setAt: null }, { startsAt, timedAt }, before(left))
        if (lead !== null && !seen.has(lead)) seen.set(lead, left)
      }
      // The slow way: those whose own moment came after the booking.
      const right = leads.filter((lead) => lead <= bookedBefore).toSorted((a, b) => b - a)
      expect([...seen]).toEqual(right.map((lead) => [lead, lead]))
    }),
    { numRuns: 200 },
  )
})

it.each([
  [{ responseCode: 421 }, false, 'waiting'],
  [{ responseCode: 550, command: 'RCPT TO' }, false, 'refused'],
  // A passphrase that was changed, a sender that is over its quota, a server that is closed: nothing that the address can do about it.
  [{ responseCode: 535, command: 'AUTH PLAIN' }, false, 'waiting'],
  [{ responseCode: 550, command: 'MAIL FROM' }, false, 'waiting'],
  [{ responseCode: 554, command: 'CONN' }, false, 'waiting'],
  [{}, false, 'waiting'],
  [{ responseCode: 451 }, true, 'waiting'],
  [{ responseCode: 554, command: 'DATA' }, true, 'refused'],
  // The line broke off with the last of the mail on its way: nobody knows.
  [{}, true, 'unsure'],
  [{ responseCode: 'ECONNRESET' }, true, 'unsure'],
] as const)('a failure %o after a claim %s: %s', (failure, claimed, outcome) => {
  expect(decideFailed(failure, claimed)).toBe(outcome)
})

it('is tried again slower and slower, never less than every half hour', () => {
  const now = new Date(0)
  expect([0, 1, 2, 3, 4, 5, 50].map((tries) => nextTry(tries, now).getTime() / minute)).toEqual([
    2, 4, 8, 16, 30, 30, 30,
  ])
})

it('takes the times that are offered, each once, and three at the most', () => {
  expect(SaveInput.parse({ leads: [120, 2880, 120], texts: true })).toEqual({ leads: [2880, 120], texts: true })
  expect(SaveInput.safeParse({ leads: [61], texts: true }).success).toBe(false)
  expect(SaveInput.safeParse({ leads: [30, 60, 120, 240], texts: true }).success).toBe(false)
})
