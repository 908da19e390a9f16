import { describe, expect, it } from 'vitest'
import { appointmentStates } from '../booking/rules.ts'
import {
  answerBy,
  type Asked,
  changeableUntil,
  Companion,
  companionEvents,
  companionStates,
  mayAnswer,
  nextCompanion,
  stateAt,
  type Visit,
} from './rules.ts'

const now = new Date('2026-11-20T09:00:00Z')
const after = (hours: number) => new Date(now.getTime() + hours * 3_600_000)

describe('who comes along moves', () => {
  const expected: Record<string, string> = {
    'invited accept': 'accepted',
    'invited decline': 'declined',
    'invited lapse': 'lapsed',
    'invited ask': 'invited',
    'invited withdraw': 'withdrawn',
    'accepted decline': 'declined',
    'accepted ask': 'invited',
    'accepted withdraw': 'withdrawn',
    'declined accept': 'accepted',
    'declined ask': 'invited',
    'declined withdraw': 'withdrawn',
    'lapsed ask': 'invited',
    'lapsed withdraw': 'withdrawn',
  }
  for (const state of companionStates)
    for (const event of companionEvents) {
      const to = expected[`${state} ${event}`] ?? null
      it(`${state} + ${event} → ${to ?? 'refused'}`, () => expect(nextCompanion(state, event)).toBe(to))
    }
})

it('waits a day for an answer, never nearer to the start than two hours, and not at all where that is no time', () => {
  expect(answerBy(after(72), true, now)).toEqual(after(24))
  expect(answerBy(after(20), true, now)).toEqual(after(18))
  expect(answerBy(after(2.5), true, now)).toEqual(after(0.5))
  expect(answerBy(after(2.49), true, now)).toBeNull()
  expect(answerBy(after(1), false, now)).toEqual(after(1))
  expect(answerBy(now, false, now)).toBeNull()
  expect(changeableUntil(after(72))).toEqual(after(70))
})

describe('an answer', () => {
  const asked = (part: Partial<Asked> = {}): Asked => ({ state: 'invited', first: true, answerBy: after(24), ...part })
  const visit = (part: Partial<Visit> = {}): Visit => ({
    ...{ status: 'held', startsAt: after(72), heldUntil: after(24), ...part },
  })
  const words = (one: Asked, other: Visit, at = now) =>
    (['accept', 'decline'] as const).filter((each) => mayAnswer(one, other, at)[each]).join()

  it('counts while the time is held for it, to the last moment', () => {
    expect(words(asked(), visit())).toBe('accept,decline')
    expect(words(asked(), visit(), after(24))).toBe('accept,decline')
    expect(words(asked(), visit(), after(24.001))).toBe('')
    expect(stateAt(asked(), visit(), after(24.001))).toBe('lapsed')
  })
  // What the worker has not written down yet is over all the same: the time may be somebody else's.
  it('counts for nothing once the time is free', () => {
    for (const status of appointmentStates.filter((each) => each !== 'held'))
      expect([status, words(asked(), visit({ status }))]).toEqual([status, ''])
    expect(words(asked(), visit({ heldUntil: after(-1) }))).toBe('')
  })
  it('to a visit that stands counts until it begins, and is changed until two hours before', () => {
    const [one, booked] = [asked({ first: false, answerBy: after(72) }), visit({ status: 'booked', heldUntil: null })]
    expect(words(one, booked, after(71.9))).toBe('accept,decline')
    expect(words(one, booked, after(72.1))).toBe('')
    expect(words({ ...one, state: 'accepted' }, booked, after(69))).toBe('decline')
    expect(words({ ...one, state: 'declined' }, booked, after(69))).toBe('accept')
    for (const state of ['accepted', 'declined', 'lapsed', 'withdrawn'] as const)
      expect([state, words({ ...one, state }, booked, after(70))]).toEqual([state, ''])
    for (const status of ['cancelled', 'completed', 'no_show', 'in_consult', 'expired'] as const)
      expect([status, words({ ...one, state: 'accepted' }, visit({ status }))]).toEqual([status, ''])
  })
})

it('an interpreter has a language; a companion needs none', () => {
  const who = { id: '7b6f7f0e-3a51-4f7e-9b7a-2f52b5a54f10', name: '', email: 'I@Example.org', language: '' }
  const read = (kind: string) => Companion.safeParse({ ...who, kind, locale: 'en' })
  expect(read('interpreter').error?.issues).toMatchObject([{ path: ['language'], message: 'required' }])
  expect(read('companion').data).toMatchObject({ email: 'i@example.org' })
})
