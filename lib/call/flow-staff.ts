import 'server-only'
import type { z } from 'zod'
import type { StaffActor } from '@/lib/access/rules'
import { ok, refuse, type Result } from '@/lib/errors'
import type { Ctx } from '@/lib/server/action'
import { insertGrants, listRecords } from '@/lib/record/store'
import { audit } from '@/lib/server/audit'
import { auditReadings } from '@/lib/server/audit-readings'
import { enqueue } from '@/lib/server/jobs'
import { notify } from '@/lib/server/notify'
import { inClinic, type Tx } from '@/lib/server/tx'
import { changed, view } from './flow.ts'
import * as rules from './rules.ts'
import type { CallContract } from './rules.ts'
import { deleteRoom, removeFromRoom } from './sfu.ts'
import * as store from './store.ts'
import { type Door, makeDoorToken } from './ticket.ts'

type In<S extends z.ZodType> = z.output<S>
type Out<K extends keyof CallContract> = Promise<Result<CallContract[K]['out']>>

const SESSION_HOURS = 14

/** The practitioner's side of an appointment's call: their account key is their device's. */
export async function open(
  actor: StaffActor,
  input: In<typeof rules.AppointmentInput>,
  { now }: Ctx,
): Out<'call/open'> {
  const opened = await inClinic(actor.clinicId, async (tx) => {
    const row = await store.findForPractitioner(tx, actor, input.appointmentId)
    if (!row?.patientId || row.way !== 'video' || !row.member.signKey || !row.member.dhKey) return refuse('NOT_FOUND')
    const { call, made } = await store.ensureCall(tx, actor.clinicId, row.id)
    const { closesAt } = rules.windowOf(row, row.clinic)
    if (made)
      await enqueue(
        tx,
        'call.close',
        { clinicId: actor.clinicId, callId: call.id },
        { startAfter: closesAt, singletonKey: call.id },
      )
    const locked = await store.lockCall(tx, call.id)
    if (locked?.state === 'ended') {
      if (row.status !== 'in_consult' && row.status !== 'booked' && row.status !== 'arrived')
        return refuse('WRONG_STATE')
      await store.saveCall(tx, call.id, { state: 'open', endedAt: null, room: null })
    }
    // Another tab, or this one before a reload: the newest counts.
    const mine: store.Which = { callId: call.id, role: 'practitioner', state: { not: 'left' } }
    const gone = await store.dropIdentities(tx, mine)
    await store.saveParticipants(tx, mine, { state: 'left' })
    const participantId = await store.addParticipant(tx, {
      clinicId: actor.clinicId,
      callId: call.id,
      role: 'practitioner',
      memberId: actor.memberId,
      signKey: row.member.signKey,
      dhKey: row.member.dhKey,
      confirmed: true,
      state: 'admitted',
      lastSeenAt: now,
    })
    if (!participantId) throw new Error('call: no participant')
    await changed(tx, actor.clinicId, call.id)
    const door: Door = {
      clinicId: actor.clinicId,
      callId: call.id,
      participantId,
      role: 'practitioner',
      sessionId: actor.sessionId,
    }
    const until = new Date(now.getTime() + SESSION_HOURS * 3_600_000)
    return ok({ at: door, door: await makeDoorToken(door, until), patientId: row.patientId, call, gone })
  })
  if (!opened.ok) return opened
  const { at, door, patientId, call, gone } = opened.value
  await removeFromRoom(call.node, call.room, gone)
  const sync = await inClinic(actor.clinicId, (tx) => view(tx, at, 0, now))
  return sync ? ok({ door, patientId, clinicId: actor.clinicId, sync }) : refuse('NOT_FOUND')
}

/** Who is at this practitioner's doors: the open appointment's and the next ones'. */
export const queue = (actor: StaffActor, _: unknown, { now }: Ctx): Out<'call/queue'> =>
  inClinic(actor.clinicId, async (tx) => {
    const waiting = await store.listQueue(tx, actor.memberId, now)
    waiting.sort((a, b) => a.startsAt.getTime() - b.startsAt.getTime())
    return ok({ waiting: waiting.map((row) => ({ ...row, startsAt: row.startsAt.toISOString() })) })
  })

/** A device that is not the patient's: it may not knock again. */
export const turnAway = (actor: StaffActor, input: In<typeof rules.TurnAwayInput>): Out<'call/turn-away'> =>
  inClinic(actor.clinicId, async (tx) => {
    const row = await store.findForPractitioner(tx, actor, input.appointmentId)
    const call = row && (await store.findCall(tx, { appointmentId: row.id }))
    const device = await store.findParticipant(tx, input.participantId)
    const state = device && rules.nextParticipant(device.state, 'refuse')
    if (!call || device?.callId !== call.id || device.role !== 'patient') return refuse('NOT_FOUND')
    if (!state) return refuse('WRONG_STATE')
    await store.saveParticipants(tx, { id: device.id }, { state })
    await audit(tx, actor, 'call.turned-away', call.appointmentId)
    await changed(tx, actor.clinicId, call.id)
    return ok({ done: true as const })
  })

