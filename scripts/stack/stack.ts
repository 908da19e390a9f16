// The whole of Curtain on one machine: for the demo, for development and for the tests.
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { basename, join, relative, resolve } from 'node:path'
import { Sentence, alive, markRunning, node, pathWithBin, quietly, root } from '../base.mjs'
import { bundle } from '../bundle.mjs'
import { migrate } from '../../prisma/migrate.ts'
import { buildApp } from './build.ts'
import { descendants } from './descendants.ts'
import { describe, loadSecrets, type Secrets, type StackFacts } from './facts.ts'
import { livekitPart } from './livekit.ts'
import { httpAnswers, Part, portFree, tcpAnswers } from './part.ts'
import { postgresPart, removeDatabase, runAdminFile } from './postgres.ts'

export type PartName = 'postgres' | 'mail' | 'stripe' | 'livekit' | `livekit-${number}` | 'witness' | 'worker' | 'app'

export interface StackOptions {
  /** Where everything this stack keeps lives. */
  home: string
  portBase: number
  livekitBin: string
  /** `next dev` with hot reload, or the production build. */
  mode: 'dev' | 'production'
  sfuNodes?: number
  /** Off in tests: nothing is waited for until it is on the disk. */
  durable?: boolean
  seed?: boolean
  /** How many seconds lie between a witness's looks; without them there is no witness. */
  witnessSeconds?: number
  env?: Record<string, string>
  note?: (line: string) => void
}

/** Ports that a stack with `sfuNodes` video servers takes, from its base up; the last one is the witness's. */
export const portsTaken = (sfuNodes = 1) => 6 + 3 * sfuNodes

export class Stack {
  readonly home: string
  readonly facts: StackFacts
  /** Set to hear that a part ended by itself; the demo starts it again. */
  onLost: (name: PartName, title: string, how: string) => void = () => undefined
  private readonly options: StackOptions
  private readonly secrets: Secrets
  private readonly parts = new Map<string, Part>()
  private release: () => void = () => undefined
  private claimed = false

  constructor(options: StackOptions) {
    this.options = options
    this.home = resolve(root, options.home)
    mkdirSync(this.home, { recursive: true })
    this.secrets = loadSecrets(this.home)
    this.facts = describe(this.home, options, this.secrets)
  }

  private note(line: string) {
    this.options.note?.(line)
  }

  /** Refuses while another process runs a stack on this home. */
  static assertStopped(home: string) {
    const file = join(resolve(root, home), 'lock')
    const holder = existsSync(file) ? Number(readFileSync(file, 'utf8')) : 0
    if (holder && holder !== process.pid && alive(holder))
      throw new Sentence(`Curtain already runs here (process ${holder}): stop it first.`)
  }

  /** Deletes everything the stack keeps. Only while it is stopped. */
  static reset(home: string) {
    const dir = resolve(root, home)
    if (existsSync(dir)) removeDatabase(dir)
    for (const name of [
      'pg-ready',
      'seeding',
      'seed.json',
      'demo.json',
      'env',
      'secrets.json',
      'keys',
      'keystore',
      'store-kek',
      'witness',
      'mail',
      'stripe',
      'logs',
    ])
      rmSync(join(dir, name), { recursive: true, force: true })
  }

  async start() {
    await this.claim()
    const building = this.prepareApp()
    building.catch(() => undefined)
    await Promise.all([this.startData(), this.startNeighbours()])
    await this.startWitness()
    this.keepEnv()
    await building
    await Promise.all([this.startApp(), this.startWorker()])
    // The demo clinic is made as people make theirs: through the app's own door.
    if (this.options.seed) await this.seed()
  }

  private async claim() {
    Stack.assertStopped(this.home)
    writeFileSync(join(this.home, 'lock'), String(process.pid))
    this.claimed = true
    await this.checkPorts()
    this.release = markRunning()
  }

  private async startData() {
    if (existsSync(join(this.home, 'seeding'))) {
      this.note('The last start was interrupted while it made the demo clinic: starting that afresh.')
      for (const name of ['seeding', 'pg-ready']) rmSync(join(this.home, name), { force: true })
    }
    await this.startDatabase()
    const migrated = await migrate(this.facts.ownerUrl).catch((error: Error) => {
      throw new Sentence(
        `The database could not be brought up to date: ${error.message}. \`npm run db:reset\` starts afresh.`,
      )
    })
    if (migrated.length) this.note(`Database: applied ${migrated.join(', ')}.`)
  }

  private keepEnv() {
    const lines = Object.entries(this.facts.env).map(([key, value]) => `${key}='${value}'\n`)
    writeFileSync(join(this.home, 'env'), lines.join(''), { mode: 0o600 })
  }

