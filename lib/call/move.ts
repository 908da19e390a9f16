import 'server-only'
import { enqueue } from '../server/jobs.ts'
import { notify } from '../server/notify.ts'
import type { Tx } from '../server/tx.ts'
import * as rules from './rules.ts'
import * as store from './store.ts'

interface Times {
  startsAt: Date
  endsAt: Date
}

/** An appointment is cancelled: whoever waited for it waits no more, and nobody is admitted. */
export async function endWaiting(tx: Tx, appointmentId: string, now: Date): Promise<void> {
  const found = await store.findCall(tx, { appointmentId })
  const call = found && (await store.lockCall(tx, found.id))
  if (!call || call.state === 'ended') return
  await store.saveCall(tx, call.id, { state: 'ended', endedAt: now, room: null })
  await store.saveParticipants(tx, { callId: call.id, state: { not: 'refused' } }, { state: 'left', identity: null })
  await notify(tx, 'call', call.id)
}

/**
 * An appointment has other times: a call that was made for the former ones, or is over with them, is good for the new ones. Who
 * waited for a former start waits no more.
 */
export async function moveCall(
  tx: Tx,
  row: Times & { id: string; clinicId: string },
  to: Times,
  clinic: Parameters<typeof rules.windowOf>[1],
): Promise<void> {
  const found = await store.findCall(tx, { appointmentId: row.id })
  const call = found && (await store.lockCall(tx, found.id))
  if (!call) return
  if (call.state === 'ended') await store.saveCall(tx, call.id, { state: 'open', endedAt: null, room: null })
  if (+to.startsAt !== +row.startsAt) {
    const waiting: store.Which = { callId: call.id, role: 'patient', state: { notIn: ['left', 'refused'] } }
    await store.saveParticipants(tx, waiting, { state: 'left' })
  }
  const startAfter = rules.windowOf(to, clinic).closesAt
  await enqueue(tx, 'call.close', { clinicId: row.clinicId, callId: call.id }, { startAfter, singletonKey: call.id })
  await notify(tx, 'call', call.id)
}
