import 'server-only'
import type { z } from 'zod'
import { extend } from '@/lib/access/flow-members'
import { staffOf } from '@/lib/access/flow-sign-in'
import { clockMinutes, type PublicActor, type StaffActor } from '@/lib/access/rules'
import { areFresh, hasColleagues, mayApprove, mayRekey, readStanding, type Standing } from '@/lib/access/standing'
import { readApproval, takeRekey } from '@/lib/access/statements'
import * as access from '@/lib/access/store'
import { registrationFor } from '@/lib/account/flow'
import { ENDED } from '@/lib/account/rules'
import * as account from '@/lib/account/store'
import { ok, refuse, type Result } from '@/lib/errors'
import { audit } from '@/lib/server/audit'
import { enqueue } from '@/lib/server/jobs'
import { emailIndex } from '@/lib/server/kms'
import { notify } from '@/lib/server/notify'
import { limit } from '@/lib/server/rate-limit'
import { hold, inClinic, inNoClinic, type Tx } from '@/lib/server/tx'
import { openLink } from './link'
import {
  type LinkView,
  mayObject,
  readyAt,
  type RekeyRow,
  type RekeyState,
  requestDays,
  type StatusView,
} from './rules'
import type * as rules from './rules'
import * as store from './store'

type In<S extends z.ZodType> = z.output<S>
interface Context {
  now: Date
  ip: string
}
type Done = Result<{ done: true }>
const done = ok({ done: true as const })
const DAY = 86_400_000

// ── who lost their keys ──

/** The same answer for every address. A link goes to the member's own mailbox, and to nobody else's. */
export async function ask(
  _: PublicActor,
  { email, locale }: In<typeof rules.AskInput>,
  { ip }: Context,
): Promise<Done> {
  const byIp = await limit('rekey-ip', ip, { points: 20, seconds: 3600 })
  if (!byIp.ok) return byIp
  const index = await emailIndex(email)
  const byAddress = await limit('rekey', Buffer.from(index).toString('base64url'), { points: 3, seconds: 3600 })
  if (!byAddress.ok) return byAddress
  const found = await inNoClinic((tx) => access.lookupStaff(tx, index))
  if (found) {
    const { clinicId, memberId } = found
    await inClinic(clinicId, (tx) => enqueue(tx, 'mail.rekey-link', { clinicId, memberId, locale }))
  }
  return done
}

const standingOf = async (tx: Tx, clinicId: string) => readStanding(await access.listStatements(tx, clinicId))

export async function showLink(
  _: PublicActor,
  { token }: In<typeof rules.LinkInput>,
  { now }: Context,
): Promise<Result<LinkView>> {
  const link = await openLink(token, now)
  if (!link) return refuse('LINK_EXPIRED')
  const { clinicId, memberId } = link
  return inClinic(clinicId, async (tx) => {
    const [member, clinic] = [await account.findAccount(tx, link), await access.findClinic(tx, clinicId)]
    if (!member || !clinic) return refuse('LINK_EXPIRED')
    const statements = await access.listStatements(tx, clinicId)
    const colleagues = hasColleagues(readStanding(statements), memberId)
    const used = await store.isLinkUsed(tx, clinicId, link.jti)
    const { displayName } = member
    return ok({ clinicId, memberId, displayName, clinicName: clinic.name, statements, colleagues, used })
  })
}

/** OPAQUE's answer for the new passphrase: for the link's own member. */
export async function start(
  _: PublicActor,
  { token, request }: In<typeof rules.StartInput>,
  { now }: Context,
): Promise<Result<{ response: string }>> {
  const link = await openLink(token, now)
  if (!link) return refuse('LINK_EXPIRED')
  // Its answer tells of a guess, as a sign-in's does.
  const counted = await limit('password', link.memberId, { points: 20, seconds: 3600 })
  if (!counted.ok) return counted
  return inClinic(link.clinicId, async (tx) => {
    const answer = await registrationFor(tx, link, request)
    return answer ? ok({ response: answer.response }) : refuse('BAD_INPUT')
  })
}

