// The second entry: one process, or several, that do what was promised in a transaction. Job name → flow.
import { accountJobs } from './account/mail.ts'
import { auditJobs } from './audit/flow.ts'
import { bookingJobs } from './booking/hold.ts'
import { mailJobs } from './booking/mail.ts'
import { callJobs } from './call/flow-codes.ts'
import { careJobs } from './care/mail.ts'
import { companionJobs } from './companion/mail.ts'
import { deskJobs } from './desk/text.ts'
import { elsewhereJobs } from './elsewhere/flow.ts'
import { emergencyJobs } from './emergency/mail.ts'
import { reconcileJobs } from './payment/reconcile.ts'
import { paymentJobs } from './payment/settle.ts'
import { eventJobs } from './payment/webhook.ts'
import { recallJobs } from './recall/flow.ts'
import { reminderJobs } from './reminder/flow.ts'
import { rekeyJobs } from './rekey/mail.ts'
import { retentionJobs } from './retention/purge.ts'
import { lateJobs } from './late/flow.ts'
import { waitlistJobs } from './waitlist/mail.ts'
import { startWorker } from './server/jobs.ts'
import { log } from './server/log.ts'

const parts = [
  accountJobs,
  bookingJobs,
  mailJobs,
  paymentJobs,
  reconcileJobs,
  eventJobs,
  recallJobs,
  retentionJobs,
  callJobs,
  deskJobs,
  careJobs,
  auditJobs,
  elsewhereJobs,
  emergencyJobs,
  rekeyJobs,
  reminderJobs,
  waitlistJobs,
  lateJobs,
  companionJobs,
]
const stop = await startWorker({
  handlers: Object.assign({}, ...parts.map((part) => part.handlers)),
  every: Object.assign({}, ...parts.map((part) => ('every' in part ? part.every : {}))),
  atOnce: Object.assign({}, ...parts.map((part) => ('atOnce' in part ? part.atOnce : {}))),
  inARow: Object.assign({}, ...parts.map((part) => ('inARow' in part ? part.inARow : {}))),
})
log.info({ code: 'WORKER_READY' })
process.stdout.write('worker ready\n')

for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.once(signal, () => void stop().finally(() => process.exit(0)))
