// Bundles a server program that Node runs outside Next (the worker, the seed): `@/` paths resolved, packages left outside.
import { build } from 'esbuild'
import { mkdirSync } from 'node:fs'
import { basename, join } from 'node:path'
import { root } from './base.mjs'

/** Bundles `entry` (relative to the repository) and answers the file to run with Node. */
export async function bundle(entry, { whole = false } = {}) {
  const outdir = join(root, '.next-programs')
  mkdirSync(outdir, { recursive: true })
  const outfile = join(outdir, `${basename(entry).replace(/\.ts$/, '')}${whole ? '.whole' : ''}.mjs`)
  await build({
    entryPoints: [join(root, entry)],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node24',
    sourcemap: 'inline',
    logLevel: 'silent',
    conditions: ['react-server'],
    alias: { 'server-only': join(root, 'scripts', 'stack', 'empty.mjs') },
    ...(whole
      ? {
          banner: {
            js: `import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);`,
          },
          external: ['pg-native'],
        }
      : { packages: 'external' }),
  })
  return outfile
}
