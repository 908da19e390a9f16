import { readdirSync, readFileSync } from 'node:fs'
import { createTranslator } from 'use-intl/core'
import { describe, expect, test } from 'vitest'
import { codes } from '../errors.ts'
import { catalogue, locales } from './catalogue.ts'
import { bestLocale, isLocale, pick } from './pick.ts'

type Tree = { [key: string]: string | Tree }

const flatten = (tree: Tree, path = ''): [string, string][] =>
  Object.entries(tree).flatMap(([key, value]): [string, string][] =>
    typeof value === 'string' ? [[path + key, value]] : flatten(value, `${path}${key}.`),
  )

/** Names and kinds of an ICU message's arguments, sub-messages of plural and select included, and its tags. */
function parts(message: string): string[] {
  const found: string[] = [...message.matchAll(/<(\w+)>/g)].map(([, tag]) => `<${tag}>`)
  let at = 0
  const text = () => {
    while (at < message.length && message[at] !== '}') {
      if (message[at++] === '{') argument()
    }
  }
  const argument = () => {
    const [head, name, kind] = /^\s*(\w+)\s*(?:,\s*(\w+))?/.exec(message.slice(at)) ?? []
    if (!head) throw new Error(`not an argument at ${at}: ${message}`)
    found.push(kind ? `${name}:${kind}` : name!)
    at += head.length
    while (at < message.length && message[at] !== '}') {
      if (message[at++] !== '{') continue
      text()
      at++
    }
    at++
  }
  text()
  return [...new Set(found)].sort()
}

const all = Object.fromEntries(
  locales.map((locale) => [locale, new Map(flatten(catalogue[locale] as unknown as Tree))]),
)
const en = all.en!

describe.each(locales)('the catalogue in %s', (locale) => {
  const messages = all[locale]!

  test('lists every file', () => {
    const files = readdirSync(new URL(`./${locale}`, import.meta.url)).map((file) => file.replace('.json', ''))
    expect(Object.keys(catalogue[locale]).sort()).toEqual(files.sort())
  })

  test('has the keys of the other languages and no empty sentence', () => {
    expect([...messages.keys()].sort()).toEqual([...en.keys()].sort())
    expect([...messages].filter(([, text]) => text.trim() === '')).toEqual([])
  })

  test('asks for the same arguments and tags', () => {
    const differing = [...messages].filter(([key, text]) => String(parts(text)) !== String(parts(en.get(key) ?? '')))
    expect(differing).toEqual([])
  })

  test('is well formed, every sentence', () => {
    const broken: string[] = []
    const t = createTranslator({
      locale,
      messages: catalogue[locale],
      timeZone: 'UTC',
      onError: (error) => broken.push(error.message),
    }) as unknown as { rich(key: string, values: object): unknown }
    for (const [key, text] of messages) {
      const values = parts(text).map((part) => {
        const [name = '', kind] = part.replace(/[<>]/g, '').split(':')
        const value = part.startsWith('<')
          ? () => ''
          : kind === 'select'
            ? 'other'
            : kind === 'date' || kind === 'time'
              ? new Date(0)
              : 1
        return [name, value]
      })
      t.rich(key, Object.fromEntries(values))
    }
    expect(broken).toEqual([])
  })

  test('has a sentence for every refusal', () => {
    for (const code of [...Object.keys(codes), 'INTERNAL', 'OFFLINE'])
      expect(messages.get(`errors.${code}`), code).toMatch(/\w.*\w/)
  })
})

const patientsOwn = ['booking', 'call', 'care', 'devices', 'keep', 'patient', 'common']
const technical = {
  en: /encrypt|decrypt|crypto|cipher|\bkeys?\b|\bhash|\btoken|\bchain\b|\bepoch|\bvault/i,
  // A passkey is called so by whoever makes phones.
  fr: /chiffrem|chiffrée?s?\b|chiffrer|crypt|\bclés?(?![\wé’])(?! d’accès)|\bhach|\bjeton|\bchaîne|\bcoffre/i,
}

test.each(locales)('a patient reads no word of the trade in %s', (locale) => {
  const said = [...all[locale]!].filter(([key]) => patientsOwn.includes(key.split('.')[0]!))
  expect(said.filter(([, text]) => technical[locale].test(text))).toEqual([])
})

test('the checks see what they look for', () => {
  expect(parts('{count, plural, one {# day of {name}} other {# days}} <b>x</b>')).toEqual([
    '<b>',
    'count:plural',
    'name',
  ])
})

test('a browser gets the first language it asks for that we speak', () => {
  expect(bestLocale('fr-CA,fr;q=0.9,en;q=0.8')).toBe('fr')
  expect(bestLocale('de;q=0.9, en;q=0.5, fr;q=0.7')).toBe('fr')
  expect(bestLocale('fr;q=0, en')).toBe('en')
  expect(bestLocale('xx')).toBe('en')
  expect(bestLocale(null)).toBe('en')
  expect(bestLocale(',;q=,'.repeat(10_000))).toBe('en')
  expect(isLocale('__proto__')).toBe(false)
})

test('a provider carries only the namespaces it names', () => {
  expect(Object.keys(pick('fr', 'common', 'errors'))).toEqual(['common', 'errors'])
})

describe('what a patient is told of others', () => {
  test.each(locales)(
    '%s: of Stripe, the words that Stripe is given; of the server, all that goes to it in the clear',
    (locale) => {
      const t = createTranslator({ locale, messages: catalogue[locale] })
      const product = t('payment.product.whole', { clinic: '' }).replace(/[\s–]+$/, '')
      expect(t('booking.review.payNote')).toContain(product)
      expect(t('booking.review.payNote')).toMatch(/clinic’s name|nom du cabinet/)
      // BookInput: `email` and `phone` beside the sealed records.
      expect(t('booking.who2.emailHint').toLowerCase()).toContain(locale === 'fr' ? 'téléphone' : 'phone')
    },
  )
})

// A key that is there twice loses its first sentence without a word.
test.each(locales)('%s has each key once', (locale) => {
  for (const file of readdirSync(new URL(`${locale}/`, import.meta.url))) {
    const text = readFileSync(new URL(`${locale}/${file}`, import.meta.url), 'utf8')
    expect(`${JSON.stringify(JSON.parse(text), null, 2)}\n`, file).toBe(text)
  }
})
