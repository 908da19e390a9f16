import 'server-only'
import { randomBytes } from 'node:crypto'
import type { z } from 'zod'
import type { PublicActor } from '../access/rules.ts'
import { ok, refuse, type Result } from '../errors.ts'
import type { Ctx } from '../server/action.ts'
import { env } from '../server/env.ts'
import { verifyProof } from '../server/proof.ts'
import { limit } from '../server/rate-limit.ts'
import { inClinic } from '../server/tx.ts'
import {
  cookieName,
  nonceSeconds,
  sessionFields,
  sessionSeconds,
  type ChallengeInput,
  type SessionInput,
} from './rules.ts'
import { signSession } from './session.ts'
import * as store from './store.ts'

const purpose = 'patient-session'

/** A nonce for anybody who asks: whether the patient or the key exists is not told. */
export async function challenge(
  _: PublicActor,
  input: z.output<typeof ChallengeInput>,
  { now, ip }: Ctx,
): Promise<Result<{ nonce: string }>> {
  const counted = await limit('patient-challenge', ip, { points: 120, seconds: 60 })
  if (!counted.ok) return counted
  const value = randomBytes(16).toString('base64url')
  const expiresAt = new Date(now.getTime() + nonceSeconds * 1000)
  await inClinic(input.clinicId, async (tx) => {
    if (await store.findDeviceKey(tx, input))
      await store.saveNonce(tx, { value, clinicId: input.clinicId, purpose, expiresAt })
  })
  return ok({ nonce: value })
}

/** Possession of the device key, shown by a signature over origin, nonce and ids, becomes a session cookie. */
export async function openSession(
  _: PublicActor,
  input: z.output<typeof SessionInput>,
  { now, setCookie }: Ctx,
): Promise<Result<{ expiresAt: string }>> {
  const proved = await inClinic(input.clinicId, async (tx) => {
    const key = await store.findDeviceKey(tx, input)
    // The nonce is used up whatever the signature is worth: a replayed proof finds none.
    if (!key || !(await store.takeNonce(tx, input.nonce, purpose, now))) return false
    return verifyProof(key.signKey, purpose, sessionFields(env().APP_ORIGIN, input), input.signature)
  })
  if (!proved) return refuse('BAD_PROOF')
  setCookie(cookieName(input.patientId), await signSession(input, now), { maxAge: sessionSeconds, sameSite: 'Strict' })
  return ok({ expiresAt: new Date(now.getTime() + sessionSeconds * 1000).toISOString() })
}
