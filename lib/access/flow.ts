import 'server-only'
import { createHash, hkdfSync, randomBytes, randomUUID } from 'node:crypto'
import * as opaque from '@serenity-kit/opaque'
import { EncryptJWT, jwtDecrypt } from 'jose'
import type { z } from 'zod'
import { ok, refuse, type Result } from '@/lib/errors'
import { audit } from '@/lib/server/audit'
import { env } from '@/lib/server/env'
import { emailIndex, opaqueSetup, sealField } from '@/lib/server/kms'
import { notify } from '@/lib/server/notify'
import { forgive, limit } from '@/lib/server/rate-limit'
import { inClinic, inNoClinic } from '@/lib/server/tx'
import { checkSuccessors } from './statements'
import {
  type AccessContract,
  decideSession,
  groupsOf,
  invitationDays,
  type InvitationView,
  type KeyMaterial,
  loginStateSeconds,
  nextInvitation,
  type PublicActor,
  proofSeconds,
  type Role,
  sessionHours,
  type StaffActor,
} from './rules'
import type * as rules from './rules'
import * as store from './store'

type In<S extends z.ZodType> = z.output<S>
interface Context {
  now: Date
  ip: string
}

const staffOf = (clinicId: string, memberId: string, roles: Role[], sessionId = ''): StaffActor => ({
  kind: 'staff',
  clinicId,
  memberId,
  sessionId,
  roles,
})

const emailContext = (clinicId: string, memberId: string) => `member.email|${clinicId}|${memberId}`

// ── OPAQUE ──

/** The address as OPAQUE knows it: its index, so that nothing that guesses e-mails can be done with a stolen record. */
const identifier = (index: Uint8Array) => Buffer.from(index).toString('base64url')

export async function startRegistration(
  _: PublicActor,
  input: In<typeof rules.RegisterStartInput>,
  { ip }: Context,
): Promise<Result<{ response: string }>> {
  const counted = await limit('register', ip, { points: 120, seconds: 3600 })
  if (!counted.ok) return counted
  await opaque.ready
  const { registrationResponse } = opaque.server.createRegistrationResponse({
    serverSetup: await opaqueSetup(),
    userIdentifier: identifier(await emailIndex(input.email)),
    registrationRequest: input.request,
  })
  return ok({ response: registrationResponse })
}

// One start is one guess: whoever has OPAQUE's answer can tell by it alone whether the guess was right.
const guesses = { email: { points: 10, seconds: 900 }, ip: { points: 60, seconds: 900 } }

const loginKey = () => new Uint8Array(hkdfSync('sha256', env().NEXTAUTH_SECRET, '', 'curtain/v1/login-state', 32))

/** Answers unknown addresses as it does known ones: with OPAQUE's fake record, which no password opens. */
export async function startSignIn(
  _: PublicActor,
  input: In<typeof rules.SignInStartInput>,
  { now, ip }: Context,
): Promise<Result<{ response: string; state: string }>> {
  const index = await emailIndex(input.email)
  const name = identifier(index)
  const counted = await Promise.all([limit('sign-in-ip', ip, guesses.ip), limit('sign-in-email', name, guesses.email)])
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
): Promise<Result<{ proof: string }>> {
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
    if (!(await store.takeLoginState(tx, jti!, clinic!, new Date(exp * 1000)))) return false
    await store.saveProof(tx, { hash: sha256(proof), clinicId: clinic!, memberId: member!, expiresAt })
    return true
  })
  if (!taken) return refuse('PROOF_USED')
  // An honest clinic behind one address signs in all day; whoever guesses for others never gets here.
  await Promise.all([forgive('sign-in-email', name!), forgive('sign-in-ip', ip)])
  return ok({ proof })
}

const sha256 = (text: string) => new Uint8Array(createHash('sha256').update(text).digest())

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
    const sessionId = randomUUID()
    const expiresAt = new Date(now.getTime() + sessionHours * 3_600_000)
    const { memberId } = taken
    await store.saveSession(tx, { id: sessionId, clinicId, memberId, expiresAt, userAgent: shortAgent(userAgent) })
    await audit(tx, staffOf(clinicId, memberId, [], sessionId), 'access.signed-in', memberId)
    return { sessionId }
  })
}

