import 'server-only'
import * as opaque from '@serenity-kit/opaque'
import type { z } from 'zod'
import type { StaffActor } from '@/lib/access/rules'
import { hasColleagues, readStanding } from '@/lib/access/standing'
import * as access from '@/lib/access/store'
import { sha256 } from '@/lib/access/flow-sign-in'
import { ok, refuse, type Result } from '@/lib/errors'
import { audit } from '@/lib/server/audit'
import { opaqueSetup } from '@/lib/server/kms'
import { notify } from '@/lib/server/notify'
import { limit } from '@/lib/server/rate-limit'
import { inClinic, type Tx } from '@/lib/server/tx'
import { type AccountView, ENDED, type ProofKind, type Security } from './rules'
import type * as rules from './rules'
import * as store from './store'

type In<S extends z.ZodType> = z.output<S>
interface Context {
  now: Date
  ip: string
}
type Done = Result<{ done: true }>
const done = ok({ done: true as const })

export async function loadAccount(actor: StaffActor, _: unknown, { now }: Context): Promise<Result<AccountView>> {
  return inClinic(actor.clinicId, async (tx) => {
    const security = await store.findSecurity(tx, actor.clinicId)
    if (!security) return refuse('NOT_FOUND')
    return ok({
      sessions: await store.listSessions(tx, actor, now),
      wraps: (await store.listWraps(tx, actor)).map(({ handle: _handle, ...row }) => row),
      alone: !hasColleagues(readStanding(await access.listStatements(tx, actor.clinicId)), actor.memberId),
      passkeyRequired: security.passkeyRequired,
    })
  })
}

// ── sessions ──

async function end(tx: Tx, actor: StaffActor, which: Parameters<typeof store.endSessions>[2], now: Date) {
  const ended = await store.endSessions(tx, actor, which, now)
  for (const id of ended) {
    await audit(tx, actor, 'account.session-ended', id)
    await notify(tx, ENDED, id)
  }
  return ended
}

export async function endSession(
  actor: StaffActor,
  { id }: In<typeof rules.OneInput>,
  { now }: Context,
): Promise<Done> {
  return inClinic(actor.clinicId, async (tx) =>
    (await end(tx, actor, { only: id }, now)).length ? done : refuse('NOT_FOUND'),
  )
}

export async function endOthers(actor: StaffActor, _: unknown, { now }: Context): Promise<Result<{ ended: number }>> {
  return inClinic(actor.clinicId, async (tx) =>
    ok({ ended: (await end(tx, actor, { keep: actor.sessionId }, now)).length }),
  )
}

// ── the password ──

/** OPAQUE's answer for a new password of this member: their own address's, whatever the browser believes it to be. */
export async function registrationFor(tx: Tx, member: { clinicId: string; memberId: string }, request: string) {
  const account = await store.findAccount(tx, member)
  if (!account) return null
  await opaque.ready
  try {
    const { registrationResponse } = opaque.server.createRegistrationResponse({
      serverSetup: await opaqueSetup(),
      userIdentifier: Buffer.from(account.emailIndex).toString('base64url'),
      registrationRequest: request,
    })
    return { ...account, response: registrationResponse }
  } catch {
    return null
  }
}

export async function startPassword(
  actor: StaffActor,
  { request }: In<typeof rules.PasswordStartInput>,
): Promise<Result<{ response: string }>> {
  // Its answer tells of a guess, as a sign-in's does.
  const counted = await limit('password', actor.memberId, { points: 20, seconds: 3600 })
  if (!counted.ok) return counted
  return inClinic(actor.clinicId, async (tx) => {
    const answer = await registrationFor(tx, actor, request)
    return answer ? ok({ response: answer.response }) : refuse('BAD_INPUT')
  })
}

/**
 * Record, wrap and sessions in one transaction, on a proof made just now. Kits and passkeys stay: they hold wraps of the same
 * account key.
 */
export async function changePassword(
  actor: StaffActor,
  input: In<typeof rules.PasswordInput>,
  { now }: Context,
): Promise<Result<{ ended: number }>> {
  return inClinic(actor.clinicId, async (tx) => {
    const proved = await takeOwnProof(tx, actor, input.proof, ['password', 'passkey'], now)
    if (!proved) return refuse('PROOF_USED')
    const { record: opaqueRecord, wrappedAccount } = input
    if (!(await store.savePassword(tx, actor, { opaqueRecord, wrappedAccount }))) return refuse('NOT_FOUND')
    await audit(tx, actor, 'account.password-changed', actor.memberId)
    const ended = await end(tx, actor, { keep: actor.sessionId }, now)
    return ok({ ended: ended.length })
  })
}

/** A proof of this very member, of one of these kinds, used up here. */
export async function takeOwnProof(
  tx: Tx,
  member: { memberId: string },
  proof: string,
  kinds: readonly ProofKind[],
  now: Date,
): Promise<boolean> {
  const taken = await access.takeProof(tx, sha256(proof), now)
  return taken?.memberId === member.memberId && kinds.includes(taken.kind)
}

// ── what the clinic decides ──

export async function loadSecurity(actor: StaffActor): Promise<Result<Security>> {
  return inClinic(actor.clinicId, async (tx) => {
    const security = await store.findSecurity(tx, actor.clinicId)
    return security ? ok(security) : refuse('NOT_FOUND')
  })
}

export async function saveSecurity(actor: StaffActor, input: Security): Promise<Done> {
  return inClinic(actor.clinicId, async (tx) => {
    await store.saveSecurity(tx, actor, input)
    await audit(tx, actor, 'account.security-saved', actor.clinicId)
    await notify(tx, 'staff', actor.clinicId)
    return done
  })
}

/** What the staff's frame must know: when to lock, and whether a passkey is still to be added. */
export async function loadGuard(actor: StaffActor): Promise<{ lockMinutes: number; needsPasskey: boolean }> {
  return inClinic(actor.clinicId, async (tx) => {
    const security = await store.findSecurity(tx, actor.clinicId)
    const wraps = security?.passkeyRequired ? await store.listWraps(tx, actor) : []
    const needsPasskey = Boolean(security?.passkeyRequired) && !wraps.some(({ kind }) => kind === 'passkey')
    return { lockMinutes: security?.lockMinutes ?? 15, needsPasskey }
  })
}