  /** Stops everything: first what uses the others. Whatever is left after that is killed. */
  async stop() {
    const order = [['app', 'worker', 'witness'], ['mail', 'stripe', ...this.sfuNames()], ['postgres']]
    for (const names of order) await Promise.all(names.map((name) => this.parts.get(name)?.stop()))
    this.release()
    // Another's lock stays: this one may have been refused because of it.
    if (this.claimed) rmSync(join(this.home, 'lock'), { force: true })
  }

  /** Stops one part, as a crash would unless `signal` says otherwise. */
  async stopPart(name: PartName, signal: NodeJS.Signals = 'SIGKILL') {
    await this.part(name).stop(signal)
  }

  async startPart(name: PartName) {
    await this.part(name).start()
  }

  pidOf(name: PartName) {
    return this.part(name).pid
  }

  logOf(name: PartName) {
    const file = join(this.home, 'logs', `${name}.log`)
    return existsSync(file) ? readFileSync(file, 'utf8') : ''
  }

  private part(name: string) {
    const part = this.parts.get(name === 'livekit' ? 'livekit-0' : name)
    if (!part) throw new Error(`this stack has no part ${name}`)
    return part
  }

  private sfuNames() {
    return this.facts.sfu.map((_, index) => `livekit-${index}`)
  }

  private async add(part: Part) {
    this.parts.set(part.spec.name, part)
    part.onLost = (how) => this.onLost(part.spec.name as PartName, part.spec.title, how)
    await part.start()
  }

  private async checkPorts() {
    const base = this.options.portBase
    const names = ['the app', 'the mailbox', 'mail (SMTP)', 'the Stripe emulator', 'PostgreSQL', 'the video server']
    const last = portsTaken(this.options.sfuNodes) - 1
    for (let offset = 0; offset <= last; offset++) {
      if (await portFree(base + offset)) continue
      // A server that its stack left behind is ended by the start itself.
      if (offset === 4 && existsSync(join(this.home, 'pg', 'postmaster.pid'))) continue
      throw new Sentence(
        `Port ${base + offset}, for ${offset === last ? 'the witness' : names[Math.min(offset, 5)]}, is in use: stop what uses it, or choose others with PORT_BASE=${base + 100}.`,
      )
    }
  }

  private async startDatabase() {
    const marker = join(this.home, 'pg-ready')
    const port = this.options.portBase + 4
    if (!existsSync(marker)) {
      this.note('Making the database …')
      // A folder without the marker is from a start that did not get this far.
      removeDatabase(this.home)
      for (const name of ['keys', 'keystore', 'store-kek', 'witness', 'seed.json'])
        rmSync(join(this.home, name), { recursive: true, force: true })
    }
    const logDir = join(this.home, 'logs')
    const { part, adminUrl } = await postgresPart({
      home: this.home,
      port,
      adminPassword: this.secrets.admin,
      logDir,
      durable: this.options.durable ?? true,
    })
    await this.add(part)
    if (existsSync(marker)) return
    const passwords = { owner_password: this.secrets.owner, app_password: this.secrets.app }
    await runAdminFile(adminUrl, join(root, 'prisma', 'roles.sql'), passwords)
    writeFileSync(marker, '')
  }

  private async startNeighbours() {
    const { portBase, livekitBin } = this.options
    const logDir = join(this.home, 'logs')
    const script = (name: string) => join(root, 'scripts', name)
    const mail = new Part({
      name: 'mail',
      title: 'The mail catcher',
      command: node,
      args: [script('mail-catcher.mjs')],
      options: {
        env: {
          ...base(),
          MAIL_DIR: join(this.home, 'mail'),
          SMTP_PORT: String(portBase + 2),
          HTTP_PORT: String(portBase + 1),
        },
      },
      ready: async () =>
        (await tcpAnswers(portBase + 2)()) && (await httpAnswers(`http://127.0.0.1:${portBase + 1}/health`)()),
      logDir,
    })
    const starts = [this.add(mail)]
    if (existsSync(script('stripe-emulator.mjs'))) {
      const env = {
        ...base(),
        ...this.facts.env,
        PORT: String(portBase + 3),
        DATA_DIR: join(this.home, 'stripe'),
        WEBHOOK_URL: `${this.facts.baseUrl}/api/stripe/webhook`,
      }
      const stripe = {
        name: 'stripe',
        title: 'The Stripe emulator',
        command: node,
        args: [script('stripe-emulator.mjs')],
      }
      starts.push(
        this.add(
          new Part({
            ...stripe,
            options: { env },
            ready: httpAnswers(`http://127.0.0.1:${portBase + 3}/_test/state`),
            logDir,
          }),
        ),
      )
    }
    this.facts.sfu.forEach((sfu, index) =>
      starts.push(this.add(livekitPart({ bin: livekitBin, home: this.home, index, sfu, logDir }))),
    )
    await Promise.all(starts)
  }

