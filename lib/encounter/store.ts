import 'server-only'
import { seenVisits, type StaffActor } from '@/lib/access/rules'
import { partOf } from '@/lib/access/part'
import type { AppointmentStatus } from '@/lib/booking/rules'
import { stepMinutes } from '@/lib/slot/rules'
import { parseForm } from '@/lib/intake/rules'
import { pageMinor } from '@/lib/payment/rules'
import type { Tx } from '@/lib/server/tx'
import type { ConsentProof, DayRow, PaidState, PatientKeyRow } from './rules'

/** Rows that stand in nobody's day: a hold is not an appointment yet. */
const shown = ['booked', 'arrived', 'in_consult', 'completed', 'no_show', 'cancelled'] as const
const busy = ['booked', 'arrived', 'in_consult', 'completed', 'no_show'] as const

const include = {
  service: true,
  member: true,
  payment: {
    include: {
      disputes: {
        where: { state: { in: ['inquiry' as const, 'open' as const, 'lost' as const] } },
        orderBy: { createdAt: 'desc' as const },
      },
      refunds: { where: { OR: [{ state: 'due' as const, takingId: { not: null } }, { state: 'failed' as const }] } },
    },
  },
  site: { select: { name: true } },
  call: { include: { callParticipants: { where: { role: 'patient', state: 'waiting' as const } } } },
}

export async function listDay(
  tx: Tx,
  actor: StaffActor,
  { from, to, memberId, seen = {} }: { from: Date; to: Date; memberId?: string; seen?: Seen },
  now: Date,
): Promise<DayRow[]> {
  const rows = await tx.appointment.findMany({
    where: {
      clinicId: actor.clinicId,
      startsAt: { gte: from, lt: to },
      status: { in: [...shown] },
      patientId: { not: null },
      ...(memberId ? { memberId } : {}),
      AND: seen,
    },
    include,
    orderBy: [{ startsAt: 'asc' }, { id: 'asc' }],
  })
  const open = await listOpen(tx, rows)
  return rows.map((row) => toRow(row, open, now))
}

export async function findVisit(tx: Tx, actor: StaffActor, id: string, now: Date) {
  const row = await findRow(tx, actor, id)
  return row && { row: toRow(row, await listOpen(tx, [row]), now), service: row.service }
}

async function findRow(tx: Tx, actor: StaffActor, id: string) {
  // Beside the keys, which open nothing of others' patients: their appointments are nobody's to work in.
  const seen = seenVisits(actor, await partOf(tx, actor))
  return tx.appointment.findFirst({
    where: {
      ...{ id, clinicId: actor.clinicId, patientId: { not: null }, status: { in: [...shown] } },
      AND: seen,
    },
    include,
  })
}
type Seen = ReturnType<typeof seenVisits>
type Found = NonNullable<Awaited<ReturnType<typeof findRow>>>

/** Somebody who left without a word is not waiting: a minute and a half without a sign of life. */
const awayMs = 90_000

/** What waits in the books of these: owed by the patient, and owed to them. */
type Open = Map<string, { dueMinor: number; backMinor: number }>
async function listOpen(tx: Tx, rows: readonly Found[]): Promise<Open> {
  const sales = rows.flatMap(({ payment }) => payment?.id ?? [])
  const items = await tx.openItem.findMany({ where: { saleId: { in: sales } } })
  const open: Open = new Map()
  for (const { saleId, account, amountMinor } of items) {
    const { dueMinor, backMinor } = open.get(saleId) ?? { dueMinor: 0, backMinor: 0 }
    const minor = Number(amountMinor)
    open.set(
      saleId,
      account === 'receivable' ? { dueMinor: minor, backMinor } : { dueMinor, backMinor: backMinor - minor },
    )
  }
  return open
}

function toRow(row: Found, items: Open, now: Date): DayRow {
  const open = items.get(row.payment?.id ?? '') ?? { dueMinor: 0, backMinor: 0 }
  const paid = paidState(row, open)
  const bouncedMinor = sumOf(row.payment?.refunds.filter(({ state }) => state === 'failed'))
  const here = row.call?.callParticipants.filter((one) => now.getTime() - one.lastSeenAt.getTime() < awayMs) ?? []
  return {
    appointmentId: row.id,
    sequence: row.sequence,
    group: row.seat === null ? null : { id: row.sessionId, serviceId: row.serviceId, places: row.service.places },
    isSeries: row.seriesId !== null,
    patientId: row.patientId!,
    memberId: row.memberId,
    practitioner: row.member.displayName,
    siteId: row.siteId,
    site: row.site?.name ?? null,
    service: row.service.name,
    way: row.way,
    step: row.service.stepMinutes ?? stepMinutes(row.service.minutes),
    startsAt: row.startsAt.toISOString(),
    endsAt: row.endsAt.toISOString(),
    walkIn: row.lane > 0,
    status: row.status as AppointmentStatus,
    paid,
    moneyMinor: moneyOf(row, paid, { ...open, bouncedMinor }),
    currency: row.currency,
    toHandMinor: sumOf(row.payment?.refunds),
    bouncedMinor,
    dispute: disputeOf(row.payment?.disputes[0]),
    asks: { form: parseForm(row.service.intakeForm).questions.length > 0, consent: row.service.consentTextId !== null },
    arrivedAt: row.arrivedAt?.toISOString() ?? null,
    startedAt: row.startedAt?.toISOString() ?? null,
    completedAt: row.completedAt?.toISOString() ?? null,
    waiting: here.some((one) => one.confirmed),
    atDoor: here.some((one) => !one.confirmed),
  }
}

