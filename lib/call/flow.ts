import 'server-only'
import { createHash } from 'node:crypto'
import type { z } from 'zod'
import { findStaff } from '@/lib/access/flow-sign-in'
import { ok, refuse, type Result } from '@/lib/errors'
import { lateOf } from '../late/expected.ts'
import type { Ctx } from '@/lib/server/action'
import { env } from '@/lib/server/env'
import { enqueue } from '@/lib/server/jobs'
import { notify } from '@/lib/server/notify'
import { verifyProof } from '@/lib/server/proof'
import { inClinic, inNoClinic, type Tx } from '@/lib/server/tx'
import { purposes, signedFields } from './messages.ts'
import * as rules from './rules.ts'
import type { CallContract, Sync } from './rules.ts'
import { deleteRoom, ensureRoom, listInside, makeToken, pickNode, randomName, removeFromRoom } from './sfu.ts'
import * as store from './store.ts'
import { type Door, hashTicket, makeDoorToken, makeTicket, readDoorToken, readTicket, thumbprintOf } from './ticket.ts'

type In<S extends z.ZodType> = z.output<S>
type Out<K extends keyof CallContract> = Promise<Result<CallContract[K]['out']>>

const NONCE_MINUTES = 5
const sha256 = (bytes: Uint8Array) => new Uint8Array(createHash('sha256').update(bytes).digest())

/** In the clinic of an appointment whose link this is. */
export async function byLink<T>(
  input: { appointmentId: string; secret: string },
  body: (tx: Tx, row: store.AppointmentRow) => Promise<Result<T>>,
  { keepRefused = false } = {},
): Promise<Result<T>> {
  const clinicId = await inNoClinic((tx) => store.lookupAppointment(tx, input.appointmentId))
  if (!clinicId) return refuse('NOT_FOUND')
  return inClinic(
    clinicId,
    async (tx) => {
      const row = await store.findByLink(tx, input.appointmentId, sha256(Buffer.from(input.secret)))
      // A visit by telephone or in person has no room to come into.
      return row?.patientId && row.way === 'video' ? body(tx, row) : refuse('NOT_FOUND')
    },
    { keepRefused },
  )
}

/** What the link tells. Reading it changes nothing: mail scanners open links. */
export const look = (_: unknown, input: In<typeof rules.LookInput>): Out<'call/look'> =>
  byLink(input, async (tx, row) => {
    const { opensAt, closesAt } = rules.windowOf(row, row.clinic)
    return ok({
      clinicId: row.clinicId,
      clinicName: row.clinic.name,
      patientId: row.patientId!,
      practitioner: row.member.displayName,
      service: row.service.name,
      startsAt: row.startsAt.toISOString(),
      endsAt: row.endsAt.toISOString(),
      opensAt: opensAt.toISOString(),
      closesAt: closesAt.toISOString(),
      status: row.status,
      statements: await store.listStatements(tx),
    })
  })

/** The link for a ticket, made for the key of the device that opened it. */
export const takeTicket = (_: unknown, input: In<typeof rules.TicketInput>, { now }: Ctx): Out<'call/ticket'> =>
  byLink(input, async (tx, row) => {
    const window = rules.windowOf(row, row.clinic)
    const decided = rules.decideDoor(row.status, window, now)
    if (decided !== 'open') return refuse(decided)
    const { call, made } = await store.ensureCall(tx, row.clinicId, row.id)
    if (made) {
      const options = { startAfter: window.closesAt, singletonKey: call.id }
      await enqueue(tx, 'call.close', { clinicId: row.clinicId, callId: call.id }, options)
    }
    const nonce = await store.newNonce(tx, row.clinicId, nonceFor(call.id), later(now, NONCE_MINUTES))
    return ok({ ticket: await makeTicket(row.id, input, window), nonce, callId: call.id })
  })

/** A nonce is good for one call, once. */
const nonceFor = (callId: string) => `call-knock ${callId}`
export const later = (now: Date, minutes: number) => new Date(now.getTime() + minutes * 60_000)

