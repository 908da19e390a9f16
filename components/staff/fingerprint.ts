import { pronounce } from '@/lib/access/rules'

/** The first 128 bits of a root's fingerprint, as groups that can be read over the phone. */
export function fingerprintWords(fingerprint: string): string[] {
  const text = atob(fingerprint.replaceAll('-', '+').replaceAll('_', '/'))
  return pronounce(Uint8Array.from(text, (letter) => letter.charCodeAt(0)).subarray(0, 16))
}
