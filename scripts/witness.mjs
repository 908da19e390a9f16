// `npm run witness`: a second process, on another machine than the clinic's, that signs how far its chains go. Settings are in
// docs/self-hosting.md.
import { runWitness } from '../lib/witness/run.ts'

const stop = await runWitness(process.env, (line) => process.stdout.write(`${line}\n`))
for (const signal of ['SIGINT', 'SIGTERM'])
  process.once(signal, () => {
    stop()
    process.exit(0)
  })
