import { mkdir, open, readFile } from 'node:fs/promises'
import { dirname } from 'node:path'

/** One head as it was signed: where it is filed, and the bytes (base64url) that carry all of it. */
export interface Signed {
  clinicId: string
  kind: string
  length: number
  statement: string
}

/** Where a witness writes what it has seen. It only grows, and lies where the clinic's operator cannot reach. */
export interface WitnessLog {
  /** Resolves once it is kept for good. Rejects where a head of this length was filed before: nothing is ever replaced. */
  append(signed: Signed): Promise<void>
  /** Everything, in the order it was written for each clinic and kind. */
  all(): Promise<Signed[]>
}

/**
 * Null for a line that a power cut left half-written, and that others were written past: it was never answered as kept. Whoever could
 * make a line look like that could as well take it out.
 */
function wholeLine(line: string): Signed | null {
  try {
    return JSON.parse(line) as Signed
  } catch {
    return null
  }
}

/** A file with a line for each head, opened for appending alone. `chattr +a` keeps it so against its owner too. */
export function fileLog(path: string): WitnessLog {
  let filed: Promise<Set<string>> | null = null
  const nameOf = ({ clinicId, kind, length }: Signed) => `${clinicId}/${kind}/${length}`
  const read = async (): Promise<Signed[]> => {
    const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return ''
      throw error
    })
    const whole = text.slice(0, text.lastIndexOf('\n') + 1)
    return whole
      .split('\n')
      .filter(Boolean)
      .flatMap((line) => wholeLine(line) ?? [])
  }
  return {
    all: read,
    async append(signed) {
      filed ??= read().then((all) => new Set(all.map(nameOf)))
      const names = await filed
      if (names.has(nameOf(signed))) throw new Error(`${nameOf(signed)} was filed before`)
      await mkdir(dirname(path), { recursive: true })
      const handle = await open(path, 'a', 0o644)
      try {
        const { size } = await handle.stat()
        const torn = size > 0 && !(await readFile(path, 'utf8')).endsWith('\n')
        await handle.appendFile(`${torn ? '\n' : ''}${JSON.stringify(signed)}\n`)
        await handle.sync()
      } finally {
        await handle.close()
      }
      names.add(nameOf(signed))
    },
  }
}
