import 'server-only'
import { createHash, hkdfSync, randomBytes, randomUUID } from 'node:crypto'
import * as opaque from '@serenity-kit/opaque'
import { EncryptJWT, jwtDecrypt } from 'jose'
import type { z } from 'zod'
import { opensSession } from '@/lib/account/rules'
import * as account from '@/lib/account/store'
import { ok, refuse, type Result } from '@/lib/errors'
import { deviceName } from '@/lib/patient/rules'
import { audit } from '@/lib/server/audit'
import { env } from '@/lib/server/env'
import { emailIndex, opaqueSetup } from '@/lib/server/kms'
import { forgive, giveBack, limit } from '@/lib/server/rate-limit'
import { inClinic, inNoClinic, type Tx } from '@/lib/server/tx'
import { decideSession, loginStateSeconds, proofSeconds, sessionHours } from './rules'
import type { PublicActor, Role, StaffActor } from './rules'
import type * as rules from './rules'
import * as store from './store'

type In<S extends z.ZodType> = z.output<S>
interface Context {
  now: Date
  ip: string
}

export const staffOf = (clinicId: string, memberId: string, roles: Role[], sessionId = ''): StaffActor => ({
  kind: 'staff',
  clinicId,
  memberId,
  sessionId,
  roles,
})

// ── OPAQUE ──

/** The address as OPAQUE knows it: its index, so that nothing that guesses e-mails can be done with a stolen record. */
const identifier = (index: Uint8Array) => Buffer.from(index).toString('base64url')

// One start is one guess: whoever has OPAQUE's answer can tell by it alone whether the guess was right.
const guesses = {
  /** At one account from one address; at one account from all of them; at all accounts from one address. */
  pair: { points: 10, seconds: 900 },
  email: { points: 40, seconds: 900 },
  ip: { points: 60, seconds: 900 },
}

/** By account and address first: whoever names a doctor's e-mail from elsewhere does not shut the doctor out with ten guesses. */
async function countGuess(name: string, ip: string): Promise<Result<unknown>> {
  const pair = await limit('sign-in-pair', `${name} ${ip}`, guesses.pair)
  return pair.ok ? limit('sign-in-email', name, guesses.email) : pair
}

export async function startRegistration(
  _: PublicActor,
  input: In<typeof rules.RegisterStartInput>,
  { ip }: Context,
): Promise<Result<{ response: string }>> {
  const counted = await limit('register', ip, { points: 120, seconds: 3600 })
  if (!counted.ok) return counted
  const name = identifier(await emailIndex(input.email))
  // The answer is the same function of address and password as at a sign-in: here too, one start is one guess.
  const guess = await countGuess(name, ip)
  if (!guess.ok) return guess
  await opaque.ready
  const { registrationResponse } = opaque.server.createRegistrationResponse({
    serverSetup: await opaqueSetup(),
    userIdentifier: name,
    registrationRequest: input.request,
  })
  return ok({ response: registrationResponse })
}

const loginKey = () => new Uint8Array(hkdfSync('sha256', env().NEXTAUTH_SECRET, '', 'curtain/v1/login-state', 32))

/** Answers unknown addresses as it does known ones: with OPAQUE's fake record, which no password opens. */
export async function startSignIn(
  _: PublicActor,
  input: In<typeof rules.SignInStartInput>,
  { now, ip }: Context,
): Promise<Result<{ response: string; state: string }>> {
  const index = await emailIndex(input.email)
  const name = identifier(index)
  const counted = await Promise.all([limit('sign-in-ip', ip, guesses.ip), countGuess(name, ip)])
  if (!counted.every((one) => one.ok)) return refuse('TOO_MANY')
  const member = await inNoClinic((tx) => store.lookupStaff(tx, index))
  await opaque.ready
  let login: ReturnType<typeof opaque.server.startLogin>
  try {
    login = opaque.server.startLogin({
      serverSetup: await opaqueSetup(),
      userIdentifier: name,
      registrationRecord: member?.opaqueRecord ?? null,
      startLoginRequest: input.request,
    })
  } catch {
    return refuse('BAD_INPUT')
  }
  // Sealed, not stored: nothing is written for a stranger. An unknown address has ids of nobody in it, of the same length.
  const state = await new EncryptJWT({
    login: login.serverLoginState,
    clinic: member?.clinicId ?? randomUUID(),
    member: member?.memberId ?? randomUUID(),
    name,
  })
    .setProtectedHeader({ alg: 'dir', enc: 'A256GCM' })
    .setJti(randomBytes(16).toString('base64url'))
    .setExpirationTime(Math.floor(now.getTime() / 1000) + loginStateSeconds)
    .encrypt(loginKey())
  return ok({ response: login.loginResponse, state })
}

