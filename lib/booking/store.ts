import 'server-only'
import type { ConsentState, Prisma } from '@/prisma/generated/client'
import type { Tx } from '../server/tx.ts'
import { type AppointmentStatus, visitStates } from './rules.ts'
import type { PaymentMode, Way } from '../clinic/rules.ts'
import type { CancellationPolicy } from '../price/rules.ts'
import type { Stretch } from '../schedule/rules.ts'

export type AppointmentRow = Awaited<ReturnType<Tx['appointment']['findMany']>>[number]
export type Bytes = Uint8Array<ArrayBuffer>

/** The clinic of an appointment's link. Runs before a clinic is known. */
export async function lookupAppointment(tx: Tx, id: string): Promise<string | null> {
  const rows = await tx.$queryRaw<{ id: string | null }[]>`SELECT lookup_appointment(${id}::uuid) AS id`
  return rows[0]?.id ?? null
}

/**
 * Taken stretches of these practitioners; holds that have run out are free, and what the desk put in beside others takes nothing.
 * `isHeldFree`: so is what nobody has booked yet. `besides`: sessions that are left out.
 */
export async function listBusy(
  tx: Tx,
  memberIds: readonly string[],
  { from, until, except, isHeldFree = false, besides = [] }: Looked & { besides?: readonly string[] },
  now: Date,
): Promise<Map<string, Stretch[]>> {
  // As two lists for each practitioner: a month of a large clinic is twenty thousand rows, which cost more to hand over than to find.
  const rows = await tx.$queryRaw<{ memberId: string; from: number[]; until: number[] }[]>`
    SELECT member_id AS "memberId", array_agg(extract(epoch FROM blocked_from) * 1000)::float8[] AS "from",
      array_agg(extract(epoch FROM blocked_until) * 1000)::float8[] AS "until"
    FROM appointment WHERE member_id = ANY(${memberIds}::uuid[]) AND tstzrange(blocked_from, blocked_until) && tstzrange(${from}, ${until})
      AND (status IN ('booked', 'arrived', 'in_consult') OR (status = 'held' AND held_until >= ${now} AND NOT (${isHeldFree} AND patient_id IS NULL)))
      AND lane = 0 AND id IS DISTINCT FROM ${except ?? null}::uuid AND NOT session_id = ANY(${besides}::uuid[])
    GROUP BY member_id`
  const busy = new Map<string, Stretch[]>(memberIds.map((id) => [id, []]))
  for (const row of rows)
    busy.set(
      row.memberId,
      row.from.map((start, index) => ({ from: start, until: row.until[index]! })),
    )
  return busy
}

interface Looked {
  from: Date
  until: Date
  except?: string | undefined
  isHeldFree?: boolean | undefined
}

/** A group at one time: milliseconds since 1970, with its buffers in `from` and `until`. */
export interface Session extends Stretch {
  id: string
  memberId: string
  siteId: string | null
  start: number
  end: number
  /** How many of its places are taken. */
  taken: number
}

/** Groups of a service that somebody is in; what counts as taken is as in `listBusy`. */
export async function listSessions(
  tx: Tx,
  serviceId: string,
  memberIds: readonly string[],
  { from, until, except, isHeldFree = false }: Looked,
  now: Date,
): Promise<Session[]> {
  const rows = await tx.$queryRaw<
    (Pick<Session, 'id' | 'memberId' | 'siteId' | 'taken'> & Record<'startsAt' | 'endsAt' | 'first' | 'last', Date>)[]
  >`
    SELECT session_id AS id, member_id AS "memberId", site_id AS "siteId", starts_at AS "startsAt", ends_at AS "endsAt",
      min(blocked_from) AS first, max(blocked_until) AS last, count(*)::int AS taken
    FROM appointment WHERE service_id = ${serviceId}::uuid AND member_id = ANY(${memberIds}::uuid[]) AND seat IS NOT NULL
      AND tstzrange(blocked_from, blocked_until) && tstzrange(${from}, ${until})
      AND (status IN ('booked', 'arrived', 'in_consult') OR (status = 'held' AND held_until >= ${now} AND NOT (${isHeldFree} AND patient_id IS NULL)))
      AND id IS DISTINCT FROM ${except ?? null}::uuid
    GROUP BY session_id, member_id, site_id, starts_at, ends_at`
  return rows.map(({ startsAt, endsAt, first, last, ...row }) => ({
    ...row,
    ...{ start: +startsAt, end: +endsAt, from: +first, until: +last },
  }))
}

