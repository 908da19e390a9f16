import 'server-only'
import type { Actor } from '../access/rules.ts'
import type { Tx } from './tx.ts'

/** Who did what to which id, in the same transaction as the change. Codes and ids only: `appointment.completed`. */
export async function audit(
  tx: Tx,
  actor: Exclude<Actor, { kind: 'public' }>,
  action: string,
  subjectId?: string,
): Promise<void> {
  const actorId = actor.kind === 'staff' ? actor.memberId : actor.kind === 'patient' ? actor.patientId : null
  await tx.auditEntry.create({
    data: { clinicId: actor.clinicId, actorKind: actor.kind, actorId, action, subjectId: subjectId ?? null },
  })
}
