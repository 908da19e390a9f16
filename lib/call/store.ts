import 'server-only'
import { randomBytes } from 'node:crypto'
import type { Prisma } from '@/prisma/generated/client'
import type { StaffActor } from '@/lib/access/rules'
import { mayNotBeGranted } from '@/lib/care/rules'
import type { ChainStatement } from '@/lib/crypto/types'
import type { Tx } from '@/lib/server/tx'
import type { CallMessage, Knock } from './messages.ts'
import type {
  CallState,
  DoorDevice,
  EpochSoFar,
  ParticipantState,
  QueueEntry,
  QueueRow,
  Relayed,
  Role,
} from './rules.ts'
import { AWAY_AFTER_MS, isHere } from './rules.ts'

export const lookupAppointment = async (tx: Tx, id: string): Promise<string | null> => {
  const rows = await tx.$queryRaw<{ id: string | null }[]>`SELECT lookup_appointment(${id}::uuid) AS id`
  return rows[0]?.id ?? null
}

// ── the appointment, as far as a call needs it ──

const withRest = { service: true, member: true } satisfies Prisma.AppointmentInclude
export type AppointmentRow = Prisma.AppointmentGetPayload<{ include: typeof withRest }> & {
  clinic: { name: string; timeZone: string; earlyJoinMinutes: number; graceMinutes: number }
}

/** By the link's secret: null for another secret, and for an appointment that was never booked. */
export async function findByLink(
  tx: Tx,
  id: string,
  linkHash: Uint8Array<ArrayBuffer>,
): Promise<AppointmentRow | null> {
  return withClinic(tx, await tx.appointment.findFirst({ where: { id, linkHash }, include: withRest }))
}

/** Only the appointment's own practitioner runs its call. */
export async function findForPractitioner(tx: Tx, actor: StaffActor, id: string): Promise<AppointmentRow | null> {
  if (!actor.roles.includes('practitioner')) return null
  const where = { id, memberId: actor.memberId, patientId: { not: null } }
  return withClinic(tx, await tx.appointment.findFirst({ where, include: withRest }))
}

export async function findAppointment(tx: Tx, id: string): Promise<AppointmentRow | null> {
  return withClinic(tx, await tx.appointment.findFirst({ where: { id }, include: withRest }))
}

async function withClinic<T extends { clinicId: string }>(tx: Tx, row: T | null) {
  if (!row) return null
  const clinic = await tx.clinic.findFirstOrThrow({ where: { id: row.clinicId } })
  return { ...row, clinic }
}

/** Whether the appointment is this practitioner's. */
export const isOwn = async (tx: Tx, id: string, memberId: string | null): Promise<boolean> =>
  memberId !== null && (await tx.appointment.count({ where: { id, memberId } })) === 1

export async function listStatements(tx: Tx): Promise<ChainStatement[]> {
  const rows = await tx.chainStatement.findMany({ orderBy: { seq: 'asc' } })
  return rows.map(({ seq, body, signer, signature }) => ({ seq, body, signer, signature }))
}

/**
 * Forward only: a patient at the door has arrived, an admitted one is in the consult. With the start that was read before: false
 * where it was moved meanwhile.
 */
export async function moveAppointment(
  tx: Tx,
  { id, startsAt }: { id: string; startsAt?: Date },
  to: 'arrived' | 'in_consult',
  now: Date,
): Promise<boolean> {
  const from = to === 'arrived' ? (['booked'] as const) : (['booked', 'arrived'] as const)
  const data = to === 'arrived' ? { status: to, arrivedAt: now } : { status: to, startedAt: now }
  const { count } = await tx.appointment.updateMany({ where: { id, startsAt, status: { in: [...from] } }, data })
  return count === 1
}

// ── nonces ──

export async function newNonce(tx: Tx, clinicId: string, purpose: string, expiresAt: Date): Promise<string> {
  const value = randomBytes(16).toString('base64url')
  await tx.nonce.create({ data: { value, clinicId, purpose, expiresAt } })
  return value
}

