// `npm run e2e`: the journeys in a real browser against the production build. `npm run e2e -- NAME` runs those whose file or title has NAME.
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { bin, main, node, pathWithBin, root, say, shown } from './base.mjs'
import { fault } from './check.mjs'
import { setup } from './setup.mjs'

/** Builds once, then runs the journeys one at a time without retries. Answers how many passed and failed. */
export async function journeys(tools, filters = []) {
  const env = {
    ...process.env,
    PATH: pathWithBin(),
    CHROMIUM_PATH: tools.chromium,
    STRIPE_MOCK_BIN: tools.stripeMock,
    CURTAIN_LIVEKIT: tools.livekit,
  }
  const built = await shown(node, [join(root, 'scripts', 'stack', 'build-now.ts')], { env })
  if (built !== 0) return { passed: 0, failed: 1, faults: ['The build'] }
  const reports = join(root, 'node_modules', '.cache', 'curtain')
  mkdirSync(reports, { recursive: true })
  const report = join(reports, 'playwright.json')
  rmSync(report, { force: true })
  // A filter is a file's name or a part of a title.
  const files = filters.filter(
    (name) => existsSync(join(root, 'e2e', `${name}.spec.ts`)) || existsSync(join(root, name)),
  )
  const titles = filters.filter((name) => !files.includes(name))
  const args = [
    bin('playwright'),
    'test',
    '-c',
    'e2e/playwright.config.ts',
    ...files,
    ...(titles.length ? ['-g', titles.join('|')] : []),
  ]
  const code = await shown(node, args, { env: { ...env, PLAYWRIGHT_JSON_OUTPUT_FILE: report } })
  if (!existsSync(report)) return { passed: 0, failed: 1, faults: ['The journeys, which left no report'] }
  const { stats, suites, errors = [] } = JSON.parse(readFileSync(report, 'utf8'))
  // One that did not run has not passed.
  const failed = stats.unexpected + stats.flaky + stats.skipped + errors.length
  const faults = [...suites.flatMap(faultsOf), ...errors.map(({ message }) => fault('Playwright', message))]
  return { passed: stats.expected, failed: failed || (code === 0 ? 0 : 1), faults }
}

function faultsOf({ file, specs = [], suites = [] }) {
  const failed = specs.filter(({ ok, tests }) => !ok || tests.some(({ status }) => status === 'skipped'))
  const said = ({ title, line, tests }) =>
    fault(`${file}:${line} › ${title}`, tests.flatMap(({ results }) => results).at(-1)?.error?.message ?? 'did not run')
  return [...failed.map(said), ...suites.flatMap(faultsOf)]
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href)
  await main(async () => {
    const tally = await journeys(await setup({ tests: true }), process.argv.slice(2))
    say(`${tally.passed} passed, ${tally.failed} failed`)
    process.exitCode = tally.failed ? 1 : 0
  })
