import { describe, expect, test } from 'vitest'
import type { CallMessage } from './messages.ts'
import * as rules from './rules.ts'

const at = (minutes: number) => new Date(Date.UTC(2026, 0, 1, 10, minutes))
const appointment = { startsAt: at(0), endsAt: at(20) }
const window = rules.windowOf(appointment, { earlyJoinMinutes: 15, graceMinutes: 30 })

describe('the door', () => {
  test.each([
    ['booked', -16, 'TOO_EARLY'],
    ['booked', -15, 'open'],
    ['arrived', 0, 'open'],
    ['in_consult', 50, 'open'],
    ['in_consult', 51, 'TOO_LATE'],
    ['held', 0, 'WRONG_STATE'],
    ['completed', 0, 'WRONG_STATE'],
    ['no_show', 0, 'WRONG_STATE'],
    ['cancelled', 0, 'WRONG_STATE'],
    ['expired', 0, 'WRONG_STATE'],
  ])('%s at %i minutes: %s', (status, minutes, expected) => {
    expect(rules.decideDoor(status, window, at(minutes))).toBe(expected)
  })
})

describe('transitions', () => {
  test.each([
    ['open', 'admit', 'live'],
    ['open', 'end', 'ended'],
    ['open', 'reopen', 'open'],
    ['live', 'admit', 'live'],
    ['live', 'end', 'ended'],
    ['live', 'reopen', 'live'],
    ['ended', 'admit', null],
    ['ended', 'end', null],
    ['ended', 'reopen', 'open'],
  ] as const)('call: %s, %s → %s', (state, event, expected) => expect(rules.nextCall(state, event)).toBe(expected))

  const states = ['waiting', 'admitted', 'joined', 'left', 'refused'] as const
  const expected: Record<(typeof states)[number], (string | null)[]> = {
    waiting: ['admitted', null, 'left', 'refused'],
    admitted: ['admitted', 'joined', 'left', 'refused'],
    joined: ['admitted', 'joined', 'left', 'refused'],
    left: [null, null, null, null],
    refused: [null, null, null, null],
  }
  test.each(states)('participant: %s', (state) => {
    const events = ['admit', 'join', 'leave', 'refuse'] as const
    expect(events.map((event) => rules.nextParticipant(state, event))).toEqual(expected[state])
  })
})

const message = (kind: CallMessage['kind'], epoch: number, more: object = {}) =>
  ({ kind, epoch, parties: [{}, {}], ...more }) as unknown as CallMessage
const practitioner = { role: 'practitioner', state: 'admitted', epoch: 3 } as const
const patient = { role: 'patient', state: 'admitted', epoch: 3 } as const
const live = { state: 'live', epoch: 3 } as const
const committed: rules.EpochSoFar = [
  { kind: 'admit', role: 'practitioner' },
  { kind: 'commit', role: 'patient' },
]
const revealed: rules.EpochSoFar = [
  ...committed,
  { kind: 'reveal', role: 'patient' },
  { kind: 'reveal', role: 'practitioner' },
]

