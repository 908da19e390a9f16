import 'server-only'
import type { z } from 'zod'
import { ENDED } from '@/lib/account/rules'
import { endSessions } from '@/lib/account/store'
import { ok, refuse, type Result } from '@/lib/errors'
import { listNames } from '@/lib/audit/store'
import { audit } from '@/lib/server/audit'
import { notify } from '@/lib/server/notify'
import { hold, inClinic, type Tx } from '@/lib/server/tx'
import { areOpen } from '@/lib/site/open'
import { dropHoursElsewhere } from '@/lib/site/store'
import { type ComingAppointment, groupsAfter, groupsOf, sitesOf, type StaffActor } from './rules'
import type * as rules from './rules'
import { readStanding, type Standing } from './standing'
import { type Given, takeChange, takeEpochs, takeRemoval } from './statements'
import * as store from './store'

type In<S extends z.ZodType> = z.output<S>
interface Context {
  now: Date
}

/** Takes what the signer's browser made on the newest chain. One successor for each head: who lost the race signs again. */
export async function extend(
  tx: Tx,
  clinicId: string,
  given: Given,
  take: (standing: Standing) => ReturnType<typeof takeEpochs>,
): Promise<Result<true>> {
  await hold(tx, `chain|${clinicId}`, 'write')
  const taken = await take(readStanding(await store.listStatements(tx, clinicId)))
  if (!taken.ok) return taken
  if (!(await store.appendStatements(tx, clinicId, taken.value))) return refuse('CHAIN_MOVED')
  await store.saveEpochGrants(tx, clinicId, given.epochGrants)
  await notify(tx, 'staff', clinicId)
  return ok(true as const)
}

/** Other roles, more or fewer, as an officer's browser signed it. What the chain says counts; the row follows, for the doors. */
export async function changeMember(
  actor: StaffActor,
  input: In<typeof rules.ChangeMemberInput>,
): Promise<Result<{ done: true }>> {
  const { clinicId } = actor
  const { memberId, roles, ownPatients, siteIds } = input
  return inClinic(clinicId, async (tx) => {
    if (!(await areOpen(tx, siteIds))) return refuse('BAD_INPUT', { siteIds: 'invalid' })
    const taken = await extend(tx, clinicId, input, async (standing) => {
      const member = standing.members.get(memberId)
      if (!member) return refuse('NOT_FOUND')
      const groups = groupsAfter({ memberId, ...member }, { roles, ownPatients, siteIds })
      return takeChange(clinicId, standing, { memberId, roles, groups }, input)
    })
    if (!taken.ok) return taken
    if (!(await store.changeRoles(tx, actor, { memberId, roles, ownPatients }))) return refuse('NOT_FOUND')
    const sites = sitesOf(groupsOf(roles, { sites: ownPatients ? [] : siteIds }), memberId)
    await store.setSites(tx, actor, memberId, sites)
    if (sites.length) await dropHoursElsewhere(tx, actor, memberId, sites)
    await audit(tx, actor, 'access.roles-changed', memberId)
    return ok({ done: true as const })
  })
}

/** Removed in the chain, and out of every session in the same moment. Their appointments stand, and are answered as a list. */
export async function removeMember(
  actor: StaffActor,
  input: In<typeof rules.RemoveMemberInput>,
  { now }: Context,
): Promise<Result<{ coming: ComingAppointment[] }>> {
  const { clinicId } = actor
  const { memberId } = input
  return inClinic(clinicId, async (tx) => {
    const taken = await extend(tx, clinicId, input, (standing) => takeRemoval(clinicId, standing, memberId, input))
    if (!taken.ok) return taken
    const ended = await endSessions(tx, { clinicId, memberId }, { keep: null }, now)
    if (!(await store.retireMember(tx, actor, memberId, now))) return refuse('NOT_FOUND')
    // Their open tabs lock now, whatever page they show, and not when they next ask for something.
    for (const id of ended) await notify(tx, ENDED, id)
    await audit(tx, actor, 'access.removed', memberId)
    return ok({ coming: await store.listComing(tx, actor, memberId, now) })
  })
}

/** Next epochs of groups that wait for theirs, from the first of their members who comes by. */
export async function renewEpochs(
  actor: StaffActor,
  input: In<typeof rules.RenewEpochsInput>,
): Promise<Result<{ done: true }>> {
  const { clinicId, memberId } = actor
  return inClinic(clinicId, async (tx) => {
    const taken = await extend(tx, clinicId, input, (standing) => takeEpochs(clinicId, standing, memberId, input))
    if (!taken.ok) return taken
    await audit(tx, actor, 'access.keys-renewed', memberId)
    return ok({ done: true as const })
  })
}

export async function listComing(
  actor: StaffActor,
  { memberId }: In<typeof rules.MemberInput>,
  { now }: Context,
): Promise<Result<{ coming: ComingAppointment[] }>> {
  return inClinic(actor.clinicId, async (tx) => ok({ coming: await store.listComing(tx, actor, memberId, now) }))
}

export async function listColleagues(
  actor: StaffActor,
): Promise<Result<{ members: { memberId: string; displayName: string }[] }>> {
  return inClinic(actor.clinicId, async (tx) => ok({ members: await listNames(tx, actor.clinicId) }))
}
