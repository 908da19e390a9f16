import 'server-only'
import type { z } from 'zod'
import { isClinical, runsVisits, type StaffActor, type SystemActor } from '@/lib/access/rules'
import { partOf } from '@/lib/access/part'
import { findVisit } from '@/lib/encounter/store'
import { ok, refuse, type Result } from '@/lib/errors'
import { translator } from '@/lib/messages/translator'
import { isLocale } from '@/lib/messages/pick'
import { insertRecords, listRecords } from '@/lib/record/store'
import { audit } from '@/lib/server/audit'
import { auditReadings } from '@/lib/server/audit-readings'
import { env } from '@/lib/server/env'
import { enqueue, type JobHandler } from '@/lib/server/jobs'
import { openField } from '@/lib/server/kms'
import { sendMail } from '@/lib/server/mail'
import { notify } from '@/lib/server/notify'
import { inClinic, inNoClinic, type Tx } from '@/lib/server/tx'
import { dayIn } from '@/lib/time'
import { decideDue, nextRecall, type RecallContract, type RecallEvent, type RecallRow } from './rules'
import type * as rules from './rules'
import * as store from './store'

type In<S extends z.ZodType> = z.output<S>
interface Context {
  now: Date
}

export async function setRecall(
  actor: StaffActor,
  input: In<typeof rules.SetRecallInput>,
  { now }: Context,
): Promise<Result<RecallRow>> {
  if (!isClinical(actor)) return refuse('NOT_ALLOWED')
  const { id, appointmentId, serviceId, dueOn, record } = input
  if (record.meta.type !== 'recall') return refuse('BAD_INPUT', { 'record.meta.type': 'invalid' })
  if (dueOn <= now.toISOString().slice(0, 10)) return refuse('BAD_INPUT', { dueOn: 'future' })
  return inClinic(actor.clinicId, async (tx) => {
    const found = await findVisit(tx, actor, appointmentId, now)
    if (!found || found.row.patientId !== record.meta.patientId || !(await store.hasService(tx, actor, serviceId))) {
      return refuse('NOT_FOUND')
    }
    const { patientId } = found.row
    const { recordId } = record.meta
    if (await store.saveRecall(tx, actor, { id, patientId, serviceId, recordId, dueOn, siteId: found.row.siteId })) {
      const saved = await insertRecords(tx, actor, [record], { patientId, appointmentId })
      if (!saved.ok) return saved
      await audit(tx, actor, 'recall.set', id)
      await notify(tx, 'staff', actor.clinicId)
    }
    const row = (await store.listRecalls(tx, actor, { patientId })).find((one) => one.id === id)
    return row ? ok(row) : refuse('STALE')
  })
}

/** The open ones, with what this role may open: names for everyone, reasons for practitioners alone. */
export async function list(
  actor: StaffActor,
  { status }: In<typeof rules.RecallList>,
  { now }: Context,
): Promise<Result<RecallContract['recall/list']['out']>> {
  const answer = await inClinic(actor.clinicId, async (tx) => {
    for (const id of await store.listInvited(tx, { kind: 'system', clinicId: actor.clinicId })) {
      await decideOne(tx, { kind: 'system', clinicId: actor.clinicId }, id, now)
    }
    const statuses = status === 'open' ? (['scheduled', 'invited', 'overdue'] as const) : undefined
    const seen = runsVisits(actor, await partOf(tx, actor))
    const recalls = await store.listRecalls(tx, actor, { seen, statuses: statuses && [...statuses] })
    const patientIds = [...new Set(recalls.map((row) => row.patientId))]
    const recordIds = new Set(recalls.map((row) => row.recordId))
    const reasons = isClinical(actor) ? await listRecords(tx, actor, { patientIds, types: ['recall'] }) : []
    return ok({
      recalls,
      identities: await listRecords(tx, actor, { patientIds, types: ['identity'] }),
      reasons: reasons.filter((record) => recordIds.has(record.meta.recordId)),
    })
  })
  if (answer.ok) await auditReadings(actor, 'names.listed', [...answer.value.identities, ...answer.value.reasons])
  return answer
}

