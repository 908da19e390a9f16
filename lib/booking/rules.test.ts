import { describe, expect, it } from 'vitest'
import {
  appointmentEvents,
  appointmentStates,
  joinWindow,
  movableUntil,
  nextAppointment,
  renewedHold,
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
    'booked move': 'booked',
    'arrived move': 'booked',
    'arrived begin': 'in_consult',
    'arrived unarrive': 'booked',
    'arrived complete': 'completed',
    'arrived miss': 'no_show',
    'arrived cancel': 'cancelled',
    'in_consult complete': 'completed',
    'expired rebook': 'booked',
    'expired hold': 'held',
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

it('is moved by its link until the notice of its service, else of the clinic', () => {
  const startsAt = new Date('2026-11-23T09:00:00Z')
  const clinic = { minNoticeMinutes: 60 }
  const free = { freeUntilMinutes: 1440, lateFee: { kind: 'none' }, noShowFee: { kind: 'none' } } as const
  const noNotice = { minNoticeMinutes: 0 }
  expect(movableUntil({ startsAt }, { minNoticeMinutes: null }, clinic, free)).toEqual(new Date('2026-11-23T08:00:00Z'))
  expect(movableUntil({ startsAt }, noNotice, clinic, free)).toEqual(startsAt)
  // Nor when it could not be cancelled any more without paying for it.
  const costly = { ...free, lateFee: { kind: 'percent', percent: 50 } } as const
  expect(movableUntil({ startsAt }, noNotice, clinic, costly)).toEqual(new Date('2026-11-22T09:00:00Z'))
  expect(movableUntil({ startsAt }, { minNoticeMinutes: 2880 }, clinic, costly)).toEqual(
    new Date('2026-11-21T09:00:00Z'),
  )
})
