import 'server-only'
import type { Prisma } from '@/prisma/generated/client'
import { partOf } from '../access/part.ts'
import { type PatientActor, seenVisits, type StaffActor } from '../access/rules.ts'
import type { SealedShare } from '../crypto/types.ts'
import { openCopy, sealUnder } from '../server/keystore.ts'
import type { Tx } from '../server/tx.ts'
import type { EmergencyState } from './rules.ts'

export async function lookupCard(tx: Tx, id: string): Promise<string | null> {
  const [row] = await tx.$queryRaw<{ id: string | null }[]>`SELECT lookup_emergency_card(${id}::uuid) AS id`
  return row?.id ?? null
}

/** Under the patient's outer key: without that, a card in a drawer and a dump would open for ever. */
const outer = (clinicId: string, patientId: string) => ({ clinicId, patientId, class: 'clinical' })
const placeOf = (clinicId: string, id: string) => `card|${clinicId}|${id}`

/** For whoever holds the card, who is nobody here: ciphertext, for the right claim alone. None of what was purged. */
export async function findCard(tx: Tx, clinicId: string, at: { id: string; claimHash: string }) {
  const row = await tx.emergencyCard.findFirst({ where: { id: at.id, claimHash: at.claimHash, clinicId } })
  if (!row) return null
  const { patientId } = row
  const sealed = await openCopy(outer(clinicId, patientId), placeOf(clinicId, at.id), row.sealed)
  return sealed && { patientId, sealed: Buffer.from(sealed).toString('base64url') }
}

export async function saveOpening(
  tx: Tx,
  clinicId: string,
  opening: { patientId: string; cardId: string; at: Date },
): Promise<void> {
  await tx.emergencyCardOpening.create({ data: { clinicId, ...opening } })
}

export async function findMyCard(tx: Tx, actor: PatientActor): Promise<{ id: string; madeAt: Date } | null> {
  return tx.emergencyCard.findFirst({
    where: { clinicId: actor.clinicId, patientId: actor.patientId },
    select: { id: true, madeAt: true },
  })
}

export async function listOpenings(tx: Tx, actor: PatientActor): Promise<Date[]> {
  const rows = await tx.emergencyCardOpening.findMany({
    where: { clinicId: actor.clinicId, patientId: actor.patientId },
    orderBy: { at: 'desc' },
    take: 50,
  })
  return rows.map((row) => row.at)
}

/** In the place of the one before, which opens no more. False when this one was saved already. */
export async function replaceCard(
  tx: Tx,
  actor: PatientActor,
  card: { id: string; claimHash: string; sealed: Uint8Array<ArrayBuffer>; madeAt: Date },
): Promise<boolean> {
  const { clinicId, patientId } = actor
  // One after the other: of two presses at once the later finds the earlier's row.
  await tx.$executeRaw`SELECT 1 FROM patient WHERE id = ${patientId}::uuid FOR UPDATE`
  await tx.emergencyCard.deleteMany({ where: { clinicId, patientId, id: { not: card.id } } })
  const sealed = await sealUnder(outer(clinicId, patientId), placeOf(clinicId, card.id), card.sealed)
  const { count } = await tx.emergencyCard.createMany({
    data: [{ ...card, sealed, clinicId, patientId }],
    skipDuplicates: true,
  })
  return count === 1
}

export async function deleteCard(tx: Tx, actor: PatientActor): Promise<boolean> {
  const { count } = await tx.emergencyCard.deleteMany({
    where: { clinicId: actor.clinicId, patientId: actor.patientId },
  })
  return count === 1
}

// ── two officers together ──

export interface KeyRow {
  epoch: number
  publicKey: string
  statement: string
  shares: SealedShare[]
  usedAt: Date | null
}

export async function newestKey(tx: Tx, actor: StaffActor, patientId: string): Promise<KeyRow | null> {
  const row = await tx.emergencyKey.findFirst({
    where: { clinicId: actor.clinicId, patientId },
    orderBy: { epoch: 'desc' },
  })
  return row && { ...row, shares: row.shares as unknown as SealedShare[] }
}

/** The key that a request was made for, be there a later one. */
export async function findKey(
  tx: Tx,
  actor: StaffActor,
  at: { patientId: string; epoch: number },
): Promise<KeyRow | null> {
  const row = await tx.emergencyKey.findFirst({
    where: { clinicId: actor.clinicId, patientId: at.patientId, epoch: at.epoch },
  })
  return row && { ...row, shares: row.shares as unknown as SealedShare[] }
}

/** Epochs of this patient's key that a request waits for, or is being read with. */
export async function listEpochsInUse(
  tx: Tx,
  actor: StaffActor,
  at: { patientId: string; now: Date },
): Promise<number[]> {
  const rows = await tx.emergencyRequest.findMany({
    where: {
      ...{ clinicId: actor.clinicId, patientId: at.patientId },
      OR: [
        { state: 'asked', expiresAt: { gt: at.now } },
        { state: 'approved', openUntil: { gt: at.now } },
      ],
    },
    select: { epoch: true },
  })
  return rows.map((row) => row.epoch)
}

