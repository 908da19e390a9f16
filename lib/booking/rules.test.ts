import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  appointmentEvents,
  appointmentStates,
  fortnightsAfter,
  freeStarts,
  joinWindow,
  nextAppointment,
  renewedHold,
  startOfDay,
  stepMinutes,
  type SlotQuestion,
} from './rules.ts'

describe('an appointment moves', () => {
  const expected: Record<string, string> = {
    'held book': 'booked',
    'held lapse': 'expired',
    'held release': 'expired',
    'held cancel': 'cancelled',
    'booked arrive': 'arrived',
    'booked begin': 'in_consult',
    'booked complete': 'completed',
    'booked miss': 'no_show',
    'booked cancel': 'cancelled',
    'booked reschedule': 'rescheduled',
    'arrived begin': 'in_consult',
    'arrived complete': 'completed',
    'arrived miss': 'no_show',
    'arrived cancel': 'cancelled',
    'in_consult complete': 'completed',
    'no_show arrive': 'arrived',
    'expired rebook': 'booked',
  }
  for (const state of appointmentStates)
    for (const event of appointmentEvents) {
      const to = expected[`${state} ${event}`] ?? null
      it(`${state} + ${event} → ${to ?? 'refused'}`, () => expect(nextAppointment(state, event)).toBe(to))
    }
})

describe('a hold', () => {
  const heldSince = new Date('2026-11-23T09:00:00Z')
  const after = (minutes: number) => new Date(heldSince.getTime() + minutes * 60_000)
  it('is renewed by typing', () =>
    expect(renewedHold({ heldSince, holdMinutes: 10, now: after(8) })).toEqual(after(18)))
  it('ends half an hour after it began, whatever is typed', () =>
    expect(renewedHold({ heldSince, holdMinutes: 10, now: after(29) })).toEqual(after(30)))
})

it('opens the door of the call early, and keeps it open a while', () => {
  const appointment = { startsAt: new Date('2026-11-23T09:00:00Z'), endsAt: new Date('2026-11-23T09:30:00Z') }
  expect(joinWindow(appointment, { earlyJoinMinutes: 15, graceMinutes: 30 })).toEqual({
    from: new Date('2026-11-23T08:45:00Z'),
    until: new Date('2026-11-23T10:00:00Z'),
  })
})

const monday = [{ weekday: 1, startMinute: 9 * 60, endMinute: 11 * 60 }]
const question: SlotQuestion = {
  zone: 'Europe/Paris',
  hours: monday,
  service: { minutes: 30, bufferBefore: 0, bufferAfter: 0 },
  busy: [],
  firstDay: '2026-11-23',
  lastDay: '2026-11-23',
  notBefore: new Date('2026-01-01T00:00:00Z'),
  notAfter: new Date('2027-01-01T00:00:00Z'),
}
const starts = (change: Partial<SlotQuestion> = {}) =>
  freeStarts({ ...question, ...change }).map((at) => at.toISOString().slice(5, 16))

