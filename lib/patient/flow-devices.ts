import 'server-only'
import type { z } from 'zod'
import type { PatientActor, PublicActor } from '../access/rules.ts'
import { ok, refuse, type Result } from '../errors.ts'
import { isAgreeable } from '../server/agreeable.ts'
import { audit } from '../server/audit.ts'
import { auditReadings } from '../server/audit-readings.ts'
import type { Ctx } from '../server/action.ts'
import { openField } from '../server/kms.ts'
import { enqueue } from '../server/jobs.ts'
import { notify } from '../server/notify.ts'
import { limit } from '../server/rate-limit.ts'
import { inClinic, inNoClinic, type Tx } from '../server/tx.ts'
import { insertGrants, listRecords } from '../record/store.ts'
import {
  MOST_KEYS,
  type AddDeviceInput,
  type Behind,
  type DeviceRow,
  type FindBackupInput,
  type HandOnInput,
  type OwnKeyRow,
  type RemoveDeviceInput,
  tellApart,
} from './rules.ts'
import * as store from './store.ts'

/**
 * In the clinic of a device that may speak for the patient: whoever reads their mail alone may not, and whoever helps may not
 * say who else does.
 */
export function asOwn<T>(
  actor: PatientActor,
  body: (tx: Tx, key: store.DeviceKey) => Promise<Result<T>>,
): Promise<Result<T>> {
  return asOwnOrHelper(actor, async (tx, key) => (key.care?.role === 'carer' ? refuse('NOT_ALLOWED') : body(tx, key)))
}

function asOwnOrHelper<T>(
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
    // Of those that were removed, too: a device keeps its number when an earlier one goes.
    const called = rows.map(({ id, kind, name, createdAt }) => ({
      ...{ id, called: kind === 'device' ? name : kind, since: createdAt },
    }))
    const nth = tellApart(called)
    return ok({
      devices: rows
        .filter(({ state }) => state !== 'revoked')
        .map(({ id, createdAt, usedOn, state, ...row }) => ({
          ...{ ...row, keyId: id, nth: nth.get(id)!, mine: id === actor.keyId, firstSeen: createdAt.toISOString() },
          lastUsed: usedOn?.toISOString().slice(0, 10) ?? null,
          state: state as DeviceRow['state'],
        })),
    })
  })

/** Another device of the same person, or what they keep for when all are lost: said by one that has access. */
export const addDevice = (
  actor: PatientActor,
  input: z.output<typeof AddDeviceInput>,
): Promise<Result<{ done: true }>> =>
  asOwn(actor, async (tx, key) => {
    const { clinicId, patientId } = actor
    // A guardian adds the child's own browser. What is kept for later would outlast the guardian.
    if (key.care && input.kind !== 'device') return refuse('NOT_ALLOWED')
    const all = await store.listKeys(tx, patientId)
    const there = all.find((each) => each.keyId === input.keyId)
    // Asked again, because the answer got lost.
    if (there && there.keys.sign === input.keys.sign && there.link === input.link) return ok({ done: true as const })
    if (all.filter((each) => each.state !== 'revoked').length >= MOST_KEYS) return refuse('TOO_MANY')
    if (!isAgreeable(input.keys.dh)) return refuse('BAD_INPUT', { keys: 'invalid' })
    if (!(await store.addKey(tx, { ...input, clinicId, patientId, state: 'paired' }))) return refuse('NOT_ALLOWED')
    await audit(tx, actor, `patient.${input.kind}-added`, input.keyId)
    await notify(tx, 'patient', patientId)
    return ok({ done: true as const })
  })

export async function findBackup(
  _: PublicActor,
  { keyId }: z.output<typeof FindBackupInput>,
  { ip }: Ctx,
): Promise<Result<{ clinicId: string; patientId: string }>> {
  const counted = await limit('find-backup', ip, { points: 30, seconds: 3600 })
  if (!counted.ok) return counted
  const clinicId = await inNoClinic((tx) => store.lookupKey(tx, keyId))
  const patientId = clinicId && (await inClinic(clinicId, (tx) => store.findBackup(tx, keyId)))
  return clinicId && patientId ? ok({ clinicId, patientId }) : refuse('NOT_FOUND')
}