/** Newest statements of every patient's key, those that were used left out. */
export async function listKeys(tx: Tx, actor: StaffActor): Promise<{ patientId: string; statement: string }[]> {
  const rows = await tx.emergencyKey.findMany({
    where: { clinicId: actor.clinicId },
    orderBy: { epoch: 'asc' },
    select: { patientId: true, statement: true, usedAt: true },
  })
  const newest = new Map(rows.map((row) => [row.patientId, row]))
  return [...newest.values()].filter((row) => row.usedAt === null)
}

/** Whether this member sees the patient: who sees a part of the clinic, by a visit of that part. */
export async function seesPatient(tx: Tx, actor: StaffActor, patientId: string): Promise<boolean> {
  const { clinicId } = actor
  const { own, sites } = await partOf(tx, actor)
  if (!own && !sites.length) return (await tx.patient.count({ where: { id: patientId, clinicId } })) === 1
  return (await tx.appointment.count({ where: { clinicId, patientId, AND: seenVisits(actor, { own, sites }) } })) > 0
}

/** False when another browser made this epoch first. */
export async function saveKey(
  tx: Tx,
  actor: StaffActor,
  key: { patientId: string; epoch: number; publicKey: string; statement: string; shares: SealedShare[] },
): Promise<boolean> {
  const { count } = await tx.emergencyKey.createMany({
    data: [
      { ...key, shares: key.shares as unknown as Prisma.JsonArray, clinicId: actor.clinicId, madeBy: actor.memberId },
    ],
    skipDuplicates: true,
  })
  return count === 1
}

export async function markUsed(
  tx: Tx,
  actor: StaffActor,
  at: { patientId: string; epoch: number; now: Date },
): Promise<boolean> {
  const { count } = await tx.emergencyKey.updateMany({
    where: { clinicId: actor.clinicId, patientId: at.patientId, epoch: at.epoch, usedAt: null },
    data: { usedAt: at.now },
  })
  return count === 1
}

/** Records of these, by id, that are granted to this emergency key already. */
export async function listEscrowedIds(tx: Tx, actor: StaffActor, at: { patientId: string; key: string }) {
  const rows = await tx.grant.findMany({
    where: {
      ...{ clinicId: actor.clinicId, patientId: at.patientId, recipientKind: 'escrow', recipientKey: at.key },
    },
    select: { recordId: true, revision: true },
  })
  return new Set(rows.map((row) => `${row.recordId}.${row.revision}`))
}

/** The newest revision of each of a patient's records: which there are, and not what is in them. */
export async function listNewest(tx: Tx, actor: StaffActor, patientId: string) {
  const rows = await tx.record.findMany({
    where: { clinicId: actor.clinicId, patientId },
    orderBy: [{ createdAt: 'asc' }, { revision: 'asc' }],
    select: { recordId: true, revision: true, type: true, createdAt: true },
  })
  return [...new Map(rows.map((row) => [row.recordId, row])).values()]
}

/** Grants to this patient's earlier emergency keys, for records that the newer one has; those of keys in use stay. */
export async function dropEarlierGrants(
  tx: Tx,
  actor: StaffActor,
  at: { patientId: string; recordIds: readonly string[]; epoch: number; inUse: readonly number[] },
): Promise<number> {
  const { count } = await tx.grant.deleteMany({
    where: {
      ...{ clinicId: actor.clinicId, patientId: at.patientId, recipientKind: 'escrow' },
      ...{ recordId: { in: [...at.recordIds] }, epoch: { lt: at.epoch, notIn: [...at.inUse] } },
    },
  })
  return count
}

export async function findRequest(tx: Tx, actor: StaffActor, id: string) {
  return tx.emergencyRequest.findFirst({ where: { id, clinicId: actor.clinicId } })
}

export async function listRequests(tx: Tx, actor: StaffActor, since: Date) {
  return tx.emergencyRequest.findMany({
    where: { clinicId: actor.clinicId, askedAt: { gte: since } },
    orderBy: { askedAt: 'desc' },
    take: 50,
  })
}

/** Whether an agreed request of this patient is being read now. */
export async function isBeingRead(tx: Tx, actor: StaffActor, at: { patientId: string; now: Date }): Promise<boolean> {
  const where = { clinicId: actor.clinicId, patientId: at.patientId, state: 'approved' as const }
  return (await tx.emergencyRequest.count({ where: { ...where, openUntil: { gt: at.now } } })) > 0
}