describe('the relay', () => {
  test('only a practitioner begins an epoch, and only the next one', () => {
    expect(rules.decideRelay(message('admit', 4), practitioner, live, [])).toBe('ok')
    expect(rules.decideRelay(message('admit', 4), patient, live, [])).toBe('NOT_ALLOWED')
    expect(rules.decideRelay(message('admit', 3), practitioner, live, [])).toBe('STALE')
    expect(rules.decideRelay(message('admit', 5), practitioner, live, [])).toBe('STALE')
    expect(rules.decideRelay(message('roster', 4, { parties: [{}] }), practitioner, live, [])).toBe('ok')
    expect(rules.decideRelay(message('roster', 4, { parties: [{}] }), patient, live, [])).toBe('NOT_ALLOWED')
  })

  // Without the check of both commitments in `decideRelay` this answers 'ok'.
  test('attack 6: no ephemeral key is passed on before both commitments are in', () => {
    const reveal = message('reveal', 3, { role: 'practitioner' })
    expect(rules.decideRelay(reveal, practitioner, live, [])).toBe('WRONG_STATE')
    expect(rules.decideRelay(reveal, practitioner, live, [{ kind: 'admit', role: 'practitioner' }])).toBe('WRONG_STATE')
    expect(rules.decideRelay(reveal, practitioner, live, [{ kind: 'commit', role: 'patient' }])).toBe('WRONG_STATE')
    expect(rules.decideRelay(reveal, practitioner, live, committed)).toBe('ok')
    expect(rules.decideRelay(reveal, patient, live, committed)).toBe('NOT_ALLOWED')
  })

  test('keys and roster come after both reveals', () => {
    for (const kind of ['roster', 'sender-key'] as const) {
      expect(rules.decideRelay(message(kind, 3), practitioner, live, committed)).toBe('WRONG_STATE')
      expect(rules.decideRelay(message(kind, 3), practitioner, live, revealed)).toBe('ok')
    }
    expect(rules.decideRelay(message('roster', 3), patient, live, revealed)).toBe('NOT_ALLOWED')
  })

  test.each([
    [{ ...patient, state: 'waiting' as const }, 'NOT_ADMITTED'],
    [{ ...patient, state: 'left' as const }, 'NOT_ADMITTED'],
    [{ ...patient, epoch: 2 }, 'NOT_ADMITTED'],
    [patient, 'ok'],
  ])('a device speaks only in the epoch it was admitted into', (from, expected) => {
    expect(rules.decideRelay(message('commit', 3), from, live, [])).toBe(expected)
  })

  test('an ended call relays nothing, an older epoch neither', () => {
    expect(rules.decideRelay(message('admit', 4), practitioner, { state: 'ended', epoch: 3 }, [])).toBe('WRONG_STATE')
    expect(rules.decideRelay(message('commit', 2), patient, live, [])).toBe('STALE')
  })
})

describe('a token', () => {
  const done: rules.EpochSoFar = [
    ...revealed,
    { kind: 'roster', role: 'practitioner' },
    { kind: 'sender-key', role: 'practitioner' },
    { kind: 'sender-key', role: 'patient' },
  ]
  test('comes after the whole handshake and not before', () => {
    expect(rules.decideToken(patient, live, done)).toBe('ok')
    expect(rules.decideToken(practitioner, live, done)).toBe('ok')
    for (let missing = 0; missing < 3; missing++) {
      const less = done.filter((_, index) => index !== done.length - 1 - missing)
      expect(rules.decideToken(patient, live, less)).toBe('WRONG_STATE')
    }
    expect(rules.decideToken({ ...patient, state: 'waiting' }, live, done)).toBe('NOT_ADMITTED')
    expect(rules.decideToken({ ...patient, epoch: 2 }, live, done)).toBe('NOT_ADMITTED')
    expect(rules.decideToken(patient, { state: 'ended', epoch: 3 }, done)).toBe('WRONG_STATE')
  })
})

test('the queue counts those whose time is earlier, and nobody twice', () => {
  const mine = { appointmentId: 'b', startsAt: at(20) }
  const here = [
    { appointmentId: 'a', startsAt: at(0) },
    mine,
    { appointmentId: 'c', startsAt: at(40) },
    { appointmentId: 'aa', startsAt: at(20) },
  ]
  expect(rules.peopleAhead(mine, here)).toBe(2)
  expect(rules.peopleAhead(mine, [])).toBe(0)
})

test('away after three beats are missed', () => {
  expect(rules.isHere(at(0), new Date(at(0).getTime() + 3 * rules.BEAT_EVERY_MS))).toBe(true)
  expect(rules.isHere(at(0), new Date(at(0).getTime() + 4 * rules.BEAT_EVERY_MS))).toBe(false)
})

test('five tries, ten minutes, once', () => {
  const code = { tries: 0, expiresAt: at(10), usedAt: null }
  expect(rules.decideCode(code, true, at(0))).toBe('ok')
  expect(rules.decideCode(code, false, at(0))).toBe('CODE_WRONG')
  expect(rules.decideCode({ ...code, tries: 5 }, true, at(0))).toBe('CODE_EXPIRED')
  expect(rules.decideCode(code, true, at(10))).toBe('CODE_EXPIRED')
  expect(rules.decideCode({ ...code, usedAt: at(1) }, true, at(2))).toBe('CODE_EXPIRED')
})