  /** Says how far the clinics' chains go, by a key that the app does not have. Its public half the app tells to browsers. */
  private async startWitness() {
    const { witnessSeconds, portBase, sfuNodes } = this.options
    if (!witnessSeconds) return
    const port = portBase + portsTaken(sfuNodes) - 1
    const dir = join(this.home, 'witness')
    const witness: Part = new Part({
      name: 'witness',
      title: 'The witness',
      command: node,
      args: [join(root, 'scripts', 'witness.mjs')],
      options: {
        cwd: root,
        env: {
          ...base(),
          WITNESS_ORIGIN: this.facts.baseUrl,
          WITNESS_KEY_FILE: join(dir, 'key'),
          WITNESS_LOG: join(dir, 'heads.log'),
          WITNESS_PORT: String(port),
          WITNESS_SECONDS: String(witnessSeconds),
        },
      },
      ready: async () => /its key is \S+\n/.test(witness.lastOutput),
      logDir: join(this.home, 'logs'),
    })
    await this.add(witness)
    const [, key] = /its key is (\S+)\n/.exec(witness.lastOutput)!
    Object.assign(this.facts.env, { WITNESS_URL: `http://localhost:${port}`, WITNESS_KEY: key })
  }

  private async seed() {
    const entry = 'prisma/seed.ts'
    if (!existsSync(join(root, entry)) || existsSync(join(this.home, 'seed.json'))) return
    const marker = join(this.home, 'seeding')
    writeFileSync(marker, '')
    const env = { ...base(), ...this.facts.env, CURTAIN_HOME: this.home }
    const done = await quietly('Making the demo clinic', node, [await bundle(entry)], { env })
    if (done.code !== 0) throw new Sentence(`The demo clinic could not be made:\n${done.output.slice(-3000)}`)
    rmSync(marker)
  }

  private async prepareApp() {
    if (this.options.mode === 'production') await buildApp((line) => this.note(line))
  }

  private async startApp() {
    const dev = this.options.mode === 'dev'
    const port = String(this.options.portBase)
    const env = { ...base(), ...this.facts.env, PORT: port, HOSTNAME: '127.0.0.1', ...(dev ? devEnv(this.home) : {}) }
    const next = join(root, 'node_modules', 'next', 'dist', 'bin', 'next')
    const args = dev ? [next, 'dev', '-p', port, '-H', '127.0.0.1'] : [join(root, '.next', 'standalone', 'server.js')]
    if (dev) this.note('Starting the app with hot reload …')
    await this.add(
      new Part({
        name: 'app',
        title: 'The app',
        command: node,
        args,
        options: { cwd: root, env },
        ready: httpAnswers(`http://127.0.0.1:${port}/api/health`),
        readyWithin: dev ? 180_000 : 60_000,
        logDir: join(this.home, 'logs'),
      }),
    )
  }

  private async startWorker() {
    if (!existsSync(join(root, 'lib', 'worker.ts'))) return
    const file = await bundle('lib/worker.ts')
    const worker: Part = new Part({
      name: 'worker',
      title: 'The job worker',
      // Whoever waits at a page comes before what is done behind it.
      command: 'nice',
      args: ['-n', '10', node, file],
      options: { cwd: root, env: { ...base(), ...this.facts.env } },
      // It listens on nothing; it says so when its queues are open.
      ready: async () => /worker ready/.test(worker.lastOutput),
      logDir: join(this.home, 'logs'),
    })
    await this.add(worker)
  }
}

/** Ends at once what this process started and what those started in turn, whatever state it is in. */
export function killDescendants() {
  for (const pid of descendants(process.pid)) {
    try {
      process.kill(pid, 'SIGKILL')
    } catch {
      // gone meanwhile
    }
  }
}

/** Next allows one development server for each build folder, and writes its own paths into the tsconfig it is given. */
function devEnv(home: string) {
  const NODE_ENV = 'development' as const
  if (home === join(root, '.curtain')) return { NODE_ENV }
  const dist = `.next-${basename(home).replace(/^\.?(curtain-?)?/, '') || 'dev'}`
  // Turbopack reads no tsconfig from its own build folder, nor from outside the repository.
  writeFileSync(join(home, 'tsconfig.json'), JSON.stringify({ extends: relative(home, join(root, 'tsconfig.json')) }))
  return { NODE_ENV, CURTAIN_DIST: dist, CURTAIN_TSCONFIG: relative(root, join(home, 'tsconfig.json')) }
}

const base = (): NodeJS.ProcessEnv => ({
  PATH: pathWithBin(),
  HOME: process.env.HOME ?? '/',
  NEXT_TELEMETRY_DISABLED: '1',
  NODE_ENV: 'production',
  TZ: 'UTC',
})