function disputeOf(row: { state: string; amountMinor: number; answerBy: Date | null } | undefined): DayRow['dispute'] {
  if (row?.state !== 'inquiry' && row?.state !== 'open' && row?.state !== 'lost') return null
  const { state, amountMinor, answerBy } = row
  return { state, amountMinor, answerBy: answerBy?.toISOString() ?? null }
}

const sumOf = (rows: readonly { amountMinor: number }[] = []) =>
  rows.reduce((sum, { amountMinor }) => sum + amountMinor, 0)

const didNotHappen = ({ status }: Pick<Found, 'status'>) => status === 'cancelled' || status === 'no_show'

/** What the state of a payment speaks of. */
function moneyOf(row: Found, paid: PaidState, at: { dueMinor: number; backMinor: number; bouncedMinor: number }) {
  if (paid === 'bounced') return at.bouncedMinor
  if (paid === 'fee') return row.feeMinor
  if (paid === 'owed') return at.backMinor || row.priceMinor
  if (paid === 'due' && didNotHappen(row)) return at.dueMinor
  const isOpen = ['due', 'later', 'failed'].includes(paid) && row.payment
  return isOpen ? pageMinor({ ...row.payment!, depositMinor: row.depositMinor }) : row.priceMinor
}

function paidState(row: Found, { dueMinor, backMinor }: { dueMinor: number; backMinor: number }): PaidState {
  if (row.voucherId) return 'voucher'
  if (row.paymentMode === 'free' || row.priceMinor === 0) return 'free'
  if (row.payment?.refunds.some(({ state }) => state === 'failed')) return 'bounced'
  if (didNotHappen(row) && row.payment?.counted.length) {
    if (dueMinor > 0) return 'due'
    if (backMinor > 0) return 'owed'
    if (row.feeMinor > 0) return 'fee'
  }
  switch (row.payment?.status) {
    case 'paid':
      if (!didNotHappen(row)) return 'paid'
      if (dueMinor > 0) return 'due'
      if (backMinor > 0) return 'owed'
      return row.feeMinor > 0 ? 'fee' : row.status === 'cancelled' ? 'owed' : 'paid'
    case 'refunded':
      return 'refunded'
    // Let go by the clinic.
    case 'none':
      return 'free'
    case 'failed':
    case 'expired':
      return didNotHappen(row) ? (dueMinor > 0 ? 'due' : 'free') : 'failed'
    default:
      if (didNotHappen(row)) return dueMinor > 0 ? 'due' : 'free'

      return row.paymentMode === 'later' ? 'later' : 'due'
  }
}

/** Whose, when and how long every appointment of some days is: for charts, and for what is taken. */
export async function listLoad(tx: Tx, actor: StaffActor, at: { from: Date; to: Date; memberId?: string; seen: Seen }) {
  return tx.appointment.findMany({
    where: {
      clinicId: actor.clinicId,
      startsAt: { gte: at.from, lt: at.to },
      status: { in: [...busy] },
      ...(at.memberId ? { memberId: at.memberId } : {}),
      AND: at.seen,
    },
    select: { id: true, memberId: true, startsAt: true, endsAt: true, sessionId: true },
  })
}

/** Whose times are held until somebody who comes along has answered: their patients know nothing of them yet. */
export async function listHeld(
  tx: Tx,
  actor: StaffActor,
  at: { from: Date; to: Date; memberId?: string; seen: Seen },
  now: Date,
) {
  const rows = await tx.appointment.findMany({
    where: {
      clinicId: actor.clinicId,
      startsAt: { gte: at.from, lt: at.to },
      status: 'held',
      heldUntil: { gte: now },
      patientId: { not: null },
      companions: { some: { state: 'invited', first: true } },
      ...(at.memberId ? { memberId: at.memberId } : {}),
      AND: at.seen,
    },
    select: {
      ...{ id: true, memberId: true, patientId: true, startsAt: true, endsAt: true, sessionId: true },
      member: { select: { displayName: true } },
      service: { select: { name: true } },
      companions: { where: { state: 'invited' }, select: { kind: true } },
    },
    orderBy: [{ startsAt: 'asc' }, { id: 'asc' }],
  })
  return rows.map(({ companions, patientId, ...row }) => ({
    ...{ ...row, patientId: patientId!, kind: companions[0]!.kind },
  }))
}

