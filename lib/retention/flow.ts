import 'server-only'
import type { z } from 'zod'
import type { PatientActor, StaffActor } from '../access/rules.ts'
import { ok, refuse, type Refusal, type Result } from '../errors.ts'
import { hasOwnDevice } from '../care/store.ts'
import { findDeviceKey } from '../patient/store.ts'
import { listRecords } from '../record/store.ts'
import { audit } from '../server/audit.ts'
import { auditReadings } from '../server/audit-readings.ts'
import { enqueue } from '../server/jobs.ts'
import { notify } from '../server/notify.ts'
import { inClinic, type Tx } from '../server/tx.ts'
import {
  decideSettings,
  dueClasses,
  purposes,
  retentionClasses,
  settingFields,
  settingsAt,
  type Overview,
  type RetentionClass,
  type RetentionContract,
} from './rules.ts'
import type * as rules from './rules.ts'
import { isOwnAnswer, isSigned } from './signed.ts'
import * as store from './store.ts'

type In<S extends z.ZodType> = z.output<S>
interface Context {
  now: Date
}
const done = () => ok({ done: true as const })

export async function overview(
  actor: StaffActor,
  _: In<typeof rules.NothingInput>,
  { now }: Context,
): Promise<Result<Overview>> {
  const answer = await inClinic(actor.clinicId, async (tx) => {
    const { settings, later } = settingsAt(await store.findSettings(tx, actor), now)
    const kept = await store.listKept(tx, actor, null, now)
    const patients = kept.map((each) => ({
      patientId: each.patientId,
      lastEncounter: each.lastEncounter.toISOString(),
      classes: each.classes as RetentionClass[],
      due: dueClasses(each, settings, now),
      expected: each.expected,
    }))
    return ok({
      settings,
      later: later && { settings: later.settings, beginsAt: later.beginsAt.toISOString() },
      patients,
      holds: await store.listHolds(tx, actor),
      requests: await store.listRequests(tx, actor, { state: 'asked' }),
      purges: await store.listPurges(tx, actor, {}),
      identities: await listRecords(tx, actor, {
        patientIds: patients.map((each) => each.patientId),
        types: ['identity'],
      }),
    })
  })
  if (answer.ok) await auditReadings(actor, 'names.listed', answer.value.identities)
  return answer
}

export async function saveSettings(actor: StaffActor, input: In<typeof rules.SaveInput>, { now }: Context) {
  return inClinic(actor.clinicId, async (tx) => {
    const { word, ...wanted } = input
    if (!(await isSigned(tx, actor, purposes.settings, settingFields(wanted), word, now))) return refuse('BAD_PROOF')
    const next = decideSettings(settingsAt(await store.findSettings(tx, actor), now).settings, wanted, now)
    await store.saveSettings(tx, actor, next, now)
    await audit(tx, actor, 'retention.settings-saved')
    if (next.beginsAt)
      await enqueue(tx, 'mail.retention-shorter', { clinicId: actor.clinicId, memberId: actor.memberId })
    await notify(tx, 'staff', actor.clinicId)
    return done()
  })
}

export async function placeHold(actor: StaffActor, input: In<typeof rules.PlaceHoldInput>, { now }: Context) {
  const { patientId } = input
  return inClinic(actor.clinicId, async (tx) => {
    if (!(await store.lockPatient(tx, actor, patientId))) return refuse('NOT_FOUND')
    if (!(await store.placeHold(tx, actor, input, now))) return refuse('WRONG_STATE')
    await audit(tx, actor, 'retention.held', patientId, { patientId })
    return done()
  })
}

/** What was ordered before the hold, and waited for its end, goes on. */
export async function liftHold(actor: StaffActor, input: In<typeof rules.LiftHoldInput>, { now }: Context) {
  return inClinic(actor.clinicId, async (tx) => {
    const patientId = await store.liftHold(tx, actor, input, now)
    if (!patientId) return refuse('WRONG_STATE')
    await audit(tx, actor, 'retention.hold-lifted', patientId, { patientId })
    for (const { id } of await store.listPurges(tx, actor, { patientId, state: 'ordered' }))
      await enqueue(tx, 'retention.purge', { clinicId: actor.clinicId, purgeId: id }, { singletonKey: id })
    return done()
  })
}

