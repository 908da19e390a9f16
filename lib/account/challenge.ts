import 'server-only'
import { hkdfSync, randomBytes, randomUUID } from 'node:crypto'
import { EncryptJWT, jwtDecrypt } from 'jose'
import * as access from '@/lib/access/store'
import { proofSeconds } from '@/lib/access/rules'
import { sha256 } from '@/lib/access/flow-sign-in'
import { env } from '@/lib/server/env'
import type { Tx } from '@/lib/server/tx'
import { challengeSeconds, type ProofKind } from './rules'

const key = () => new Uint8Array(hkdfSync('sha256', env().NEXTAUTH_SECRET, '', 'curtain/v1/account-state', 32))

/** Sealed, not stored: nothing is written for a stranger who only asks. `subject` is the member it is for, or ''. */
export async function sealChallenge(purpose: string, subject: string, nonce: string, now: Date): Promise<string> {
  return new EncryptJWT({ nonce })
    .setProtectedHeader({ alg: 'dir', enc: 'A256GCM' })
    .setAudience(purpose)
    .setSubject(subject)
    .setJti(randomUUID())
    .setExpirationTime(Math.floor(now.getTime() / 1000) + challengeSeconds)
    .encrypt(key())
}

export interface Challenge {
  nonce: string
  jti: string
  expiresAt: Date
}

export async function openChallenge(
  purpose: string,
  subject: string,
  state: string,
  now: Date,
): Promise<Challenge | null> {
  const options = { audience: purpose, subject, currentDate: now }
  const opened = await jwtDecrypt(state, key(), options).catch(() => null)
  const { nonce, jti, exp } = opened?.payload ?? {}
  if (typeof nonce !== 'string' || typeof jti !== 'string' || typeof exp !== 'number') return null
  return { nonce, jti, expiresAt: new Date(exp * 1000) }
}

/** True for the first who answers it. */
export const takeChallenge = (tx: Tx, clinicId: string, { jti, expiresAt }: Challenge): Promise<boolean> =>
  access.takeLoginState(tx, jti, clinicId, expiresAt)

/** What next-auth's `authorize` takes, once and within a minute. */
export async function newProof(
  tx: Tx,
  member: { clinicId: string; memberId: string },
  kind: ProofKind,
  now: Date,
): Promise<string> {
  const proof = randomBytes(32).toString('base64url')
  const expiresAt = new Date(now.getTime() + proofSeconds * 1000)
  const { clinicId, memberId } = member
  await access.saveProof(tx, { hash: sha256(proof), kind, clinicId, memberId, expiresAt })
  return proof
}
