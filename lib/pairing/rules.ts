import { z } from 'zod'

/** From the moment that the code is shown: whoever reads it later is refused. */
export const PAIR_SECONDS = 5 * 60
/** Messages of one pairing, each in its place, once. */
const MOST = 6

const relay = z.string().regex(/^[A-Za-z0-9_-]{22}$/)
const seq = z.number().int().min(1).max(MOST)
const body = z
  .string()
  .min(40)
  .max(16_000)
  .regex(/^[A-Za-z0-9_-]+$/)

export const PostInput = z.object({ relay, seq, body })
export const ReadInput = z.object({ relay, seq })

export interface PairingContract {
  /** PROOF_USED where the place is taken: a code is read once. LINK_EXPIRED when its time is over. */
  'pair/post': { in: z.input<typeof PostInput>; out: { expiresAt: string } }
  /** The message in this place, or null while there is none. */
  'pair/read': { in: z.input<typeof ReadInput>; out: { body: string | null } }
}
