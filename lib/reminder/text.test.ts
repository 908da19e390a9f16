import { expect, it } from 'vitest'
import { e164, inGsm, partsOf } from './text'

it.each([
  ['+33 6 12 34 56 78', '+33612345678'],
  ['0033 (0)612345678', '+33612345678'],
  ['+1 (415) 555-0132', '+14155550132'],
  ['06 12 34 56 78', null],
  ['+0 612345678', null],
  ['+336', null],
  ['', null],
])('%s is the number %s', (typed, number) => {
  expect(e164(typed)).toBe(number)
})

it.each([
  ['Rappel\u00a0: le 12 août, à l’hôpital', "Rappel : le 12 aout, à l'hopital"],
  // Nobody reads a name in question marks: it stays, and costs more.
  ['診療所', '診療所'],
])('%s is sent as %s', (text, sent) => {
  expect(inGsm(text)).toBe(sent)
})

it.each([
  ['a'.repeat(160), 1],
  ['a'.repeat(161), 2],
  ['a'.repeat(306), 2],
  ['a'.repeat(307), 3],
  ['ê'.repeat(70), 1],
  ['ê'.repeat(71), 2],
])('counts parts', (text, parts) => {
  expect(partsOf(text)).toBe(parts)
})
