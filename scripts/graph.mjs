// `npm run graph`: draws the import map, one node for each room, as Mermaid text on standard output.
import { spawnSync } from 'node:child_process'
import { bin, root } from './base.mjs'

const rooms = '^(lib/(?:crypto|browser|server|[^/]+)|components/[^/]+|app/(?:api|[(][^)]+[)]))'
const args = [
  '--config',
  '.dependency-cruiser.cjs',
  '--output-type',
  'mermaid',
  '--collapse',
  rooms,
  'app',
  'components',
  'lib',
]
const { status } = spawnSync(bin('depcruise'), args, { cwd: root, stdio: 'inherit' })
process.exit(status ?? 1)
