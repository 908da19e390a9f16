import 'server-only'
import { randomBytes } from 'node:crypto'
import type { ChainStatement, EpochGrant, PublicKeys } from '@/lib/crypto/types'
import type { Tx } from '@/lib/server/tx'
import type { OpenedBy, ProofKind } from '../account/rules.ts'
import type {
  ComingAppointment,
  InvitationRow,
  InvitationState,
  KeyMaterial,
  Role,
  StaffActor,
  StaffRow,
} from './rules.ts'

// ── before a clinic is known ──

export async function lookupStaff(
  tx: Tx,
  emailIndex: Uint8Array<ArrayBuffer>,
): Promise<{ clinicId: string; memberId: string; opaqueRecord: string } | null> {
  const [row] = await tx.$queryRaw<{ clinic_id: string; member_id: string; opaque_record: string }[]>`
    SELECT clinic_id, member_id, opaque_record FROM lookup_staff(${emailIndex})`
  return row ? { clinicId: row.clinic_id, memberId: row.member_id, opaqueRecord: row.opaque_record } : null
}

const first = (rows: { id: string | null }[]) => rows[0]?.id ?? null

export const lookupProof = async (tx: Tx, hash: Uint8Array<ArrayBuffer>): Promise<string | null> =>
  first(await tx.$queryRaw`SELECT lookup_sign_in_proof(${hash}) AS id`)

export const lookupSession = async (tx: Tx, sessionId: string): Promise<string | null> =>
  first(await tx.$queryRaw`SELECT lookup_member_session(${sessionId}::uuid) AS id`)

export const lookupInvitation = async (tx: Tx, id: string): Promise<string | null> =>
  first(await tx.$queryRaw`SELECT lookup_invitation(${id}::uuid) AS id`)

export const lookupClinic = async (tx: Tx, slug: string): Promise<string | null> =>
  first(await tx.$queryRaw`SELECT lookup_clinic(${slug}) AS id`)

// ── sessions ──

export interface SessionRow {
  clinicId: string
  memberId: string
  roles: Role[]
  memberStatus: string
  expiresAt: Date
  revokedAt: Date | null
  lastSeenAt: Date
}

export async function findSession(tx: Tx, clinicId: string, sessionId: string): Promise<SessionRow | null> {
  const row = await tx.memberSession.findFirst({ where: { id: sessionId, clinicId }, include: { member: true } })
  return (
    row && {
      clinicId: row.clinicId,
      memberId: row.memberId,
      roles: row.member.roles as Role[],
      memberStatus: row.member.status,
      expiresAt: row.expiresAt,
      revokedAt: row.revokedAt,
      lastSeenAt: row.lastSeenAt,
    }
  )
}

export async function saveSession(
  tx: Tx,
  session: { id: string; clinicId: string; memberId: string; expiresAt: Date; openedBy: OpenedBy; userAgent: string },
) {
  await tx.memberSession.create({ data: session })
}

export async function touchSession(tx: Tx, sessionId: string, now: Date) {
  await tx.memberSession.updateMany({ where: { id: sessionId }, data: { lastSeenAt: now } })
}

export async function revokeSession(tx: Tx, actor: StaffActor, now: Date) {
  await tx.memberSession.updateMany({
    where: { id: actor.sessionId, memberId: actor.memberId, revokedAt: null },
    data: { revokedAt: now },
  })
}

export async function saveProof(
  tx: Tx,
  proof: { hash: Uint8Array<ArrayBuffer>; kind: ProofKind; clinicId: string; memberId: string; expiresAt: Date },
) {
  await tx.signInProof.create({ data: proof })
}

/** Takes the proof: true for the first who asks in time, and for nobody after. */
export async function takeProof(
  tx: Tx,
  hash: Uint8Array<ArrayBuffer>,
  now: Date,
): Promise<{ memberId: string; kind: ProofKind } | null> {
  const { count } = await tx.signInProof.updateMany({
    where: { hash, usedAt: null, expiresAt: { gt: now } },
    data: { usedAt: now },
  })
  if (count !== 1) return null
  const row = await tx.signInProof.findFirst({ where: { hash } })
  return row && { memberId: row.memberId, kind: row.kind as ProofKind }
}

