import 'server-only'
import type { z } from 'zod'
import { ok, refuse, type Result } from '@/lib/errors'
import { audit } from '@/lib/server/audit'
import { notify } from '@/lib/server/notify'
import { inClinic } from '@/lib/server/tx'
import type { AddRoleInput, StaffActor } from './rules'
import { readStanding, takeRole } from './statements'
import * as store from './store'

/** A further role, as an officer's browser signed it. What the chain says counts; the row follows, for who is let through which door. */
export async function addRole(
  actor: StaffActor,
  input: z.output<typeof AddRoleInput>,
): Promise<Result<{ done: true }>> {
  const { clinicId } = actor
  return inClinic(clinicId, async (tx) => {
    if (!(await store.addRole(tx, actor, input))) return refuse('STALE')
    const standing = readStanding(await store.listStatements(tx, clinicId))
    const { statements, epochGrants } = input
    const taken = await takeRole(clinicId, standing, input, { statement: statements[0]!, epochGrants })
    if (!taken.ok) return taken
    if (!(await store.appendStatements(tx, clinicId, [taken.value]))) return refuse('CHAIN_MOVED')
    await store.saveEpochGrants(tx, clinicId, epochGrants)
    await audit(tx, actor, 'access.role-added', input.memberId)
    await notify(tx, 'staff', clinicId)
    return ok({ done: true as const })
  })
}
