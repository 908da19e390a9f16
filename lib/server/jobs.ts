import 'server-only'
import { randomUUID } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import { fromPrisma, PgBoss, type Job, type JobResult, type SendOptions } from 'pg-boss'
import { env } from './env.ts'
import { log } from './log.ts'
import type { Tx } from './tx.ts'

// Job payloads carry ids and operational words only: they lie in the database in the clear.
export type JobData = Record<string, string | number | boolean | null>

const kept = globalThis as { curtainJobs?: Promise<PgBoss>; curtainQueues?: Map<string, Promise<void>> }

/** A worker says so often that a job is under way; of one that says nothing for so long, the job is another's to do. */
const heartbeatSeconds = 30
/** How often who is silent is looked for. */
const watchSeconds = 15

function open(options: { supervise: boolean; schedule: boolean; max: number }): Promise<PgBoss> {
  // The owner installed the schema (prisma/migrate.ts); the app's role may neither create nor reindex.
  const boss = new PgBoss({
    connectionString: env().DATABASE_URL,
    migrate: false,
    createSchema: false,
    reindex: false,
    superviseIntervalSeconds: watchSeconds,
    monitorIntervalSeconds: watchSeconds,
    ...options,
  })
  boss.on('error', (error) => log.error({ code: 'JOBS_ERROR', err: error }))
  return boss.start()
}

function jobs(): Promise<PgBoss> {
  kept.curtainJobs ??= open({ supervise: false, schedule: false, max: 2 }).catch((error) => {
    delete kept.curtainJobs
    throw error
  })
  return kept.curtainJobs
}

/** Queues exist before the first job; making one twice does nothing. */
function queue(boss: PgBoss, name: string): Promise<void> {
  const made = (kept.curtainQueues ??= new Map())
  const known = made.get(name)
  if (known) return known
  const making = boss
    // `short`: of one name and key one job waits. Without that policy pg-boss takes a key and does nothing with it.
    .createQueue(name, {
      ...{ policy: 'short', retryLimit: 8, retryDelay: 5, retryBackoff: true },
      ...{ expireInSeconds: 120, heartbeatSeconds },
    })
    .catch((error) => {
      made.delete(name)
      throw error
    })
  made.set(name, making)
  return making
}

export interface EnqueueOptions {
  /** Not before this time. */
  startAfter?: Date
  /** A second job with this key is not made while the first one waits. One that is under way does not count: it has looked already. */
  singletonKey?: string
  retryLimit?: number
  /** Seconds between two tries at the most: each waits longer than the one before. */
  retryDelayMax?: number
  /** Given up and forgotten after so many seconds. */
  retentionSeconds?: number
}

/** Adds a job in the caller's own transaction: it exists when, and only when, that commits. */
export async function enqueue(tx: Tx, name: string, data: JobData, options: EnqueueOptions = {}): Promise<void> {
  const boss = await jobs()
  await queue(boss, name)
  // Under that policy the jobs without a key would be one.
  const singletonKey = options.singletonKey ?? randomUUID()
  const slower = options.retryDelayMax ? { retryBackoff: true } : {}
  const send: SendOptions = { ...options, ...slower, singletonKey, db: fromPrisma(tx) }
  await boss.send(name, data, send)
}

interface Keyed {
  data: JobData
  singletonKey: string
}
const batches = new Map<string, { jobs: Keyed[]; written: Promise<boolean> }>()
const underWay = new Map<string, Promise<unknown>>()

/**
 * Adds a job in no transaction: it exists once this ends. What comes while others are written down is written down together, by one
 * statement and one commit; where that fails each is tried by itself, so that none falls for another's sake.
 */