/** Requests of this patient that nobody answered in time. */
export async function lapseRequests(tx: Tx, actor: StaffActor, at: { patientId: string; now: Date }): Promise<number> {
  const { count } = await tx.emergencyRequest.updateMany({
    where: { clinicId: actor.clinicId, patientId: at.patientId, state: 'asked', expiresAt: { lte: at.now } },
    data: { state: 'expired' },
  })
  return count
}

/** False when it is there already, or when another one of this patient waits for an answer. */
export async function saveRequest(
  tx: Tx,
  actor: StaffActor,
  request: {
    id: string
    patientId: string
    epoch: number
    recordId: string | null
    request: string
    reason: Uint8Array<ArrayBuffer>
    askedAt: Date
    expiresAt: Date
  },
): Promise<boolean> {
  const { count } = await tx.emergencyRequest.createMany({
    data: [{ ...request, clinicId: actor.clinicId, requestedBy: actor.memberId, state: 'asked' }],
    skipDuplicates: true,
  })
  return count === 1
}

/** Moves it on from asked; false when somebody else did first. */
export async function answerRequest(
  tx: Tx,
  actor: StaffActor,
  at: { id: string; to: EmergencyState; now: Date; answer?: string; openUntil?: Date },
): Promise<boolean> {
  const { count } = await tx.emergencyRequest.updateMany({
    where: { id: at.id, clinicId: actor.clinicId, state: 'asked' },
    data: {
      ...{ state: at.to, answeredAt: at.now, answeredBy: actor.memberId },
      ...(at.answer && { answer: at.answer, openUntil: at.openUntil ?? null }),
    },
  })
  return count === 1
}

/** True at the first reading. */
export async function markOpened(tx: Tx, actor: StaffActor, at: { id: string; now: Date }): Promise<boolean> {
  const { count } = await tx.emergencyRequest.updateMany({
    where: { id: at.id, clinicId: actor.clinicId, openedAt: null },
    data: { openedAt: at.now },
  })
  return count === 1
}

export async function endReading(tx: Tx, actor: StaffActor, at: { id: string; now: Date }): Promise<boolean> {
  const { count } = await tx.emergencyRequest.updateMany({
    where: { id: at.id, clinicId: actor.clinicId, state: 'approved', openUntil: { gt: at.now } },
    data: { openUntil: at.now },
  })
  return count === 1
}

export async function saveReason(
  tx: Tx,
  actor: StaffActor,
  at: { id: string; reason: Uint8Array<ArrayBuffer> },
): Promise<boolean> {
  const { count } = await tx.emergencyRequest.updateMany({
    where: { id: at.id, clinicId: actor.clinicId, requestedBy: actor.memberId, state: 'approved' },
    data: { reason: at.reason },
  })
  return count === 1
}

/** Names of members, who may have left since. */
export async function listNames(tx: Tx, actor: { clinicId: string }): Promise<Map<string, string>> {
  const rows = await tx.member.findMany({
    where: { clinicId: actor.clinicId },
    select: { id: true, displayName: true },
  })
  return new Map(rows.map((row) => [row.id, row.displayName]))
}

/** Patients with their last visit, who was seen latest first. */
export async function listPatients(tx: Tx, actor: StaffActor) {
  const rows = await tx.appointment.findMany({
    where: {
      ...{ clinicId: actor.clinicId, patientId: { not: null } },
      status: { in: ['booked', 'arrived', 'in_consult', 'completed', 'no_show'] },
    },
    orderBy: { startsAt: 'desc' },
    take: 1000,
    select: {
      ...{ patientId: true, startsAt: true },
      ...{ member: { select: { displayName: true } }, service: { select: { name: true } } },
    },
  })
  const latest = new Map(rows.toReversed().map((row) => [row.patientId!, row]))
  return [...latest.values()]
    .toSorted((a, b) => b.startsAt.getTime() - a.startsAt.getTime())
    .slice(0, 200)
    .map((row) => ({
      patientId: row.patientId!,
      lastVisit: {
        ...{ startsAt: row.startsAt.toISOString(), practitioner: row.member.displayName, service: row.service.name },
      },
    }))
}

export async function listPatientKeys(tx: Tx, actor: StaffActor, patientIds: readonly string[]) {
  const rows = await tx.patientKey.findMany({
    where: { clinicId: actor.clinicId, patientId: { in: [...patientIds] }, state: { not: 'revoked' } },
    orderBy: { createdAt: 'asc' },
  })
  return rows.map((row) => ({
    ...{ patientId: row.patientId, keys: { sign: row.signKey, dh: row.dhKey }, vouch: row.vouch },
  }))
}

/** What of a patient's records was opened in an emergency. */
export async function listTold(tx: Tx, actor: PatientActor) {
  return tx.emergencyRequest.findMany({
    where: { clinicId: actor.clinicId, patientId: actor.patientId, state: 'approved' },
    orderBy: { answeredAt: 'desc' },
    take: 50,
  })
}