describe('free times', () => {
  it('are the practitioner’s hours in the clinic’s zone', () =>
    expect(starts()).toEqual(['11-23T08:00', '11-23T08:30', '11-23T09:00', '11-23T09:30']))
  it('leave out what is taken', () => {
    const busy = [{ from: new Date('2026-11-23T08:30:00Z'), until: new Date('2026-11-23T09:00:00Z') }]
    expect(starts({ busy })).toEqual(['11-23T08:00', '11-23T09:00', '11-23T09:30'])
  })
  it('keep their buffers from what is taken, on both sides', () => {
    const busy = [{ from: new Date('2026-11-23T08:30:00Z'), until: new Date('2026-11-23T09:00:00Z') }]
    const service = { minutes: 30, bufferBefore: 10, bufferAfter: 5 }
    expect(starts({ busy, service })).toEqual(['11-23T09:30'])
  })
  it('wait for the minimum notice and stop at the horizon', () => {
    const change = { notBefore: new Date('2026-11-23T08:10:00Z'), notAfter: new Date('2026-11-23T09:30:00Z') }
    expect(starts(change)).toEqual(['11-23T08:30', '11-23T09:00'])
  })
  it('are none on a day without hours', () =>
    expect(starts({ firstDay: '2026-11-24', lastDay: '2026-11-29' })).toEqual([]))
  it('count an overlap of two rows of hours once', () =>
    expect(starts({ hours: [...monday, { weekday: 1, startMinute: 10 * 60, endMinute: 11 * 60 }] })).toHaveLength(4))

  const night = [{ weekday: 7, startMinute: 60, endMinute: 4 * 60 }]
  it('leave out the hour that the clock skips in spring', () =>
    // 29 March 2026: 02:00 becomes 03:00, so 01:00 to 04:00 is two hours long.
    expect(starts({ hours: night, firstDay: '2026-03-29', lastDay: '2026-03-29' })).toEqual([
      '03-29T00:00',
      '03-29T00:30',
      '03-29T01:00',
      '03-29T01:30',
    ]))
  it('offer the hour that comes twice in autumn twice', () =>
    expect(starts({ hours: night, firstDay: '2026-10-25', lastDay: '2026-10-25' })).toHaveLength(8))
  it('stay at the same wall clock across a change', () => {
    const times = freeStarts({ ...question, hours: monday, firstDay: '2026-10-19', lastDay: '2026-10-26' })
    expect(times.map((at) => at.getUTCHours())).toEqual([7, 7, 8, 8, 8, 8, 9, 9])
  })
  it('run to midnight', () =>
    expect(starts({ hours: [{ weekday: 1, startMinute: 23 * 60, endMinute: 1440 }] })).toEqual([
      '11-23T22:00',
      '11-23T22:30',
    ]))

  it('never overlap a taken stretch nor leave the hours, whatever they are', () => {
    const hour = fc.integer({ min: 0, max: 23 })
    fc.assert(
      fc.property(
        fc.constantFrom('Europe/Paris', 'America/New_York', 'Australia/Lord_Howe', 'Asia/Kathmandu'),
        fc.array(fc.tuple(fc.integer({ min: 1, max: 7 }), hour, fc.integer({ min: 1, max: 4 })), { maxLength: 6 }),
        fc.array(fc.tuple(fc.integer({ min: 0, max: 14 * 24 * 4 }), fc.integer({ min: 1, max: 12 })), {
          maxLength: 10,
        }),
        fc.integer({ min: 5, max: 120 }),
        (zone, hours, taken, minutes) => {
          const base = new Date('2026-03-20T00:00:00Z').getTime()
          const busy = taken.map(([at, length]) => ({
            from: new Date(base + at * 900_000),
            until: new Date(base + (at + length) * 900_000),
          }))
          const found = freeStarts({
            ...question,
            zone,
            hours: hours.map(([weekday, start, length]) => ({
              weekday,
              startMinute: start * 60,
              endMinute: Math.min(1440, (start + length) * 60),
            })),
            service: { minutes, bufferBefore: 5, bufferAfter: 5 },
            busy,
            firstDay: '2026-03-20',
            lastDay: '2026-04-02',
          })
          for (const at of found)
            for (const each of busy)
              expect(
                at.getTime() + (minutes + 5) * 60_000 <= each.from.getTime() ||
                  at.getTime() - 5 * 60_000 >= each.until.getTime(),
              ).toBe(true)
        },
      ),
      { numRuns: 60 },
    )
  })
})

it('offers a start each 10 to 30 minutes', () => expect([5, 20, 30, 90].map(stepMinutes)).toEqual([10, 20, 30, 30]))
it('begins a day at its own midnight', () =>
  expect(startOfDay('2026-03-29', 'Europe/Paris').toISOString()).toBe('2026-03-28T23:00:00.000Z'))

// The defence is the clamp to today in fortnightsAfter.
it.each([
  ['2026-11-30', ['2026-12-01', '2026-12-15', '2026-12-29']],
  ['0001-01-01', ['2026-11-21', '2026-12-05', '2026-12-19', '2027-01-02']],
  ['2027-06-01', []],
])('days after %s are searched from today to the horizon alone', (lastDay, days) => {
  expect(fortnightsAfter(lastDay, '2026-11-21', 45)).toEqual(days)
})
