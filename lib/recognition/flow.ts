import 'server-only'
import type { z } from 'zod'
import { isClinical, type StaffActor } from '../access/rules.ts'
import { partOf } from '../access/part.ts'
import { listStatements } from '../access/store.ts'
import type { RecordType } from '../crypto/types.ts'
import { listPatientKeys } from '../encounter/store.ts'
import { ok, refuse, type Result } from '../errors.ts'
import { insertGrants, listRecords } from '../record/store.ts'
import { audit } from '../server/audit.ts'
import { auditReadings } from '../server/audit-readings.ts'
import { notify } from '../server/notify.ts'
import { inClinic } from '../server/tx.ts'
import type { AppointmentInput, RecogniseInput, RecognitionContract } from './rules.ts'
import * as store from './store.ts'

type Out<K extends keyof RecognitionContract> = Promise<Result<RecognitionContract[K]['out']>>

/** What a patient may read at all; of notes, those that say so themselves. */
const readable: readonly RecordType[] = [
  'identity',
  'checklist',
  'reason',
  'intake',
  'consent',
  'note',
  'prescription',
  'care',
]

export async function newDevices(
  actor: StaffActor,
  { appointmentId }: z.output<typeof AppointmentInput>,
): Out<'recognition/devices'> {
  const answer = await inClinic(actor.clinicId, async (tx) => {
    const found = await store.findPatientOf(tx, actor, appointmentId)
    if (!found) return refuse('NOT_FOUND')
    const { patientId } = found
    return ok({
      ...{ ...found, clinicId: actor.clinicId },
      devices: await store.listNewDevices(tx, actor, patientId),
      statements: await listStatements(tx, actor.clinicId),
      keys: await listPatientKeys(tx, actor, patientId),
      records: await listRecords(tx, actor, { patientIds: [patientId], types: ['identity'] }),
    })
  })
  if (answer.ok) await auditReadings(actor, 'names.listed', answer.value.records)
  return answer
}

/** Everything at once, and audited before it is answered: the member's browser opens each to hand it on. */
export async function readableRecords(
  actor: StaffActor,
  { appointmentId }: z.output<typeof AppointmentInput>,
): Out<'recognition/records'> {
  const answer = await inClinic(actor.clinicId, async (tx) => {
    const found = await store.findPatientOf(tx, actor, appointmentId)
    if (!found) return refuse('NOT_FOUND')
    const query = { patientIds: [found.patientId], types: readable, history: true }
    return ok({ records: await listRecords(tx, actor, query) })
  })
  if (answer.ok) await auditReadings(actor, 'patient.records-for-device', answer.value.records)
  return answer
}

/**
 * A member compared the device's code with the patient before them. A practitioner's word files the device as the patient's; the
 * desk's opens what the desk manages, and everything else waits for a practitioner.
 */
export const recognise = (
  actor: StaffActor,
  { appointmentId, keyId, keys, vouch, grants }: z.output<typeof RecogniseInput>,
): Out<'recognition/recognise'> =>
  inClinic(actor.clinicId, async (tx) => {
    const found = await store.findPatientOf(tx, actor, appointmentId)
    if (!found) return refuse('NOT_FOUND')
    const { patientId } = found
    // Who sees a part of the clinic says it of what that part manages: the rest waits for the whole clinic's.
    const part = await partOf(tx, actor)
    const whole = isClinical(actor) && !part.own && !part.sites.length
    const isTheirs = ({ grant: { recipient } }: (typeof grants)[number]) =>
      recipient.kind === 'patient' && recipient.id === patientId && recipient.key === keys.dh
    if (!grants.every(isTheirs)) return refuse('BAD_INPUT')
    // Nobody hands on what they may not read themselves: the desk no clinical record, whatever its browser sent.
    const recordIds = [...new Set(grants.map(({ recordId }) => recordId))]
    const own = await listRecords(tx, actor, { patientIds: [patientId], types: readable, recordIds, history: true })
    const mine = new Set(own.map(({ meta }) => `${meta.recordId}.${meta.revision}`))
    if (!grants.every((each) => mine.has(`${each.recordId}.${each.revision}`))) return refuse('NOT_ALLOWED')
    if (!(await store.saveVouch(tx, actor, { patientId, keyId, keys, vouch, whole }))) return refuse('NOT_FOUND')
    const granted = await insertGrants(
      tx,
      actor,
      grants.map((each) => ({ ...each, patientId })),
    )
    await audit(tx, actor, whole ? 'patient.device-recognised' : 'patient.device-recognised-at-desk', keyId, {
      patientId,
      records: own.map(({ meta }) => [meta.type, meta.recordId, meta.revision] as const),
    })
    await notify(tx, 'patient', patientId)
    await notify(tx, 'staff', actor.clinicId)
    return ok({ granted, partly: !whole })
  })