/** Places of a group that are taken, by holds too that ran out and are not lapsed yet. */
export async function listSeats(
  tx: Tx,
  serviceId: string,
  at: Pick<AppointmentRow, 'memberId' | 'siteId' | 'startsAt' | 'endsAt'>,
): Promise<number[]> {
  const { memberId, siteId, startsAt, endsAt } = at
  const rows = await tx.appointment.findMany({
    where: {
      ...{ serviceId, memberId, siteId, startsAt, endsAt, seat: { not: null } },
      status: { in: ['held', 'booked', 'arrived', 'in_consult'] },
    },
    select: { seat: true },
  })
  return rows.map(({ seat }) => seat!)
}

/** Whoever has a place in the same group, by default has not let go of it, held ones too, in an order that is always the same. */
export const listSession = (
  tx: Tx,
  sessionId: string,
  states: AppointmentStatus[] = ['held', 'booked', 'arrived', 'in_consult'],
): Promise<AppointmentRow[]> =>
  tx.appointment.findMany({
    where: { sessionId, seat: { not: null }, status: { in: states } },
    orderBy: { id: 'asc' },
  })

/** Takes visits out of their time, in this transaction, which gives them another or none: they would be in each other's way. */
export async function setAside(tx: Tx, ids: readonly string[]): Promise<void> {
  await tx.appointment.updateMany({ where: { id: { in: [...ids] } }, data: { status: 'expired' } })
}

export interface NewHold {
  id: string
  clinicId: string
  serviceId: string
  memberId: string
  siteId: string | null
  startsAt: Date
  endsAt: Date
  blockedFrom: Date
  blockedUntil: Date
  heldUntil: Date
  /** Null where nobody holds it: it is booked with the row. */
  holdHash: Bytes | null
  priceMinor: number
  currency: string
  taxRate: number
  paymentMode: PaymentMode
  depositMinor: number
  cancellation: CancellationPolicy
  way: Way
  /** Its place in a group; null: of none. */
  seat: number | null
  /** Beside others, by the desk; none: as anything that is booked. */
  lane?: number
}

/** Ends the holds in the way that have run out. Answers their ids. */
export async function lapseInTheWay(tx: Tx, memberId: string, from: Date, until: Date, now: Date): Promise<string[]> {
  // Skipping locked rows: whoever holds one is ending or renewing it, and waiting would only queue up a crowd.
  const rows = await tx.$queryRaw<{ id: string }[]>`
    UPDATE appointment SET status = 'expired' WHERE id IN (
      SELECT id FROM appointment WHERE member_id = ${memberId}::uuid AND status = 'held' AND held_until < ${now}
        AND tstzrange(blocked_from, blocked_until) && tstzrange(${from}, ${until}) FOR UPDATE SKIP LOCKED)
    RETURNING id`
  return rows.map((row) => row.id)
}

/** False when the practitioner is taken then: the exclusion constraint decides, and nobody waits in a deadlock. */
export async function insertHold(tx: Tx, hold: NewHold, now: Date): Promise<boolean> {
  const count = await tx.$executeRaw`
    INSERT INTO appointment (id, clinic_id, service_id, member_id, site_id, status, starts_at, ends_at, blocked_from, blocked_until,
      held_since, held_until, hold_hash, price_minor, currency, tax_rate, payment_mode, deposit_minor, cancellation, way, seat, lane)
    VALUES (${hold.id}::uuid, ${hold.clinicId}::uuid, ${hold.serviceId}::uuid, ${hold.memberId}::uuid, ${hold.siteId}::uuid, 'held', ${hold.startsAt},
      ${hold.endsAt}, ${hold.blockedFrom}, ${hold.blockedUntil}, ${now}, ${hold.heldUntil}, ${hold.holdHash}, ${hold.priceMinor},
      ${hold.currency}, ${hold.taxRate}, ${hold.paymentMode}::payment_mode, ${hold.depositMinor}, ${JSON.stringify(hold.cancellation)}::jsonb,
      ${hold.way}::visit_way, ${hold.seat}, ${hold.lane ?? 0})
    ON CONFLICT DO NOTHING`
  return count === 1
}

