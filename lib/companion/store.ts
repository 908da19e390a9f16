import 'server-only'
import type { Prisma } from '@/prisma/generated/client'
import type { Tx } from '../server/tx.ts'
import type { CompanionState } from './rules.ts'

export type CompanionRow = Awaited<ReturnType<Tx['companion']['findMany']>>[number]

/** The clinic of a link. Runs before a clinic is known. */
export async function lookupCompanion(tx: Tx, id: string): Promise<string | null> {
  const rows = await tx.$queryRaw<{ id: string | null }[]>`SELECT lookup_companion(${id}::uuid) AS id`
  return rows[0]?.id ?? null
}

/** Every clinic that has asked somebody. Runs before a clinic is known. */
export async function lookupCompanions(tx: Tx): Promise<string[]> {
  const rows = await tx.$queryRaw<{ id: string }[]>`SELECT lookup_companions() AS id`
  return rows.map(({ id }) => id)
}

/** False where the visit has somebody already, or the id is somebody's. */
export async function insertCompanion(
  tx: Tx,
  row: Omit<CompanionRow, 'sequence' | 'movedFrom' | 'calendarAt'>,
): Promise<boolean> {
  const { count } = await tx.companion.createMany({ data: [row], skipDuplicates: true })
  return count === 1
}

export const findCompanion = (tx: Tx, id: string): Promise<CompanionRow | null> =>
  tx.companion.findFirst({ where: { id } })

/** Who comes along to a visit, or was asked; not whom nobody wants any more. */
export const companionOf = (tx: Tx, appointmentId: string): Promise<CompanionRow | null> =>
  tx.companion.findFirst({ where: { appointmentId, state: { not: 'withdrawn' } } })

/** What is mailed of it from now on is another mail. */
export async function moveCompanion(
  tx: Tx,
  id: string,
  change: {
    state: CompanionState
    first?: boolean
    askedFor?: Date
    movedFrom?: Date | null
    calendarAt?: Date
    answerBy?: Date
  },
): Promise<void> {
  await tx.companion.update({ where: { id }, data: { ...change, sequence: { increment: 1 } } })
}

const visit = {
  appointment: {
    include: { service: { select: { name: true } }, member: { select: { displayName: true } } },
  },
}
export type WithVisit = Prisma.CompanionGetPayload<{ include: typeof visit }>

/** Of what a member sees: those for whom a time is held, and those who cannot come. */
export const listToSettle = (
  tx: Tx,
  clinicId: string,
  { since, seen }: { since: Date; seen: Prisma.AppointmentWhereInput },
): Promise<WithVisit[]> =>
  tx.companion.findMany({
    where: {
      clinicId,
      OR: [{ state: { in: ['declined', 'lapsed'] } }, { state: 'invited', first: true }],
      appointment: {
        AND: [{ startsAt: { gte: since }, status: { in: ['held', 'expired', 'booked', 'arrived'] } }, seen],
      },
    },
    include: visit,
    orderBy: { askedFor: 'asc' },
    take: 200,
  })

/** Who has not answered by then. */
export const listUnanswered = (tx: Tx, clinicId: string, now: Date): Promise<CompanionRow[]> =>
  tx.companion.findMany({ where: { clinicId, state: 'invited', answerBy: { lt: now } }, take: 500 })

/** Of visits that were not booked, and would have been before then. */
export const listForgone = (tx: Tx, clinicId: string, before: Date): Promise<CompanionRow[]> =>
  tx.companion.findMany({
    where: {
      clinicId,
      state: { in: ['declined', 'lapsed'] },
      appointment: { status: 'expired', startsAt: { lt: before } },
    },
    take: 500,
  })

/** Forgets who was asked for visits that were over by then. */
export async function forgetCompanions(tx: Tx, clinicId: string, before: Date): Promise<void> {
  await tx.companion.deleteMany({ where: { clinicId, appointment: { endsAt: { lt: before } } } })
}
