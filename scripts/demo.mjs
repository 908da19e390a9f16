// `npm run demo`: installs what is missing, then brings the whole stack up. `--dev` reloads on change, `--reset` starts afresh.
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { main, node, root } from './base.mjs'
import { setup } from './setup.mjs'

await main(async () => {
  const tools = await setup()
  // The rest runs on Node 24 out of the packages just installed, in this process's group.
  const args = [join(root, 'scripts', 'stack', 'demo.ts'), ...process.argv.slice(2)]
  const child = spawn(node, args, {
    cwd: root,
    stdio: 'inherit',
    env: { ...process.env, CURTAIN_LIVEKIT: tools.livekit },
  })
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal))
  const code = await new Promise((resolve) => child.on('close', (status) => resolve(status ?? 1)))
  process.exit(code)
})
