import { describe, expect, it } from 'vitest'
import { defaultRetention, dueClasses, endOf, RetentionForm } from './rules.ts'

describe('what is due', () => {
  const at = new Date('2040-06-15T12:00:00Z')
  const all = ['identity', 'clinical', 'administrative']
  const patient = { lastEncounter: new Date('2020-06-15T12:00:00Z'), classes: all, held: false, expected: false }
  it.each([
    ['all, to the day', patient, at, all],
    ['one day early', patient, new Date(at.getTime() - 86_400_000), ['administrative']],
    ['what is there', { ...patient, classes: ['clinical'] }, at, ['clinical']],
    ['nothing of one that is held', { ...patient, held: true }, at, []],
    ['nothing of one that is expected', { ...patient, expected: true }, at, []],
  ])('%s', (_, who, when, expected) => {
    expect(dueClasses(who, defaultRetention, when)).toEqual(expected)
  })

  it('counts years, leap days included', () => {
    expect(endOf(new Date('2020-02-29T10:00:00Z'), 1).toISOString()).toBe('2021-03-01T10:00:00.000Z')
  })

  it('keeps a name as long as the chart', () => {
    expect(RetentionForm.safeParse({ ...defaultRetention, identity: 19 }).success).toBe(false)
    expect(RetentionForm.safeParse({ ...defaultRetention, clinical: 10, identity: 10 }).success).toBe(true)
  })
})