/** A sealed login state is good once: its id is kept until it would have lapsed anyway. */
export async function takeLoginState(tx: Tx, value: string, clinicId: string, expiresAt: Date): Promise<boolean> {
  const { count } = await tx.nonce.createMany({
    data: [{ value, clinicId, purpose: 'opaque-login', expiresAt, usedAt: new Date() }],
    skipDuplicates: true,
  })
  return count === 1
}

// ── members and the chain ──

/** With the address still sealed. */
export async function findKeyMaterial(
  tx: Tx,
  actor: StaffActor,
): Promise<(Omit<KeyMaterial, 'email'> & { emailSealed: Uint8Array }) | null> {
  const member = await tx.member.findFirst({ where: { id: actor.memberId, clinicId: actor.clinicId } })
  if (!member?.wrappedAccount || !member.dhKey) return null
  return {
    clinicId: actor.clinicId,
    memberId: member.id,
    sessionId: actor.sessionId,
    displayName: member.displayName,
    emailSealed: member.emailSealed,
    roles: member.roles as Role[],
    wrappedAccount: member.wrappedAccount,
    statements: await listStatements(tx, actor.clinicId),
    epochGrants: await listEpochGrants(tx, actor.clinicId, member.dhKey),
    cacheSeconds: (await findClinic(tx, actor.clinicId))!.cacheSeconds,
  }
}

export async function listStatements(tx: Tx, clinicId: string): Promise<ChainStatement[]> {
  const rows = await tx.chainStatement.findMany({ where: { clinicId }, orderBy: { seq: 'asc' } })
  return rows.map(({ seq, body, signer, signature }) => ({ seq, body, signer, signature }))
}

/** The member's own, and those between epochs, which are sealed to a group's key and open nothing alone. */
async function listEpochGrants(tx: Tx, clinicId: string, dhKey: string): Promise<EpochGrant[]> {
  const rows = await tx.epochGrant.findMany({ where: { clinicId }, orderBy: { epoch: 'asc' } })
  const members = new Set(
    (await tx.member.findMany({ where: { clinicId, dhKey: { not: null } }, select: { dhKey: true } })).map(
      (m) => m.dhKey,
    ),
  )
  return rows
    .filter((row) => row.toKey === dhKey || !members.has(row.toKey))
    .map((row) => ({
      group: row.group as EpochGrant['group'],
      epoch: row.epoch,
      to: row.toKey,
      enc: row.enc,
      ct: row.ct,
    }))
}

/** Hash of the newest statement; null of a clinic that has none. */
export async function findHead(tx: Tx, clinicId: string): Promise<string | null> {
  const where = { clinicId }
  const last = await tx.chainStatement.findFirst({ where, orderBy: { seq: 'desc' }, select: { hash: true } })
  return last?.hash ?? null
}

/** One successor for each head: false when somebody else's came first. */
export async function appendStatements(
  tx: Tx,
  clinicId: string,
  statements: (ChainStatement & { previous: string; hash: string })[],
): Promise<boolean> {
  const { count } = await tx.chainStatement.createMany({
    data: statements.map((one) => ({ clinicId, ...one })),
    skipDuplicates: true,
  })
  return count === statements.length
}

export async function saveEpochGrants(tx: Tx, clinicId: string, grants: EpochGrant[]) {
  await tx.epochGrant.createMany({
    data: grants.map(({ group, epoch, to, enc, ct }) => ({ clinicId, group, epoch, toKey: to, enc, ct })),
    skipDuplicates: true,
  })
}

export async function saveWrap(tx: Tx, actor: StaffActor, wrappedAccount: string) {
  await tx.member.updateMany({ where: { id: actor.memberId, clinicId: actor.clinicId }, data: { wrappedAccount } })
}

