// The commands a newcomer types: what they print, what they leave behind, and how they end.
import { expect, test } from '@playwright/test'
import { type ChildProcess, spawn } from 'node:child_process'
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { alive, root } from '../scripts/base.mjs'
import { descendants } from '../scripts/stack/descendants.ts'
import { freePorts } from '../scripts/stack/part.ts'
import { portsTaken, Stack } from '../scripts/stack/stack.ts'

test.describe.configure({ mode: 'serial' })

let home: string
let port: number
let running: ChildProcess | null = null
let output = ''

test.beforeAll(async () => {
  home = mkdtempSync(join(tmpdir(), 'curtain-demo-'))
  chmodSync(home, 0o755)
  port = await freePorts(portsTaken())
})

test.afterAll(async () => {
  if (running?.exitCode === null) running.kill('SIGTERM')
  if (running?.exitCode === null) await ended(running)
  Stack.reset(home)
  rmSync(home, { recursive: true, force: true })
})

const facts = () => join(home, 'demo.json')

function demo(env: Record<string, string> = {}) {
  output = ''
  const child = spawn('npm', ['run', 'demo'], {
    cwd: root,
    env: { ...process.env, CURTAIN_HOME: home, PORT_BASE: String(port), ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  child.stdout.on('data', (chunk) => (output += chunk))
  child.stderr.on('data', (chunk) => (output += chunk))
  return child
}

const ended = (child: ChildProcess) => new Promise<number | null>((resolve) => child.once('close', resolve))

async function upWithin(ms: number) {
  running = demo()
  await expect.poll(() => existsSync(facts()) || running!.exitCode, { timeout: ms }).toBe(true)
  return JSON.parse(readFileSync(facts(), 'utf8'))
}

test('starts, writes where to go once everything answers, and ends within five seconds of INT', async () => {
  const { baseUrl, mailboxUrl } = await upWithin(100_000)
  expect(baseUrl).toBe(`http://localhost:${port}`)
  for (const url of [baseUrl, `${baseUrl}/api/health`, mailboxUrl]) expect((await fetch(url)).status).toBe(200)
  expect(output).toContain(baseUrl)

  const children = descendants(running!.pid!)
  expect(children.length).toBeGreaterThan(4)
  const begun = Date.now()
  running!.kill('SIGINT')
  await ended(running!)
  await expect.poll(() => children.filter(alive), { timeout: 5000 - (Date.now() - begun) }).toEqual([])
  expect(existsSync(facts())).toBe(false)
})

test('starts again in seconds with its data, and a killed part is named and started again', async () => {
  const begun = Date.now()
  await upWithin(30_000)
  expect(Date.now() - begun).toBeLessThan(20_000)
  const postmaster = () => Number(readFileSync(join(home, 'pg', 'postmaster.pid'), 'utf8').split('\n')[0])
  process.kill(postmaster(), 'SIGKILL')
  await expect
    .poll(() => output)
    .toMatch(/PostgreSQL ended \(killed by SIGKILL\); starting it again\.\nPostgreSQL is back\./)
  await expect.poll(async () => (await fetch(`http://localhost:${port}/api/health`)).status).toBe(200)
})

test('a second one beside it says so, and a port in use is named', async () => {
  const second = demo()
  expect(await ended(second)).toBe(1)
  expect(output).toMatch(/Curtain already runs here \(process \d+\): stop it first\./)

  const begun = Date.now()
  const children = descendants(running!.pid!)
  running!.kill('SIGTERM')
  await ended(running!)
  await expect.poll(() => children.filter(alive), { timeout: 5000 - (Date.now() - begun) }).toEqual([])

  const blocker = createServer().listen(port + 2, '127.0.0.1')
  const blocked = demo()
  expect(await ended(blocked)).toBe(1)
  expect(output).toContain(`Port ${port + 2}, for mail (SMTP), is in use`)
  expect(output).not.toMatch(/^\s+at /m)
  blocker.close()
})

test('what is missing gets one sentence', async () => {
  const child = demo({ LIVEKIT_SERVER_BIN: '/nowhere/livekit-server' })
  expect(await ended(child)).toBe(1)
  expect(output).toContain('LIVEKIT_SERVER_BIN names /nowhere/livekit-server, which is not there.')
  writeFileSync(join(home, 'lock'), '1')
  const reset = spawn('npm', ['run', 'db:reset'], {
    cwd: root,
    env: { ...process.env, CURTAIN_HOME: home, PORT_BASE: String(port) },
    stdio: 'ignore',
  })
  expect(await ended(reset)).toBe(1)
  rmSync(join(home, 'lock'))
})
