// vitest's global setup: names a folder for this run's PostgreSQL. The first test that asks for a database starts it there
// (lib/server/testing.ts), so that runs without such a test pay nothing; it is ended here.
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { alive } from '../base.mjs'
import { pause } from './part.ts'
import { removeDatabase } from './postgres.ts'

declare module 'vitest' {
  export interface ProvidedContext {
    curtainTestHome: string
  }
}

export default function setup({ provide }: { provide: (key: 'curtainTestHome', value: string) => void }) {
  const home = mkdtempSync(join(tmpdir(), 'curtain-test-'))
  provide('curtainTestHome', home)
  return async function teardown() {
    const file = join(home, 'postgres.pid')
    if (existsSync(file)) {
      const pid = Number(readFileSync(file, 'utf8'))
      if (alive(pid)) process.kill(pid, 'SIGINT')
      for (let i = 0; i < 100 && alive(pid); i++) await pause(50)
    }
    removeDatabase(home)
    rmSync(home, { recursive: true, force: true })
  }
}
