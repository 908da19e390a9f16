import 'server-only'
import type { StaffActor } from '@/lib/access/rules'
import type { PublicKeys } from '@/lib/crypto/types'
import type { Tx } from '@/lib/server/tx'
import type { RekeyState } from './rules.ts'

type Mine = Pick<StaffActor, 'clinicId' | 'memberId'>
/** What may still replace a password is kept for no longer than it may. */
const forgotten = { opaqueRecord: null, wrappedAccount: null }

export interface Asked {
  id: string
  clinicId: string
  memberId: string
  keys: PublicKeys
  opaqueRecord: string
  wrappedAccount: string
  askedAt: Date
  expiresAt: Date
}

/** One request of a member at a time: a new one ends those before it. False when the id is taken. */
export async function saveRequest(tx: Tx, { keys, ...asked }: Asked): Promise<boolean> {
  const { clinicId, memberId } = asked
  await tx.rekeyRequest.updateMany({
    where: { clinicId, memberId, state: 'open' },
    data: { state: 'replaced', ...forgotten },
  })
  const row = { ...asked, signKey: keys.sign, dhKey: keys.dh, state: 'open' }
  const { count } = await tx.rekeyRequest.createMany({ data: [row], skipDuplicates: true })
  return count === 1
}

/** With the keys and records that wait in it. Null: there is none, it ended, or its week is over. */
export async function findOpen(tx: Tx, clinicId: string, id: string, now: Date) {
  const row = await tx.rekeyRequest.findFirst({ where: { id, clinicId, state: 'open', expiresAt: { gt: now } } })
  if (!row?.opaqueRecord || !row.wrappedAccount) return null
  const { opaqueRecord, wrappedAccount, signKey, dhKey } = row
  return { ...row, opaqueRecord, wrappedAccount, keys: { sign: signKey, dh: dhKey } }
}

export async function findRequest(tx: Tx, clinicId: string, id: string) {
  return tx.rekeyRequest.findFirst({ where: { id, clinicId }, select: { id: true, memberId: true, state: true } })
}

/** With its times and the first colleague's word, whatever became of it. */
export async function findStatus(tx: Tx, clinicId: string, id: string) {
  return tx.rekeyRequest.findFirst({ where: { id, clinicId }, omit: { opaqueRecord: true, wrappedAccount: true } })
}

/** Whether a request came by the link of this id. */
export async function isLinkUsed(tx: Tx, clinicId: string, jti: string): Promise<boolean> {
  return (await tx.nonce.count({ where: { value: jti, clinicId } })) > 0
}

export async function listOpen(tx: Tx, clinicId: string, now: Date) {
  return tx.rekeyRequest.findMany({
    where: { clinicId, state: 'open', expiresAt: { gt: now } },
    orderBy: { askedAt: 'asc' },
  })
}

export async function saveApproval(
  tx: Tx,
  actor: Mine,
  to: { id: string; approval: string; approvedAt: Date },
): Promise<boolean> {
  const { id, ...given } = to
  const { count } = await tx.rekeyRequest.updateMany({
    where: { id, clinicId: actor.clinicId, state: 'open' },
    data: { ...given, approvedBy: actor.memberId },
  })
  return count === 1
}

/** False when it ended before. */
export async function endRequest(
  tx: Tx,
  actor: Mine,
  id: string,
  state: Exclude<RekeyState, 'open'>,
): Promise<boolean> {
  const { count } = await tx.rekeyRequest.updateMany({
    where: { id, clinicId: actor.clinicId, state: 'open' },
    data: { state, endedBy: actor.memberId, ...forgotten },
  })
  return count === 1
}

/** The new keys, password and wrap in the place of the old: whatever else opened the account opens nothing any more. */
export async function replaceKeys(
  tx: Tx,
  member: Mine,
  to: { keys: PublicKeys; opaqueRecord: string; wrappedAccount: string },
  now: Date,
): Promise<boolean> {
  const { clinicId, memberId } = member
  const { keys, ...data } = to
  const { count } = await tx.member.updateMany({
    where: { id: memberId, clinicId, status: 'active' },
    data: { ...data, signKey: keys.sign, dhKey: keys.dh },
  })
  if (count !== 1) return false
  await tx.accountWrap.deleteMany({ where: { clinicId, memberId } })
  await tx.signInProof.updateMany({ where: { clinicId, memberId, usedAt: null }, data: { usedAt: now } })
  return true
}

/** Whom a mail goes to: the member, and, where everybody is to know, the officers. */
export async function listMailed(tx: Tx, clinicId: string, memberId: string, officers: boolean) {
  const rows = await tx.member.findMany({ where: { clinicId, status: 'active' }, orderBy: { createdAt: 'asc' } })
  return rows
    .filter((row) => row.id === memberId || (officers && row.roles.includes('admin')))
    .map(({ id, displayName, emailSealed }) => ({ id, displayName, emailSealed }))
}
