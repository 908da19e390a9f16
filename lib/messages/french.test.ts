import { expect, test } from 'vitest'
import { catalogue } from './catalogue.ts'
import { unbroken } from './french.ts'

test('no line of French ends with an opening quote, or begins with a mark that belongs to the word before', () => {
  expect(unbroken('Choisissez « Vos accès » : est-ce clair ? Oui ; non !')).toBe(
    'Choisissez «\u00a0Vos accès\u00a0»\u00a0: est-ce clair\u00a0? Oui\u00a0; non\u00a0!',
  )
  expect(JSON.stringify(catalogue.fr).match(/.{0,20}(?: [;?!»]|« ).{0,20}/g)).toBeNull()
})

test('a thing has one name in French, on every page but the home page, which speaks to those who found clinics', () => {
  const { landing: _home, common, ...rest } = catalogue.fr
  const { description: _description, ...shared } = common
  const said = JSON.stringify({ ...rest, shared })
  expect(said.match(/.{0,20}(?<![Ee]-)\b(?:mails?\b(?!":)|[Aa]ctes?\b|(?:la|une) clinique\b).{0,20}/g)).toBeNull()
})

test('what an argument is written with stays', () => {
  const asked = 'ouvre le {date, date, ::EEEEdMMMM} à {date, time, ::HHmm}'
  expect(unbroken(asked)).toBe(asked)
})
