import 'server-only'
import type { StaffActor } from '@/lib/access/rules'
import { tellApart } from '@/lib/patient/rules'
import type { Tx } from '@/lib/server/tx'
import type { FurtherWrap, OpenedBy, Security, SessionRow, WrapKind, WrapRow } from './rules.ts'

type Mine = Pick<StaffActor, 'clinicId' | 'memberId'>
const own = ({ clinicId, memberId }: Mine) => ({ clinicId, memberId })

// ── before a clinic is known ──

export async function lookupWrap(tx: Tx, handle: string): Promise<string | null> {
  const [row] = await tx.$queryRaw<{ id: string | null }[]>`SELECT lookup_account_wrap(${handle}) AS id`
  return row?.id ?? null
}

// ── sessions ──

export async function listSessions(tx: Tx, actor: StaffActor, now: Date): Promise<SessionRow[]> {
  const rows = await tx.memberSession.findMany({
    where: { ...own(actor), revokedAt: null, expiresAt: { gt: now } },
    orderBy: { lastSeenAt: 'desc' },
  })
  const nth = tellApart(rows.map(({ id, userAgent, createdAt }) => ({ id, called: userAgent, since: createdAt })))
  return rows.map((row) => ({
    id: row.id,
    name: row.userAgent,
    nth: nth.get(row.id)!,
    openedBy: row.openedBy as OpenedBy,
    createdAt: row.createdAt.toISOString(),
    lastSeenAt: row.lastSeenAt.toISOString(),
    current: row.id === actor.sessionId,
  }))
}

/** Ends one's own live sessions: the one named, or all but the one to keep. Answers which ended. */
export async function endSessions(
  tx: Tx,
  actor: Mine,
  which: { only: string } | { keep: string | null },
  now: Date,
): Promise<string[]> {
  const named = 'only' in which ? { id: which.only } : which.keep ? { NOT: { id: which.keep } } : {}
  const where = { ...own(actor), ...named, revokedAt: null, expiresAt: { gt: now } }
  const rows = await tx.memberSession.findMany({ where, select: { id: true } })
  const ids = rows.map((row) => row.id)
  await tx.memberSession.updateMany({ where: { ...own(actor), id: { in: ids } }, data: { revokedAt: now } })
  return ids
}

// ── the account's own wrap ──

export async function findAccount(tx: Tx, actor: Mine) {
  const row = await tx.member.findFirst({ where: { id: actor.memberId, clinicId: actor.clinicId, status: 'active' } })
  return row?.wrappedAccount
    ? { wrappedAccount: row.wrappedAccount, emailIndex: row.emailIndex, displayName: row.displayName, title: row.title }
    : null
}

/** False when there is no such member. */
export async function savePassword(
  tx: Tx,
  actor: Mine,
  data: { opaqueRecord: string; wrappedAccount: string },
): Promise<boolean> {
  const { count } = await tx.member.updateMany({ where: { id: actor.memberId, clinicId: actor.clinicId }, data })
  return count === 1
}

/** The sealed address; null for nobody of this clinic. */
export async function findEmail(tx: Tx, { clinicId, memberId }: { clinicId: string; memberId: string }) {
  const row = await tx.member.findFirst({ where: { id: memberId, clinicId, status: 'active' } })
  return row?.emailSealed ?? null
}

// ── kits and passkeys ──

export interface Wrap extends FurtherWrap {
  memberId: string
  handle: string
  publicKey: Uint8Array<ArrayBuffer> | null
  counter: number
  triedAt: Date | null
}

export async function listWraps(tx: Tx, actor: Mine): Promise<(WrapRow & { handle: string })[]> {
  const rows = await tx.accountWrap.findMany({ where: own(actor), orderBy: { createdAt: 'asc' } })
  return rows.map(({ id, kind, label, handle, createdAt, triedAt, lastUsedAt }) => ({
    ...{ id, kind: kind as WrapKind, label, handle, createdAt: createdAt.toISOString() },
    triedAt: triedAt?.toISOString() ?? null,
    lastUsedAt: lastUsedAt?.toISOString() ?? null,
  }))
}

export async function findWrap(tx: Tx, clinicId: string, handle: string, kind: WrapKind): Promise<Wrap | null> {
  const row = await tx.accountWrap.findFirst({ where: { clinicId, handle, kind } })
  if (!row) return null
  const { id, memberId, wrapped, triedAt } = row
  const publicKey = row.publicKey && new Uint8Array(row.publicKey)
  return { id, kind, memberId, handle, wrapped, triedAt, publicKey, counter: Number(row.counter) }
}

/** False when the id or the handle is taken. */
export async function saveWrap(
  tx: Tx,
  actor: Mine,
  wrap: FurtherWrap & {
    handle: string
    label: string
    publicKey: Uint8Array<ArrayBuffer> | null
    counter: number
    triedAt: Date | null
  },
): Promise<boolean> {
  const { count } = await tx.accountWrap.createMany({ data: [{ ...own(actor), ...wrap }], skipDuplicates: true })
  return count === 1
}

export async function markUsed(tx: Tx, clinicId: string, id: string, counter: number, now: Date) {
  await tx.accountWrap.updateMany({ where: { id, clinicId }, data: { lastUsedAt: now, counter } })
}

export async function markTried(tx: Tx, clinicId: string, id: string, now: Date) {
  await tx.accountWrap.updateMany({ where: { id, clinicId, triedAt: null }, data: { triedAt: now } })
}

/** False when it is not one's own. */
export async function dropWrap(tx: Tx, actor: Mine, id: string): Promise<boolean> {
  const { count } = await tx.accountWrap.deleteMany({ where: { ...own(actor), id } })
  return count === 1
}

// ── what the clinic decides ──

export async function findSecurity(tx: Tx, clinicId: string): Promise<Security | null> {
  return tx.clinic.findFirst({ where: { id: clinicId }, select: { lockMinutes: true, passkeyRequired: true } })
}

export async function saveSecurity(tx: Tx, actor: StaffActor, security: Security) {
  await tx.clinic.updateMany({ where: { id: actor.clinicId }, data: security })
}
