import 'server-only'
import type { Prisma } from '@/prisma/generated/client'
import { visitStates } from '../booking/rules.ts'
import type { Tx } from '../server/tx.ts'

type Bytes = Uint8Array<ArrayBuffer>

/** Somebody without a device yet: a patient who has no key. False for an id that somebody has, wherever. */
export async function insertCaller(
  tx: Tx,
  row: {
    id: string
    clinicId: string
    emailIndex: Bytes | null
    emailSealed: Bytes | null
    phoneSealed: Bytes | null
    locale: string
    timeZone: string
  },
): Promise<boolean> {
  const { count } = await tx.patient.createMany({ data: [row], skipDuplicates: true })
  return count === 1
}

/** The keys of a patient, removed ones too. Until the transaction ends nobody else asks this of the same patient. */
export async function lockKeys(tx: Tx, patientId: string): Promise<{ id: string; signKey: string; dhKey: string }[]> {
  await tx.$queryRaw`SELECT id FROM patient WHERE id = ${patientId}::uuid FOR UPDATE`
  return tx.patientKey.findMany({ where: { patientId }, select: { id: true, signKey: true, dhKey: true } })
}

/** Where a patient was, newest first, of what a member sees. */
export async function listPlaces(tx: Tx, patientId: string, seen: Prisma.AppointmentWhereInput) {
  return tx.appointment.findMany({
    where: { patientId, AND: seen },
    orderBy: { startsAt: 'desc' },
    take: 20,
    select: { memberId: true, siteId: true },
  })
}

/** Of these, who has an appointment that stands or took place, of what a member sees. */
export async function listBeen(
  tx: Tx,
  patientIds: readonly string[],
  seen: Prisma.AppointmentWhereInput,
): Promise<string[]> {
  const rows = await tx.appointment.groupBy({
    by: ['patientId'],
    where: { patientId: { in: [...patientIds] }, status: { in: [...visitStates] }, AND: seen },
  })
  return rows.flatMap(({ patientId }) => patientId ?? [])
}

/** Whom a member's days had or will have, those of the newest appointment first. */
export async function listKnown(
  tx: Tx,
  seen: Prisma.AppointmentWhereInput,
  { since, most }: { since: Date; most: number },
): Promise<string[]> {
  const rows = await tx.appointment.groupBy({
    by: ['patientId'],
    where: { patientId: { not: null }, startsAt: { gte: since }, status: { notIn: ['held', 'expired'] }, AND: seen },
    _max: { startsAt: true },
    orderBy: { _max: { startsAt: 'desc' } },
    take: most,
  })
  return rows.flatMap(({ patientId }) => patientId ?? [])
}
