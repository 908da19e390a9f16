import { expect, test } from 'vitest'
import { type EmergencyEvent, type EmergencyState, isOpenAt, nextRequest, requestAt } from './rules.ts'

const now = new Date('2026-11-21T12:00:00Z')
const later = new Date(now.getTime() + 1)
const states: EmergencyState[] = ['asked', 'approved', 'declined', 'withdrawn', 'expired']
const events: EmergencyEvent[] = ['approve', 'decline', 'withdraw', 'expire']

/** What comes of each event while a request waits: [in time by the asker, by another; too late by the asker, by another]. */
const table: Record<EmergencyEvent, (EmergencyState | null)[]> = {
  approve: [null, 'approved', null, null],
  decline: [null, 'declined', null, null],
  withdraw: ['withdrawn', null, null, null],
  expire: [null, null, 'expired', 'expired'],
}

test.each(events)('%s: from asked alone, in time, by whom it is for', (event) => {
  for (const state of states) {
    const all = [later, now].flatMap((expiresAt) =>
      ['asker', 'other'].map((memberId) =>
        nextRequest({ state, requestedBy: 'asker', expiresAt }, event, { now, memberId }),
      ),
    )
    expect(all, state).toEqual(state === 'asked' ? table[event] : [null, null, null, null])
  }
})

test('what nobody answered has expired though no job has said so', () => {
  const row = { state: 'asked' as const, requestedBy: 'asker', expiresAt: now }
  expect(requestAt(row, now)).toBe('expired')
  expect(requestAt({ ...row, expiresAt: later }, now)).toBe('asked')
})

test('open until its moment, and only when it was agreed on', () => {
  expect(isOpenAt({ state: 'approved', openUntil: later }, now)).toBe(true)
  expect(isOpenAt({ state: 'approved', openUntil: now }, now)).toBe(false)
  expect(isOpenAt({ state: 'declined', openUntil: later }, now)).toBe(false)
  expect(isOpenAt({ state: 'approved', openUntil: null }, now)).toBe(false)
})
