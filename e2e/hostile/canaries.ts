// Words that must be found nowhere: made, hidden in every encoding that a leak could have, and searched for.
import { randomBytes } from 'node:crypto'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'

/** A word that occurs nowhere else; letters and digits alone, so that every field takes it. */
export const canary = (field: string) => `${field}zq${randomBytes(6).toString('hex')}`

const utf16be = (bytes: Buffer) => Buffer.from(bytes).swap16()

/** The word as it is, in UTF-16, in hex, percent-encoded, escaped for JSON, and within base64 at each of its three offsets. */
export function encodingsOf(word: string): Map<string, Buffer> {
  const bytes = Buffer.from(word)
  const wide = Buffer.from(word, 'utf16le')
  const found = new Map<string, Buffer>([
    ['raw', bytes],
    ['upper case', Buffer.from(word.toUpperCase())],
    ['UTF-16LE', wide],
    ['UTF-16BE', utf16be(wide)],
    ['hex', Buffer.from(bytes.toString('hex'))],
    ['hex, upper case', Buffer.from(bytes.toString('hex').toUpperCase())],
    ['percent-encoded', Buffer.from([...bytes].map((byte) => `%${byte.toString(16).toUpperCase()}`).join(''))],
    ['JSON escapes', Buffer.from([...bytes].map((byte) => `\\u00${byte.toString(16)}`).join(''))],
  ])
  for (const offset of [0, 1, 2]) {
    const text = Buffer.concat([Buffer.alloc(offset), bytes])
      .toString('base64')
      .replace(/=+$/, '')
    // Characters that share bits with a neighbour say nothing: as many are dropped at both ends.
    const inner = text.slice(offset ? offset + 1 : 0, text.length - ((bytes.length + offset) % 3 ? 1 : 0))
    found.set(`base64, offset ${offset}`, Buffer.from(inner))
  }
  return found
}

/** Where each word lies in these bytes: "raw", "hex" … */
export function hitsIn(bytes: Buffer, words: Map<string, Map<string, Buffer>>): string[] {
  const hits: string[] = []
  for (const [word, encodings] of words)
    for (const [encoding, needle] of encodings) if (bytes.includes(needle)) hits.push(`${word} (${encoding})`)
  return hits
}

/** Every file below a folder. */
function filesBelow(dir: string): string[] {
  return readdirSync(dir, { withFileTypes: true }).flatMap((entry) => {
    const path = join(dir, entry.name)
    if (entry.isDirectory()) return filesBelow(path)
    return entry.isFile() ? [path] : []
  })
}

/** Hits in every file below a folder, by their paths. */
export function hitsBelow(dir: string, words: Map<string, Map<string, Buffer>>): string[] {
  return filesBelow(dir).flatMap((path) => {
    try {
      // A socket's or a database's file may go while it is looked at.
      if (!statSync(path).size) return []
      return hitsIn(readFileSync(path), words).map((hit) => `${path.slice(dir.length + 1)}: ${hit}`)
    } catch {
      return []
    }
  })
}