/** An officer's word that what is due may go. What is not due goes at the patient's request alone. */
export async function purge(actor: StaffActor, input: In<typeof rules.PurgeInput>, { now }: Context) {
  const { patientId, classes, word } = input
  return inClinic(actor.clinicId, async (tx) => {
    if (!(await isSigned(tx, actor, purposes.purge, [patientId, classes.join(',')], word, now)))
      return refuse('BAD_PROOF')
    const kept = await purgeable(tx, actor, patientId, now)
    if (!kept.ok) return kept
    const due = dueClasses(kept.value, settingsAt(await store.findSettings(tx, actor), now).settings, now)
    if (!classes.every((each) => due.includes(each))) return refuse('TOO_EARLY')
    await order(tx, actor, { patientId, classes, requestId: null }, now)
    return done()
  })
}

/** The patient, locked, if nothing stands against a purge. */
async function purgeable(
  tx: Tx,
  actor: StaffActor,
  patientId: string,
  now: Date,
): Promise<{ ok: true; value: store.Kept } | Refusal> {
  if (!(await store.lockPatient(tx, actor, patientId))) return refuse('NOT_FOUND')
  const [kept] = await store.listKept(tx, actor, patientId, now)
  if (!kept) return refuse('WRONG_STATE')
  if (kept.held) return refuse('ON_HOLD')
  return kept.expected ? refuse('STILL_EXPECTED') : ok(kept)
}

async function order(
  tx: Tx,
  actor: StaffActor,
  what: { patientId: string; classes: RetentionClass[]; requestId: string | null },
  now: Date,
): Promise<void> {
  const id = await store.insertPurge(tx, actor, what, now)
  await audit(tx, actor, 'retention.purge-ordered', id, { patientId: what.patientId })
  await enqueue(tx, 'retention.purge', { clinicId: actor.clinicId, purgeId: id }, { singletonKey: id })
}

/** A device let in by a mailed code alone asks for nothing: it may be a mailbox's thief. */
async function isTheirs(tx: Tx, actor: PatientActor): Promise<boolean> {
  const key = await findDeviceKey(tx, actor)
  return key !== null && key.state !== 'confirmed'
}

export async function ask(actor: PatientActor, _: In<typeof rules.NothingInput>, { now }: Context) {
  return inClinic(actor.clinicId, async (tx) => {
    if (!(await isTheirs(tx, actor))) return refuse('NOT_CONFIRMED')
    // Whoever helps has the patient forgotten by nobody; for a child with no browser of its own, its guardian asks.
    if (actor.care && (actor.care.role === 'carer' || (await hasOwnDevice(tx, actor.patientId))))
      return refuse('NOT_ALLOWED')
    if (!(await store.insertRequest(tx, actor, now))) return refuse('WRONG_STATE')
    await audit(tx, actor, 'retention.erasure-asked', actor.patientId, { patientId: actor.patientId })
    await notify(tx, 'staff', actor.clinicId)
    return done()
  })
}

export async function mine(
  actor: PatientActor,
  _: unknown,
  { now }: Context,
): Promise<Result<RetentionContract['retention/mine']['out']>> {
  const { patientId } = actor
  return inClinic(actor.clinicId, async (tx) => {
    if (!(await isTheirs(tx, actor))) return refuse('NOT_CONFIRMED')
    return ok({
      settings: settingsAt(await store.findSettings(tx, actor), now).settings,
      requests: await store.listRequests(tx, actor, { patientId }),
      purges: await store.listPurges(tx, actor, { patientId }),
    })
  })
}

/** The patient's browser checks the statement against the chain; here, that the officer's own key said so, and said so now. */
export async function answer(actor: StaffActor, input: In<typeof rules.AnswerInput>, { now }: Context) {
  return inClinic(actor.clinicId, async (tx) => {
    const [request] = await store.listRequests(tx, actor, { id: input.id })
    if (!request) return refuse('NOT_FOUND')
    const { patientId } = request
    if (!(await isOwnAnswer(tx, actor, { ...input, patientId }, now))) return refuse('BAD_PROOF')
    if (input.state === 'erased') {
      const kept = await purgeable(tx, actor, patientId, now)
      if (!kept.ok) return kept
    }
    if (!(await store.answerRequest(tx, actor, input, now))) return refuse('WRONG_STATE')
    if (input.state === 'erased')
      await order(tx, actor, { patientId, classes: [...retentionClasses], requestId: request.id }, now)
    await audit(tx, actor, `retention.erasure-${input.state}`, request.id, { patientId })
    await notify(tx, 'patient', patientId)
    return done()
  })
}