/** The device proves that it holds the ticket's key; then it waits, and nothing more. */
export async function knock(_: unknown, input: In<typeof rules.KnockInput>, { now }: Ctx): Out<'call/knock'> {
  const ticket = await readTicket(input.ticket, now)
  if (!ticket) return refuse('BAD_PROOF')
  const { knock } = input
  // The defence of attack 4: a ticket works with the key it was made for, over this server's own nonce and origin.
  if ((await thumbprintOf(knock.keys.sign)) !== ticket.thumbprint) return refuse('BAD_PROOF')
  if (knock.ticketHash !== hashTicket(input.ticket) || knock.origin !== env().APP_ORIGIN) return refuse('BAD_PROOF')
  const clinicId = await inNoClinic((tx) => store.lookupAppointment(tx, ticket.appointmentId))
  if (!clinicId) return refuse('NOT_FOUND')
  const answered = await inClinic(clinicId, async (tx) => {
    const row = await store.findAppointment(tx, ticket.appointmentId)
    const call = row && (await store.findCall(tx, { appointmentId: row.id }))
    if (!row?.patientId || row.way !== 'video' || !call) return refuse('NOT_FOUND')
    const window = rules.windowOf(row, row.clinic)
    const decided = rules.decideDoor(row.status, window, now)
    if (decided !== 'open') return refuse(decided)
    const fields = signedFields.knock(call.id, knock)
    if (!(await verifyProof(knock.keys.sign, purposes.knock, fields, knock.signature))) return refuse('BAD_PROOF')
    if (!(await store.useNonce(tx, knock.nonce, nonceFor(call.id), now))) return refuse('PROOF_USED')
    await store.lockCall(tx, call.id)
    const others = await store.listParticipants(tx, call.id)
    if (others.some((one) => one.state === 'refused' && one.signKey === knock.keys.sign)) return refuse('NOT_ALLOWED')
    // The same device again, after a reload or in another tab: its newest knock is the one that counts.
    const same: store.Which = { callId: call.id, signKey: knock.keys.sign, state: { notIn: ['left', 'refused'] } }
    const gone = await store.dropIdentities(tx, same)
    await store.saveParticipants(tx, same, { state: 'left' })
    const known = await store.findPatientKey(tx, row.patientId, knock.keys.sign)
    const isKnown = known !== null && known.dhKey === knock.keys.dh
    if (!isKnown) {
      // Whoever holds the link makes devices as they like: they crowd out each other, and nobody who is known.
      const strangers = others.filter(
        (one) => one.role === 'patient' && one.state === 'waiting' && !one.confirmed && one.signKey !== knock.keys.sign,
      )
      const ids = rules.crowdedOut(strangers, now).map((one) => one.id)
      if (ids.length) await store.saveParticipants(tx, { id: { in: ids } }, { state: 'left' })
    }
    const participantId = await store.addParticipant(tx, {
      clinicId,
      callId: call.id,
      role: 'patient',
      patientKeyId: isKnown ? known.id : null,
      deviceKeyId: ticket.keyId,
      signKey: knock.keys.sign,
      dhKey: knock.keys.dh,
      confirmed: isKnown,
      ticketId: ticket.jti,
      knock: JSON.stringify(knock),
      lastSeenAt: now,
    })
    if (!participantId) return refuse('PROOF_USED')
    // An unconfirmed device is only a link's holder: nobody has arrived yet.
    if (isKnown) await store.moveAppointment(tx, row, 'arrived', now)
    await changed(tx, clinicId, call.id)
    const door: Door = { clinicId, callId: call.id, participantId, role: 'patient', sessionId: null }
    return ok({ door: await makeDoorToken(door, window.closesAt), at: door, gone, call })
  })
  if (!answered.ok) return answered
  const { door, at, gone, call } = answered.value
  await removeFromRoom(call.node, call.room, gone)
  const sync = await inClinic(clinicId, (tx) => view(tx, at, 0, now))
  return sync ? ok({ door, sync }) : refuse('NOT_FOUND')
}