export const inviteNow = (actor: StaffActor, { id }: In<typeof rules.RecallMove>, ctx: Context) =>
  move(actor, id, 'invite', ctx)
export const decline = (actor: StaffActor, { id }: In<typeof rules.RecallMove>, ctx: Context) =>
  move(actor, id, 'decline', ctx)

async function move(
  actor: StaffActor,
  id: string,
  event: RecallEvent,
  { now }: Context,
): Promise<Result<{ done: true }>> {
  return inClinic(actor.clinicId, async (tx) => {
    const found = await store.findRecall(tx, actor, id, now, runsVisits(actor, await partOf(tx, actor)))
    if (!found) return refuse('NOT_FOUND')
    if (!(await step(tx, actor, found, event))) return refuse('WRONG_STATE')
    await notify(tx, 'staff', actor.clinicId)
    return ok({ done: true as const })
  })
}

type Found = NonNullable<Awaited<ReturnType<typeof store.findRecall>>>

/** One transition, its audit row and, for an invitation, its mail's job. */
async function step(tx: Tx, actor: StaffActor | SystemActor, recall: Found, event: RecallEvent): Promise<boolean> {
  const to = nextRecall(recall.status, event)
  if (!to || !(await store.moveRecall(tx, actor, { id: recall.id, from: recall.status, to }))) return false
  await audit(tx, actor, `recall.${to}`, recall.id)
  if (to === 'invited') await enqueue(tx, 'recall.mail', { clinicId: actor.clinicId, recallId: recall.id })
  return true
}

async function decideOne(tx: Tx, actor: SystemActor, id: string, now: Date) {
  const found = await store.findRecall(tx, actor, id, now)
  const event = found && decideDue(found, dayIn(found.clinic.timeZone, now))
  if (found && event) await step(tx, actor, found, event)
}

/** Each due recall in a transaction of its own: one that fails does not hold up the rest. */
export async function inviteDue(now: Date): Promise<number> {
  // A day ahead in the world's first zone: each clinic's own day decides.
  const tomorrow = new Date(now.getTime() + 86_400_000).toISOString().slice(0, 10)
  const due = await inNoClinic((tx) => store.lookupDueRecalls(tx, tomorrow))
  for (const { clinicId, recallId } of due) {
    await inClinic(clinicId, async (tx) => {
      await decideOne(tx, { kind: 'system', clinicId }, recallId, now)
      await notify(tx, 'staff', clinicId)
    })
  }
  return due.length
}

/** A neutral mail: that it is time for an appointment, and where to book it. Why is sealed and stays so. */
export async function mailInvitation(clinicId: string, recallId: string, now: Date): Promise<void> {
  const found = await inClinic(clinicId, (tx) => store.findRecall(tx, { kind: 'system', clinicId }, recallId, now))
  if (!found?.patient.emailSealed || found.status !== 'invited') return
  const { clinic, patient, serviceId, memberId } = found
  const to = await openField(found.patient.emailSealed, `patient.email|${clinicId}|${patient.id}`)
  const t = translator(isLocale(patient.locale) ? patient.locale : 'en', 'recall')
  // No fingerprint: this database's word would look like the clinic's own link, and prove nothing.
  const link = `${env().APP_ORIGIN}/c/${clinic.slug}?service=${serviceId}&practitioner=${memberId}&recall=${recallId}`
  await sendMail({
    to,
    subject: t('mail.subject', { clinic: clinic.name }),
    text: t('mail.text', { clinic: clinic.name, link }),
    messageId: `recall-${recallId}`,
  })
}

/** For the worker: queue → handler, and when the clock makes a job. */
export const recallJobs = {
  handlers: {
    'recall.due': async () => {
      await inviteDue(new Date())
    },
    'recall.mail': async (data) => mailInvitation(String(data.clinicId), String(data.recallId), new Date()),
  } satisfies Record<string, JobHandler>,
  every: { 'recall.due': '*/15 * * * *' },
}
