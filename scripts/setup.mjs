// Installs what is missing: npm packages, the database client, livekit-server, and for tests a browser and stripe-mock.
import { createHash } from 'node:crypto'
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { Sentence, bin, cacheDir, main, node, onPath, quietly, root, runningStacks, say, sentenceFor } from './base.mjs'

const livekit = {
  name: 'livekit-server',
  module: 'github.com/livekit/livekit-server/cmd/server',
  version: 'v1.13.5',
  built: 'server',
  // Where there is no Go: its makers' own archive, by the digests of their checksums.txt.
  release: 'https://github.com/livekit/livekit/releases/download/v1.13.5/livekit_1.13.5',
  archives: {
    'linux-x64': ['linux_amd64.tar.gz', 'c020fac437b7cc9b776eef1ad5ea8af77be9acfa07602eca20a3a44930dfbc70'],
    'linux-arm64': ['linux_arm64.tar.gz', '332015305518765fe05bad74fc3a9d9583e635e7dd130de3c4fc563d69c550f3'],
  },
}
const stripeMock = {
  name: 'stripe-mock',
  module: 'github.com/stripe/stripe-mock',
  version: 'v0.203.0',
  built: 'stripe-mock',
}

/** Everything that must be there before the stack starts. `tests` adds what only tests need. */
export async function setup({ tests = false } = {}) {
  const major = Number(process.versions.node.split('.')[0])
  if (major < 20) throw new Sentence(`Curtain needs Node 20 or newer to start; this is ${process.version}.`)
  await installPackages()
  await generateClient()
  const tools = { livekit: await livekitServer() }
  if (tests) {
    tools.stripeMock = await goTool(stripeMock, process.env.STRIPE_MOCK_BIN)
    tools.chromium = await chromium()
  }
  return tools
}

const digest = (...parts) => parts.reduce((hash, part) => hash.update(part), createHash('sha256')).digest('hex')

async function installPackages() {
  const marker = join(root, 'node_modules', '.curtain-lock')
  const wanted = digest(readFileSync(join(root, 'package-lock.json')), process.platform, process.arch)
  if (existsSync(marker) && readFileSync(marker, 'utf8') === wanted && existsSync(node)) return
  const [running] = runningStacks()
  if (running)
    throw new Sentence(
      `The dependencies changed while Curtain runs here (process ${running}): stop it, then run this again.`,
    )
  const npm = onPath('npm')
  if (!npm) throw new Sentence('npm was not found: install Node 20 or newer together with npm.')
  const done = await quietly('Installing packages (a minute or two the first time)', npm, [
    'ci',
    '--no-audit',
    '--no-fund',
  ])
  if (done.code !== 0) {
    const full = sentenceFor(done.output)
    if (full) throw new Sentence(full)
    const network = /ENOTFOUND|ECONNREFUSED|ETIMEDOUT|EAI_AGAIN|network/.test(done.output)
    if (network) throw new Sentence('npm could not reach its registry: check the network and run this again.')
    throw new Sentence(`npm ci failed:\n${done.output.slice(-3000)}`)
  }
  writeFileSync(marker, wanted)
  say(`  packages installed in ${done.seconds} s`)
}

/** Prisma's CLI wants a schema engine even for `generate`, and never runs it: any existing file will do. */
export async function generateClient() {
  const schema = join(root, 'prisma', 'schema.prisma')
  const marker = join(root, 'prisma', 'generated', '.schema-hash')
  const wanted = digest(readFileSync(schema))
  if (existsSync(marker) && readFileSync(marker, 'utf8') === wanted) return
  const env = {
    ...process.env,
    PRISMA_SCHEMA_ENGINE_BINARY: schema,
    PRISMA_HIDE_UPDATE_MESSAGE: '1',
    CHECKPOINT_DISABLE: '1',
  }
  const done = await quietly('Generating the database client', node, [bin('prisma'), 'generate'], { env })
  if (done.code !== 0)
    throw new Sentence(sentenceFor(done.output) ?? `prisma generate failed:\n${done.output.slice(-3000)}`)
  mkdirSync(join(root, 'prisma', 'generated'), { recursive: true })
  writeFileSync(marker, wanted)
}

async function livekitServer() {
  const named = process.env.LIVEKIT_SERVER_BIN
  if (named && !existsSync(named)) throw new Sentence(`LIVEKIT_SERVER_BIN names ${named}, which is not there.`)
  return goTool(livekit, named)
}