export const changed = async (tx: Tx, clinicId: string, callId: string) => {
  await notify(tx, 'call', callId)
  await notify(tx, 'staff', clinicId)
}

// ── inside the door ──

export interface Inside {
  door: Door
  me: store.ParticipantRow
  call: store.CallRow
}

/** Who this door token stands for, if it still does. A practitioner's ends with their session, a patient's with their device. */
export async function enter<T>(
  token: string,
  now: Date,
  body: (tx: Tx, inside: Inside) => Promise<Result<T>>,
  { locked = false, keepRefused = false } = {},
): Promise<Result<T>> {
  const door = await readDoorToken(token, now)
  if (!door) return refuse('SIGN_IN_FIRST')
  if (door.sessionId && !(await findStaff(door.sessionId, now))) return refuse('SIGN_IN_FIRST')
  return inClinic(
    door.clinicId,
    async (tx) => {
      const call = locked ? await store.lockCall(tx, door.callId) : await store.findCall(tx, { id: door.callId })
      const me = await store.findParticipant(tx, door.participantId)
      if (!call || me?.callId !== call.id) return refuse('NOT_FOUND')
      // The visit was given to a colleague: its call is theirs.
      if (me.role === 'practitioner' && !(await store.isOwn(tx, call.appointmentId, me.memberId)))
        return refuse('NOT_FOUND')
      // Whoever was never more than a holder of the link stays that.
      if (me.role === 'patient' && me.confirmed && (await store.isRemoved(tx, me, now))) return refuse('SIGN_IN_FIRST')
      return body(tx, { door, me, call })
    },
    { keepRefused },
  )
}

export async function view(tx: Tx, door: Door, after: number, now: Date): Promise<Sync | null> {
  const call = await store.findCall(tx, { id: door.callId })
  const me = await store.findParticipant(tx, door.participantId)
  const row = call && (await store.findAppointment(tx, call.appointmentId))
  if (!call || !me || !row) return null
  const base = {
    now: now.toISOString(),
    callId: call.id,
    call: call.state,
    epoch: call.epoch,
    participantId: me.id,
    state: me.state,
  }
  if (me.role === 'practitioner') {
    const all = await store.listParticipants(tx, call.id)
    const devices = all
      .filter((one) => one.role === 'patient' && one.state !== 'left' && one.state !== 'refused')
      .flatMap((one) => store.deviceOf(one, now) ?? [])
    const theirs = all.filter((one) => one.role === 'patient').map((one) => one.id)
    const messages = await store.listMessages(tx, {
      callId: call.id,
      id: { gt: after },
      fromId: { in: theirs },
      epoch: call.epoch,
    })
    return { ...base, role: 'practitioner', devices, messages }
  }
  // A device sees the epoch it was admitted into and nothing else; one that was never admitted sees nothing.
  const admitted = (me.state === 'admitted' || me.state === 'joined') && me.epoch === call.epoch
  const practitioners = (await store.listParticipants(tx, call.id)).filter((one) => one.role === 'practitioner')
  const from = practitioners.map((one) => one.id)
  const messages = admitted
    ? await store.listMessages(tx, { callId: call.id, id: { gt: after }, fromId: { in: from }, epoch: me.epoch })
    : []
  const queue = await store.listQueue(tx, row.memberId, now)
  const presence = await store.practitionerNow(tx, row.memberId, call.id, now)
  return {
    ...base,
    role: 'patient',
    messages,
    confirmed: me.confirmed,
    ahead: rules.peopleAhead({ appointmentId: row.id, startsAt: row.startsAt }, queue),
    practitioner: { name: row.member.displayName, ...presence },
    startsAt: row.startsAt.toISOString(),
    lateMinutes: await lateOf(tx, row, row.clinic.timeZone, now),
  }
}

export const sync = (
  _: unknown,
  { door, after }: In<typeof rules.SyncInput>,
  { now }: Pick<Ctx, 'now'>,
): Out<'call/sync'> =>
  enter(door, now, async (tx, inside) => {
    const seen = await view(tx, inside.door, after, now)
    return seen ? ok(seen) : refuse('NOT_FOUND')
  })

