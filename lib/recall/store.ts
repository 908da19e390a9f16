import 'server-only'
import type { Prisma } from '@/prisma/generated/client'
import type { Actor, StaffActor, SystemActor } from '@/lib/access/rules'
import type { Tx } from '@/lib/server/tx'
import type { RecallRow, RecallStatus } from './rules'

type InClinic = Extract<Actor, { clinicId: string }>

const day = (at: Date) => at.toISOString().slice(0, 10)
const include = { service: { select: { name: true } }, member: { select: { displayName: true } } }

export async function listRecalls(
  tx: Tx,
  actor: StaffActor,
  { patientId, seen = {}, statuses }: { patientId?: string; seen?: Prisma.RecallWhereInput; statuses?: RecallStatus[] },
): Promise<RecallRow[]> {
  const rows = await tx.recall.findMany({
    where: {
      clinicId: actor.clinicId,
      ...(patientId ? { patientId } : {}),
      AND: seen,
      ...(statuses ? { status: { in: statuses } } : {}),
    },
    include,
    orderBy: [{ dueOn: 'asc' }, { id: 'asc' }],
    take: 500,
  })
  return rows.map((row) => ({
    id: row.id,
    patientId: row.patientId,
    memberId: row.memberId,
    practitioner: row.member.displayName,
    serviceId: row.serviceId,
    service: row.service.name,
    recordId: row.recordId,
    dueOn: day(row.dueOn),
    status: row.status,
  }))
}

/** False when it was saved before: the caller sent it twice. */
export async function saveRecall(
  tx: Tx,
  actor: StaffActor,
  recall: { id: string; patientId: string; serviceId: string; recordId: string; dueOn: string; siteId: string | null },
): Promise<boolean> {
  const { count } = await tx.recall.createMany({
    data: [{ ...recall, dueOn: new Date(recall.dueOn), clinicId: actor.clinicId, memberId: actor.memberId }],
    skipDuplicates: true,
  })
  return count === 1
}

export async function hasService(tx: Tx, actor: StaffActor, serviceId: string): Promise<boolean> {
  return (await tx.service.count({ where: { id: serviceId, clinicId: actor.clinicId } })) === 1
}

export async function lookupDueRecalls(tx: Tx, today: string): Promise<{ clinicId: string; recallId: string }[]> {
  const rows = await tx.$queryRaw<{ clinic_id: string; recall_id: string }[]>`
    SELECT clinic_id, recall_id FROM lookup_due_recalls(${today}::date)`
  return rows.map((row) => ({ clinicId: row.clinic_id, recallId: row.recall_id }))
}

/** A recall with what its invitation needs. `booked`: the patient has another appointment to come, made since. */
export async function findRecall(tx: Tx, actor: InClinic, id: string, now: Date, seen: Prisma.RecallWhereInput = {}) {
  const row = await tx.recall.findFirst({
    where: { id, clinicId: actor.clinicId, AND: seen },
    include: { patient: true, member: true },
  })
  if (!row) return null
  const booked = await tx.appointment.count({
    where: {
      clinicId: actor.clinicId,
      patientId: row.patientId,
      createdAt: { gt: row.createdAt },
      startsAt: { gt: now },
      status: { in: ['booked', 'arrived', 'in_consult'] },
    },
  })
  const clinic = await tx.clinic.findFirstOrThrow({ where: { id: actor.clinicId } })
  const { status, serviceId, memberId, patientId, patient } = row
  return { id, status, serviceId, memberId, patientId, dueOn: day(row.dueOn), booked: booked > 0, patient, clinic }
}

/** Those that may have to be marked: invited and not yet answered. */
export async function listInvited(tx: Tx, actor: SystemActor): Promise<string[]> {
  const rows = await tx.recall.findMany({
    where: { clinicId: actor.clinicId, status: { in: ['invited', 'overdue'] } },
    select: { id: true },
    take: 1000,
  })
  return rows.map((row) => row.id)
}

/** False when somebody else moved it first: then nothing is sent twice. */
export async function moveRecall(
  tx: Tx,
  actor: InClinic,
  at: { id: string; from: RecallStatus; to: RecallStatus },
): Promise<boolean> {
  const { count } = await tx.recall.updateMany({
    where: { id: at.id, clinicId: actor.clinicId, status: at.from },
    data: { status: at.to },
  })
  return count === 1
}