export async function listPractitioners(tx: Tx, actor: StaffActor) {
  const rows = await tx.member.findMany({
    where: { clinicId: actor.clinicId, status: 'active', roles: { has: 'practitioner' } },
    orderBy: { displayName: 'asc' },
    select: { id: true, displayName: true },
  })
  return rows.map((row) => ({ memberId: row.id, name: row.displayName }))
}

export async function findClinic(tx: Tx, actor: StaffActor) {
  const row = await tx.clinic.findFirstOrThrow({ where: { id: actor.clinicId } })
  const { id, name, slug, address, phone, timeZone } = row
  return { clinic: { id, name, slug, address, phone }, zone: timeZone }
}

export async function findMember(tx: Tx, actor: StaffActor) {
  const row = await tx.member.findFirstOrThrow({ where: { id: actor.memberId, clinicId: actor.clinicId } })
  return { memberId: row.id, name: row.displayName, title: row.title }
}

/** Those that the member sees, and `shared`: of which a colleague let them read the records. */
export async function listVisits(tx: Tx, actor: StaffActor, patientId: string, shared: readonly string[] = []) {
  const seen = seenVisits(actor, await partOf(tx, actor))
  const rows = await tx.appointment.findMany({
    where: {
      ...{ clinicId: actor.clinicId, patientId, status: { in: [...shown] } },
      AND: Object.keys(seen).length ? { OR: [seen, { id: { in: [...shared] } }] } : {},
    },
    include: { service: true, member: true, site: { select: { name: true } } },
    orderBy: { startsAt: 'desc' },
    take: 200,
  })
  return rows.map((row) => ({
    appointmentId: row.id,
    startsAt: row.startsAt.toISOString(),
    service: row.service.name,
    practitioner: row.member.displayName,
    site: row.site?.name ?? null,
  }))
}

export async function listPatientKeys(tx: Tx, actor: StaffActor, patientId: string): Promise<PatientKeyRow[]> {
  const rows = await tx.patientKey.findMany({
    where: { clinicId: actor.clinicId, patientId },
    orderBy: { createdAt: 'asc' },
  })
  return rows.map((row) => ({
    keyId: row.id,
    keys: { sign: row.signKey, dh: row.dhKey },
    state: row.state,
    vouch: row.vouch,
    link: row.link,
  }))
}

export async function listConsents(tx: Tx, actor: StaffActor, patientId: string): Promise<ConsentProof[]> {
  const rows = await tx.consentEvent.findMany({
    where: { clinicId: actor.clinicId, patientId },
    orderBy: { seq: 'asc' },
  })
  const texts = await tx.consentText.findMany({
    where: { clinicId: actor.clinicId, id: { in: rows.flatMap((row) => row.consentTextId ?? []) } },
  })
  return rows.map((row) => {
    const text = texts.find((one) => one.id === row.consentTextId)
    return {
      // Empty, as the hash and the signature are, once the chart was purged.
      recordId: row.recordId ?? '',
      appointmentId: row.appointmentId,
      consentTextId: row.consentTextId ?? '',
      title: text?.title ?? '',
      version: text?.version ?? 0,
      textHash: row.textHash,
      state: row.state,
      signer: row.signer,
      signature: row.signature,
      signedAt: row.createdAt.toISOString(),
      seq: row.seq,
      previous: row.previous,
      hash: row.hash,
    }
  })
}

export async function listServices(tx: Tx, actor: StaffActor) {
  return tx.service.findMany({
    where: { clinicId: actor.clinicId, active: true },
    orderBy: { position: 'asc' },
    select: { id: true, name: true, audience: true },
  })
}

/** Moves a visit from the state and the time that were decided upon; false when the call or a colleague did first. */
export async function moveVisit(
  tx: Tx,
  actor: StaffActor,
  at: { id: string; from: AppointmentStatus; to: AppointmentStatus; startsAt?: Date },
  now: Date,
): Promise<boolean> {
  const { count } = await tx.appointment.updateMany({
    where: { id: at.id, clinicId: actor.clinicId, status: at.from, startsAt: at.startsAt },
    data: {
      status: at.to,
      ...(at.to === 'completed' && { completedAt: now }),
      ...(at.to === 'arrived' && { arrivedAt: now }),
      ...(at.from === 'arrived' && at.to === 'booked' && { arrivedAt: null }),
    },
  })
  return count === 1
}

/** Forgets a draft's revisions before this one. Nothing but drafts: every other record keeps its history. */
export async function dropRevisions(tx: Tx, actor: StaffActor, recordId: string, before: number) {
  const old = { clinicId: actor.clinicId, recordId, revision: { lt: before } }
  const { count } = await tx.record.deleteMany({ where: { ...old, type: 'draft' } })
  if (count) await tx.grant.deleteMany({ where: old })
}
