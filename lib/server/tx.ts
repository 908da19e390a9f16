import 'server-only'
import type { Prisma } from '@/prisma/generated/client'
import { db } from './db.ts'

/** A transaction bound to one clinic (or to none): what every store takes first. */
export type Tx = Prisma.TransactionClient

export interface TxOptions {
  isolation?: Prisma.TransactionIsolationLevel
  /** Milliseconds the transaction may take. */
  timeout?: number
  /** Keeps what was written although the body answers a refusal. Without it a refusal leaves nothing half-done. */
  keepRefused?: boolean
}

const attempts = 4

/**
 * Runs the body in one transaction that sees and writes this clinic's rows only. The setting is local to the transaction,
 * so a pooled connection never carries it on. A body that throws, or answers `{ ok: false }`, is rolled back; one that loses
 * against another transaction (serialization failure, deadlock) runs again from the start, so it must do nothing outside.
 */
export function inClinic<T>(clinicId: string, body: (tx: Tx) => Promise<T>, options: TxOptions = {}): Promise<T> {
  return transaction(clinicId, body, options)
}

/** The same before a clinic is known: only the lookup functions answer, every tenant table is empty. */
export function inNoClinic<T>(body: (tx: Tx) => Promise<T>, options: TxOptions = {}): Promise<T> {
  return transaction('', body, options)
}

/** One question before a clinic is known, in no transaction: only the lookup functions answer. */
export const lookup = <T>(ask: (tx: Tx) => Promise<T>): Promise<T> => ask(db())

async function transaction<T>(clinicId: string, body: (tx: Tx) => Promise<T>, options: TxOptions): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await db().$transaction(
        async (tx) => {
          await tx.$executeRaw`SELECT set_config('app.clinic', ${clinicId}, true)`
          const answer = await body(tx)
          if (isRefusal(answer) && !options.keepRefused) throw new Refused(answer)
          return answer
        },
        { maxWait: 10_000, timeout: options.timeout ?? 15_000, isolationLevel: options.isolation },
      )
    } catch (error) {
      if (error instanceof Refused) return error.answer as T
      if (attempt >= attempts || !lostRace(error)) throw error
      await new Promise((resolve) => setTimeout(resolve, Math.random() * 20 * 2 ** attempt))
    }
  }
}

/**
 * Holds a name until the transaction ends: readers beside readers, a writer alone. For what must not change between a check and
 * the write that it allows.
 */
export async function hold(tx: Tx, name: string, use: 'read' | 'write'): Promise<void> {
  if (use === 'write') await tx.$executeRaw`SELECT pg_advisory_xact_lock(hashtextextended(${name}, 0))`
  else await tx.$executeRaw`SELECT pg_advisory_xact_lock_shared(hashtextextended(${name}, 0))`
}

/** Carries a refusal out of a transaction that it rolls back. */
class Refused extends Error {
  readonly answer: unknown
  constructor(answer: unknown) {
    super('refused')
    this.answer = answer
  }
}

const isRefusal = (answer: unknown) =>
  typeof answer === 'object' && answer !== null && (answer as { ok?: unknown }).ok === false

/** Serialization failure or deadlock: another transaction won. */
const lostRace = (error: unknown) => hasCode(error, ['P2034', '40001', '40P01'])

/** No connection became free in time, or the transaction took too long and was undone: nothing was done, and later it may be. */
export const isBusy = (error: unknown): boolean => hasCode(error, ['P2024', 'P2028'])

/** However deep the driver buried the code. */
function hasCode(error: unknown, codes: readonly string[]): boolean {
  for (let depth = 0, at = error; depth < 5 && typeof at === 'object' && at !== null; depth++) {
    const { code, originalCode, meta, cause } = at as Record<string, unknown>
    if (codes.includes(String(code)) || codes.includes(String(originalCode))) return true
    at = (meta as { driverAdapterError?: unknown } | undefined)?.driverAdapterError ?? cause
  }
  return false
}
