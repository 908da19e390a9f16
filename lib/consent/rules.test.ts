import { describe, expect, it } from 'vitest'
import { consentFields, consentWords, nextConsent, type ConsentState } from './rules.ts'

describe('a consent moves', () => {
  const table: [ConsentState, 'sign' | 'withdraw', ConsentState | null][] = [
    ['offered', 'sign', 'signed'],
    ['offered', 'withdraw', null],
    ['signed', 'sign', null],
    ['signed', 'withdraw', 'withdrawn'],
    ['withdrawn', 'sign', 'signed'],
    ['withdrawn', 'withdraw', null],
  ]
  for (const [state, event, to] of table)
    it(`${state} + ${event} → ${to ?? 'refused'}`, () => expect(nextConsent(state, event)).toBe(to))
})

describe('what is signed', () => {
  const facts = {
    ...{ clinicId: 'c', patientId: 'p', appointmentId: 'a', consentTextId: 't', textHash: 'h', recordId: 'r' },
    ...{ seq: 0, previous: '', state: 'signed' as const },
  }
  it('is every fact of the event, in one order', () =>
    expect(consentFields(facts)).toEqual(['c', 'p', 'a', 't', 'h', 'r', 0, '', 'signed']))
  it('is the title and the body, word for word', () =>
    expect(consentWords({ title: 'Consent', body: ' I agree.\n' })).toBe('Consent\n\n I agree.\n'))
})
