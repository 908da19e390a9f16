import { describe, expect, it } from 'vitest'
import { linesOf } from './lines.ts'

const say = { yes: 'oui', no: 'non', day: (plain: string) => `le ${plain}` }

describe('a record, as lines to read', () => {
  it('says answers as the form asked for them, not as they are kept', () => {
    const options = [
      { id: 'face', label: 'Visage' },
      { id: 'arms', label: 'Bras' },
    ]
    const questions = [
      { id: 'a', kind: 'yesno', label: 'De la fièvre ?' },
      { id: 'b', kind: 'multi', label: 'Où ?', options },
      { id: 'c', kind: 'choice', label: 'Depuis ?', options },
      { id: 'd', kind: 'date', label: 'Le ?' },
      { id: 'e', kind: 'scale', label: 'Douleur ?' },
      { id: 'f', kind: 'text', label: 'Sans réponse ?' },
    ]
    const answers = { a: false, b: ['face', 'arms'], c: 'face', d: '2026-11-01', e: 7 }
    expect(linesOf({ type: 'intake', content: { form: { questions }, answers } }, say)).toEqual([
      'De la fièvre ? non',
      'Où ? Visage, Bras',
      'Depuis ? Visage',
      'Le ? le 2026-11-01',
      'Douleur ? 7',
    ])
  })

  it('says days in the reader’s language', () => {
    const content = { name: 'Ada', birthDate: '1988-03-14', phone: '', email: 'ada@post.test' }
    expect(linesOf({ type: 'identity', content }, say)).toEqual(['Ada', 'le 1988-03-14', 'ada@post.test'])
    expect(linesOf({ type: 'recall', content: { reason: 'Tension', dueOn: '2027-01-28' } }, say)).toEqual([
      'Tension',
      'le 2027-01-28',
    ])
  })
})
