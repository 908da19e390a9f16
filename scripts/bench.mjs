// `npm run bench`: ours and a peer's side by side, interleaved in one run. `--json` prints the rows alone; NAMEs choose rows.
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { main, node, pathWithBin, root, Sentence, say } from './base.mjs'
import { setup } from './setup.mjs'

/** Row → the most minutes it may take. Each is bench/<name>.ts: `export default () => Promise<Row | Row[]>`. */
const rows = {
  join: 10,
  'e2ee-tax': 5,
  envelope: 4,
  'page-weight': 4,
  'one-slot': 8,
  cache: 6,
  regrant: 10,
  unlock: 4,
  calendar: 10,
  slots: 6,
  webhooks: 12,
  tenants: 25,
}

const json = process.argv.includes('--json')
const names = process.argv.slice(2).filter((arg) => !arg.startsWith('-'))

await main(async () => {
  const unknown = names.find((name) => !(name in rows))
  if (unknown) throw new Sentence(`There is no benchmark “${unknown}”; there are: ${Object.keys(rows).join(', ')}.`)
  // Nothing but JSON goes to standard output then.
  const real = process.stdout.write.bind(process.stdout)
  if (json) process.stdout.write = (chunk, ...rest) => process.stderr.write(chunk, ...rest)
  const tools = await setup({ tests: true })
  const env = {
    ...process.env,
    PATH: pathWithBin(),
    CHROMIUM_PATH: tools.chromium,
    CURTAIN_LIVEKIT: tools.livekit,
    NODE_ENV: 'production',
  }
  const results = []
  for (const name of Object.keys(rows).filter((each) => !names.length || names.includes(each))) {
    process.stderr.write(`${name} …\n`)
    results.push(...(await measure(name, env)))
  }
  process.stdout.write = real
  if (json) return void real(`${JSON.stringify({ rows: results }, null, 2)}\n`)
  for (const row of results) print(row)
  process.exitCode = results.every((row) => row.ours !== null) ? 0 : 1
})

/** Runs one row in a process of its own. A row that breaks or overruns is reported as that, without figures. */
function measure(name, env) {
  const broken = (why) => [{ name, ours: null, peer: null, ratio: null, goal: null, pass: false, n: 0, note: why }]
  if (!existsSync(join(root, 'bench', `${name}.ts`))) return broken('not built yet')
  return new Promise((resolve) => {
    const runner = join(root, 'scripts', 'stack', 'bench-row.ts')
    const child = spawn(node, [runner, name], { cwd: root, env, stdio: ['ignore', process.stderr, 'inherit', 'ipc'] })
    // What the row prints belongs to progress, not to the result.
    let answer = null
    child.on('message', (message) => (answer = message))
    const late = setTimeout(() => child.kill('SIGTERM'), rows[name] * 60_000)
    child.on('close', (code, signal) => {
      clearTimeout(late)
      resolve(answer ?? broken(signal ? `stopped after ${rows[name]} minutes` : `ended with code ${code}`))
    })
  })
}

function print({ name, ours, peer, ratio, goal, pass, n, note }) {
  const show = (value) =>
    value === null || value === undefined ? '–' : typeof value === 'object' ? JSON.stringify(value) : String(value)
  say(
    `${pass ? '✓' : '✗'} ${name}: ours ${show(ours)}, peer ${show(peer)}, ratio ${show(ratio)} (goal ${show(goal)}), n ${n}`,
  )
  if (note) say(`    ${note}`)
}