/** True once for each nonce, within its time. */
export async function useNonce(tx: Tx, value: string, purpose: string, now: Date): Promise<boolean> {
  const where = { value, purpose, usedAt: null, expiresAt: { gt: now } }
  const { count } = await tx.nonce.updateMany({ where, data: { usedAt: now } })
  return count === 1
}

// ── calls ──

export interface CallRow {
  id: string
  clinicId: string
  appointmentId: string
  state: CallState
  epoch: number
  generation: number
  room: string | null
  node: string | null
}

/** The appointment's call, made when there is none: two who ask at once get the same. */
export async function ensureCall(
  tx: Tx,
  clinicId: string,
  appointmentId: string,
): Promise<{ call: CallRow; made: boolean }> {
  const { count } = await tx.call.createMany({ data: [{ clinicId, appointmentId }], skipDuplicates: true })
  return { call: await tx.call.findFirstOrThrow({ where: { appointmentId } }), made: count === 1 }
}

/** Locked, so that messages of one call get their numbers in the order in which they are committed. */
export async function lockCall(tx: Tx, id: string): Promise<CallRow | null> {
  await tx.$queryRaw`SELECT 1 FROM call WHERE id = ${id}::uuid FOR UPDATE`
  return tx.call.findFirst({ where: { id } })
}
export const findCall = (tx: Tx, where: { id: string } | { appointmentId: string }): Promise<CallRow | null> =>
  tx.call.findFirst({ where })

export async function saveCall(
  tx: Tx,
  id: string,
  data: { state?: CallState; epoch?: number; room?: string | null; node?: string | null; endedAt?: Date | null },
): Promise<void> {
  await tx.call.updateMany({ where: { id }, data })
}

// ── participants ──

export interface ParticipantRow {
  id: string
  callId: string
  role: Role
  memberId: string | null
  patientKeyId: string | null
  deviceKeyId: string | null
  signKey: string
  dhKey: string
  confirmed: boolean
  state: ParticipantState
  epoch: number
  identity: string | null
  knock: string | null
  lastSeenAt: Date
  createdAt: Date
}

export const findParticipant = async (tx: Tx, id: string): Promise<ParticipantRow | null> =>
  (await tx.callParticipant.findFirst({ where: { id } })) as ParticipantRow | null

export const listParticipants = async (tx: Tx, callId: string): Promise<ParticipantRow[]> =>
  (await tx.callParticipant.findMany({ where: { callId }, orderBy: { createdAt: 'asc' } })) as ParticipantRow[]

/** A knock that was proven. Null when the ticket was used before. */
export async function addParticipant(
  tx: Tx,
  row: Omit<Prisma.CallParticipantCreateManyInput, 'id'> & { clinicId: string },
): Promise<string | null> {
  const { count } = await tx.callParticipant.createMany({ data: [row], skipDuplicates: true })
  if (count === 0) return null
  const made = await tx.callParticipant.findFirstOrThrow({
    where: { callId: row.callId, signKey: row.signKey },
    orderBy: { createdAt: 'desc' },
  })
  return made.id
}

export async function saveParticipants(
  tx: Tx,
  where: Prisma.CallParticipantWhereInput,
  data: Prisma.CallParticipantUpdateManyMutationInput,
): Promise<number> {
  return (await tx.callParticipant.updateMany({ where, data })).count
}

export type Which = Prisma.CallParticipantWhereInput

/** Ends the stay of those who were let in. Answers their identities at the SFU. */
export async function putOut(tx: Tx, which: Which): Promise<string[]> {
  const inside: Which = { ...which, state: { in: ['admitted', 'joined'] } }
  const identities = await dropIdentities(tx, inside)
  await saveParticipants(tx, inside, { state: 'left' })
  return identities
}

/** Identities at the SFU of everyone who is in this call's room and should not be: answered, then forgotten. */
export async function dropIdentities(tx: Tx, where: Prisma.CallParticipantWhereInput): Promise<string[]> {
  const rows = await tx.callParticipant.findMany({ where: { ...where, identity: { not: null } } })
  if (rows.length) await saveParticipants(tx, { id: { in: rows.map(({ id }) => id) } }, { identity: null })
  return rows.map(({ identity }) => identity!)
}

