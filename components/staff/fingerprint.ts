import { pronounce } from '@/lib/access/rules'

function bytesOf(text: string): Uint8Array {
  const raw = atob(text.replaceAll('-', '+').replaceAll('_', '/'))
  return Uint8Array.from(raw, (letter) => letter.charCodeAt(0))
}

/** The first 128 bits of a root's fingerprint, as groups that can be read over the phone. */
export const fingerprintWords = (fingerprint: string): string[] => pronounce(bytesOf(fingerprint).subarray(0, 16))

/** A code that two people compare, in the same kind of groups. */
export const spokenCode = (code: string): string[] => pronounce(bytesOf(code))
