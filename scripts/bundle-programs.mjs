// For the image: the worker and the migrations as one file each, packages included.
import { bundle } from './bundle.mjs'

for (const entry of ['lib/worker.ts', 'prisma/migrate.ts'])
  process.stdout.write(`${await bundle(entry, { whole: true })}\n`)
