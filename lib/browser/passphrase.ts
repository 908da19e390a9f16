import { random } from '../crypto/bytes.ts'

const CONSONANTS = 'bdfghjklmnprstvz'
const VOWELS = 'aiou'
const SHORTEST = 12

/** 80 random bits in five speakable groups ("lusab-babad-…", proquints): no word list, and the same in every language. */
export function newPassphrase(): string {
  const words = new Uint16Array(random(10).buffer)
  return Array.from(words, (word) =>
    [
      CONSONANTS[word >> 12],
      VOWELS[(word >> 10) & 3],
      CONSONANTS[(word >> 6) & 15],
      VOWELS[(word >> 4) & 3],
      CONSONANTS[word & 15],
    ].join(''),
  ).join('-')
}

/**
 * Whoever holds the OPRF seed can guess offline, so a password that a person makes up must be long and not one thing
 * repeated. A floor, not a promise: the passphrase above is the default.
 */
export function isWeakPassword(password: string): boolean {
  const letters = [...password.normalize('NFKC').toLowerCase()]
  const steps = letters.slice(1).map((letter, index) => letter.codePointAt(0)! - letters[index]!.codePointAt(0)!)
  const isRun =
    steps.length > 0 && steps.filter((step) => step === 1 || step === 0 || step === -1).length > steps.length / 2
  return letters.length < SHORTEST || new Set(letters).size < 6 || isRun
}