/** New keys, which wait. The member and all officers are told at once. */
export async function request(_: PublicActor, input: In<typeof rules.RequestInput>, { now }: Context): Promise<Done> {
  const link = await openLink(input.token, now)
  if (!link) return refuse('LINK_EXPIRED')
  const { clinicId, memberId } = link
  return inClinic(clinicId, async (tx) => {
    await hold(tx, `rekey|${memberId}`, 'write')
    // The answer was lost on its way back: the same request again.
    if ((await store.findRequest(tx, clinicId, input.id))?.memberId === memberId) return done
    if (!(await access.takeLoginState(tx, link.jti, clinicId, link.expiresAt))) return refuse('LINK_EXPIRED')
    if (!(await account.findAccount(tx, link))) return refuse('LINK_EXPIRED')
    const standing = await standingOf(tx, clinicId)
    if (!hasColleagues(standing, memberId)) return refuse('NOT_ALLOWED')
    const { id, keys, record: opaqueRecord, wrappedAccount } = input
    if (!areFresh(standing, keys)) return refuse('BAD_INPUT', { keys: 'invalid' })
    const expiresAt = new Date(now.getTime() + requestDays * DAY)
    const asked = { id, clinicId, memberId, keys, opaqueRecord, wrappedAccount, askedAt: now, expiresAt }
    if (!(await store.saveRequest(tx, asked))) return refuse('STALE')
    await audit(tx, staffOf(clinicId, memberId, []), 'rekey.asked', memberId)
    await tell(tx, clinicId, id, 'asked')
    return done
  })
}

/** For the browser that asked: the link is good once and for an hour, and the request's id is known to it and to the staff. */
export async function status(
  _: PublicActor,
  { clinicId, id }: In<typeof rules.StatusInput>,
  { now }: Context,
): Promise<Result<StatusView>> {
  return inClinic(clinicId, async (tx) => {
    const found = await store.findStatus(tx, clinicId, id)
    if (!found) return refuse('NOT_FOUND')
    const { askedAt, expiresAt } = found
    const state = found.state as RekeyState
    const stands = state !== 'open' || (await firstWord(clinicId, await standingOf(tx, clinicId), found))
    const approvedAt = stands ? found.approvedAt : null
    return ok({
      state: state === 'open' && expiresAt <= now ? 'lapsed' : state,
      ...{ askedAt: askedAt.toISOString(), expiresAt: expiresAt.toISOString() },
      ...{ approvedAt: approvedAt?.toISOString() ?? null, readyAt: readyAt({ askedAt, approvedAt }).toISOString() },
    })
  })
}

async function tell(tx: Tx, clinicId: string, requestId: string, what: 'asked' | 'objected' | 'done') {
  await enqueue(tx, 'mail.rekey', { clinicId, requestId, what })
  await notify(tx, 'staff', clinicId)
}

// ── colleagues ──

type Waiting = { memberId: string; signKey: string; dhKey: string; approval: string | null }

/** The first colleague's word; null for none, and for that of somebody who was removed since, or has other keys or roles. */
async function firstWord(clinicId: string, standing: Standing, { memberId, signKey, dhKey, approval }: Waiting) {
  const keys = { sign: signKey, dh: dhKey }
  const said = approval && (await readApproval(clinicId, standing, { memberId, keys }, approval))
  return said && mayApprove(standing, memberId, said.by) ? { bytes: approval, by: said.by } : null
}

/** To all of the staff: a clinic may need any of them, and whoever is named can object. */
export async function list(actor: StaffActor, _: unknown, { now }: Context): Promise<Result<{ requests: RekeyRow[] }>> {
  return inClinic(actor.clinicId, async (tx) => {
    const names = new Map((await access.listStaff(tx, actor)).map((row) => [row.memberId, row.displayName]))
    const rows = await store.listOpen(tx, actor.clinicId, now)
    if (!rows.length) return ok({ requests: [] })
    const standing = await standingOf(tx, actor.clinicId)
    const requests = rows.map((row) => rowFor(actor, standing, names, row))
    return ok({ requests: await Promise.all(requests) })
  })
}