/** The row, locked until the transaction ends. */
export async function lockAppointment(tx: Tx, id: string): Promise<AppointmentRow | null> {
  const rows = await tx.$queryRaw<{ id: string }[]>`SELECT id FROM appointment WHERE id = ${id}::uuid FOR UPDATE`
  return rows.length ? tx.appointment.findFirst({ where: { id } }) : null
}

export const findAppointment = (tx: Tx, id: string): Promise<AppointmentRow | null> =>
  tx.appointment.findFirst({ where: { id } })

export async function updateAppointment(
  tx: Tx,
  id: string,
  data: Prisma.AppointmentUncheckedUpdateInput,
): Promise<void> {
  await tx.appointment.update({ where: { id }, data })
}

export interface NewTime {
  status: AppointmentStatus
  arrivedAt?: null
  timedAt?: Date
  memberId: string
  siteId: string | null
  startsAt: Date
  endsAt: Date
  blockedFrom: Date
  blockedUntil: Date
  cancellation: CancellationPolicy
  seat: number | null
  lane: number
}

/** False when the practitioner is taken then; nothing is moved in that case, and the transaction goes on. */
export async function moveTo(tx: Tx, id: string, to: NewTime): Promise<boolean> {
  await tx.$executeRaw`SAVEPOINT moving`
  try {
    await tx.appointment.update({ where: { id }, data: { ...to, sequence: { increment: 1 } } })
  } catch (error) {
    if (!isInTheWay(error)) throw error
    await tx.$executeRaw`ROLLBACK TO SAVEPOINT moving`
    return false
  }
  await tx.$executeRaw`RELEASE SAVEPOINT moving`
  return true
}

/** PostgreSQL's exclusion_violation, a place that somebody else has, or the deadlock of two that want each other's, however deep the driver buried it. */
const isInTheWay = (error: unknown): boolean =>
  error instanceof Error &&
  (/23P01|40P01|P2002|23505/.test(JSON.stringify(error, Object.getOwnPropertyNames(error))) || isInTheWay(error.cause))

/** The visits that were booked together with one, itself included, the earliest first; none of one that was booked by itself. */
export const listSeries = async (
  tx: Tx,
  { seriesId, patientId }: Pick<AppointmentRow, 'seriesId' | 'patientId'>,
): Promise<AppointmentRow[]> =>
  // Of one patient, whatever a browser made the id of.
  seriesId && patientId
    ? tx.appointment.findMany({ where: { seriesId, patientId }, orderBy: [{ startsAt: 'asc' }, { id: 'asc' }] })
    : []

/** Whether a member's day has this appointment in it. */
export const isSeen = async (tx: Tx, id: string, seen: Prisma.AppointmentWhereInput): Promise<boolean> =>
  (await tx.appointment.count({ where: { AND: [{ id }, seen] } })) === 1

/** Whether the row's stretch is taken by another; who has it with them in a group is not in the way. */
export async function isTaken(tx: Tx, row: AppointmentRow, now: Date): Promise<boolean> {
  const busy = await tx.appointment.count({
    where: {
      sessionId: { not: row.sessionId },
      memberId: row.memberId,
      lane: row.lane,
      blockedFrom: { lt: row.blockedUntil },
      blockedUntil: { gt: row.blockedFrom },
      OR: [{ status: { in: ['booked', 'arrived', 'in_consult'] } }, { status: 'held', heldUntil: { gte: now } }],
    },
  })
  return busy > 0
}

/** What the desk put in beside others, and a stretch of time meets. */
export async function listBeside(
  tx: Tx,
  memberId: string,
  { from, until, except }: { from: Date; until: Date; except: string | null },
): Promise<(Stretch & { lane: number })[]> {
  const rows = await tx.appointment.findMany({
    where: {
      ...(except && { id: { not: except } }),
      ...{ memberId, lane: { gt: 0 }, status: { in: ['held', 'booked', 'arrived', 'in_consult'] } },
      ...{ blockedFrom: { lt: until }, blockedUntil: { gt: from } },
    },
    select: { lane: true, blockedFrom: true, blockedUntil: true },
  })
  return rows.map(({ lane, blockedFrom, blockedUntil }) => ({ lane, from: +blockedFrom, until: +blockedUntil }))
}

