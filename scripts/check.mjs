// `npm run check`: format, types, lint, walls, ledger, unused exports, unit and integration tests. `--no-tests` leaves the last out.
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { bin, main, node, pathWithBin, quietly, root, say } from './base.mjs'
import { setup } from './setup.mjs'

const env = { ...process.env, PATH: pathWithBin(), NEXT_TELEMETRY_DISABLED: '1', FORCE_COLOR: '0' }
const reports = join(root, 'node_modules', '.cache', 'curtain')

const unusedExports = [
  'tsconfig.json',
  '--allowUnusedTypes',
  // What Next, vitest, Playwright, Prisma and the scripts find by a file's name rather than by an import.
  '--excludePathsFromReport=' +
    [
      'prisma/generated/',
      '[.]next',
      '[.]config[.](ts|js|mjs)$',
      'app/.*/?(page|layout|route|error|not-found|loading|global-error|template|default|robots|sitemap|manifest|icon|opengraph-image)[.]tsx?$',
      '(proxy|instrumentation)[.]ts$',
      'next-env',
      'bench/[^/]+[.]ts$',
      '[.]d[.]ts$',
      'lib/server/i18n[.]ts$',
      'scripts/stack/vitest-db[.]ts$',
      'scripts/stripe/emulator[.]ts$',
      // Programs of the operator's, run by files of scripts/.
      'lib/witness/(run|verify)[.]ts$',
    ].join(';'),
]

// The longest first.
const steps = [
  ['Types', [bin('tsc'), '--noEmit']],
  ['Format', [bin('prettier'), '--check', '.', '--log-level', 'warn']],
  ['Lint', [bin('eslint'), '.', '--max-warnings', '0']],
  [
    'Walls',
    [bin('depcruise'), '--config', '.dependency-cruiser.cjs', 'app', 'components', 'lib', 'prisma'],
    /missed|could not (be )?resolve/i,
  ],
  ['Ledger', [join(root, 'scripts/ledger.mjs'), '--check']],
  ['Unused exports', [bin('ts-unused-exports'), ...unusedExports]],
]

/** Runs every check whatever the ones before it did. Answers how many passed and failed, tests counted one by one, and what failed. */
export async function check({ tests = true } = {}) {
  const tally = { passed: 0, failed: 0, faults: [] }
  const note = (ok, name, seconds, output) => {
    tally[ok ? 'passed' : 'failed']++
    say(`${ok ? '✓' : '✗'} ${name} (${seconds} s)`)
    if (ok) return
    say(output.trimEnd().split('\n').slice(-80).join('\n'))
    tally.faults.push(`${name}\n${output.trimEnd().split('\n').slice(-faultLines).join('\n')}`)
  }
  // What Next knows of the routes is among the types.
  await quietly('', node, [join(root, 'node_modules/next/dist/bin/next'), 'typegen'], { env })
  const left = [...steps]
  const lane = async () => {
    for (let step = left.shift(); step; step = left.shift()) {
      const [name, command, alsoBad] = step
      const done = await quietly(name, node, command, { env })
      // A tool that only warns that it did not look everywhere has not checked everything.
      note(done.code === 0 && !alsoBad?.test(done.output), name, done.seconds, done.output)
    }
  }
  await Promise.all([lane(), lane()])
  if (tests) add(tally, await unitTests())
  return tally
}

/** All of vitest: pure rules, and stores and flows against a real PostgreSQL. */
export async function unitTests(filters = []) {
  mkdirSync(reports, { recursive: true })
  const report = join(reports, 'vitest.json')
  rmSync(report, { force: true })
  const args = [
    bin('vitest'),
    'run',
    '--reporter=default',
    '--reporter=json',
    `--outputFile.json=${report}`,
    ...filters,
  ]
  const done = await quietly('Unit and integration tests', node, args, { env })
  const tally = { passed: 0, failed: 0, faults: [] }
  if (existsSync(report)) {
    const { numPassedTests, numFailedTests, testResults } = JSON.parse(readFileSync(report, 'utf8'))
    // A file that would not even load has no tests to count, and still failed.
    const unloaded = testResults.filter(
      (file) => file.status === 'failed' && !file.assertionResults.some((test) => test.status === 'failed'),
    )
    tally.passed = numPassedTests
    tally.failed = numFailedTests + unloaded.length
    for (const file of testResults)
      for (const { status, fullName, failureMessages } of file.assertionResults)
        if (status === 'failed') tally.faults.push(fault(`${file.name} › ${fullName}`, failureMessages[0]))
    for (const file of unloaded) tally.faults.push(fault(file.name, file.message))
  }
  if (done.code !== 0 && tally.failed === 0) {
    tally.failed = 1
    tally.faults.push(fault('vitest', done.output.slice(-2000)))
  }
  say(
    `${tally.failed ? '✗' : '✓'} Unit and integration tests: ${tally.passed} passed, ${tally.failed} failed (${done.seconds} s)`,
  )
  if (tally.failed) say(done.output.slice(-12_000))
  return tally
}

export function add(tally, more) {
  tally.passed += more.passed
  tally.failed += more.failed
  tally.faults.push(...more.faults)
}

const faultLines = 12

/** One failure as the end of a long run repeats it: where, and the beginning of what was said. */
export function fault(where, message = '') {
  return `${where.replace(`${root}/`, '')}\n${message.split('\n').slice(0, faultLines).join('\n')}`
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href)
  await main(async () => {
    await setup()
    const tally = await check({ tests: !process.argv.includes('--no-tests') })
    say(`${tally.passed} passed, ${tally.failed} failed`)
    process.exitCode = tally.failed ? 1 : 0
  })
