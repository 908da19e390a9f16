import 'server-only'
import type { z } from 'zod'
import type { PatientActor, StaffActor } from '../access/rules.ts'
import { listStatements } from '../access/store.ts'
import type { RecordType } from '../crypto/types.ts'
import { ok, refuse, type Result } from '../errors.ts'
import { listEscrowed, listRecords } from '../record/store.ts'
import type { Ctx } from '../server/action.ts'
import { audit } from '../server/audit.ts'
import { auditReadings } from '../server/audit-readings.ts'
import { enqueue } from '../server/jobs.ts'
import { notify } from '../server/notify.ts'
import { limit } from '../server/rate-limit.ts'
import { inClinic, type Tx } from '../server/tx.ts'
import {
  answerMinutes,
  type AnswerInput,
  type AskInput,
  type EmergencyContract,
  type EmergencyEvent,
  isOpenAt,
  nextRequest,
  type OfficersView,
  type PatientInput,
  readingMinutes,
  requestAt,
  type RequestInput,
  type RequestRow,
  type TellInput,
  type ToldRow,
} from './rules.ts'
import * as store from './store.ts'

type In<S extends z.ZodType> = z.output<S>

const minutes = (now: Date, count: number) => new Date(now.getTime() + count * 60_000)
const fromB64 = (text: string) => new Uint8Array(Buffer.from(text, 'base64url'))
const toB64 = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64url')
const monthMs = 30 * 86_400_000

type Found = NonNullable<Awaited<ReturnType<typeof store.findRequest>>>

/** What an officer's page shows: requests of this month, and patients to ask for. Everything of a person is sealed. */
export async function officersView(actor: StaffActor, _: unknown, { now }: Ctx): Promise<Result<OfficersView>> {
  const answer = await inClinic(actor.clinicId, async (tx) => {
    const names = await store.listNames(tx, actor)
    const patients = await store.listPatients(tx, actor)
    const keys = new Map((await store.listKeys(tx, actor)).map((key) => [key.patientId, key.statement]))
    const requests = await store.listRequests(tx, actor, new Date(now.getTime() - monthMs))
    const patientIds = [...new Set([...patients, ...requests].map((each) => each.patientId))]
    return ok({
      statements: await listStatements(tx, actor.clinicId),
      requests: requests.map((row) => rowOf(row, names, now)),
      patients: patients.map((each) => ({ ...each, statement: keys.get(each.patientId) ?? null })),
      identities: await listRecords(tx, actor, { patientIds, types: ['identity'] }),
      patientKeys: await store.listPatientKeys(tx, actor, patientIds),
    })
  })
  if (answer.ok) await auditReadings(actor, 'names.listed', answer.value.identities)
  return answer
}

function rowOf(row: Found, names: Map<string, string>, now: Date): RequestRow {
  const named = (memberId: string) => ({ memberId, name: names.get(memberId) ?? '' })
  return {
    ...{ id: row.id, patientId: row.patientId, recordId: row.recordId, state: requestAt(row, now) },
    ...{ request: row.request, reason: toB64(row.reason) },
    ...{ askedAt: row.askedAt.toISOString(), expiresAt: row.expiresAt.toISOString() },
    ...{ askedBy: named(row.requestedBy), answeredBy: row.answeredBy ? named(row.answeredBy) : null },
    openUntil: row.openUntil?.toISOString() ?? null,
  }
}

export async function waiting(actor: StaffActor, _: unknown, { now }: Ctx): Promise<Result<{ askedBy: string[] }>> {
  return inClinic(actor.clinicId, async (tx) => {
    const rows = await store.listRequests(tx, actor, new Date(now.getTime() - answerMinutes * 60_000))
    return ok({ askedBy: rows.filter((row) => requestAt(row, now) === 'asked').map((row) => row.requestedBy) })
  })
}

