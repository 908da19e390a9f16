import 'server-only'
import { randomBytes } from 'node:crypto'
import {
  closeSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { dirname } from 'node:path'

/** The file's text; made by `make` if it is missing. Two processes that make it at once both get the one that won. */
export function readOrMake(file: string, make: () => string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
  }
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
  const beside = `${file}.${randomBytes(6).toString('hex')}`
  writeFileSync(beside, make(), { mode: 0o600, flush: true })
  try {
    // A link fails where the name is taken; a rename would replace a key that others already use.
    linkSync(beside, file)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  } finally {
    rmSync(beside, { force: true })
  }
  return readFileSync(file, 'utf8')
}

/** Puts the new text in the file's place at once: whoever reads sees the old one or the new one, also after a power cut. */
export function replaceFile(file: string, text: string): void {
  const [beside, before] = [`${file}.${randomBytes(6).toString('hex')}`, `${file}.${randomBytes(6).toString('hex')}`]
  writeFileSync(beside, text, { mode: 0o600, flush: true })
  linkSync(file, before)
  renameSync(beside, file)
  const folder = openSync(dirname(file), 'r')
  fsyncSync(folder)
  closeSync(folder)
  shred(before)
}

/** Overwrites, then removes. A disk that writes elsewhere than it read (an SSD, a snapshot) keeps the old bytes all the same. */
export function shred(file: string): void {
  const size = statSync(file, { throwIfNoEntry: false })?.size
  if (size === undefined) return
  writeFileSync(file, randomBytes(size), { flag: 'r+', flush: true })
  rmSync(file, { force: true })
}
