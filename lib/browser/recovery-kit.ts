import { type Bytes, fromB64, toB64 } from '../crypto/bytes.ts'
import { bytesOfWords, wordsOf } from './kit-words.ts'
import { VaultError } from './vault-error.ts'

const prefix = 'curtain-kit:'

/** A kit's 32 bytes as they are written down: the words, and the text of its QR code. */
export const spellKit = async (entropy: Bytes, language: 'en' | 'fr'): Promise<{ words: string[]; code: string }> => ({
  words: await wordsOf(entropy, language),
  code: prefix + toB64(entropy),
})

/** Reads either form, the words in either language. Throws BAD_KIT: a word is unknown, missing or in another place. */
export async function readKit(text: string): Promise<Bytes> {
  const typed = text.trim()
  if (typed.startsWith(prefix)) {
    try {
      return fromB64(typed.slice(prefix.length), 32)
    } catch {
      throw new VaultError('BAD_KIT', 'not the text of a kit')
    }
  }
  const bytes = await bytesOfWords(typed)
  if (!bytes) throw new VaultError('BAD_KIT', 'not the words of a kit')
  return bytes
}