/** What to listen to for whoever has this door token: its call, and what ends it before the call does. */
export async function doorCall(token: string, now: Date): Promise<{ callId: string; sessionId: string | null } | null> {
  const entered = await enter(token, now, async (_, { call, door }) =>
    ok({ callId: call.id, sessionId: door.sessionId }),
  )
  return entered.ok ? entered.value : null
}

export const beat = (_: unknown, { door }: In<typeof rules.DoorInput>, { now }: Ctx): Out<'call/beat'> =>
  enter(door, now, async (tx, { me, call, door: at }) => {
    const wasAway = !rules.isHere(me.lastSeenAt, now)
    await store.saveParticipants(tx, { id: me.id }, { lastSeenAt: now })
    if (wasAway) await changed(tx, at.clinicId, call.id)
    return ok({ done: true as const })
  })

/** Passes one message on, once, in order. A repeat answers the number that it has already. */
export async function send(_: unknown, input: In<typeof rules.SendInput>, { now }: Ctx): Out<'call/send'> {
  let out: string[] = []
  const answered = await enter(
    input.door,
    now,
    async (tx, { me, call, door }) => {
      const { message } = input
      const [again] = await store.listMessages(tx, {
        callId: call.id,
        fromId: me.id,
        epoch: message.epoch,
        kind: message.kind,
      })
      if (again) return ok({ id: again.id, call })
      const soFar = await store.epochSoFar(tx, call.id, message.epoch)
      const decided = rules.decideRelay(message, me, call, soFar)
      if (decided !== 'ok') return refuse(decided)
      if (message.kind === 'admit') {
        const devices = await store.listParticipants(tx, call.id)
        const device = devices.find(
          (one) => one.knock && (JSON.parse(one.knock) as { signature: string }).signature === message.knock,
        )
        const state = device && rules.nextParticipant(device.state, 'admit')
        if (!device || !state) return refuse('NOT_FOUND')
        out = await store.putOut(tx, { callId: call.id, role: 'patient', id: { not: device.id } })
        await store.saveParticipants(tx, { id: device.id }, { state, epoch: message.epoch })
        await store.saveParticipants(tx, { id: me.id }, { epoch: message.epoch })
        await store.saveCall(tx, call.id, { epoch: message.epoch, state: 'live' })
        const begins = await store.moveAppointment(tx, { id: call.appointmentId }, 'in_consult', now)
        // Cancelled a moment ago, its money goes back: no consult begins on it. Who is admitted once more is in theirs already.
        const { status } = (await store.findAppointment(tx, call.appointmentId))!
        if (!begins && status !== 'in_consult') return refuse('WRONG_STATE')
      } else if (message.kind === 'roster' && message.parties.length === 1) {
        out = await store.putOut(tx, { callId: call.id, role: 'patient' })
        await store.saveCall(tx, call.id, { epoch: message.epoch })
      }
      const id = await store.addMessage(tx, {
        clinicId: door.clinicId,
        callId: call.id,
        epoch: message.epoch,
        fromId: me.id,
        message,
      })
      await notify(tx, 'call', call.id)
      if (message.kind === 'admit') await notify(tx, 'staff', door.clinicId)
      return ok({ id, call })
    },
    { locked: true },
  )
  if (!answered.ok) return answered
  const { id, call } = answered.value
  await removeFromRoom(call.node, call.room, out)
  return ok({ id })
}

