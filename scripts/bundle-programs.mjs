// For the image: the worker, the rotation of KEKs and the migrations as one file each, packages included.
import { bundle } from './bundle.mjs'

for (const entry of ['lib/worker.ts', 'lib/rotate-keys.ts', 'prisma/migrate.ts'])
  process.stdout.write(`${await bundle(entry, { whole: true })}\n`)
