import { randomUUID } from 'node:crypto'
import { afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest'
import { endSession } from '@/lib/account/flow'
import type { StaffActor } from '@/lib/access/rules'
import { testDevice } from '@/lib/booking/testing'
import { callJobs } from '@/lib/call/flow-codes'
import { makeDoorToken } from '@/lib/call/ticket'
import { removeDevice } from '@/lib/patient/flow-devices'
import { clinicWorld } from '@/lib/payment/testing'
import { env } from '@/lib/server/env'
import { testDb } from '@/lib/server/testing'
import { POST } from './route'

const { admin } = testDb()
let world: Awaited<ReturnType<typeof clinicWorld>>
beforeAll(async () => {
  world = await clinicWorld(admin)
})
beforeEach(() => void vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] }))
afterEach(() => void vi.useRealTimers())
const later = new Date(Date.now() + 3_600_000)

async function row(table: string, columns: Record<string, unknown>) {
  const all: Record<string, unknown> = { id: randomUUID(), clinic_id: world.clinicId, ...columns }
  const places = Object.keys(all).map((_, index) => `$${index + 1}`)
  const names = Object.keys(all).join(', ')
  await admin(`INSERT INTO ${table} (${names}) VALUES (${places.join(', ')})`, Object.values(all))
  return String(all.id)
}

/** A call, two devices of its patient, and the one of them in it. */
async function inCall(state: 'waiting' | 'joined') {
  const { clinicId } = world
  const { appointmentId } = await world.waiting({ status: 'booked' })
  const [{ patientId }] = (await admin<{ patientId: string }>(
    `SELECT patient_id AS "patientId" FROM appointment WHERE id = $1`,
    [appointmentId],
  )) as [{ patientId: string }]
  const [phone, laptop] = [await testDevice(), await testDevice()]
  for (const { keyId, keys } of [phone, laptop])
    await row('patient_key', {
      ...{ id: keyId, patient_id: patientId, sign_key: keys.sign, dh_key: keys.dh, state: 'booking' },
    })
  const callId = await row('call', { appointment_id: appointmentId, state: 'live', epoch: 1, room: 'a-room' })
  const device = { sign_key: phone.keys.sign, dh_key: phone.keys.dh, patient_key_id: phone.keyId }
  const participantId = await row('call_participant', {
    ...{ call_id: callId, epoch: 1, role: 'patient', ...device, state, confirmed: true, identity: 'x' },
  })
  const token = await makeDoorToken({ clinicId, callId, participantId, role: 'patient', sessionId: null }, later)
  const own = { kind: 'patient', clinicId, patientId, keyId: laptop.keyId } as const
  const stateNow = async () =>
    (
      await admin<{ state: string; identity: string | null }>(
        'SELECT state, identity FROM call_participant WHERE id = $1',
        [participantId],
      )
    )[0]
  return { own, callId, patientId, phone, token, stateNow }
}

async function listen(token: string) {
  const gone = new AbortController()
  const headers = { origin: env().APP_ORIGIN, authorization: `Bearer ${token}` }
  const answer = await POST(
    new Request(`${env().APP_ORIGIN}/api/call/events`, { method: 'POST', headers, signal: gone.signal }),
  )
  const reader = answer.body?.getReader()
  const line = async () => {
    const { done, value } = await reader!.read()
    return done ? 'the end' : new TextDecoder().decode(value)
  }
  return { status: answer.status, line, stop: () => gone.abort() }
}
const shut = 'event: shut\ndata: SIGN_IN_FIRST\n\n'

// Defences: `isRemoved` in `enter`, for what the stream says; 'call.put-out' in removeDevice, for the room and for when.
test('a device that is removed from another one is put out of its call, and hears no more of it', async () => {
  const at = await inCall('joined')
  const { line } = await listen(at.token)
  expect(await line()).toContain('"state":"joined"')
  expect(await removeDevice(at.own, { keyId: at.phone.keyId }, { now: new Date(), ip: '' } as never)).toMatchObject({
    ok: true,
  })
  const [job] = await admin<{ data: Record<string, string> }>(
    `SELECT data FROM pgboss.job WHERE name = 'call.put-out' AND data->>'keyId' = $1`,
    [at.phone.keyId],
  )
  await callJobs.handlers['call.put-out'](job!.data)
  expect(await at.stateNow()).toEqual({ state: 'left', identity: null })
  expect([await line(), await line()]).toEqual([shut, 'the end'])
  expect((await listen(at.token)).status).toBe(401)
})

// Defence: the beat of the stream, which asks again. Nobody told it of this one.
test('a device that is removed by whatever way hears no more of its call within a quarter of a minute', async () => {
  const at = await inCall('waiting')
  const { line } = await listen(at.token)
  expect(await line()).toContain('"state":"waiting"')
  await admin(`UPDATE patient_key SET state = 'revoked' WHERE id = $1`, [at.phone.keyId])
  vi.advanceTimersByTime(15_000)
  expect([await line(), await line()]).toEqual([shut, 'the end'])
})

// Defence: findStaff in `enter`; and the channel ENDED in the stream, for when.
test('a practitioner’s session that is ended from elsewhere hears no more of its call at once', async () => {
  const { callId } = await inCall('waiting')
  const { clinicId, memberId } = world
  const session = () => row('member_session', { member_id: memberId, expires_at: later })
  const [sessionId, other] = [await session(), await session()]
  const participantId = await row('call_participant', {
    ...{ call_id: callId, epoch: 1, role: 'practitioner', sign_key: 'x', dh_key: 'x', state: 'joined' },
    member_id: memberId,
  })
  const door = { clinicId, callId, participantId, role: 'practitioner', sessionId } as const
  const { line } = await listen(await makeDoorToken(door, later))
  expect(await line()).toContain('"state":"joined"')
  const elsewhere: StaffActor = { kind: 'staff', clinicId, memberId, sessionId: other, roles: ['practitioner'] }
  expect(await endSession(elsewhere, { id: sessionId }, { now: new Date(), ip: '' } as never)).toMatchObject({
    ok: true,
  })
  expect([await line(), await line()]).toEqual([shut, 'the end'])
})