/** The password was right: a single-use proof of it, which next-auth's `authorize` takes and nothing else. */
export async function finishSignIn(
  _: PublicActor,
  input: In<typeof rules.SignInFinishInput>,
  { now, ip }: Context,
): Promise<Result<{ proof: string; opens: boolean }>> {
  const state = await jwtDecrypt(input.state, loginKey(), { currentDate: now }).catch(() => null)
  if (!state) return refuse('PROOF_USED')
  const { login, clinic, member, name, jti, exp } = state.payload as Record<string, string> & { exp: number }
  try {
    await opaque.ready
    opaque.server.finishLogin({ serverLoginState: login!, finishLoginRequest: input.finish })
  } catch {
    return refuse('WRONG_PASSWORD')
  }
  const proof = randomBytes(32).toString('base64url')
  const expiresAt = new Date(now.getTime() + proofSeconds * 1000)
  const taken = await inClinic(clinic!, async (tx) => {
    if (!(await store.takeLoginState(tx, jti!, clinic!, new Date(exp * 1000)))) return null
    await store.saveProof(tx, {
      hash: sha256(proof),
      kind: 'password',
      clinicId: clinic!,
      memberId: member!,
      expiresAt,
    })
    return { opens: opensSession('password', await standingOf(tx, clinic!, member!)) }
  })
  if (!taken) return refuse('PROOF_USED')
  // An honest clinic behind one address signs in all day. Its own attempt is given back and no more: whoever has an account
  // of their own must not wipe out by it what they guessed at others'.
  await Promise.all([
    forgive('sign-in-pair', `${name!} ${ip}`),
    forgive('sign-in-email', name!),
    giveBack('sign-in-ip', ip),
  ])
  return ok({ proof, opens: taken.opens })
}

export const sha256 = (text: string) => new Uint8Array(createHash('sha256').update(text).digest())

// ── sessions ──

/** For next-auth: a proof becomes a session row, once. */
export async function openSession(proof: string, userAgent: string, now: Date): Promise<{ sessionId: string } | null> {
  if (!/^[A-Za-z0-9_-]{43}$/.test(proof)) return null
  const hash = sha256(proof)
  const clinicId = await inNoClinic((tx) => store.lookupProof(tx, hash))
  if (!clinicId) return null
  return inClinic(clinicId, async (tx) => {
    const taken = await store.takeProof(tx, hash, now)
    if (!taken) return null
    if (!opensSession(taken.kind, await standingOf(tx, clinicId, taken.memberId))) return null
    const sessionId = randomUUID()
    const expiresAt = new Date(now.getTime() + sessionHours * 3_600_000)
    const { memberId } = taken
    const openedBy = taken.kind
    await store.saveSession(tx, {
      id: sessionId,
      clinicId,
      memberId,
      expiresAt,
      openedBy,
      userAgent: deviceName(userAgent) || 'Browser',
    })
    await audit(tx, staffOf(clinicId, memberId, [], sessionId), 'access.signed-in', memberId)
    return { sessionId }
  })
}

async function standingOf(tx: Tx, clinicId: string, memberId: string) {
  const security = await account.findSecurity(tx, clinicId)
  const wraps = await account.listWraps(tx, { clinicId, memberId })
  return {
    passkeyRequired: security?.passkeyRequired ?? false,
    hasPasskey: wraps.some(({ kind }) => kind === 'passkey'),
  }
}

/** Who a session belongs to, checked against its row: a revoked or expired one is nobody from the next request on. */
export async function findStaff(sessionId: string, now: Date): Promise<StaffActor | null> {
  if (!/^[0-9a-f-]{36}$/.test(sessionId)) return null
  const clinicId = await inNoClinic((tx) => store.lookupSession(tx, sessionId))
  if (!clinicId) return null
  return inClinic(clinicId, async (tx) => {
    const session = await store.findSession(tx, clinicId, sessionId)
    if (!session || decideSession(session, now) !== 'live') return null
    if (now.getTime() - session.lastSeenAt.getTime() > 60_000) await store.touchSession(tx, sessionId, now)
    return staffOf(clinicId, session.memberId, session.roles, sessionId)
  })
}

export async function signOut(actor: StaffActor, _: unknown, { now }: Context): Promise<Result<{ done: true }>> {
  return inClinic(actor.clinicId, async (tx) => {
    await store.revokeSession(tx, actor, now)
    await audit(tx, actor, 'access.signed-out', actor.memberId)
    return ok({ done: true as const })
  })
}
