import { expect, test } from 'vitest'
import { phonesIn } from './phones.ts'

const dialled = (text: string) => phonesIn(text).flatMap(({ dial }) => dial ?? [])

test('numbers as people write them are dialled as a phone wants them', () => {
  expect(dialled('Ben, +44 20 7946 0000')).toEqual(['+442079460000'])
  expect(dialled('Peter (son) +44 (0)7700 900123')).toEqual(['+447700900123'])
  expect(dialled('Maman 06 12 34 56 78\nPapa 06.98.76.54.32')).toEqual(['0612345678', '0698765432'])
  expect(dialled('Ana (555) 010-1234')).toEqual(['5550101234'])
})

test('a year, an age and a house are no number to call; nothing of the text is lost', () => {
  expect(dialled('Since 1998, flat 12, call at 8')).toEqual([])
  for (const text of ['Ben, +44 20 7946 0000 (work)', 'no number', '', '0612345678'])
    expect(
      phonesIn(text)
        .map((piece) => piece.text)
        .join(''),
    ).toBe(text)
})
