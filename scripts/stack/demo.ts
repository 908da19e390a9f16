// The demo itself, on Node 24: starts the stack, prints where to go, ends it on Ctrl-C.
import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { main, root, say, Sentence } from '../base.mjs'
import { killDescendants, Stack, type PartName } from './stack.ts'

interface SeedFacts {
  clinic?: unknown
  bookingUrl?: string
  staff?: { name: string; email: string; password: string; role: string }[]
}

const flags = new Set(process.argv.slice(2))
const home = resolve(root, process.env.CURTAIN_HOME || '.curtain')
const factsFile = join(home, 'demo.json')
const portBase = Number(process.env.PORT_BASE || 3000)
const restartsAllowed = 3

let stack: Stack | null = null
/** False while another demo may be running here: its facts are not ours to remove. */
let alone = false
let ending = false

async function end(code: number) {
  if (ending) return
  ending = true
  if (alone) rmSync(factsFile, { force: true })
  // Five seconds is the promise; what is not gone by then is killed.
  setTimeout(() => process.exit(code), 4500)
  await stack?.stop().catch(() => undefined)
  process.exit(code)
}

// Also after a bug of ours: nothing stays behind.
process.on('exit', killDescendants)
process.on('uncaughtException', (error) => {
  process.stderr.write(`${error.stack}\n`)
  void end(1)
})
// Whoever read our output may be gone; that is no reason to fall over.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined)

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => void end(0))
// Whoever started this may be killed without a word: then nothing here should stay behind.
const parent = process.ppid
setInterval(() => process.ppid !== parent && void end(0), 500).unref()

const restarts = new Map<PartName, number>()

async function bringBack(name: PartName, title: string, how: string) {
  if (ending) return
  const count = (restarts.get(name) ?? 0) + 1
  restarts.set(name, count)
  if (count > restartsAllowed) {
    process.stderr.write(
      `${title} ended again (${how}) after ${restartsAllowed} restarts: see ${join(home, 'logs', `${name}.log`)}.\n`,
    )
    return end(1)
  }
  say(`${title} ended (${how}); starting it again.`)
  try {
    await stack!.startPart(name)
    say(`${title} is back.`)
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n`)
    await end(1)
  }
}

await main(async () => {
  if (!Number.isInteger(portBase) || portBase < 1024 || portBase > 65_000)
    throw new Sentence('PORT_BASE must be a port number between 1024 and 65000.')
  const livekitBin = process.env.CURTAIN_LIVEKIT
  if (!livekitBin) throw new Sentence('Start this with `npm run demo`.')
  Stack.assertStopped(home)
  alone = true
  rmSync(factsFile, { force: true })
  const begun = Date.now()
  try {
    if (flags.has('--reset')) return await forget()
    const mode = flags.has('--dev') ? 'dev' : 'production'
    stack = new Stack({ home, portBase, livekitBin, mode, seed: true, witnessSeconds: 60, note: say })
    stack.onLost = (name, title, how) => void bringBack(name, title, how)
    await stack.start()
  } catch (error) {
    if (ending) return
    await stack?.stop().catch(() => undefined)
    throw error
  }
  if (ending) return
  const { baseUrl, mailboxUrl } = stack.facts
  const seedFile = join(home, 'seed.json')
  const seed: SeedFacts = existsSync(seedFile) ? JSON.parse(readFileSync(seedFile, 'utf8')) : {}
  const bookingUrl = seed.bookingUrl ? new URL(seed.bookingUrl, baseUrl).href : undefined
  const staff = seed.staff ?? []
  printFacts({ baseUrl, mailboxUrl, bookingUrl, staff, seconds: Math.round((Date.now() - begun) / 1000) })
  // Last, and whole at once: whoever waits for this file finds a stack that answers.
  writeFileSync(
    `${factsFile}.tmp`,
    JSON.stringify({ baseUrl, clinic: seed.clinic, bookingUrl, mailboxUrl, staff }, null, 2),
  )
  renameSync(`${factsFile}.tmp`, factsFile)
})

/** `npm run db:reset`: the old clinic deleted; the next start makes a new one. */
async function forget() {
  Stack.reset(home)
  say('The old demo clinic is gone: `npm run demo` makes a fresh one.')
  await end(0)
}

interface Printed {
  baseUrl: string
  mailboxUrl: string
  bookingUrl: string | undefined
  staff: NonNullable<SeedFacts['staff']>
  seconds: number
}

function printFacts({ baseUrl, mailboxUrl, bookingUrl, staff, seconds }: Printed) {
  const line = (label: string, value: string) => say(`  ${label.padEnd(16)}${value}`)
  say(`\nCurtain is up (${seconds} s).\n`)
  if (bookingUrl) line('Patients book', bookingUrl)
  line('Staff sign in', `${baseUrl}/sign-in`)
  for (const person of staff) line('', `${person.email}  ${person.password}  (${person.name}, ${person.role})`)
  line('Mailbox', mailboxUrl)
  line('Front page', baseUrl)
  say('\nCtrl-C stops all of it; the data stays. `npm run db:reset` starts afresh.')
}