export interface NewMember {
  id: string
  clinicId: string
  emailIndex: Uint8Array<ArrayBuffer>
  emailSealed: Uint8Array<ArrayBuffer>
  displayName: string
  title: string
  roles: Role[]
  ownPatients?: boolean
  status: 'registered' | 'active'
  opaqueRecord: string
  wrappedAccount: string
  signKey: string
  dhKey: string
}

/** False when the address or the id is taken. */
export async function saveMember(tx: Tx, member: NewMember): Promise<boolean> {
  const { count } = await tx.member.createMany({ data: [member], skipDuplicates: true })
  return count === 1
}

export async function listStaff(tx: Tx, actor: StaffActor): Promise<StaffRow[]> {
  const rows = await tx.member.findMany({
    where: { clinicId: actor.clinicId },
    orderBy: { createdAt: 'asc' },
    include: {
      memberSessions: { orderBy: { lastSeenAt: 'desc' }, take: 1, select: { lastSeenAt: true } },
      memberSites: { select: { siteId: true }, orderBy: { siteId: 'asc' } },
    },
  })
  return rows.map((row) => ({
    memberId: row.id,
    displayName: row.displayName,
    title: row.title,
    bio: row.bio,
    roles: row.roles as Role[],
    ownPatients: row.ownPatients,
    siteIds: row.memberSites.map(({ siteId }) => siteId),
    status: row.status,
    keys: row.signKey && row.dhKey ? { sign: row.signKey, dh: row.dhKey } : null,
    lastSeenAt: row.memberSessions[0]?.lastSeenAt.toISOString() ?? null,
  }))
}

export async function saveProfile(
  tx: Tx,
  actor: StaffActor,
  profile: { memberId: string; displayName: string; title: string; bio: string },
): Promise<boolean> {
  const { memberId, ...data } = profile
  const { count } = await tx.member.updateMany({ where: { id: memberId, clinicId: actor.clinicId }, data })
  return count === 1
}

/** Sets the sites that a member sees; none: they are of the whole clinic, or of their own patients. */
export async function setSites(tx: Tx, actor: { clinicId: string }, memberId: string, siteIds: readonly string[]) {
  const { clinicId } = actor
  await tx.memberSite.deleteMany({ where: { clinicId, memberId } })
  await tx.memberSite.createMany({ data: siteIds.map((siteId) => ({ clinicId, memberId, siteId })) })
}

/** False for nobody of this clinic. */
export async function changeRoles(
  tx: Tx,
  actor: StaffActor,
  to: { memberId: string; roles: Role[]; ownPatients: boolean },
): Promise<boolean> {
  const { memberId, ...data } = to
  const { count } = await tx.member.updateMany({
    where: { id: memberId, clinicId: actor.clinicId, status: 'active' },
    data,
  })
  return count === 1
}

/**
 * Ends a membership: every session, every proof of a sign-in, and the password's record, so that none begins again. The row stays
 * for what it wrote; its address is free for another account. False for nobody of this clinic.
 */
export async function retireMember(tx: Tx, actor: StaffActor, memberId: string, now: Date): Promise<boolean> {
  const { clinicId } = actor
  const { count } = await tx.member.updateMany({
    where: { id: memberId, clinicId, status: 'active' },
    data: {
      status: 'removed',
      opaqueRecord: null,
      wrappedAccount: null,
      emailIndex: new Uint8Array(randomBytes(32)),
      emailSealed: new Uint8Array(),
    },
  })
  if (count !== 1) return false
  await tx.memberSite.deleteMany({ where: { clinicId, memberId } })
  await tx.memberSession.updateMany({ where: { clinicId, memberId, revokedAt: null }, data: { revokedAt: now } })
  await tx.signInProof.updateMany({ where: { clinicId, memberId, usedAt: null }, data: { usedAt: now } })
  return true
}