/** After the handshake and not before: a room, an identity, a minute. */
export async function takeToken(_: unknown, { door }: In<typeof rules.DoorInput>, { now }: Ctx): Out<'call/token'> {
  const node = await pickNode(null)
  if (!node) return refuse('SFU_UNAVAILABLE')
  const placed = await enter(
    door,
    now,
    async (tx, { me, call }) => {
      const decided = rules.decideToken(me, call, await store.epochSoFar(tx, call.id, call.epoch))
      if (decided !== 'ok') return refuse(decided)
      const at = { node: (await pickNode(call.node)) ?? node, room: call.room ?? randomName() }
      const identity = me.identity ?? randomName()
      await store.saveCall(tx, call.id, at)
      await store.saveParticipants(tx, { id: me.id }, { identity, state: 'joined', lastSeenAt: now })
      await notify(tx, 'call', call.id)
      return ok({ ...at, identity, call })
    },
    { locked: true },
  )
  if (!placed.ok) return placed
  const { node: at, room, identity, call } = placed.value
  if (!(await ensureRoom(at, room))) return refuse('SFU_UNAVAILABLE')
  // The defence of attack 5 against who comes just as it ends: the room that was made again goes again.
  const meanwhile = await inClinic(call.clinicId, (tx) => store.findCall(tx, { id: call.id }))
  if (meanwhile?.state !== 'live') {
    await deleteRoom(at, room)
    return refuse('WRONG_STATE')
  }
  await putOutStrangers(call, at, room)
  return ok(await makeToken(at, room, identity))
}

/** An old token opens the room for its minute, and places are two: who has no business there makes way for who is coming. */
async function putOutStrangers({ id, clinicId }: store.CallRow, node: string, room: string): Promise<void> {
  const inside = await listInside(node, room)
  // Looked up after it: whoever may be in had their identity written down before they had a token.
  const known = await inClinic(clinicId, (tx) => store.listParticipants(tx, id))
  const strangers = inside.filter((identity) => !known.some((one) => one.identity === identity))
  await removeFromRoom(node, room, strangers)
}

/** Away for good or for a while: the other side makes a new epoch; coming back takes a new knock. */
export async function leave(_: unknown, { door }: In<typeof rules.DoorInput>, { now }: Ctx): Out<'call/leave'> {
  const left = await enter(door, now, async (tx, { me, call, door: at }) => {
    const gone = await store.dropIdentities(tx, { id: me.id })
    const state = rules.nextParticipant(me.state, 'leave')
    if (state) await store.saveParticipants(tx, { id: me.id }, { state })
    await changed(tx, at.clinicId, call.id)
    return ok({ call, gone })
  })
  if (!left.ok) return left
  await removeFromRoom(left.value.call.node, left.value.call.room, left.value.gone)
  return ok({ done: true })
}

/** A device that was removed leaves the calls it is in: the SFU's rooms too. Whoever is left there begins a new epoch. */
export async function putOutDevice(clinicId: string, patientId: string, keyId: string): Promise<void> {
  const gone = await inClinic(clinicId, async (tx) => {
    const out = []
    for (const { id, call } of await store.listPresent(tx, patientId, keyId)) {
      await store.lockCall(tx, call.id)
      const identities = await store.dropIdentities(tx, { id })
      await store.saveParticipants(tx, { id, state: { notIn: ['left', 'refused'] } }, { state: 'left' })
      await changed(tx, clinicId, call.id)
      out.push({ ...call, identities })
    }
    return out
  })
  for (const { node, room, identities } of gone) await removeFromRoom(node, room, identities)
}

// ── the end of its time ──

/** Ends a call whose window has closed: nothing of it stays at the SFU. One whose appointment was moved is asked again later. */
export async function closeCall(clinicId: string, callId: string, now: Date): Promise<void> {
  const call = await inClinic(clinicId, async (tx) => {
    const found = await store.lockCall(tx, callId)
    if (!found || found.state === 'ended') return found
    const row = await store.findAppointment(tx, found.appointmentId)
    const startAfter = row && rules.windowOf(row, row.clinic).closesAt
    if (startAfter && startAfter > now) {
      await enqueue(tx, 'call.close', { clinicId, callId }, { startAfter, singletonKey: callId })
      return null
    }
    await store.saveCall(tx, callId, { state: 'ended', endedAt: now, room: null })
    await store.saveParticipants(tx, { callId, state: { not: 'refused' } }, { state: 'left', identity: null })
    await changed(tx, clinicId, callId)
    return found
  })
  if (call) await deleteRoom(call.node, call.room)
}
