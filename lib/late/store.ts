import 'server-only'
import type { Tx } from '../server/tx.ts'

/** Clinics where somebody runs late, or did since then. Runs before a clinic is known. */
export async function lookupRunningLate(tx: Tx, since: Date): Promise<string[]> {
  const rows = await tx.$queryRaw<{ id: string }[]>`SELECT lookup_running_late(${since}) AS id`
  return rows.map(({ id }) => id)
}

/** By how many minutes a practitioner runs late on a day of the clinic's; 0 where nobody said so. */
export async function findLate(tx: Tx, memberId: string, day: string): Promise<number> {
  const row = await tx.runningLate.findFirst({ where: { memberId, day: new Date(day) }, select: { minutes: true } })
  return row?.minutes ?? 0
}

export async function listLate(
  tx: Tx,
  clinicId: string,
  day: string,
): Promise<{ memberId: string; minutes: number }[]> {
  const where = { clinicId, day: new Date(day) }
  return tx.runningLate.findMany({ where, select: { memberId: true, minutes: true } })
}

export async function saveLate(
  tx: Tx,
  { clinicId, memberId, day }: { clinicId: string; memberId: string; day: string },
  minutes: number,
  saidAt: Date,
): Promise<void> {
  const at = { memberId, day: new Date(day) }
  if (minutes === 0) await tx.runningLate.deleteMany({ where: at })
  else
    await tx.runningLate.upsert({
      where: { memberId_day: at },
      create: { clinicId, ...at, minutes, saidAt },
      update: { minutes, saidAt },
    })
}

/** A practitioner's visits between these instants that have not begun. */
export const listComing = (tx: Tx, memberId: string, { from, until }: { from: Date; until: Date }) =>
  tx.appointment.findMany({
    where: {
      memberId,
      patientId: { not: null },
      status: { in: ['booked', 'arrived'] },
      startsAt: { gte: from, lt: until },
    },
    include: { call: { select: { id: true } } },
    orderBy: { startsAt: 'asc' },
  })

/** What the patient of a visit was told last, of the time that it has; locked until the transaction ends. */
export async function lastTold(
  tx: Tx,
  { id, startsAt }: { id: string; startsAt: Date },
): Promise<{ minutes: number; times: number } | null> {
  await tx.$queryRaw`SELECT 1 FROM late_notice WHERE appointment_id = ${id}::uuid FOR UPDATE`
  const where = { appointmentId: id, startsAt }
  return tx.lateNotice.findFirst({ where, select: { minutes: true, times: true } })
}

export async function saveTold(
  tx: Tx,
  { clinicId, id, startsAt }: { clinicId: string; id: string; startsAt: Date },
  told: { minutes: number; times: number; madeAt: Date },
): Promise<void> {
  const at = { appointmentId: id, startsAt }
  const { count } = await tx.lateNotice.updateMany({ where: at, data: told })
  if (!count) await tx.lateNotice.createMany({ data: [{ clinicId, ...at, ...told }], skipDuplicates: true })
}
