import { entropyToMnemonic, mnemonicToEntropy } from '@scure/bip39'

const lists = {
  en: async () => (await import('@scure/bip39/wordlists/english.js')).wordlist,
  fr: async () => (await import('@scure/bip39/wordlists/french.js')).wordlist,
}

const bytesOf = (secret: string) =>
  Uint8Array.from(atob(secret.replace(/-/g, '+').replace(/_/g, '/')), (each) => each.charCodeAt(0))
const secretOf = (bytes: Uint8Array) =>
  btoa(String.fromCharCode(...bytes))
    .replace(/\+/g, '-')
    .replace(/\//g, '_')
    .replace(/=+$/, '')

/** 32 bytes as 24 words of BIP-39, in the page's language. */
export async function wordsOf(secret: string, locale: 'en' | 'fr'): Promise<string[]> {
  return entropyToMnemonic(bytesOf(secret), await lists[locale]())
    .normalize('NFC')
    .split(/\s+/)
}

/** The bytes of 24 words in either language, however they were typed; null when one is wrong: the last carries a check. */
export async function secretOfWords(typed: string): Promise<string | null> {
  const words = typed
    .normalize('NFKD')
    .toLowerCase()
    .split(/[\s,.;\d]+/)
    .filter(Boolean)
  if (words.length !== 24) return null
  for (const load of Object.values(lists)) {
    try {
      return secretOf(mnemonicToEntropy(words.join(' '), await load()))
    } catch {
      // Not this language, or not these words.
    }
  }
  return null
}

/** In the fragment: the bytes, and the clinic's fingerprint, so that nobody else's answers pass for the clinic. */
export const kitLink = (origin: string, secret: string, rootFingerprint: string): string =>
  `${origin}/recover#k=${secret}&f=${rootFingerprint}`

export function readKitLink(text: string): { secret: string; rootFingerprint: string } | null {
  const found = /#k=([A-Za-z0-9_-]{43})&f=([A-Za-z0-9_-]{43})$/.exec(text)
  return found ? { secret: found[1]!, rootFingerprint: found[2]! } : null
}
