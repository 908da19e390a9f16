import 'server-only'
import { createHash } from 'node:crypto'
import type { PatientActor, StaffActor } from '../access/rules.ts'
import { auditAll, type Happening, type Touched } from './audit.ts'
import { limitHere } from './rate-limit.ts'
import { inClinic } from './tx.ts'
import { isId } from '../ids.ts'

interface Answered {
  meta: { patientId: string; type: string; recordId: string; revision: number }
}

export const touched = (records: readonly Answered[]): Touched[] =>
  records.map(({ meta }) => [meta.type, meta.recordId, meta.revision] as const)

const hour = 3_600_000
/** What this process has written down, until when. Lost with the process: then it is written down again. */
const remembered = new Map<string, number>()

/** Records that are about to be answered: one entry for each patient, before anything is answered. */
export async function auditReadings(
  actor: PatientActor | StaffActor,
  action: string,
  records: readonly Answered[],
): Promise<void> {
  const by = new Map<string, Answered[]>()
  for (const record of records) by.set(record.meta.patientId, [...(by.get(record.meta.patientId) ?? []), record])
  await auditOpened(
    actor,
    [...by].map(([patientId, mine]) => ({ action, patientId, records: touched(mine) })),
  )
}

/**
 * What is about to be shown. A page that draws itself anew reads the same again: within an hour, the same session, subject
 * and revisions are one reading, and one entry.
 */
export async function auditOpened(actor: PatientActor | StaffActor, happenings: readonly Happening[]): Promise<void> {
  const now = Date.now()
  const fresh = happenings.flatMap((happening) => {
    const key = createHash('sha256')
      .update(JSON.stringify([actor.kind === 'staff' ? actor.sessionId : actor.keyId, happening]))
      .digest('base64')
    return (remembered.get(key) ?? 0) > now ? [] : [{ key, happening }]
  })
  if (fresh.length === 0) return
  await inClinic(actor.clinicId, (tx) =>
    auditAll(
      tx,
      actor,
      fresh.map((each) => each.happening),
    ),
  )
  if (remembered.size > 50_000) remembered.clear()
  for (const { key } of fresh) remembered.set(key, now + hour)
}

/** Refusals that say somebody asked for what is not theirs; a form filled in wrongly is none. */
const telling = new Set([
  'NOT_ALLOWED',
  'NOT_FOUND',
  'BAD_PROOF',
  'PROOF_USED',
  'CODE_WRONG',
  'NOT_CONFIRMED',
  'NOT_ADMITTED',
])
/** For each session: enough to see what somebody tries, and no way to fill a disk. */
const most = { points: 60, seconds: 3600 }
const subjects = ['appointmentId', 'patientId', 'recordId', 'rxId', 'memberId', 'id'] as const

/** A refusal, in a transaction of its own: that of the request was rolled back, and this must stay. */
export async function auditRefusal(
  actor: PatientActor | StaffActor,
  action: string,
  code: string,
  input: unknown,
): Promise<void> {
  if (!telling.has(code)) return
  const who = actor.kind === 'staff' ? actor.sessionId : actor.keyId
  if (!(await limitHere('refusals', who, most)).ok) return
  const asked = (typeof input === 'object' && input !== null ? input : {}) as Record<string, unknown>
  const subjectId = subjects.map((name) => asked[name]).find((value) => typeof value === 'string' && isId(value))
  await inClinic(actor.clinicId, (tx) =>
    auditAll(tx, actor, [{ action, subjectId: subjectId as string | undefined, refused: code }]),
  )
}
