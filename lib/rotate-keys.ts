// The operator's program: replaces the KEK of contact fields or of the key store while everything runs, and says how far it is.
import { settleMinutes } from './retention/rules.ts'
import { rotate, rotationOf } from './retention/rotation.ts'
import { closeDb } from './server/db.ts'
import { closeJobs } from './server/jobs.ts'
import { closeKeyStore } from './server/keystore.ts'

const usage = `Usage: npm run keys:rotate -- field|store [--status]
  field   the KEK of contact fields and links
  store   the KEK of the key store, which the worker also replaces every night
Exit code: 0 when nothing is left to do, 75 when to run it again, 64 for a wrong command.
`
const say = (line: string) => process.stdout.write(`${line}\n`)

async function run([ring, option]: string[]): Promise<number> {
  if ((ring !== 'field' && ring !== 'store') || (option && option !== '--status')) {
    process.stderr.write(usage)
    return 64
  }
  const step = (moved: number) => {
    say(`moved ${moved}`)
    return 'go on' as const
  }
  const state = await (option ? rotationOf(ring) : rotate(ring, { asked: 'begin', now: () => new Date(), step }))
  if (!state) {
    say('another process is at it')
    return 75
  }
  say(`current ${state.current} since ${state.since.toISOString()}`)
  if (state.old.length === 0) {
    say('older versions: none')
    return 0
  }
  const when = new Date(state.since.getTime() + settleMinutes * 60_000)
  say(`older versions: ${state.old.join(', ')}; under them: ${state.left}`)
  say(`the worker destroys them from ${when.toISOString()} on, when nothing is left under them; or run this again then`)
  return 75
}

process.exitCode = await run(process.argv.slice(2)).finally(() =>
  Promise.all([closeDb(), closeJobs(), closeKeyStore()]),
)