/** A browser's short name, enough to know one's own again. */
function shortAgent(agent: string): string {
  const browser = /(Firefox|Edg|OPR|Chrome|Safari)\//.exec(agent)?.[1] ?? 'Browser'
  const system = /(Windows|Android|iPhone|iPad|Mac OS X|Linux)/.exec(agent)?.[1] ?? ''
  return `${browser} ${system}`.trim()
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

export async function loadMe(actor: StaffActor): Promise<Result<KeyMaterial>> {
  return inClinic(actor.clinicId, async (tx) => {
    const material = await store.findKeyMaterial(tx, actor)
    return material ? ok(material) : refuse('NOT_FOUND')
  })
}

export async function saveWrap(
  actor: StaffActor,
  input: In<typeof rules.SaveWrapInput>,
): Promise<Result<{ done: true }>> {
  return inClinic(actor.clinicId, async (tx) => {
    await store.saveWrap(tx, actor, input.wrappedAccount)
    return ok({ done: true as const })
  })
}

export async function loadChain(
  _: unknown,
  { clinicId }: In<typeof rules.ChainQuery>,
): Promise<Result<AccessContract['access/chain']['out']>> {
  const statements = await inClinic(clinicId, (tx) => store.listStatements(tx, clinicId))
  return statements.length ? ok({ clinicId, statements }) : refuse('NOT_FOUND')
}

// ── a new clinic ──

export async function isSlugFree(_: unknown, { slug }: In<typeof rules.SlugInput>): Promise<Result<{ free: boolean }>> {
  return ok({ free: (await inNoClinic((tx) => store.lookupClinic(tx, slug))) === null })
}

/**
 * A clinic as its owner's browser made it: root, genesis, first member, both groups' first epochs, in one transaction.
 * Repeated with the same ids it is the same clinic.
 */
export async function openClinic(
  _: PublicActor,
  input: In<typeof rules.OpenClinicInput>,
  { ip }: Context,
): Promise<Result<{ clinicId: string; slug: string }>> {
  const counted = await limit('open-clinic', ip, { points: 40, seconds: 3600 })
  if (!counted.ok) return counted
  const { clinicId, memberId, clinic, owner, practitioner } = input
  const roles: Role[] = practitioner ? ['admin', 'practitioner'] : ['admin']
  const chained = checkSuccessors(input.statements, clinicId, { length: 0, hash: '' })
  if (!chained) return refuse('BAD_INPUT', { statements: 'invalid' })
  const emailSealed = await sealField(owner.email, emailContext(clinicId, memberId))
  const index = await emailIndex(owner.email)
  return inClinic(clinicId, async (tx) => {
    const known = await store.findClinic(tx, clinicId)
    if (known) return known.rootKey === input.rootKey ? ok({ clinicId, slug: known.slug }) : refuse('STALE')
    const { rootKey, rootFingerprint } = input
    if (!(await store.saveClinic(tx, { id: clinicId, ...clinic, rootKey, rootFingerprint }))) {
      return refuse('SLUG_TAKEN', { 'clinic.slug': 'taken' })
    }
    const made = await store.saveMember(tx, {
      id: memberId,
      clinicId,
      emailIndex: index,
      emailSealed,
      displayName: owner.displayName,
      title: owner.title,
      roles,
      status: 'active',
      opaqueRecord: input.record,
      wrappedAccount: input.wrappedAccount,
      signKey: input.keys.sign,
      dhKey: input.keys.dh,
    })
    if (!made) return refuse('EMAIL_TAKEN', { 'owner.email': 'taken' })
    await store.appendStatements(tx, clinicId, chained)
    await store.saveEpochGrants(tx, clinicId, input.epochGrants)
    await audit(tx, staffOf(clinicId, memberId, roles), 'access.clinic-opened', clinicId)
    return ok({ clinicId, slug: clinic.slug })
  })
}

// ── staff and invitations ──

export async function listStaff(
  actor: StaffActor,
  _: unknown,
  { now }: Context,
): Promise<Result<AccessContract['access/staff']['out']>> {
  return inClinic(actor.clinicId, async (tx) =>
    ok({ members: await store.listStaff(tx, actor), invitations: await store.listInvitations(tx, actor, now) }),
  )
}

export async function saveProfile(
  actor: StaffActor,
  input: In<typeof rules.MemberProfileInput>,
): Promise<Result<{ done: true }>> {
  return inClinic(actor.clinicId, async (tx) => {
    if (!(await store.saveProfile(tx, actor, input))) return refuse('NOT_FOUND')
    await audit(tx, actor, 'access.profile-changed', input.memberId)
    return ok({ done: true as const })
  })
}

export async function invite(
  actor: StaffActor,
  input: In<typeof rules.InviteInput>,
  { now }: Context,
): Promise<Result<{ id: string; expiresAt: string }>> {
  const expiresAt = new Date(now.getTime() + invitationDays * 86_400_000)
  return inClinic(actor.clinicId, async (tx) => {
    if (!(await store.saveInvitation(tx, actor, { ...input, groups: groupsOf(input.roles), expiresAt }))) {
      return refuse('STALE')
    }
    await audit(tx, actor, 'access.invited', input.id)
    await notify(tx, 'staff', actor.clinicId)
    return ok({ id: input.id, expiresAt: expiresAt.toISOString() })
  })
}

export async function cancelInvitation(
  actor: StaffActor,
  { id }: In<typeof rules.InvitationInput>,
  { now }: Context,
): Promise<Result<{ done: true }>> {
  return inClinic(actor.clinicId, async (tx) => {
    const found = await store.findInvitation(tx, actor.clinicId, id)
    if (!found) return refuse('NOT_FOUND')
    const to = nextInvitation(found.state, 'cancel', { now, expiresAt: found.expiresAt })
    const move = to && { clinicId: actor.clinicId, id, from: found.state, to }
    if (!move || !(await store.moveInvitation(tx, move, { memberId: null, mac: null }))) return refuse('WRONG_STATE')
    // Who answered it stays a name that nobody vouched for; the row goes, so that the address is free again.
    if (found.memberId) await store.dropRegistered(tx, actor.clinicId, found.memberId)
    await audit(tx, actor, 'access.invitation-cancelled', id)
    await notify(tx, 'staff', actor.clinicId)
    return ok({ done: true as const })
  })
}

export async function showInvitation(
  _: unknown,
  { id }: In<typeof rules.InvitationInput>,
  { now }: Context,
): Promise<Result<InvitationView>> {
  const clinicId = await inNoClinic((tx) => store.lookupInvitation(tx, id))
  if (!clinicId) return refuse('NOT_FOUND')
  return inClinic(clinicId, async (tx) => {
    const [found, clinic] = [await store.findInvitation(tx, clinicId, id), await store.findClinic(tx, clinicId)]
    if (!found || !clinic) return refuse('NOT_FOUND')
    return ok({
      id,
      state: found.state,
      expired: found.state === 'open' && found.expiresAt <= now,
      clinicId,
      clinicName: clinic.name,
      clinicSlug: clinic.slug,
      displayName: found.displayName,
      title: found.title,
      roles: found.roles as Role[],
      groups: found.groups as InvitationView['groups'],
      statements: await store.listStatements(tx, clinicId),
    })
  })
}

/** The newcomer's own keys and password record. Nobody trusts them yet: that takes the inviter's browser and the MAC. */
export async function join(
  _: PublicActor,
  input: In<typeof rules.JoinInput>,
  { now }: Context,
): Promise<Result<{ done: true }>> {
  const clinicId = await inNoClinic((tx) => store.lookupInvitation(tx, input.id))
  if (!clinicId) return refuse('NOT_FOUND')
  const index = await emailIndex(input.email)
  const emailSealed = await sealField(input.email, emailContext(clinicId, input.memberId))
  return inClinic(clinicId, async (tx) => {
    const found = await store.findInvitation(tx, clinicId, input.id)
    if (!found) return refuse('NOT_FOUND')
    // The answer was lost on its way back: the same newcomer again.
    if (found.state === 'answered' && found.memberId === input.memberId) return ok({ done: true as const })
    const to = nextInvitation(found.state, 'answer', { now, expiresAt: found.expiresAt })
    if (!to) return refuse('LINK_EXPIRED')
    const roles = found.roles as Role[]
    const made = await store.saveMember(tx, {
      id: input.memberId,
      clinicId,
      emailIndex: index,
      emailSealed,
      displayName: input.displayName,
      title: input.title,
      roles,
      status: 'registered',
      opaqueRecord: input.record,
      wrappedAccount: input.wrappedAccount,
      signKey: input.keys.sign,
      dhKey: input.keys.dh,
    })
    if (!made) return refuse('EMAIL_TAKEN', { email: 'taken' })
    const at = { clinicId, id: input.id, from: found.state, to }
    if (!(await store.moveInvitation(tx, at, { memberId: input.memberId, mac: input.mac })))
      return refuse('LINK_EXPIRED')
    await audit(tx, staffOf(clinicId, input.memberId, roles), 'access.invitation-answered', input.id)
    await notify(tx, 'staff', clinicId)
    return ok({ done: true as const })
  })
}

/** The inviter's signed statement. One successor for each head: who lost the race reloads the chain and signs again. */
export async function vouch(
  actor: StaffActor,
  input: In<typeof rules.VouchInput>,
  { now }: Context,
): Promise<Result<{ done: true }>> {
  const { clinicId } = actor
  return inClinic(clinicId, async (tx) => {
    const found = await store.findInvitation(tx, clinicId, input.id)
    if (!found?.memberId) return refuse('NOT_FOUND')
    const to = nextInvitation(found.state, 'vouch', { now, expiresAt: found.expiresAt })
    if (!to) return refuse('WRONG_STATE')
    const chained = checkSuccessors(input.statements, clinicId, await store.findHead(tx, clinicId))
    if (!chained || !(await store.appendStatements(tx, clinicId, chained))) return refuse('CHAIN_MOVED')
    if (!(await store.moveInvitation(tx, { clinicId, id: input.id, from: found.state, to })))
      return refuse('WRONG_STATE')
    await store.saveEpochGrants(tx, clinicId, input.epochGrants)
    await store.activateMember(tx, clinicId, found.memberId)
    await audit(tx, actor, 'access.vouched', found.memberId)
    await notify(tx, 'staff', clinicId)
    return ok({ done: true as const })
  })
}