export function deviceOf(row: ParticipantRow, now: Date): DoorDevice | null {
  if (!row.knock) return null
  return {
    participantId: row.id,
    state: row.state,
    here: isHere(row.lastSeenAt, now),
    confirmed: row.confirmed,
    since: row.createdAt.toISOString(),
    knock: JSON.parse(row.knock) as Knock,
  }
}

/** The patient's key with this signing key, unless it was revoked. */
export async function findPatientKey(
  tx: Tx,
  patientId: string,
  signKey: string,
): Promise<{ id: string; dhKey: string } | null> {
  return tx.patientKey.findFirst({ where: { patientId, signKey, state: { not: 'revoked' } } })
}

/** Whether this was a device of the call's patient and is none any more: removed, or of somebody whose time to help is over. */
export async function isRemoved(tx: Tx, { callId, signKey }: Pick<ParticipantRow, 'callId' | 'signKey'>, now: Date) {
  const call = await tx.call.findFirst({
    where: { id: callId },
    select: { appointment: { select: { patientId: true } } },
  })
  const patientId = call?.appointment.patientId
  return patientId ? (await tx.patientKey.count({ where: { patientId, signKey, ...mayNotBeGranted(now) } })) > 0 : false
}

/** Where this device is let in, or waits, as the patient's own: in calls that are not over. */
export async function listPresent(tx: Tx, patientId: string, keyId: string): Promise<{ id: string; call: CallRow }[]> {
  const key = await tx.patientKey.findFirst({ where: { id: keyId, patientId }, select: { signKey: true } })
  if (!key) return []
  return tx.callParticipant.findMany({
    where: {
      ...{ role: 'patient', signKey: key.signKey, state: { notIn: ['left', 'refused'] } },
      call: { state: { not: 'ended' }, appointment: { patientId } },
    },
    select: { id: true, call: true },
  })
}

/** Files a device's keys for the patient; false when this signing key is filed for someone, or with another key. */
export async function fileKey(
  tx: Tx,
  row: {
    id: string
    clinicId: string
    patientId: string
    signKey: string
    dhKey: string
    state: 'confirmed' | 'vouched'
    vouch?: string
  },
): Promise<boolean> {
  const { id, clinicId, patientId, signKey, dhKey, state, vouch = null } = row
  const { count } = await tx.patientKey.createMany({
    data: [{ id, clinicId, patientId, signKey, dhKey, state, vouch }],
    skipDuplicates: true,
  })
  if (count === 1) return true
  // A vouched key stays vouched when its device answers a code.
  const states =
    state === 'vouched' ? (['booking', 'confirmed', 'paired', 'vouched'] as const) : (['booking', 'confirmed'] as const)
  const where = { patientId, signKey, dhKey, state: { in: [...states] } }
  if (state === 'confirmed')
    return (await tx.patientKey.count({ where: { patientId, signKey, dhKey, state: { not: 'revoked' } } })) === 1
  return (await tx.patientKey.updateMany({ where, data: { state, vouch } })).count === 1
}

/** Revisions that any key of the patient was granted. */
export async function listSharedRevisions(tx: Tx, patientId: string): Promise<string[]> {
  const rows = await tx.grant.findMany({ where: { patientId, recipientKind: 'patient', recipientId: patientId } })
  return rows.map((row) => `${row.recordId}.${row.revision}`)
}

// ── the relay ──

export async function addMessage(
  tx: Tx,
  row: { clinicId: string; callId: string; epoch: number; fromId: string; message: CallMessage },
): Promise<number> {
  const { clinicId, callId, epoch, fromId, message } = row
  const data = { clinicId, callId, epoch, fromId, kind: message.kind, body: message as Prisma.InputJsonValue }
  await tx.callMessage.createMany({ data: [data], skipDuplicates: true })
  const stored = await tx.callMessage.findFirstOrThrow({ where: { callId, epoch, fromId, kind: message.kind } })
  return Number(stored.id)
}

