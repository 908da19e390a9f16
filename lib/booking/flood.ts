import 'server-only'
import { createChallenge, randomInt, verifySolution } from 'altcha-lib'
import { deriveKey } from 'altcha-lib/algorithms/web/pbkdf2'
import type { z } from 'zod'
import type { PublicActor } from '../access/rules.ts'
import { ok, type Result } from '../errors.ts'
import type { Ctx } from '../server/action.ts'
import { keyedHash } from '../server/kms.ts'
import { isSpent, limit } from '../server/rate-limit.ts'
import type * as rules from './rules.ts'

// Many addresses together can hold a clinic's free times without booking one. From more holds a minute than any reception hears of, each
// costs a browser some seconds of work. Nobody is asked to read a picture, and no other site hears of it.

/** More in a minute, at one clinic, than any reception hears of: times that are held, and who asks to wait for one. */
const quiet = {
  'hold-all': { points: 40, seconds: 60 },
  'wait-all': { points: 20, seconds: 60 },
}
type Gate = keyof typeof quiet
/** Together one to two seconds on a desktop, and some more on a cheap phone. */
const cost = 10_000
const turns = [150, 300] as const
const minutes = 10

/** True while a clinic gets more of these than people make. Who was too late for a time holds none. */
export const isFlooded = (gate: Gate, clinicId: string): Promise<boolean> => isSpent(gate, clinicId, quiet[gate])
export const countAt = (gate: Gate, clinicId: string) => limit(gate, clinicId, quiet[gate])

const secrets = async () => {
  const [hmacSignatureSecret, hmacKeySignatureSecret] = await Promise.all(
    ['work', 'work-key'].map(async (name) => Buffer.from(await keyedHash(name, '')).toString('base64url')),
  )
  return { hmacSignatureSecret: hmacSignatureSecret!, hmacKeySignatureSecret: hmacKeySignatureSecret! }
}

/** Work for one hold or one place in a line: its answer is worth nothing for another. TOO_MANY beyond sixty a minute from one address. */
export async function setWork(
  _: PublicActor,
  { id }: z.output<typeof rules.WorkInput>,
  { now, ip }: Ctx,
): Promise<Result<rules.Work>> {
  const counted = await limit('work', ip, { points: 60, seconds: 60 })
  if (!counted.ok) return counted
  const work = await createChallenge({
    ...{ algorithm: 'PBKDF2/SHA-256', cost, counter: randomInt(...turns), deriveKey, data: { hold: id } },
    ...{ expiresAt: new Date(now.getTime() + minutes * 60_000), ...(await secrets()) },
  })
  return ok(work as rules.Work)
}

/** Whether it is the answer to work that was set for this one, in time. */
export async function isWorkDone({ work, solution }: z.output<typeof rules.WorkDone>, id: string): Promise<boolean> {
  if (work.parameters.data.hold !== id) return false
  return (await verifySolution({ challenge: work, solution, deriveKey, ...(await secrets()) })).verified
}
