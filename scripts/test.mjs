// `npm test`: installs what is missing, then everything that CI runs. Ends with what failed, once more and in short, and `N passed, N failed`.
import { add, check } from './check.mjs'
import { main, say } from './base.mjs'
import { journeys } from './e2e.mjs'
import { setup } from './setup.mjs'

await main(async () => {
  const begun = Date.now()
  const tools = await setup({ tests: true })
  process.env.CHROMIUM_PATH = tools.chromium
  process.env.STRIPE_MOCK_BIN = tools.stripeMock
  const tally = { passed: 0, failed: 0, faults: [] }
  add(tally, await check())
  add(tally, await journeys(tools))
  for (const each of tally.faults) say(`✗ ${each}\n`)
  say(`Finished in ${Math.round((Date.now() - begun) / 60_000)} minutes.`)
  say(`${tally.passed} passed, ${tally.failed} failed`)
  process.exitCode = tally.failed ? 1 : 0
})
