import 'server-only'
import { createHash, timingSafeEqual } from 'node:crypto'
import type { z } from 'zod'
import { ok, refuse, type Refusal, type Result } from '@/lib/errors'
import { listWeekly } from '@/lib/schedule/store'
import { audit } from '@/lib/server/audit'
import { env } from '@/lib/server/env'
import { emailIndex, openField, sealField } from '@/lib/server/kms'
import { notify } from '@/lib/server/notify'
import { verifyProof } from '@/lib/server/proof'
import { limit } from '@/lib/server/rate-limit'
import { hold, inClinic, inNoClinic } from '@/lib/server/tx'
import { areOpen } from '@/lib/site/open'
import { listSites } from '@/lib/site/store'
import { staffOf } from './flow-sign-in'
import { sameSecrets } from './same-secrets'
import { maySign, readStanding } from './standing'
import { takeAddition, takeFounding } from './statements'
import {
  type AccessContract,
  groupsOf,
  invitationDays,
  type InvitationView,
  type KeyMaterial,
  nextInvitation,
  type PublicActor,
  type Role,
  sitesOf,
  type StaffActor,
  wrapPurpose,
} from './rules'
import type * as rules from './rules'
import * as store from './store'

type In<S extends z.ZodType> = z.output<S>
interface Context {
  now: Date
  ip: string
}

export const emailContext = (clinicId: string, memberId: string) => `member.email|${clinicId}|${memberId}`

export async function loadMe(actor: StaffActor): Promise<Result<KeyMaterial>> {
  return inClinic(actor.clinicId, async (tx) => {
    const found = await store.findKeyMaterial(tx, actor)
    if (!found) return refuse('NOT_FOUND')
    const { emailSealed, ...material } = found
    return ok({ ...material, email: await openField(emailSealed, emailContext(actor.clinicId, actor.memberId)) })
  })
}

