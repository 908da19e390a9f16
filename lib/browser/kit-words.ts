import { entropyToMnemonic, mnemonicToEntropy } from '@scure/bip39'
import { type Bytes, fromB64, toB64 } from '../crypto/bytes.ts'

/** Loaded when words are written or read, and not with the page or the vault that may. */
const lists = {
  en: async () => (await import('@scure/bip39/wordlists/english.js')).wordlist,
  fr: async () => (await import('@scure/bip39/wordlists/french.js')).wordlist,
}

/** 32 bytes as they are written down: 24 words (BIP 39), in the page's language. */
export async function wordsOf(bytes: Bytes, language: 'en' | 'fr'): Promise<string[]> {
  return entropyToMnemonic(bytes, await lists[language]())
    .normalize('NFC')
    .split(/\s+/)
}

/** Without accents and in small letters: no two words of a list differ by these alone. */
export const plainWord = (word: string): string =>
  word
    .normalize('NFKD')
    .replace(/[\u0300-\u036f]/g, '')
    .trim()
    .toLowerCase()

const split = (typed: string) => typed.split(/[\s,.;\d]+/).filter(Boolean)

/** The bytes of 24 words in either language, however they were typed; null when one is wrong: the last carries a check. */
export async function bytesOfWords(typed: string): Promise<Bytes | null> {
  const words = split(typed)
  if (words.length !== 24) return null
  for (const load of Object.values(lists)) {
    const list = await load()
    const spelt = new Map(list.map((word) => [plainWord(word), word]))
    const found = words.map((word) => spelt.get(plainWord(word)))
    if (found.includes(undefined)) continue
    try {
      return new Uint8Array(mnemonicToEntropy(found.join(' '), list))
    } catch {
      // The checksum of the other list, perhaps: the two share a hundred words.
    }
  }
  return null
}

export type WordFault =
  | { is: 'count'; count: number }
  /** No word of the list that most of them are of, counted from 1. */
  | { is: 'unknown'; at: number; word: string }
  /** Each is a word, and together they are none of a page's. */
  | { is: 'order' }

/** What is wrong with words that `bytesOfWords` refused, as far as the lists say it. */
export async function faultOfWords(typed: string): Promise<WordFault> {
  const words = split(typed)
  if (words.length !== 24) return { is: 'count', count: words.length }
  const loaded = await Promise.all(Object.values(lists).map((load) => load()))
  const unknown = loaded.map((list) => {
    const known = new Set(list.map(plainWord))
    return words.flatMap((word, index) => (known.has(plainWord(word)) ? [] : [index]))
  })
  const [fewest] = unknown.sort((a, b) => a.length - b.length)
  const at = fewest?.[0]
  return at === undefined ? { is: 'order' } : { is: 'unknown', at: at + 1, word: words[at]! }
}

/** A patient's words, as `wordsOf` and `bytesOfWords` of their page's secret. */
export const wordsOfSecret = (secret: string, language: 'en' | 'fr') => wordsOf(fromB64(secret), language)
export async function secretOfWords(typed: string): Promise<string | null> {
  const bytes = await bytesOfWords(typed)
  return bytes && toB64(bytes)
}

/** In the fragment: the bytes, and the clinic's fingerprint, so that nobody else's answers pass for the clinic. */
export const kitLink = (origin: string, secret: string, rootFingerprint: string): string =>
  `${origin}/recover#k=${secret}&f=${rootFingerprint}`

export function readKitLink(text: string): { secret: string; rootFingerprint: string } | null {
  const found = /#k=([A-Za-z0-9_-]{43})&f=([A-Za-z0-9_-]{43})$/.exec(text)
  return found ? { secret: found[1]!, rootFingerprint: found[2]! } : null
}
