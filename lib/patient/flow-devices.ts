import 'server-only'
import type { z } from 'zod'
import type { PatientActor } from '../access/rules.ts'
import { ok, refuse, type Result } from '../errors.ts'
import { audit } from '../server/audit.ts'
import type { Ctx } from '../server/action.ts'
import { notify } from '../server/notify.ts'
import { inClinic, type Tx } from '../server/tx.ts'
import type { DeviceRow, RemoveDeviceInput } from './rules.ts'
import * as store from './store.ts'

/** In the clinic of a device that may speak for the patient: whoever reads their mail alone may not. */
export function asOwn<T>(
  actor: PatientActor,
  body: (tx: Tx, key: store.DeviceKey) => Promise<Result<T>>,
): Promise<Result<T>> {
  return inClinic(actor.clinicId, async (tx) => {
    const key = await store.findDeviceKey(tx, actor)
    if (!key) return refuse('SIGN_IN_FIRST')
    // The defence of attack 14 here: a code by e-mail neither sees, nor adds, nor removes a device.
    if (key.state === 'confirmed') return refuse('NOT_CONFIRMED')
    return body(tx, key)
  })
}

export const listDevices = (actor: PatientActor): Promise<Result<{ devices: DeviceRow[] }>> =>
  asOwn(actor, async (tx) => {
    const rows = await store.listDevices(tx, actor.patientId)
    return ok({
      devices: rows.map(({ id, createdAt, state, ...row }) => ({
        ...{ ...row, keyId: id, mine: id === actor.keyId, firstSeen: createdAt.toISOString() },
        state: state as DeviceRow['state'],
      })),
    })
  })

/** A lost phone: it opens no session from its next request on, and what it was granted is gone from the server. */
export const removeDevice = (
  actor: PatientActor,
  { keyId }: z.output<typeof RemoveDeviceInput>,
  { now }: Ctx,
): Promise<Result<{ done: true }>> =>
  asOwn(actor, async (tx) => {
    // This device is forgotten by the browser that holds its keys, not from here.
    if (keyId === actor.keyId) return refuse('NOT_ALLOWED')
    if (!(await store.revokeDevice(tx, { patientId: actor.patientId, keyId }, now))) return refuse('NOT_FOUND')
    await audit(tx, actor, 'patient.device-removed', keyId)
    await notify(tx, 'patient', actor.patientId)
    return ok({ done: true as const })
  })
