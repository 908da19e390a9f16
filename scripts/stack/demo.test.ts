import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { node, root } from '../base.mjs'

const home = mkdtempSync(join(tmpdir(), 'curtain-demo-'))
afterAll(() => rmSync(home, { recursive: true, force: true }))

it.each([['a second start', []] as const, ['a reset', ['--reset']] as const])(
  'beside a running demo, %s is refused in one sentence and takes nothing of it',
  (_, flags) => {
    // This very process stands for the demo that runs.
    writeFileSync(join(home, 'lock'), String(process.pid))
    writeFileSync(join(home, 'demo.json'), '{}')
    writeFileSync(join(home, 'pg-ready'), '')
    const env = { ...process.env, CURTAIN_HOME: home, CURTAIN_LIVEKIT: '/nowhere', PORT_BASE: '47100' }
    const ended = spawnSync(node, [join(root, 'scripts', 'stack', 'demo.ts'), ...flags], { env, encoding: 'utf8' })
    expect(ended.status).toBe(1)
    expect(ended.stderr.trim()).toBe(`Curtain already runs here (process ${process.pid}): stop it first.`)
    for (const name of ['lock', 'demo.json', 'pg-ready']) expect(existsSync(join(home, name)), name).toBe(true)
  },
)