async function rowFor(
  actor: StaffActor,
  standing: Standing,
  names: Map<string, string>,
  row: Awaited<ReturnType<typeof store.listOpen>>[number],
): Promise<RekeyRow> {
  const { id, memberId } = row
  const first = await firstWord(actor.clinicId, standing, row)
  const approvedAt = first ? row.approvedAt : null
  const can = first
    ? mayRekey(standing, memberId, first.by, actor.memberId)
    : mayApprove(standing, memberId, actor.memberId)
  return {
    ...{ id, memberId, displayName: names.get(memberId) ?? '' },
    keys: { sign: row.signKey, dh: row.dhKey },
    ...{ askedAt: row.askedAt.toISOString(), expiresAt: row.expiresAt.toISOString() },
    approval: first && approvedAt && { ...first, name: names.get(first.by) ?? '', at: approvedAt.toISOString() },
    readyAt: readyAt({ askedAt: row.askedAt, approvedAt }).toISOString(),
    may: !can ? 'nothing' : first ? 'finish' : 'approve',
    mayObject: mayObject(actor, memberId),
  }
}

/** The first colleague's word, for the keys that wait and no others. */
export async function approve(
  actor: StaffActor,
  { id, approval }: In<typeof rules.ApproveInput>,
  { now }: Context,
): Promise<Done> {
  const { clinicId } = actor
  return inClinic(clinicId, async (tx) => {
    const found = await store.findOpen(tx, clinicId, id, now)
    if (!found) return refuse('NOT_FOUND')
    await hold(tx, `rekey|${found.memberId}`, 'write')
    const standing = await standingOf(tx, clinicId)
    if (await firstWord(clinicId, standing, found)) return refuse('WRONG_STATE')
    if (!mayApprove(standing, found.memberId, actor.memberId)) return refuse('NOT_ALLOWED')
    const said = await readApproval(clinicId, standing, found, approval)
    const offBy = said ? Math.abs(said.at * 1000 - now.getTime()) : Infinity
    if (said?.by !== actor.memberId || offBy > clockMinutes * 60_000)
      return refuse('BAD_INPUT', { approval: 'invalid' })
    if (!(await store.saveApproval(tx, actor, { id, approval, approvedAt: now }))) return refuse('NOT_FOUND')
    await audit(tx, actor, 'rekey.approved', found.memberId)
    await notify(tx, 'staff', clinicId)
    return done
  })
}

/** The second one's statement: in the same moment the new keys, passphrase and wrap are the member's, and the old ones nobody's. */
export async function finish(actor: StaffActor, input: In<typeof rules.FinishInput>, { now }: Context): Promise<Done> {
  const { clinicId } = actor
  return inClinic(clinicId, async (tx) => {
    const found = await store.findOpen(tx, clinicId, input.id, now)
    if (!found) return refuse('NOT_FOUND')
    const { memberId, keys, approval, opaqueRecord, wrappedAccount } = found
    if (!approval) return refuse('WRONG_STATE')
    if (now < readyAt(found)) return refuse('TOO_EARLY')
    const to = { memberId, keys, approval, by: actor.memberId, now }
    const taken = await extend(tx, clinicId, input, (standing) => takeRekey(clinicId, standing, to, input))
    if (!taken.ok) return taken
    // First, so that of an objection at the same moment one of the two comes to nothing.
    if (!(await store.endRequest(tx, actor, input.id, 'done'))) return refuse('NOT_FOUND')
    const member = { clinicId, memberId }
    if (!(await store.replaceKeys(tx, member, { keys, opaqueRecord, wrappedAccount }, now))) return refuse('NOT_FOUND')
    const ended = await account.endSessions(tx, member, { keep: null }, now)
    for (const session of ended) await notify(tx, ENDED, session)
    await audit(tx, actor, 'rekey.done', memberId)
    await tell(tx, clinicId, input.id, 'done')
    return done
  })
}

/** "That was not me", or "not them": the request ends, and its keys with it. */
export async function object(actor: StaffActor, { id }: In<typeof rules.OneInput>, { now }: Context): Promise<Done> {
  const { clinicId } = actor
  return inClinic(clinicId, async (tx) => {
    const found = await store.findOpen(tx, clinicId, id, now)
    if (!found) return refuse('NOT_FOUND')
    if (!mayObject(actor, found.memberId)) return refuse('NOT_ALLOWED')
    if (!(await store.endRequest(tx, actor, id, 'objected'))) return refuse('NOT_FOUND')
    await audit(tx, actor, 'rekey.objected', found.memberId)
    await tell(tx, clinicId, id, 'objected')
    return done
  })
}
