import { describe, expect, it } from 'vitest'
import { askedAnswers, faultsOf, IntakeForm, isAsked, parseForm, type Answers, type Question } from './rules.ts'

const form = parseForm({
  questions: [
    { id: 'smoke', kind: 'yesno', label: 'Do you smoke?', required: true },
    {
      id: 'many',
      kind: 'number',
      label: 'How many a day?',
      required: true,
      min: 1,
      max: 80,
      when: { question: 'smoke', is: true },
    },
    { id: 'pain', kind: 'scale', label: 'Pain', min: 0, max: 10 },
    {
      id: 'where',
      kind: 'choice',
      label: 'Where?',
      options: [
        { id: 'head', label: 'Head' },
        { id: 'back', label: 'Back' },
      ],
    },
    { id: 'since', kind: 'date', label: 'Since when?' },
  ],
})

describe('answers', () => {
  const table: [string, Answers, Record<string, string>][] = [
    ['a required question left out', {}, { smoke: 'choose' }],
    ['no, and nothing more is asked', { smoke: false }, {}],
    ['yes, and the next is asked', { smoke: true }, { many: 'required' }],
    ['a word for a number', { smoke: true, many: 'lots' }, { many: 'number' }],
    ['too small', { smoke: true, many: 0 }, { many: 'tooSmall' }],
    ['too large', { smoke: true, many: 100 }, { many: 'tooLarge' }],
    ['an option that is none', { smoke: false, where: 'foot' }, { where: 'choose' }],
    ['a day that does not exist', { smoke: false, since: '2026-02-30' }, { since: 'date' }],
    ['all well', { smoke: true, many: 3, pain: 0, where: 'head', since: '2026-02-03' }, {}],
  ]
  for (const [name, answers, faults] of table) it(name, () => expect(faultsOf(form, answers)).toEqual(faults))

  it('to questions no longer asked are left out', () =>
    expect(askedAnswers(form, { smoke: false, many: 3 })).toEqual({ smoke: false }))
})

it('asks a question that hangs on one of several choices', () => {
  const question: Pick<Question, 'when'> = { when: { question: 'signs', is: 'fever' } }
  expect(isAsked(question, { signs: ['cough', 'fever'] })).toBe(true)
  expect(isAsked(question, { signs: ['cough'] })).toBe(false)
})

describe('a form is refused', () => {
  const bad = (questions: unknown[]) => expect(IntakeForm.safeParse({ questions }).success).toBe(false)
  it('with one id twice', () =>
    bad([
      { id: 'a', kind: 'text', label: 'A' },
      { id: 'a', kind: 'text', label: 'B' },
    ]))
  it('with a choice of one', () => bad([{ id: 'a', kind: 'choice', label: 'A', options: [{ id: 'x', label: 'X' }] }]))
  it('when a question hangs on a later one', () =>
    bad([
      { id: 'a', kind: 'text', label: 'A', when: { question: 'b', is: true } },
      { id: 'b', kind: 'yesno', label: 'B' },
    ]))
})