export const listLinks = (
  actor: PatientActor,
  _: unknown,
  { now }: { now: Date },
): Promise<Result<{ links: { appointmentId: string; linkSecret: string }[] }>> =>
  asOwnOrHelper(actor, async (tx) => {
    const rows = await store.listLinks(tx, actor.patientId, now)
    const links = await Promise.all(
      rows.map(async ({ id, linkSealed }) => ({
        appointmentId: id,
        linkSecret: await openField(linkSealed!, `appointment.link|${actor.clinicId}|${id}`),
      })),
    )
    return ok({ links })
  })

/** Who helps hands what they wrote to the patient, and to nobody else who helps. */
const mayBeHanded =
  ({ care }: store.DeviceKey) =>
  ({ state, helps }: OwnKeyRow) =>
    state !== 'revoked' && state !== 'confirmed' && (care?.role !== 'carer' || !helps)
/** Revisions for one answer: the rest is asked for after these. */
const AT_ONCE = 400

export async function listBehind(actor: PatientActor): Promise<Result<Behind>> {
  const answer = await asOwnOrHelper<Behind>(actor, async (tx, key) => {
    const all = await store.listKeys(tx, actor.patientId)
    const others = all.filter((each) => each.keyId !== key.id && mayBeHanded(key)(each))
    const keys = others.map((each) => each.keys.dh)
    const lacking = keys.length ? await store.listLacking(tx, actor.patientId, key.dhKey, keys, AT_ONCE) : []
    const wanted = new Set(lacking.map(({ recordId, revision }) => `${recordId}.${revision}`))
    const recordIds = [...new Set(lacking.map(({ recordId }) => recordId))]
    const records = recordIds.length ? await listRecords(tx, actor, { recordIds, history: true }) : []
    return ok({
      keys: all,
      lacking,
      records: records.filter(({ meta }) => wanted.has(`${meta.recordId}.${meta.revision}`)),
    })
  })
  if (answer.ok) await auditReadings(actor, 'patient.records-for-device', answer.value.records)
  return answer
}

/** Grants of a patient to themselves: by the key that asks, to a key of theirs, of what they were granted. */
export const handOn = (
  actor: PatientActor,
  { grants }: z.output<typeof HandOnInput>,
): Promise<Result<{ granted: number }>> =>
  asOwnOrHelper(actor, async (tx, key) => {
    const all = (await store.listKeys(tx, actor.patientId)).filter(mayBeHanded(key))
    const theirs = new Set(all.map((each) => each.keys.dh))
    const isOwn = ({ grant: { recipient, granter } }: (typeof grants)[number]) =>
      recipient.kind === 'patient' &&
      recipient.id === actor.patientId &&
      theirs.has(recipient.key) &&
      granter === key.signKey
    if (!grants.every(isOwn)) return refuse('NOT_ALLOWED')
    const { patientId } = actor
    const granted = await insertGrants(
      tx,
      actor,
      grants.map((each) => ({ ...each, patientId })),
    )
    if (granted) await notify(tx, 'patient', patientId)
    return ok({ granted })
  })

/** A lost phone: it opens no session from its next request on, and what it was granted is gone from the server. */
export const removeDevice = (
  actor: PatientActor,
  { keyId }: z.output<typeof RemoveDeviceInput>,
  { now }: Ctx,
): Promise<Result<{ done: true }>> =>
  asOwn(actor, async (tx, key) => {
    // This device is forgotten by the browser that holds its keys, not from here. And a guardian takes the patient's own
    // access from nobody.
    if (keyId === actor.keyId || key.care) return refuse('NOT_ALLOWED')
    if (!(await store.revokeDevice(tx, { patientId: actor.patientId, keyId }, now))) return refuse('NOT_FOUND')
    await audit(tx, actor, 'patient.device-removed', keyId)
    await enqueue(tx, 'call.put-out', { clinicId: actor.clinicId, patientId: actor.patientId, keyId })
    await notify(tx, 'patient', actor.patientId)
    return ok({ done: true as const })
  })
