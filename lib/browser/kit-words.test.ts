import { expect, test } from 'vitest'
import { random, toB64 } from '../crypto/bytes.ts'
import {
  bytesOfWords,
  faultOfWords,
  kitLink,
  plainWord,
  readKitLink,
  secretOfWords,
  wordsOf,
  wordsOfSecret,
} from './kit-words.ts'
import { readKit, spellKit } from './recovery-kit.ts'

/** Each byte of it once, so that many words of the list are met. */
const every = Array.from({ length: 8 }, (_, run) => Uint8Array.from({ length: 32 }, (_, at) => run * 32 + at))

test.each(['en', 'fr'] as const)(
  '%s words read back, in capitals, with numbers before them and lines between',
  async (language) => {
    for (const bytes of every) {
      const words = await wordsOf(bytes, language)
      expect(words).toHaveLength(24)
      expect(await bytesOfWords(words.join(' '))).toEqual(bytes)
      expect(await bytesOfWords(words.map((word, at) => `${at + 1}. ${word.toUpperCase()}`).join('\n'))).toEqual(bytes)
    }
  },
)

// Defence: plainWord on both sides in bytesOfWords. A phone's keyboard leaves the accents out.
test('French words count without their accents too, a patient’s and a member’s', async () => {
  for (const bytes of every) {
    const words = await wordsOf(bytes, 'fr')
    const bare = words.map((word) => word.normalize('NFD').replace(/[\u0300-\u036f]/g, ''))
    expect(bare.join()).toMatch(/^[a-z,]+$/)
    expect(await secretOfWords(bare.join(' '))).toBe(toB64(bytes))
    expect(await readKit(bare.join(' '))).toEqual(bytes)
  }
  const accented = (await Promise.all(every.map((bytes) => wordsOf(bytes, 'fr')))).flat()
  expect(accented.some((word) => plainWord(word) !== word)).toBe(true)
})

test('no two words of a list are the same without accents', async () => {
  const { wordlist } = await import('@scure/bip39/wordlists/french.js')
  expect(new Set(wordlist.map(plainWord)).size).toBe(2048)
})

test('a word that is wrong, missing or in another place is refused', async () => {
  const words = await wordsOf(random(32), 'fr')
  for (const wrong of [words.slice(1), ['zzz', ...words.slice(1)], [...words, words[0]!], []]) {
    expect(await secretOfWords(wrong.join(' '))).toBeNull()
    await expect(readKit(wrong.join(' '))).rejects.toMatchObject({ code: 'BAD_KIT' })
  }
})

test('what is wrong with words is said as far as the list says it', async () => {
  const words = await wordsOf(new Uint8Array(32), 'fr')
  expect(await faultOfWords(words.slice(2).join(' '))).toEqual({ is: 'count', count: 22 })
  expect(await faultOfWords([...words.slice(0, 6), 'Abandonné', ...words.slice(7)].join(', '))).toEqual({
    ...{ is: 'unknown', at: 7, word: 'Abandonné' },
  })
  // The same word 24 times has another last one.
  expect(await faultOfWords(Array(24).fill(words[0]).join(' '))).toEqual({ is: 'order' })
})

test('a page’s link and a member’s code carry the same bytes as the words', async () => {
  const bytes = random(32)
  const secret = toB64(bytes)
  expect(await wordsOfSecret(secret, 'en')).toEqual(await wordsOf(bytes, 'en'))
  const root = toB64(random(32))
  expect(readKitLink(new URL(kitLink('https://clinic.test', secret, root)).hash)).toEqual({
    ...{ secret, rootFingerprint: root },
  })
  const { code, words } = await spellKit(bytes, 'fr')
  expect(await readKit(code)).toEqual(bytes)
  expect(await readKit(words.join(' '))).toEqual(bytes)
  await expect(readKit('curtain-kit:AAAA')).rejects.toMatchObject({ code: 'BAD_KIT' })
})
