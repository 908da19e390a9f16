// The production build, made once for the same sources and shared by the demo and the tests.
import { createHash } from 'node:crypto'
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { Sentence, alive, node, pathWithBin, quietly, root, sentenceFor } from '../base.mjs'
import { pause } from './part.ts'

const sources = [
  'app',
  'components',
  'lib',
  'public',
  'prisma/schema.prisma',
  'next.config.js',
  'proxy.ts',
  'instrumentation.ts',
  'instrumentation-client.ts',
  'package-lock.json',
  'tsconfig.json',
  'postcss.config.mjs',
]

function sourceHash() {
  const hash = createHash('sha256')
  const add = (path: string) => hash.update(relative(root, path)).update(readFileSync(path))
  const walk = (path: string) => {
    for (const entry of readdirSync(path, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1))) {
      if (/\.test\.tsx?$|\.md$/.test(entry.name)) continue
      if (entry.isDirectory()) walk(join(path, entry.name))
      else add(join(path, entry.name))
    }
  }
  for (const source of sources) {
    const path = join(root, source)
    if (!existsSync(path)) continue
    if (/\.\w+$/.test(source)) add(path)
    else walk(path)
  }
  return hash.digest('hex')
}

/** Builds unless .next holds a build of these very sources. Two at once: the second waits for the first. */
export async function buildApp(note: (line: string) => void) {
  const marker = join(root, '.next', 'curtain-build')
  const wanted = sourceHash()
  const fresh = () => existsSync(marker) && readFileSync(marker, 'utf8') === wanted
  if (fresh()) return
  const lock = join(root, '.next-building')
  for (;;) {
    try {
      mkdirSync(lock)
      break
    } catch {
      const holder = existsSync(join(lock, 'pid')) ? Number(readFileSync(join(lock, 'pid'), 'utf8')) : 0
      if (holder && !alive(holder)) rmSync(lock, { recursive: true, force: true })
      else await pause(500)
      if (fresh()) return
    }
  }
  try {
    writeFileSync(join(lock, 'pid'), String(process.pid))
    if (fresh()) return
    rmSync(marker, { force: true })
    const env: NodeJS.ProcessEnv = {
      PATH: pathWithBin(),
      HOME: process.env.HOME,
      NODE_ENV: 'production',
      NEXT_TELEMETRY_DISABLED: '1',
      CI: process.env.CI,
    }
    const next = join(root, 'node_modules', 'next', 'dist', 'bin', 'next')
    const done = await quietly('Building the app (a minute or two, once for each version)', node, [next, 'build'], {
      env,
    })
    if (done.code !== 0)
      throw new Sentence(sentenceFor(done.output) ?? `next build failed:\n${done.output.slice(-6000)}`)
    assemble()
    writeFileSync(marker, wanted)
    note(`  built in ${done.seconds} s`)
  } finally {
    rmSync(lock, { recursive: true, force: true })
  }
}

/** Next leaves static files out of its standalone folder; the server there looks for them beside itself. */
function assemble() {
  const standalone = join(root, '.next', 'standalone')
  cpSync(join(root, '.next', 'static'), join(standalone, '.next', 'static'), { recursive: true })
  if (existsSync(join(root, 'public'))) cpSync(join(root, 'public'), join(standalone, 'public'), { recursive: true })
}
