/** The walls hold: each kind of forbidden import, planted in a copy of the layout, fails with its rule's name. */
import { execFileSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

const root = fileURLToPath(new URL('..', import.meta.url))
let copy = ''

const clean: Record<string, string> = {
  'lib/errors.ts': 'export const e = 1',
  'lib/crypto/types.ts': 'export type T = 1',
  'lib/crypto/envelope.ts': 'export const seal = 1',
  'lib/browser/vault.ts': "import { seal } from '../crypto/envelope.ts'\nexport const vault = seal",
  'lib/server/db.ts': 'export const db = 1',
  'lib/server/mail.ts': 'export const mail = 1',
  'lib/booking/rules.ts': "import { e } from '../errors.ts'\nexport const rule = e",
  'lib/booking/store.ts': "import { db } from '../server/db.ts'\nexport const store = db",
  'lib/booking/flow.ts': "import { store } from './store.ts'\nexport const flow = store",
  'components/ui/button.tsx': 'export const Button = 1',
  'components/booking/form.tsx': "import { Button } from '../ui/button.tsx'\nexport const Form = Button",
  'app/api/actions/booking.ts': "import { flow } from '../../../lib/booking/flow.ts'\nexport const actions = flow",
  'app/page.tsx': "import { Form } from '../components/booking/form.tsx'\nexport default Form",
}

const plants: [wall: string, file: string, line: string][] = [
  ['no-cycles', 'lib/booking/store.ts', "import { flow } from './flow.ts'\nexport const again = flow"],
  [
    'nothing-imports-app',
    'components/booking/form.tsx',
    "import page from '../../app/page.tsx'\nexport const p = page",
  ],
  ['crypto-stands-alone', 'lib/crypto/envelope.ts', "import { e } from '../errors.ts'\nexport const f = e"],
  ['shared-stands-alone', 'lib/errors.ts', "import { mail } from './server/mail.ts'\nexport const m = mail"],
  ['rules-are-pure', 'lib/booking/rules.ts', "import { db } from '../server/db.ts'\nexport const d = db"],
  ['rules-run-anywhere', 'lib/booking/rules.ts', "import fs from 'node:fs'\nexport const f = fs"],
  ['store-is-shallow', 'lib/booking/store.ts', "import { mail } from '../server/mail.ts'\nexport const m = mail"],
  ['only-store-opens-db', 'lib/booking/flow.ts', "import { db } from '../server/db.ts'\nexport const d = db"],
  [
    'server-edge-knows-no-domain',
    'lib/server/mail.ts',
    "import { rule } from '../browser/vault.ts'\nexport const r = rule",
  ],
  [
    'server-never-decrypts',
    'lib/booking/flow.ts',
    "import { seal } from '../crypto/envelope.ts'\nexport const s = seal",
  ],
  [
    'server-never-decrypts',
    'app/api/actions/booking.ts',
    "import { vault } from '../../../lib/browser/vault.ts'\nexport const v = vault",
  ],
  [
    'browser-never-reaches-server',
    'lib/browser/vault.ts',
    "import { mail } from '../server/mail.ts'\nexport const m = mail",
  ],
  [
    'components-never-reach-server',
    'components/booking/form.tsx',
    "import { flow } from '../../lib/booking/flow.ts'\nexport const f = flow",
  ],
  [
    'ui-knows-no-domain',
    'components/ui/button.tsx',
    "import { rule } from '../../lib/booking/rules.ts'\nexport const r = rule",
  ],
]

function lay(files: Record<string, string>) {
  for (const [file, text] of Object.entries(files)) {
    mkdirSync(dirname(join(copy, file)), { recursive: true })
    writeFileSync(join(copy, file), text + '\n')
  }
}

/** Names of the rules that were broken. */
function broken(): string[] {
  const args = ['--config', '.dependency-cruiser.cjs', '--output-type', 'json', 'app', 'components', 'lib']
  let out: string
  try {
    out = execFileSync(join(root, 'node_modules/.bin/depcruise'), args, {
      cwd: copy,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
    })
  } catch (error) {
    out = (error as { stdout: string }).stdout
  }
  const report = JSON.parse(out) as { summary: { totalCruised: number; violations: { rule: { name: string } }[] } }
  expect(report.summary.totalCruised).toBeGreaterThan(10)
  return report.summary.violations.map((v) => v.rule.name)
}

describe('walls', () => {
  beforeAll(() => {
    copy = mkdtempSync(join(tmpdir(), 'walls-'))
    for (const file of ['.dependency-cruiser.cjs', 'tsconfig.json', 'package.json'])
      cpSync(join(root, file), join(copy, file))
    symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'))
  })
  afterAll(() => rmSync(copy, { recursive: true, force: true }))

  it('let a clean house pass', () => {
    lay(clean)
    expect(broken()).toEqual([])
  })

  it.each(plants)('%s: stops an import planted in %s', (wall, file, line) => {
    lay({ ...clean, [file]: `${clean[file]}\n${line}` })
    expect(broken()).toContain(wall)
  })
})
