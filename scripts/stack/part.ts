// One child process of the stack: started, watched, ended.
import { type ChildProcess, spawn, type SpawnOptions } from 'node:child_process'
import { createWriteStream, mkdirSync, type WriteStream } from 'node:fs'
import { createConnection, createServer } from 'node:net'
import { join } from 'node:path'
import { Sentence } from '../base.mjs'

export interface PartSpec {
  name: string
  /** What a person calls it, in the one sentence about its end. */
  title: string
  command: string
  args: string[]
  options?: SpawnOptions
  /** Resolves once the part answers. */
  ready: () => Promise<boolean>
  readyWithin?: number
  /** The signal that ends it in order; SIGKILL follows after `grace` ms. */
  stopSignal?: NodeJS.Signals
  grace?: number
  /** What it says when it cannot start yet, for something else is still ending: then it is started again for a while. */
  notYet?: RegExp
  logDir: string
}

export class Part {
  readonly spec: PartSpec
  private child: ChildProcess | null = null
  private log: WriteStream | null = null
  private tail = ''
  private stopping = false
  /** Called when the child ends though nobody asked it to. */
  onLost: (how: string) => void = () => undefined

  constructor(spec: PartSpec) {
    this.spec = spec
  }

  get pid() {
    return this.child?.pid ?? null
  }

  get running() {
    return this.child !== null && this.child.exitCode === null && this.child.signalCode === null
  }

  get lastOutput() {
    return this.tail
  }

  async start() {
    if (this.running) return
    const until = Date.now() + 10_000
    for (;;) {
      try {
        return await this.startOnce()
      } catch (error) {
        if (!this.spec.notYet?.test(this.tail) || this.running || this.stopping || Date.now() > until) throw error
        await pause(100)
      }
    }
  }

  private async startOnce() {
    this.stopping = false
    this.wasReady = false
    this.tail = ''
    const { name, title, command, args, options, logDir } = this.spec
    mkdirSync(logDir, { recursive: true })
    this.log = createWriteStream(join(logDir, `${name}.log`), { flags: 'a' })
    // A full disk must not take the stack down through its logs.
    this.log.on('error', () => undefined)
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], ...options })
    this.child = child
    const keep = (chunk: Buffer) => {
      this.tail = (this.tail + chunk.toString()).slice(-4000)
      this.log?.write(chunk)
    }
    child.stdout?.on('data', keep)
    child.stderr?.on('data', keep)
    const failed = new Promise<never>((_, reject) => child.once('error', reject))
    failed.catch(() => undefined)
    child.once('exit', (code, signal) => {
      if (this.child !== child || this.stopping || !this.wasReady) return
      this.onLost(signal ? `killed by ${signal}` : `exit code ${code}`)
    })
    await Promise.race([failed, this.untilReady(title)])
    this.wasReady = true
  }

  private wasReady = false

  private async untilReady(title: string) {
    const deadline = Date.now() + (this.spec.readyWithin ?? 60_000)
    while (Date.now() < deadline) {
      if (!this.running) throw new Sentence(explain(title, this.tail))
      if (await this.spec.ready().catch(() => false)) return
      await pause(50)
    }
    throw new Sentence(`${title} did not answer in time. Its last words:\n${this.tail.slice(-1500)}`)
  }

  /** Ends the child in order, by force after its grace. Resolves when it is gone. */
  async stop(signal: NodeJS.Signals = this.spec.stopSignal ?? 'SIGTERM') {
    this.stopping = true
    const child = this.child
    if (!child || !this.running) return
    const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()))
    child.kill(signal)
    const force = setTimeout(() => child.kill('SIGKILL'), this.spec.grace ?? 3000)
    await gone
    clearTimeout(force)
    this.log?.end()
  }
}

/** One sentence for a part that would not start. */
function explain(title: string, output: string) {
  if (/ENOSPC|no space left on device/i.test(output))
    return `The disk is full: ${title} could not start. Free some space and run this again.`
  if (/EADDRINUSE|address already in use/i.test(output))
    return `${title} could not start: its port is in use by another program.`
  return `${title} ended before it answered. Its last words:\n${output.slice(-1500)}`
}

export const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

export const tcpAnswers = (port: number) => () =>
  new Promise<boolean>((resolve) => {
    const socket = createConnection({ port, host: '127.0.0.1' })
    socket.once('connect', () => (socket.destroy(), resolve(true)))
    socket.once('error', () => resolve(false))
  })

export const httpAnswers = (url: string) => async () => {
  const answer = await fetch(url, { signal: AbortSignal.timeout(5000) })
  await answer.body?.cancel()
  return answer.ok
}

export const portFree = (port: number) =>
  new Promise<boolean>((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(false))
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)))
  })

/** Where systems begin to hand out ports by themselves: a connection of anybody's may take one that was free a moment ago. */
const FIRST_HANDED_OUT = 32_768

/** A run of `count` free ports for a stack of its own. */
export async function freePorts(count: number, from = 20_000 + Math.floor(Math.random() * 12_000)): Promise<number> {
  for (let base = from; base + count <= FIRST_HANDED_OUT; base += count) {
    const free = await Promise.all(Array.from({ length: count }, (_, i) => portFree(base + i)))
    if (free.every(Boolean)) return base
  }
  throw new Sentence('No free ports were found on this machine.')
}