/** Appointments with a member that are still to come. */
export async function listComing(tx: Tx, actor: StaffActor, memberId: string, now: Date): Promise<ComingAppointment[]> {
  const rows = await tx.appointment.findMany({
    where: { clinicId: actor.clinicId, memberId, startsAt: { gt: now }, status: { in: ['booked', 'arrived'] } },
    orderBy: { startsAt: 'asc' },
    take: 200,
    include: { service: { select: { name: true } } },
  })
  return rows.map(({ id, startsAt, service }) => ({ id, startsAt: startsAt.toISOString(), service: service.name }))
}

// ── clinics ──

export interface NewClinic {
  id: string
  slug: string
  name: string
  timeZone: string
  country: string
  currency: string
  locale: string
  rootKey: string
  rootFingerprint: string
}

/** False when the id or the slug is taken. */
export async function saveClinic(tx: Tx, clinic: NewClinic): Promise<boolean> {
  const { count } = await tx.clinic.createMany({ data: [clinic], skipDuplicates: true })
  return count === 1
}

export async function findClinic(tx: Tx, clinicId: string) {
  return tx.clinic.findFirst({ where: { id: clinicId } })
}

// ── invitations ──

export async function saveInvitation(
  tx: Tx,
  actor: StaffActor,
  invitation: {
    id: string
    displayName: string
    title: string
    roles: Role[]
    groups: string[]
    claimHash: string
    expiresAt: Date
  },
): Promise<boolean> {
  const { count } = await tx.invitation.createMany({
    data: [{ ...invitation, clinicId: actor.clinicId, createdBy: actor.memberId }],
    skipDuplicates: true,
  })
  return count === 1
}

export async function findInvitation(tx: Tx, clinicId: string, id: string) {
  return tx.invitation.findFirst({ where: { id, clinicId } })
}

/** Moves an invitation on; false when somebody else did first. */
export async function moveInvitation(
  tx: Tx,
  at: { clinicId: string; id: string; from: InvitationState; to: InvitationState },
  data: { memberId?: string | null; mac?: string | null } = {},
): Promise<boolean> {
  const { count } = await tx.invitation.updateMany({
    where: { id: at.id, clinicId: at.clinicId, state: at.from },
    data: { state: at.to, ...data },
  })
  return count === 1
}

export async function activateMember(tx: Tx, clinicId: string, memberId: string) {
  await tx.member.updateMany({ where: { id: memberId, clinicId, status: 'registered' }, data: { status: 'active' } })
}

/** Only one whom nobody vouched for: members of the chain are removed by a statement, never by a row. */
export async function dropRegistered(tx: Tx, clinicId: string, memberId: string) {
  await tx.memberSite.deleteMany({ where: { clinicId, memberId, member: { status: 'registered' } } })
  await tx.member.deleteMany({ where: { id: memberId, clinicId, status: 'registered' } })
}

export async function findMemberKeys(tx: Tx, clinicId: string, memberId: string): Promise<PublicKeys | null> {
  const row = await tx.member.findFirst({ where: { id: memberId, clinicId } })
  return row?.signKey && row.dhKey ? { sign: row.signKey, dh: row.dhKey } : null
}

export async function listInvitations(tx: Tx, actor: StaffActor, now: Date): Promise<InvitationRow[]> {
  const rows = await tx.invitation.findMany({
    where: { clinicId: actor.clinicId, state: { in: ['open', 'answered'] } },
    orderBy: { createdAt: 'desc' },
  })
  const ids = rows.flatMap((row) => (row.memberId ? [row.memberId] : []))
  const members = await tx.member.findMany({ where: { clinicId: actor.clinicId, id: { in: ids } } })
  return rows.map((row) => {
    const member = members.find((one) => one.id === row.memberId)
    return {
      id: row.id,
      state: row.state,
      expired: row.state === 'open' && row.expiresAt <= now,
      displayName: member?.displayName ?? row.displayName,
      title: member?.title ?? row.title,
      roles: row.roles as Role[],
      groups: row.groups as InvitationRow['groups'],
      expiresAt: row.expiresAt.toISOString(),
      answer:
        member?.signKey && member.dhKey && row.mac
          ? { memberId: member.id, keys: { sign: member.signKey, dh: member.dhKey }, mac: row.mac }
          : null,
    }
  })
}