export async function saveWrap(
  actor: StaffActor,
  input: In<typeof rules.SaveWrapInput>,
): Promise<Result<{ done: true }>> {
  return inClinic(actor.clinicId, async (tx) => {
    const before = await store.findKeyMaterial(tx, actor)
    if (!before || !sameSecrets(before.wrappedAccount, input.wrappedAccount)) return refuse('STALE')
    // A session's cookie is not enough: a spoilt pin would shut the member out of password, passkey and kit alike.
    const signer = readStanding(before.statements).members.get(actor.memberId)?.keys.sign ?? ''
    const fields = [1, actor.clinicId, actor.memberId, new Uint8Array(Buffer.from(input.wrappedAccount, 'base64url'))]
    if (!(await verifyProof(signer, wrapPurpose, fields, input.signature))) return refuse('BAD_PROOF')
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

/** Who may open a clinic here, for the page that asks. */
export const signupMode = () => env().CLINIC_SIGNUP

function refusedSignup(code: string | undefined): Refusal | null {
  const { CLINIC_SIGNUP, CLINIC_SIGNUP_CODE } = env()
  const hash = (text: string) => createHash('sha256').update(text).digest()
  if (CLINIC_SIGNUP === 'open') return null
  if (CLINIC_SIGNUP === 'closed') return refuse('SIGNUP_CLOSED')
  if (code && timingSafeEqual(hash(code), hash(CLINIC_SIGNUP_CODE))) return null
  return refuse('SIGNUP_CLOSED', { code: 'invalid' })
}

/**
 * A clinic as its owner's browser made it: root, genesis, first member, the groups' first epochs, in one transaction.
 * Repeated with the same ids it is the same clinic.
 */
export async function openClinic(
  _: PublicActor,
  input: In<typeof rules.OpenClinicInput>,
  { ip }: Context,
): Promise<Result<{ clinicId: string; slug: string }>> {
  const counted = await limit('open-clinic', ip, { points: 40, seconds: 3600 })
  if (!counted.ok) return counted
  const refused = refusedSignup(input.code)
  if (refused) return refused
  const { clinicId, memberId, clinic, owner, practitioner, keys, rootKey } = input
  const roles: Role[] = practitioner ? ['admin', 'practitioner'] : ['admin']
  const chained = await takeFounding(clinicId, { memberId, keys, roles, rootKey }, input.statements)
  if (!chained) return refuse('BAD_INPUT', { statements: 'invalid' })
  const emailSealed = await sealField(owner.email, emailContext(clinicId, memberId))
  const index = await emailIndex(owner.email)
  return inClinic(clinicId, async (tx) => {
    const known = await store.findClinic(tx, clinicId)
    if (known) return known.rootKey === rootKey ? ok({ clinicId, slug: known.slug }) : refuse('STALE')
    const { rootFingerprint } = input
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
      signKey: keys.sign,
      dhKey: keys.dh,
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
  return inClinic(actor.clinicId, async (tx) => {
    const members = await store.listStaff(tx, actor)
    const practitioners = members.filter(({ status, roles }) => status === 'active' && roles.includes('practitioner'))
    const ids = practitioners.map(({ memberId }) => memberId)
    const given = new Set((await listWeekly(tx, ids)).map(({ memberId }) => memberId))
    const unbookable = ids.filter((id) => !given.has(id))
    return ok({ members, invitations: await store.listInvitations(tx, actor, now), unbookable })
  })
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
  const groups = groupsOf(input.roles, { own: input.ownPatients ? input.id : null, sites: input.siteIds })
  return inClinic(actor.clinicId, async (tx) => {
    if (!(await areOpen(tx, input.siteIds))) return refuse('BAD_INPUT', { siteIds: 'invalid' })
    // Said now, and not when the newcomer has answered: nobody vouches for a group from outside it.
    const standing = readStanding(await store.listStatements(tx, actor.clinicId))
    if (!maySign(standing, actor.memberId, groups)) return refuse('NOT_ALLOWED')
    const { ownPatients: _own, siteIds: _sites, ...invitation } = input
    if (!(await store.saveInvitation(tx, actor, { ...invitation, groups, expiresAt }))) return refuse('STALE')
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
      sites: (await listSites(tx)).filter((site) => sitesOf(found.groups, id).includes(site.id)),
      statements: await store.listStatements(tx, clinicId),
    })
  })
}

function isClaim(claim: string, hash: string): boolean {
  const [shown, filed] = [
    createHash('sha256').update(Buffer.from(claim, 'base64url')).digest(),
    Buffer.from(hash, 'base64url'),
  ]
  return filed.length === shown.length && timingSafeEqual(shown, filed)
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
    // The defence against whoever saw the link's path alone, which logs and histories hold: they cannot answer in the newcomer's place.
    if (!found || !isClaim(input.claim, found.claimHash)) return refuse('NOT_FOUND')
    // The answer was lost on its way back: the same newcomer again.
    if (found.state === 'answered' && found.memberId === input.memberId) return ok({ done: true as const })
    const to = nextInvitation(found.state, 'answer', { now, expiresAt: found.expiresAt })
    if (!to) return refuse('LINK_EXPIRED')
    const roles = found.roles as Role[]
    // A group of one's own is named after the member, before whom the invitation was.
    const ownPatients = found.groups.includes(`clinical:${input.id}`)
    if (ownPatients && input.memberId !== input.id) return refuse('BAD_INPUT', { memberId: 'invalid' })
    const made = await store.saveMember(tx, {
      id: input.memberId,
      clinicId,
      emailIndex: index,
      emailSealed,
      displayName: input.displayName,
      title: input.title,
      roles,
      ownPatients,
      status: 'registered',
      opaqueRecord: input.record,
      wrappedAccount: input.wrappedAccount,
      signKey: input.keys.sign,
      dhKey: input.keys.dh,
    })
    if (!made) return refuse('EMAIL_TAKEN', { email: 'taken' })
    await store.setSites(tx, { clinicId }, input.memberId, sitesOf(found.groups, input.id))
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
    const { memberId } = found
    const keys = await store.findMemberKeys(tx, clinicId, memberId)
    if (!keys) return refuse('NOT_FOUND')
    await hold(tx, `chain|${clinicId}`, 'write')
    const standing = readStanding(await store.listStatements(tx, clinicId))
    const { roles, groups } = found
    const { epochGrants } = input
    const taken = await takeAddition(clinicId, standing, { memberId, keys, roles, groups }, input)
    if (!taken.ok) return taken
    if (!(await store.appendStatements(tx, clinicId, taken.value))) return refuse('CHAIN_MOVED')
    if (!(await store.moveInvitation(tx, { clinicId, id: input.id, from: found.state, to })))
      return refuse('WRONG_STATE')
    await store.saveEpochGrants(tx, clinicId, epochGrants)
    await store.activateMember(tx, clinicId, memberId)
    await audit(tx, actor, 'access.vouched', memberId)
    await notify(tx, 'staff', clinicId)
    return ok({ done: true as const })
  })
}
