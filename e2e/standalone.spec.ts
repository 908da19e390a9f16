// What the image holds, run by hand outside the repository: the standalone server, the worker and the migrations.
import { expect, test } from '@playwright/test'
import { spawn, spawnSync } from 'node:child_process'
import { cpSync, existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { node, root } from '../scripts/base.mjs'
import { bundle } from '../scripts/bundle.mjs'
import { freePorts } from '../scripts/stack/part.ts'
import { up, type TestStack } from './stack.ts'

let stack: TestStack
let image: string
test.beforeAll(async () => {
  stack = await up()
  image = mkdtempSync(join(tmpdir(), 'curtain-image-'))
  // As the Dockerfile copies them.
  cpSync(join(root, '.next', 'standalone'), image, { recursive: true, verbatimSymlinks: true })
  cpSync(join(root, '.next', 'static'), join(image, '.next', 'static'), { recursive: true })
  cpSync(join(root, 'public'), join(image, 'public'), { recursive: true })
  cpSync(await bundle('lib/worker.ts', { whole: true }), join(image, 'worker.mjs'))
  cpSync(await bundle('prisma/migrate.ts', { whole: true }), join(image, 'prisma', 'migrate.mjs'))
  cpSync(join(root, 'prisma', 'migrations'), join(image, 'prisma', 'migrations'), { recursive: true })
})
test.afterAll(async () => {
  await stack?.down()
  if (image) rmSync(image, { recursive: true, force: true })
})

const environment = (more: Record<string, string> = {}) => ({
  PATH: '/usr/bin:/bin',
  NODE_ENV: 'production' as const,
  ...stack.env,
  ...more,
})

test('migrates an empty database, and again without a change', async () => {
  await stack.sql('CREATE DATABASE by_hand OWNER curtain_owner')
  const url = new URL(stack.ownerUrl)
  url.pathname = '/by_hand'
  const run = () =>
    spawnSync(node, ['prisma/migrate.mjs'], {
      cwd: image,
      env: environment({ DATABASE_OWNER_URL: url.href }),
      encoding: 'utf8',
    })
  expect(run()).toMatchObject({ status: 0, stdout: expect.stringContaining('0001_init') })
  expect(run()).toMatchObject({ status: 0, stdout: 'The database is up to date.\n' })
})

test('serves pages, static files and the door', async () => {
  const port = await freePorts(1)
  const origin = `http://localhost:${port}`
  const server = spawn(node, ['server.js'], {
    cwd: image,
    env: environment({ PORT: String(port), HOSTNAME: '127.0.0.1', APP_ORIGIN: origin, NEXTAUTH_URL: origin }),
    stdio: 'ignore',
  })
  try {
    await expect
      .poll(
        () =>
          fetch(`${origin}/api/health`).then(
            (r) => r.status,
            () => 0,
          ),
        { timeout: 60_000 },
      )
      .toBe(200)
    const page = await fetch(origin)
    expect(page.status).toBe(200)
    const script = /src="(\/_next\/static\/[^"]+\.js)"/.exec(await page.text())![1]!
    expect((await fetch(origin + script)).status).toBe(200)
    const me = await fetch(`${origin}/api/access/me`, {
      method: 'POST',
      headers: { origin, 'content-type': 'application/json' },
      body: '{}',
    })
    expect(me.status).toBe(401)
  } finally {
    server.kill()
  }
})

test('opens the job queues, and ends on TERM', async () => {
  expect(existsSync(join(image, 'worker.mjs'))).toBe(true)
  const worker = spawn(node, ['worker.mjs'], { cwd: image, env: environment(), stdio: ['ignore', 'pipe', 'inherit'] })
  let output = ''
  worker.stdout.on('data', (chunk) => (output += chunk))
  await expect.poll(() => output, { timeout: 60_000 }).toContain('worker ready')
  worker.kill('SIGTERM')
  await new Promise((resolve) => worker.once('exit', resolve))
})
