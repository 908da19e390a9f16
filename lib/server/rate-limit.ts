import 'server-only'
import pg from 'pg'
import { RateLimiterMemory, RateLimiterPostgres, RateLimiterRes, type RateLimiterAbstract } from 'rate-limiter-flexible'
import { ok, refuse, type Result } from '../errors.ts'
import { env } from './env.ts'
import { keyedHash } from './kms.ts'
import { log } from './log.ts'

export interface Limit {
  points: number
  seconds: number
}

const kept = globalThis as { curtainLimits?: { pool: pg.Pool; made: Map<string, RateLimiterAbstract> } }

function store() {
  if (!kept.curtainLimits) {
    const pool = new pg.Pool({ connectionString: env().DATABASE_URL, max: 4, connectionTimeoutMillis: 5000 })
    pool.on('error', (error) => log.error({ code: 'LIMITS_LOST', err: error }))
    kept.curtainLimits = { pool, made: new Map() }
  }
  return kept.curtainLimits
}

const scaled = ({ points, seconds }: Limit) => ({ points: points * env().RATE_LIMIT_FACTOR, duration: seconds })

/**
 * Counts one attempt, shared by every replica: TOO_MANY once `points` within `seconds` are spent. Outside the caller's
 * transaction, so that an attempt that is rolled back still counts. `who` is hashed under a key before it is stored.
 */
export async function limit(name: string, who: string, allowed: Limit): Promise<Result<{ left: number }>> {
  return consume(limiterOf(name, allowed), name, await hashed(who))
}

function limiterOf(name: string, allowed: Limit): RateLimiterAbstract {
  const { pool, made } = store()
  const options = { storeClient: pool, storeType: 'pool', tableName: 'rate_limit', tableCreated: true, keyPrefix: name }
  const limiter = made.get(name) ?? new RateLimiterPostgres({ ...options, ...scaled(allowed) })
  made.set(name, limiter)
  return limiter
}

/** Whether `points` within `seconds` are spent, without spending one. */
export async function isSpent(name: string, who: string, allowed: Limit): Promise<boolean> {
  const spent = await limiterOf(name, allowed).get(await hashed(who))
  return spent !== null && spent.remainingPoints <= 0
}

/** Forgets the attempts, after one that succeeded. */
export async function forgive(name: string, who: string): Promise<void> {
  await store()
    .made.get(name)
    ?.delete(await hashed(who))
}

/** Gives one attempt back, and leaves what others behind the same `who` have spent. */
export async function giveBack(name: string, who: string): Promise<void> {
  await store()
    .made.get(name)
    ?.reward(await hashed(who))
}

/** Counts in this process alone, for floods at the door: no query for each request. */
export async function limitHere(name: string, who: string, allowed: Limit): Promise<Result<{ left: number }>> {
  const { made } = store()
  const limiter = made.get(`here:${name}`) ?? new RateLimiterMemory({ keyPrefix: name, ...scaled(allowed) })
  made.set(`here:${name}`, limiter)
  return consume(limiter, name, who)
}

async function consume(limiter: RateLimiterAbstract, name: string, key: string): Promise<Result<{ left: number }>> {
  try {
    return ok({ left: (await limiter.consume(key)).remainingPoints })
  } catch (refused) {
    if (!(refused instanceof RateLimiterRes)) throw refused
    log.warn({ code: 'TOO_MANY', action: name })
    return refuse('TOO_MANY')
  }
}

const hashed = async (who: string) => Buffer.from(await keyedHash('rate-limit', who)).toString('base64url')

export async function closeLimits() {
  await kept.curtainLimits?.pool.end()
  delete kept.curtainLimits
}
