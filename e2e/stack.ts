// The whole stack for journeys and attacks: on free ports, with data of its own, over the production build.
import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setup } from '../scripts/setup.mjs'
import { freePorts } from '../scripts/stack/part.ts'
import type { StackFacts } from '../scripts/stack/facts.ts'
import { portsTaken, Stack, type PartName } from '../scripts/stack/stack.ts'
import { withClient } from '../scripts/stack/postgres.ts'

export interface TestStack extends StackFacts {
  home: string
  /** Kills one part as a crash would; `signal` may say SIGSTOP, SIGTERM … */
  stop: (part: PartName, signal?: NodeJS.Signals) => Promise<void>
  start: (part: PartName) => Promise<void>
  pid: (part: PartName) => number | null
  log: (part: PartName) => string
  /** Runs SQL as the database server's administrator: a hostile operator's hands. */
  sql: <Row = Record<string, unknown>>(text: string, values?: unknown[]) => Promise<Row[]>
  mails: (to?: string) => Promise<Mail[]>
  down: () => Promise<void>
}

export interface Mail {
  id: string
  to: string[]
  subject: string
  text: string
  html: string | null
  attachments: { index: number; name: string; type: string }[]
}

export interface UpOptions {
  sfuNodes?: number
  seed?: boolean
  /** The database forgets nothing that it has answered, though it is killed. */
  durable?: boolean
  mode?: 'dev' | 'production'
  /** Starts a witness, that looks this often. */
  witnessSeconds?: number
  env?: Record<string, string>
  note?: (line: string) => void
}

/** Brings a stack up; `down()` ends it and deletes its data. */
export async function up(options: UpOptions = {}): Promise<TestStack> {
  const tools = await setup()
  const home = mkdtempSync(join(tmpdir(), 'curtain-e2e-'))
  chmodSync(home, 0o755)
  const portBase = await freePorts(portsTaken(options.sfuNodes))
  const stack = new Stack({
    home,
    portBase,
    livekitBin: tools.livekit,
    mode: 'production',
    durable: false,
    seed: false,
    ...options,
  })
  const down = async () => {
    await stack.stop()
    Stack.reset(home)
    rmSync(home, { recursive: true, force: true })
  }
  try {
    await stack.start()
  } catch (error) {
    await down()
    throw error
  }
  const { facts } = stack
  return {
    ...facts,
    home,
    stop: (part, signal) => stack.stopPart(part, signal),
    start: (part) => stack.startPart(part),
    pid: (part) => stack.pidOf(part),
    log: (part) => stack.logOf(part),
    sql: (text, values) =>
      withClient(facts.adminUrl, async (client) => (await client.query(text, values)).rows as never),
    mails: async (to) => {
      const answer = await fetch(`${facts.mailboxUrl}/api/messages${to ? `?to=${encodeURIComponent(to)}` : ''}`, {
        headers: { connection: 'close' },
      })
      return (await answer.json()) as Mail[]
    },
    down,
  }
}