/** Which records there are, so that one alone can be asked for: type and day, and nothing in them. */
export async function listOf(
  actor: StaffActor,
  { patientId }: In<typeof PatientInput>,
): Promise<Result<EmergencyContract['emergency/records']['out']>> {
  const rows = await inClinic(actor.clinicId, (tx) => store.listNewest(tx, actor, patientId))
  await auditReadings(
    actor,
    'patient.records-listed',
    rows.map((meta) => ({ meta: { ...meta, patientId } })),
  )
  return ok({
    records: rows.map((row) => ({
      ...{ recordId: row.recordId, type: row.type as RecordType, createdAt: row.createdAt.toISOString() },
    })),
  })
}

/** One request of a patient waits at a time; a repeat is the same one. */
export async function ask(
  actor: StaffActor,
  input: In<typeof AskInput>,
  { now }: Ctx,
): Promise<Result<{ expiresAt: string }>> {
  const counted = await limit('emergency-asked', actor.memberId, { points: 20, seconds: 3600 })
  if (!counted.ok) return counted
  const expiresAt = minutes(now, answerMinutes)
  return inClinic(actor.clinicId, async (tx) => {
    const { id, patientId, recordId, request } = input
    const key = await store.newestKey(tx, actor, patientId)
    const known = await store.findRequest(tx, actor, id)
    if (known) return known.request === request ? ok({ expiresAt: known.expiresAt.toISOString() }) : refuse('STALE')
    if (!key || key.usedAt) return refuse('NO_KEY')
    await store.lapseRequests(tx, actor, { patientId, now })
    const row = { id, patientId, recordId, request, epoch: key.epoch, askedAt: now, expiresAt }
    if (!(await store.saveRequest(tx, actor, { ...row, reason: fromB64(input.reason) }))) return refuse('WRONG_STATE')
    await audit(tx, actor, 'emergency.asked', patientId, { patientId })
    await notify(tx, 'staff', actor.clinicId)
    return ok({ expiresAt: expiresAt.toISOString() })
  })
}

/** Another officer's own share, for a request that waits for them. */
export async function shareFor(
  actor: StaffActor,
  { id }: In<typeof RequestInput>,
  { now }: Ctx,
): Promise<Result<EmergencyContract['emergency/share']['out']>> {
  return inClinic(actor.clinicId, async (tx) => {
    const found = await store.findRequest(tx, actor, id)
    if (!found) return refuse('NOT_FOUND')
    if (!nextRequest(found, 'approve', { now, memberId: actor.memberId })) return refuse('WRONG_STATE')
    const mine = await ownShare(tx, actor, found)
    return mine ? ok({ statement: mine.statement, share: mine.share }) : refuse('NO_KEY')
  })
}

async function ownShare(tx: Tx, actor: StaffActor, { patientId, epoch }: Found) {
  // A practitioner who makes the next key meanwhile stops nothing: it is answered by the one that was asked for.
  const key = await store.findKey(tx, actor, { patientId, epoch })
  const share = key?.shares.find((each) => each.memberId === actor.memberId)
  return key && share ? { statement: key.statement, publicKey: key.publicKey, share } : null
}

/** The second officer's agreement: from this moment on it can be read, and the patient and the log know. */
export async function approve(
  actor: StaffActor,
  { id, answer }: In<typeof AnswerInput>,
  { now }: Ctx,
): Promise<Result<{ openUntil: string }>> {
  const openUntil = minutes(now, readingMinutes)
  return inClinic(actor.clinicId, async (tx) => {
    const moved = await move(tx, actor, id, 'approve', { now, answer, openUntil })
    if (!moved.ok) return moved
    const { patientId, epoch } = moved.value
    await store.markUsed(tx, actor, { patientId, epoch, now })
    await enqueue(tx, 'mail.emergency', { clinicId: actor.clinicId, patientId, requestId: id })
    await notify(tx, 'patient', patientId)
    return ok({ openUntil: openUntil.toISOString() })
  })
}

export const decline = (actor: StaffActor, { id }: In<typeof RequestInput>, { now }: Ctx) =>
  inClinic(actor.clinicId, (tx) => settled(move(tx, actor, id, 'decline', { now })))
export const withdraw = (actor: StaffActor, { id }: In<typeof RequestInput>, { now }: Ctx) =>
  inClinic(actor.clinicId, (tx) => settled(move(tx, actor, id, 'withdraw', { now })))