export async function enqueueKeyed(name: string, job: Keyed): Promise<void> {
  const boss = await jobs()
  await queue(boss, name)
  let batch = batches.get(name)
  if (!batch) {
    const together: Keyed[] = []
    const write = async () => {
      batches.delete(name)
      // In one order, whoever writes: two processes that have the same ones do not wait for each other.
      together.sort((a, b) => (a.singletonKey < b.singletonKey ? -1 : 1))
      // Nor do all that come after wait for a connection that is dead.
      const late = pause(5000, null, { ref: false }).then(() => Promise.reject(new Error('no answer')))
      await Promise.race([boss.insert(name, together), late])
      return true
    }
    const alone = (error: unknown) => (log.error({ code: 'JOBS_ONE_BY_ONE', job: name, err: error }), false)
    const written = (underWay.get(name) ?? Promise.resolve()).then(write).catch(alone)
    batch = { jobs: together, written }
    batches.set(name, batch)
    underWay.set(name, written)
  }
  batch.jobs.push(job)
  if (!(await batch.written)) await boss.send(name, job.data, { singletonKey: job.singletonKey })
}

/** Jobs of that name which were made before then and are not done yet, the given-up ones left out. */
export async function countWaiting(name: string, before: Date): Promise<number> {
  const boss = await jobs()
  const sql = `SELECT count(*)::int AS n FROM pgboss.job WHERE name = $1 AND created_on < $2 AND state < 'completed'`
  const { rows } = await boss.getDb().executeSql(sql, [name, before])
  return (rows[0] as { n: number }).n
}

export type JobHandler = (data: JobData, jobId: string) => Promise<void>

export interface WorkerOptions {
  handlers: Record<string, JobHandler>
  /** Queue name → cron expression (UTC) by which a job without data is made. */
  every?: Record<string, string>
  /** Queue name → how many of its jobs are under way at once; one where nothing is said. Each takes one a second at the most. */
  atOnce?: Record<string, number>
  /** Queue name → how many of its jobs are taken together and done one after the other, without a pause while there are more. */
  inARow?: Record<string, number>
  pollSeconds?: number
}

/** Starts the worker: one handler for each queue. A handler that throws is tried again, later and later. Answers its stop. */
export async function startWorker({
  handlers,
  every = {},
  atOnce = {},
  inARow = {},
  pollSeconds = 1,
}: WorkerOptions): Promise<() => Promise<void>> {
  const boss = await open({ supervise: true, schedule: true, max: 10 })
  for (const [name, handler] of Object.entries(handlers)) {
    await queue(boss, name)
    // Those of an earlier version know no heartbeat.
    await boss.updateQueue(name, { heartbeatSeconds })
    const done = async (job: Job<JobData>): Promise<JobResult> => {
      const begun = performance.now()
      try {
        await handler(job.data ?? {}, job.id)
        log.info({ code: 'JOB_DONE', job: name, jobId: job.id, ms: Math.round(performance.now() - begun) })
        return { id: job.id, status: 'completed' }
      } catch (error) {
        log.error({ code: 'JOB_FAILED', job: name, jobId: job.id, err: error })
        // The queue keeps no message of ours or a library's.
        return { id: job.id, status: 'failed' }
      }
    }
    const batch = { batchSize: inARow[name] ?? 1, burstWhenBatchFull: true, localConcurrency: atOnce[name] ?? 1 }
    await boss.work<JobData>(
      name,
      { pollingIntervalSeconds: pollSeconds, ...batch, perJobResults: true },
      async (waiting: Job<JobData>[]) => {
        const results: JobResult[] = []
        for (const job of waiting) results.push(await done(job))
        return results
      },
    )
  }
  for (const [name, cron] of Object.entries(every)) await boss.schedule(name, cron, {})
  // What the last one had begun when it died is not left until the first look: whoever dies often would never come to that.
  await boss.supervise()
  return () => boss.stop({ graceful: true, timeout: 3000 })
}

export async function closeJobs() {
  const boss = await kept.curtainJobs
  delete kept.curtainJobs
  delete kept.curtainQueues
  await boss?.stop({ graceful: false })
}
