import { entropyToMnemonic, mnemonicToEntropy } from '@scure/bip39'
import { wordlist as english } from '@scure/bip39/wordlists/english.js'
import { wordlist as french } from '@scure/bip39/wordlists/french.js'
import { type Bytes, fromB64, toB64 } from '../crypto/bytes.ts'
import { VaultError } from './vault-error.ts'

const lists = { en: english, fr: french }
const prefix = 'curtain-kit:'

/** A kit's 32 bytes as they are written down: 24 words (BIP 39), and the text of its QR code. */
export const spellKit = (entropy: Bytes, language: 'en' | 'fr'): { words: string[]; code: string } => ({
  words: entropyToMnemonic(entropy, lists[language]).normalize('NFC').split(' '),
  code: prefix + toB64(entropy),
})

/** Without accents and in small letters: no two words of a list differ by these alone. */
const plain = (word: string) =>
  word
    .normalize('NFKD')
    .replace(/[\u0300-\u036f]/g, '')
    .toLowerCase()

/** Reads either form, the words in either language. Throws BAD_KIT: a word is unknown, missing or in another place. */
export function readKit(text: string): Bytes {
  const typed = text.trim()
  if (typed.startsWith(prefix)) {
    try {
      return fromB64(typed.slice(prefix.length), 32)
    } catch {
      throw new VaultError('BAD_KIT', 'not the text of a kit')
    }
  }
  const words = typed.split(/[\s\d.,]+/).filter(Boolean)
  for (const list of Object.values(lists)) {
    const spelt = new Map(list.map((word) => [plain(word), word]))
    const found = words.map((word) => spelt.get(plain(word)))
    if (words.length !== 24 || found.includes(undefined)) continue
    try {
      return new Uint8Array(mnemonicToEntropy(found.join(' '), list))
    } catch {
      // The checksum of the other list, perhaps: the two share a hundred words.
    }
  }
  throw new VaultError('BAD_KIT', 'not the words of a kit')
}