const settled = async (moving: Promise<Result<Found>>): Promise<Result<{ done: true }>> => {
  const moved = await moving
  return moved.ok ? ok({ done: true as const }) : moved
}

async function move(
  tx: Tx,
  actor: StaffActor,
  id: string,
  event: EmergencyEvent,
  at: { now: Date; answer?: string; openUntil?: Date },
): Promise<Result<Found>> {
  const found = await store.findRequest(tx, actor, id)
  if (!found) return refuse('NOT_FOUND')
  const to = nextRequest(found, event, { now: at.now, memberId: actor.memberId })
  if (!to || !(await store.answerRequest(tx, actor, { id, to, ...at }))) return refuse('WRONG_STATE')
  const { patientId } = found
  await audit(tx, actor, `emergency.${to}`, patientId, { patientId })
  await notify(tx, 'staff', actor.clinicId)
  return ok(found)
}

/**
 * For the officer who asked, as long as it is open: their share, the other's answer, and the records that were asked for with
 * their grants to this key. Nobody else is ever answered such a grant.
 */
export async function open(
  actor: StaffActor,
  { id }: In<typeof RequestInput>,
  { now }: Ctx,
): Promise<Result<EmergencyContract['emergency/open']['out']>> {
  return inClinic(actor.clinicId, async (tx) => {
    const found = await store.findRequest(tx, actor, id)
    if (found?.requestedBy !== actor.memberId) return refuse('NOT_FOUND')
    if (!isOpenAt(found, now) || !found.answer) return refuse('WRONG_STATE')
    const mine = await ownShare(tx, actor, found)
    if (!mine) return refuse('NO_KEY')
    const { patientId, recordId, answer } = found
    const records = await listEscrowed(tx, actor, { patientId, recordId, key: mine.publicKey })
    await store.markOpened(tx, actor, { id, now })
    await audit(tx, actor, 'emergency.opened', patientId, {
      patientId,
      records: records.map(({ meta }) => [meta.type, meta.recordId, meta.revision] as const),
    })
    const { statement, share } = mine
    return ok({ statement, share, answer, records, openUntil: found.openUntil!.toISOString() })
  })
}

/** The same reason, sealed to the patient's devices as well, once the officer's browser knows them. */
export async function tell(actor: StaffActor, input: In<typeof TellInput>): Promise<Result<{ done: true }>> {
  return inClinic(actor.clinicId, async (tx) => {
    const found = await store.findRequest(tx, actor, input.id)
    const reason = fromB64(input.reason)
    if (!found || !(await store.saveReason(tx, actor, { id: input.id, reason }))) return refuse('NOT_FOUND')
    await notify(tx, 'patient', found.patientId)
    return ok({ done: true as const })
  })
}

/** Read to the end: nothing more is handed out, and the next key may be made. */
export async function end(
  actor: StaffActor,
  { id }: In<typeof RequestInput>,
  { now }: Ctx,
): Promise<Result<{ done: true }>> {
  return inClinic(actor.clinicId, async (tx) => {
    const found = await store.findRequest(tx, actor, id)
    if (!found) return refuse('NOT_FOUND')
    if (await store.endReading(tx, actor, { id, now })) {
      await audit(tx, actor, 'emergency.ended', found.patientId, { patientId: found.patientId })
      await notify(tx, 'staff', actor.clinicId)
    }
    return ok({ done: true as const })
  })
}

/** For the patient: when, by whom, and the reason as sealed to their devices. */
export async function told(actor: PatientActor): Promise<Result<{ opened: ToldRow[] }>> {
  return inClinic(actor.clinicId, async (tx) => {
    const names = await store.listNames(tx, actor)
    const rows = await store.listTold(tx, actor)
    return ok({
      opened: rows.map((row) => ({
        ...{ id: row.id, request: row.request, reason: toB64(row.reason), one: row.recordId !== null },
        at: (row.answeredAt ?? row.askedAt).toISOString(),
        ...{ askedBy: names.get(row.requestedBy) ?? '', answeredBy: names.get(row.answeredBy ?? '') ?? '' },
      })),
    })
  })
}