/** A Go program by its environment variable, PATH, the cache, or built by Go into the cache. */
async function goTool(tool, named) {
  if (named) return named
  const path = onPath(tool.name)
  if (path) return path
  const cache = cacheDir()
  const cached = join(cache, `${tool.name}-${tool.version}`)
  if (existsSync(cached)) return cached
  const go = onPath('go') ?? (existsSync('/usr/local/go/bin/go') ? '/usr/local/go/bin/go' : null)
  const [archive, sha256] = tool.archives?.[`${process.platform}-${process.arch}`] ?? []
  if (!go && archive && (await unpackRelease(`${tool.release}_${archive}`, sha256, tool.name, cached))) return cached
  if (!go)
    throw new Sentence(
      `${tool.name} is missing and Go is not here to build it: install Go 1.24 or newer (https://go.dev/dl), ` +
        `or put ${tool.name} ${tool.version} on the PATH${tool === livekit ? ' or name it in LIVEKIT_SERVER_BIN' : ''}.`,
    )
  const into = mkdtempSync(join(tmpdir(), 'curtain-go-'))
  try {
    const env = { ...process.env, GOBIN: into, GOFLAGS: '-trimpath' }
    const label = `Building ${tool.name} ${tool.version} with Go (a few minutes, once on this machine)`
    const done = await quietly(label, go, ['install', `${tool.module}@${tool.version}`], { env })
    if (done.code !== 0) {
      const why =
        sentenceFor(done.output) ?? `go install ${tool.module}@${tool.version} failed:\n${done.output.slice(-3000)}`
      throw new Sentence(why)
    }
    keep(join(into, tool.built), cached)
    say(`  ${tool.name} built in ${done.seconds} s`)
    return cached
  } finally {
    rmSync(into, { recursive: true, force: true })
  }
}

/**
 * Fetches an archive and takes one program out of it. False where it cannot be reached; throws for any other file than the
 * one that was meant.
 */
export async function unpackRelease(url, sha256, name, to) {
  say(`Fetching ${name} …`)
  const bytes = await fetch(url, { signal: AbortSignal.timeout(300_000) })
    .then(async (answer) => (answer.ok ? Buffer.from(await answer.arrayBuffer()) : null))
    .catch(() => null)
  if (!bytes) return false
  if (digest(bytes) !== sha256)
    throw new Sentence(`What came from ${url} is not the file that Curtain was tested with: it was thrown away.`)
  const into = mkdtempSync(join(tmpdir(), 'curtain-release-'))
  try {
    writeFileSync(join(into, 'archive'), bytes)
    const done = await quietly(`Unpacking ${name}`, 'tar', ['-xzf', join(into, 'archive'), '-C', into, name])
    if (done.code !== 0)
      throw new Sentence(sentenceFor(done.output) ?? `${name} could not be unpacked:\n${done.output}`)
    keep(join(into, name), to)
    return true
  } finally {
    rmSync(into, { recursive: true, force: true })
  }
}

/** A copy under a name of our own in the same folder, then renamed: two at once leave one whole file. */
function keep(file, to) {
  const beside = `${to}.${process.pid}`
  writeFileSync(beside, readFileSync(file))
  chmodSync(beside, 0o755)
  renameSync(beside, to)
}

const chromiumNames = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable']

async function chromium() {
  const found = () => process.env.CHROMIUM_PATH || chromiumNames.map(onPath).find(Boolean) || null
  if (found()) return found()
  const apt = onPath('apt-get')
  if (!apt || process.getuid?.() !== 0)
    throw new Sentence(
      'The tests drive a real browser: install it with `apt-get install chromium`, or name one in CHROMIUM_PATH.',
    )
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
  const update = await quietly('Reading the package lists', apt, ['update', '-q'], { env })
  const install = await quietly(
    'Installing Chromium',
    apt,
    ['install', '-y', '-q', '--no-install-recommends', 'chromium'],
    { env },
  )
  if (install.code !== 0 || !found())
    throw new Sentence(`apt-get install chromium failed:\n${(update.output + install.output).slice(-2000)}`)
  return found()
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href)
  await main(() => setup({ tests: process.argv.includes('--tests') }).then(() => undefined))
