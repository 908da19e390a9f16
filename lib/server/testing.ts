// Real PostgreSQL for tests: one server for a vitest run, a database of its own for each test file, cloned from a migrated one.
import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { chmodSync, existsSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type pg from 'pg'
import { afterAll, beforeAll, inject } from 'vitest'
import { migrate } from '../../prisma/migrate.ts'
import { root } from '../../scripts/base.mjs'
import { freePorts, pause } from '../../scripts/stack/part.ts'
import { postgresPart, runAdminFile, withClient } from '../../scripts/stack/postgres.ts'
import { closeDb } from './db.ts'
import { closeJobs } from './jobs.ts'
import { closeKeyStore } from './keystore.ts'
import { closeNotify } from './notify.ts'
import { closeLimits } from './rate-limit.ts'

interface Server {
  port: number
  admin: string
  owner: string
  app: string
}

export interface TestDb {
  /** As the server's administrator, who sees every row: to look and to tamper, never what the app would run as. */
  admin: <Row extends pg.QueryResultRow = Record<string, unknown>>(sql: string, values?: unknown[]) => Promise<Row[]>
  urls: () => { app: string; owner: string; admin: string }
}

/**
 * Call once at the top of a test file: before its tests, `env()` points at a fresh migrated database, fresh keys and a fresh
 * key store; afterwards all of it is dropped. A failed file keeps its database until the run ends.
 */
export function testDb(): TestDb {
  const name = `t_${randomBytes(6).toString('hex')}`
  let server: Server | null = null
  let dir = ''
  const url = (role: string, password: string, database: string) =>
    `postgresql://${role}:${password}@127.0.0.1:${server!.port}/${database}`
  const urls = () => ({
    app: url('curtain_app', server!.app, name),
    owner: url('curtain_owner', server!.owner, name),
    admin: url('postgres', server!.admin, name),
  })

  beforeAll(async () => {
    server = await testServer(inject('curtainTestHome'))
    await withClient(url('postgres', server.admin, 'postgres'), (client) =>
      client.query(`CREATE DATABASE ${name} TEMPLATE curtain OWNER curtain_owner`),
    )
    dir = mkdtempSync(join(tmpdir(), 'curtain-keys-'))
    Object.assign(process.env, testEnv(dir), { DATABASE_URL: urls().app })
  }, 60_000)

  afterAll(async () => {
    await Promise.all([closeDb(), closeJobs(), closeNotify(), closeLimits(), closeKeyStore()])
    rmSync(dir, { recursive: true, force: true })
  })

  return {
    urls,
    admin: (sql, values) => withClient(urls().admin, async (client) => (await client.query(sql, values)).rows as never),
  }
}

/** An environment that is complete and leads nowhere. */
export function testEnv(dir: string): Record<string, string> {
  return {
    NODE_ENV: 'test',
    APP_ORIGIN: 'http://localhost:3000',
    DATABASE_URL: 'postgresql://nobody@127.0.0.1:9/nothing',
    NEXTAUTH_URL: 'http://localhost:3000',
    NEXTAUTH_SECRET: 'test-secret-test-secret-test-secret',
    KEY_DIR: join(dir, 'keys'),
    KEYSTORE_DIR: join(dir, 'keystore'),
    STORE_KEK_DIR: join(dir, 'store-kek'),
    SMTP_URL: 'smtp://127.0.0.1:9',
    MAIL_FROM: 'Curtain <no-reply@curtain.test>',
    STRIPE_SECRET_KEY: 'sk_test_nothing',
    STRIPE_WEBHOOK_SECRET: 'whsec_nothing',
    STRIPE_CLINICS: '*',
    SMS_CLINICS: '*',
    CLINIC_SIGNUP: 'open',
    LIVEKIT_NODES: JSON.stringify([
      { id: 'sfu-0', url: 'ws://127.0.0.1:9', api: 'http://127.0.0.1:9', key: 'APItest', secret: 'x'.repeat(32) },
    ]),
    LOG_LEVEL: 'silent',
  }
}

/** This run's server, started by whichever test file comes first. */
async function testServer(home: string): Promise<Server> {
  const facts = join(home, 'server.json')
  const lock = join(home, 'starting')
  for (;;) {
    if (existsSync(facts)) return JSON.parse(readFileSync(facts, 'utf8')) as Server
    try {
      mkdirSync(lock)
      break
    } catch {
      await pause(50)
    }
  }
  try {
    if (existsSync(facts)) return JSON.parse(readFileSync(facts, 'utf8')) as Server
    const server = await startServer(home)
    writeFileSync(facts, JSON.stringify(server))
    return server
  } finally {
    rmSync(lock, { recursive: true, force: true })
  }
}

async function startServer(home: string): Promise<Server> {
  // The user `postgres` passes through on its way to the data.
  chmodSync(home, 0o755)
  const secret = () => randomBytes(12).toString('hex')
  const server = { port: await freePorts(1), admin: secret(), owner: secret(), app: secret() }
  const { part, adminUrl } = await postgresPart({
    home,
    port: server.port,
    adminPassword: server.admin,
    logDir: home,
    durable: false,
  })
  const out = openSync(join(home, 'postgres.log'), 'a')
  // It outlives the worker that happened to start it; the run's teardown ends it.
  const child = spawn(part.spec.command, part.spec.args, {
    ...part.spec.options,
    stdio: ['ignore', out, out],
    detached: true,
  })
  writeFileSync(join(home, 'postgres.pid'), String(child.pid))
  child.unref()
  for (let tries = 0; !(await part.spec.ready().catch(() => false)); tries++) {
    if (tries > 300)
      throw new Error(`PostgreSQL did not start: ${readFileSync(join(home, 'postgres.log'), 'utf8').slice(-1500)}`)
    await pause(100)
  }
  await runAdminFile(adminUrl, join(root, 'prisma', 'roles.sql'), {
    owner_password: server.owner,
    app_password: server.app,
  })
  await migrate(`postgresql://curtain_owner:${server.owner}@127.0.0.1:${server.port}/curtain`)
  return server
}
