import 'server-only'
import type { z } from 'zod'
import type { PublicActor } from '../access/rules.ts'
import { ok, refuse, type Result } from '../errors.ts'
import type { Ctx } from '../server/action.ts'
import { limit } from '../server/rate-limit.ts'
import { inNoClinic } from '../server/tx.ts'
import { PAIR_SECONDS, type PostInput, type ReadInput } from './rules.ts'
import * as store from './store.ts'

/** Takes a message between two devices. What is in it, and whose devices they are, only these two know. */
export async function post(
  _: PublicActor,
  { relay, seq, body }: z.output<typeof PostInput>,
  { now, ip }: Ctx,
): Promise<Result<{ expiresAt: string }>> {
  if (seq === 1) {
    const counted = await limit('pair', ip, { points: 60, seconds: 600 })
    if (!counted.ok) return counted
  }
  return inNoClinic(async (tx) => {
    if (seq === 1) await store.dropExpired(tx, now)
    const before = seq === 1 ? null : await store.findMessage(tx, relay, seq - 1)
    // The defence of attack 18 on the server: late, out of turn, or a second time in one place.
    if (seq > 1 && (!before || before.expiresAt <= now)) return refuse('LINK_EXPIRED')
    const expiresAt = before?.expiresAt ?? new Date(now.getTime() + PAIR_SECONDS * 1000)
    const row = { relay, seq, body: new Uint8Array(Buffer.from(body, 'base64url')), expiresAt }
    if (!(await store.addMessage(tx, row))) {
      const there = await store.findMessage(tx, relay, seq)
      // Its own answer got lost on the way: asked again, it is the same message.
      if (!there || Buffer.compare(there.body, row.body) !== 0) return refuse('PROOF_USED')
    }
    return ok({ expiresAt: expiresAt.toISOString() })
  })
}

export const read = (
  _: PublicActor,
  { relay, seq }: z.output<typeof ReadInput>,
  { now }: Ctx,
): Promise<Result<{ body: string | null }>> =>
  inNoClinic(async (tx) => {
    const first = await store.findMessage(tx, relay, 1)
    if (!first || first.expiresAt <= now) return refuse('LINK_EXPIRED')
    const found = seq === 1 ? first : await store.findMessage(tx, relay, seq)
    return ok({ body: found && Buffer.from(found.body).toString('base64url') })
  })