/** Ends the call for everyone: the room is deleted, nobody has a key to anything later. */
export async function end(actor: StaffActor, input: In<typeof rules.EndInput>, { now }: Ctx): Out<'call/end'> {
  const ended = await inClinic(actor.clinicId, (tx) => endIn(tx, actor, input, now))
  if (!ended) return refuse('NOT_FOUND')
  await deleteRoom(ended.node, ended.room)
  return ok({ done: true })
}

/** Ends the appointment's call for everyone in it; whose room is to be deleted after the commit. Null where there is none. */
export async function endIn(
  tx: Tx,
  actor: StaffActor,
  input: In<typeof rules.EndInput>,
  now: Date,
): Promise<Pick<store.CallRow, 'node' | 'room'> | null> {
  const row = await store.findForPractitioner(tx, actor, input.appointmentId)
  const call = row && (await store.findCall(tx, { appointmentId: row.id }))
  if (!call || call.state === 'ended') return call
  await store.saveCall(tx, call.id, { state: 'ended', endedAt: now, room: null })
  if (input.differs) {
    // Somebody sat in between: that device is not let in again.
    await store.saveParticipants(
      tx,
      { callId: call.id, role: 'patient', state: { in: ['admitted', 'joined'] } },
      { state: 'refused', identity: null },
    )
  }
  await store.saveParticipants(tx, { callId: call.id, state: { not: 'refused' } }, { state: 'left', identity: null })
  await audit(tx, actor, input.differs ? 'call.code-differed' : 'call.ended', call.appointmentId)
  await changed(tx, actor.clinicId, call.id)
  return call
}

/** What the patient's other keys were granted: never a note that was not shared, nor the clinic's own drafts. */
export async function readable(actor: StaffActor, input: In<typeof rules.AppointmentInput>): Out<'call/readable'> {
  const answer = await inClinic(actor.clinicId, async (tx) => {
    const row = await store.findForPractitioner(tx, actor, input.appointmentId)
    if (!row?.patientId) return refuse('NOT_FOUND')
    const shared = new Set(await store.listSharedRevisions(tx, row.patientId))
    const records = await listRecords(tx, actor, { patientIds: [row.patientId], history: true })
    // What the desk wrote down for somebody without a key was granted to none: it is the patient's all the same.
    const isTheirs = ({ meta }: (typeof records)[number]) =>
      shared.has(`${meta.recordId}.${meta.revision}`) || meta.type === 'identity' || meta.type === 'reason'
    return ok({ records: records.filter(isTheirs) })
  })
  if (answer.ok) await auditReadings(actor, 'patient.records-for-device', answer.value.records)
  return answer
}

/** The practitioner compared the codes: the device's key is the patient's from now on, and reads what was shared before. */
export const matches = (actor: StaffActor, input: In<typeof rules.MatchesInput>): Out<'call/matches'> =>
  inClinic(actor.clinicId, async (tx) => {
    const row = await store.findForPractitioner(tx, actor, input.appointmentId)
    const device = await store.findParticipant(tx, input.participantId)
    const call = row && (await store.findCall(tx, { appointmentId: row.id }))
    if (!row?.patientId || !call || device?.callId !== call.id || device.role !== 'patient') return refuse('NOT_FOUND')
    if (device.signKey !== input.keys.sign || device.dhKey !== input.keys.dh) return refuse('BAD_PROOF')
    const id = device.patientKeyId ?? device.deviceKeyId
    if (!id || (device.state !== 'admitted' && device.state !== 'joined')) return refuse('NOT_ADMITTED')
    const { clinicId } = actor
    const filed = { id, clinicId, patientId: row.patientId, signKey: device.signKey, dhKey: device.dhKey }
    if (!(await store.fileKey(tx, { ...filed, state: 'vouched', vouch: input.vouch }))) return refuse('NOT_ALLOWED')
    await store.saveParticipants(tx, { id: device.id }, { confirmed: true })
    const isTheirs = ({ recipient }: (typeof input.grants)[number]['grant']) =>
      recipient.kind === 'patient' && recipient.id === row.patientId && recipient.key === device.dhKey
    if (!input.grants.every(({ grant }) => isTheirs(grant))) return refuse('BAD_INPUT')
    const { patientId } = row
    const granted = await insertGrants(
      tx,
      actor,
      input.grants.map((each) => ({ ...each, patientId })),
    )
    await audit(tx, actor, 'call.matched', call.appointmentId)
    await notify(tx, 'patient', patientId)
    await changed(tx, clinicId, call.id)
    return ok({ granted })
  })