export async function listMessages(tx: Tx, where: Prisma.CallMessageWhereInput): Promise<Relayed[]> {
  const rows = await tx.callMessage.findMany({ where, orderBy: { id: 'asc' }, take: 200 })
  return rows.map((row) => ({ id: Number(row.id), from: row.fromId, message: row.body as unknown as CallMessage }))
}

export async function epochSoFar(tx: Tx, callId: string, epoch: number): Promise<EpochSoFar> {
  const rows = await tx.$queryRaw<{ kind: CallMessage['kind']; role: Role }[]>`
    SELECT m.kind, p.role FROM call_message m JOIN call_participant p ON p.id = m.from_id
     WHERE m.call_id = ${callId}::uuid AND m.epoch = ${epoch}`
  return rows
}

// ── who waits ──

/** Everyone at this practitioner's doors now, by appointment. */
export type Waiting = QueueEntry & Omit<QueueRow, 'startsAt'>
export async function listQueue(tx: Tx, memberId: string, now: Date): Promise<Waiting[]> {
  const rows = await tx.callParticipant.findMany({
    where: {
      role: 'patient',
      state: 'waiting',
      lastSeenAt: { gt: new Date(now.getTime() - AWAY_AFTER_MS) },
      call: { state: { not: 'ended' }, appointment: { memberId, status: { in: ['booked', 'arrived', 'in_consult'] } } },
    },
    include: { call: { include: { appointment: { include: { service: true } } } } },
    orderBy: { createdAt: 'asc' },
  })
  const byAppointment = new Map<string, Waiting>()
  for (const row of rows) {
    const { appointment } = row.call
    const known = byAppointment.get(appointment.id)
    byAppointment.set(appointment.id, {
      appointmentId: appointment.id,
      startsAt: appointment.startsAt,
      service: appointment.service.name,
      since: known?.since ?? row.createdAt.toISOString(),
      confirmed: row.confirmed || (known?.confirmed ?? false),
    })
  }
  return [...byAppointment.values()]
}

/** Whether the practitioner is in another call, or has a page open. */
export async function practitionerNow(
  tx: Tx,
  memberId: string,
  callId: string,
  now: Date,
): Promise<{ signedIn: boolean; busy: boolean }> {
  const seen = new Date(now.getTime() - 3 * 60_000)
  const signedIn = await tx.memberSession.count({
    where: { memberId, revokedAt: null, expiresAt: { gt: now }, lastSeenAt: { gt: seen } },
  })
  const busy = await tx.callParticipant.count({
    where: {
      memberId,
      role: 'practitioner',
      state: 'joined',
      callId: { not: callId },
      lastSeenAt: { gt: new Date(now.getTime() - AWAY_AFTER_MS) },
      call: { state: 'live' },
    },
  })
  return { signedIn: signedIn > 0, busy: busy > 0 }
}

// ── codes by e-mail ──

export async function saveCode(
  tx: Tx,
  row: {
    id: string
    clinicId: string
    appointmentId: string
    signKey: string
    codeHash: Uint8Array<ArrayBuffer>
    expiresAt: Date
  },
): Promise<void> {
  // A new code ends the ones before it.
  await tx.emailCode.updateMany({
    where: { appointmentId: row.appointmentId, signKey: row.signKey, usedAt: null },
    data: { usedAt: row.expiresAt },
  })
  await tx.emailCode.create({ data: row })
}

/** The newest code for this device, locked: five tries are five, however many come at once. */
export async function lockCode(tx: Tx, appointmentId: string, signKey: string) {
  await tx.$queryRaw`SELECT 1 FROM email_code WHERE appointment_id = ${appointmentId}::uuid AND sign_key = ${signKey} FOR UPDATE`
  return tx.emailCode.findFirst({ where: { appointmentId, signKey }, orderBy: { expiresAt: 'desc' } })
}
export const findCode = (tx: Tx, id: string) => tx.emailCode.findFirst({ where: { id } })

export async function countTry(tx: Tx, id: string, used: Date | null): Promise<void> {
  const data = { tries: { increment: 1 }, ...(used && { usedAt: used, answered: true }) }
  await tx.emailCode.updateMany({ where: { id }, data })
}

export const findPatient = (tx: Tx, id: string) => tx.patient.findFirst({ where: { id } })