// ── patients ──

export async function findPatientKeys(tx: Tx, patientId: string) {
  const patient = await tx.patient.findFirst({ where: { id: patientId } })
  if (!patient) return null
  return tx.patientKey.findMany({ where: { patientId, state: { not: 'revoked' } } })
}

/** Whether some device of this patient's is known, be it one that was removed. */
export const hasKey = async (tx: Tx, patientId: string): Promise<boolean> =>
  (await tx.patientKey.count({ where: { patientId } })) > 0

export interface Contact {
  emailIndex: Bytes
  emailSealed: Bytes
  phoneSealed: Bytes | null
  locale: string
  timeZone: string
}

export async function insertPatient(
  tx: Tx,
  patient: Contact & { id: string; clinicId: string },
  key: { id: string; signKey: string; dhKey: string },
): Promise<void> {
  await tx.patient.create({ data: patient })
  await tx.patientKey.create({ data: { ...key, clinicId: patient.clinicId, patientId: patient.id, state: 'booking' } })
}

export async function updateContact(tx: Tx, patientId: string, contact: Contact): Promise<void> {
  await tx.patient.update({ where: { id: patientId }, data: contact })
}

export async function findPatient(tx: Tx, id: string) {
  return tx.patient.findFirst({ where: { id } })
}

/** Whether a patient of this clinic has another appointment that stands, or that took place. */
export const hasVisit = async (tx: Tx, patientId: string, except: string | null): Promise<boolean> =>
  (await tx.appointment.count({
    where: { patientId, status: { in: [...visitStates] }, ...(except && { id: { not: except } }) },
  })) > 0

/** Whether the clinic asked somebody back for this service, and waits for their answer. */
export const isRecalled = async (tx: Tx, recallId: string, serviceId: string): Promise<boolean> =>
  (await tx.recall.count({
    where: { id: recallId, serviceId, status: { in: ['scheduled', 'invited', 'overdue'] } },
  })) === 1

/** Whether a held time was kept for somebody of the waiting list. */
export const isOffered = async (tx: Tx, appointmentId: string): Promise<boolean> =>
  (await tx.waitlistOffer.count({ where: { appointmentId } })) === 1

// ── consents ──

export async function lastConsent(tx: Tx, patientId: string): Promise<{ seq: number; hash: string } | null> {
  return tx.consentEvent.findFirst({
    where: { patientId },
    orderBy: { seq: 'desc' },
    select: { seq: true, hash: true },
  })
}

export async function insertConsent(
  tx: Tx,
  event: Omit<Prisma.ConsentEventUncheckedCreateInput, 'state'> & { state: ConsentState },
): Promise<void> {
  await tx.consentEvent.create({ data: event })
}

/** What has been handed in for an appointment: answers, and a consent that was signed. A record alone signs nothing. */
export async function listDone(tx: Tx, appointmentId: string): Promise<{ intake: boolean; consent: boolean }> {
  const intake = await tx.record.findFirst({ where: { appointmentId, type: 'intake' }, select: { recordId: true } })
  const last = await tx.consentEvent.findFirst({
    where: { appointmentId },
    orderBy: { seq: 'desc' },
    select: { state: true },
  })
  return { intake: intake !== null, consent: last?.state === 'signed' }
}

/** Holds that have run out, of every clinic. Runs before a clinic is known. */
export async function lookupLapsed(tx: Tx, now: Date): Promise<{ clinicId: string; appointmentId: string }[]> {
  return tx.$queryRaw`SELECT clinic_id AS "clinicId", appointment_id AS "appointmentId" FROM lookup_lapsed_holds(${now})`
}

export async function findPractitioner(tx: Tx, id: string) {
  return tx.member.findFirst({ where: { id }, select: { id: true, displayName: true, title: true } })
}

export async function markRecallBooked(tx: Tx, recallId: string, patientId: string): Promise<void> {
  await tx.recall.updateMany({
    where: { id: recallId, patientId, status: { in: ['scheduled', 'invited', 'overdue'] } },
    data: { status: 'booked' },
  })
}
