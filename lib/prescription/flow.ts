import 'server-only'
import type { z } from 'zod'
import { isClinical, type StaffActor } from '@/lib/access/rules'
import { findVisit } from '@/lib/encounter/store'
import { ok, refuse, type Result } from '@/lib/errors'
import { insertRecords } from '@/lib/record/store'
import { audit } from '@/lib/server/audit'
import { notify } from '@/lib/server/notify'
import { limit } from '@/lib/server/rate-limit'
import { inClinic, inNoClinic } from '@/lib/server/tx'
import { nextPrescription, type PrescriptionEvent, type PrescriptionRow, type RxAnswer } from './rules'
import type * as rules from './rules'
import * as store from './store'
import { isId } from '@/lib/ids'

type In<S extends z.ZodType> = z.output<S>
interface Context {
  now: Date
}

const longestDays = 366

/** The sealed record, the pharmacist's copy and the row that counts its state: all or none. A repeat is the same one. */
export async function issue(
  actor: StaffActor,
  input: In<typeof rules.IssueInput>,
  { now }: Context,
): Promise<Result<PrescriptionRow>> {
  if (!isClinical(actor)) return refuse('NOT_ALLOWED')
  const { rxId, appointmentId, record } = input
  const expiresAt = new Date(input.expiresAt)
  if (record.meta.type !== 'prescription') return refuse('BAD_INPUT', { 'record.meta.type': 'invalid' })
  if (expiresAt <= now || expiresAt.getTime() > now.getTime() + longestDays * 86_400_000) {
    return refuse('BAD_INPUT', { expiresAt: 'invalid' })
  }
  return inClinic(actor.clinicId, async (tx) => {
    const found = await findVisit(tx, actor, appointmentId, now)
    if (!found || found.row.patientId !== record.meta.patientId) return refuse('NOT_FOUND')
    const { patientId } = found.row
    const { recordId } = record.meta
    const row = { id: rxId, appointmentId, recordId, memberId: actor.memberId, status: 'issued' as const }
    const answer = ok({ ...row, issuedAt: now.toISOString(), expiresAt: expiresAt.toISOString() })
    const share = new Uint8Array(Buffer.from(input.share, 'base64url'))
    if (
      !(await store.savePrescription(tx, actor, {
        id: rxId,
        patientId,
        appointmentId,
        recordId,
        share,
        issuedAt: now,
        expiresAt,
      }))
    ) {
      const known = await store.findPrescription(tx, actor, rxId)
      return known?.recordId === recordId ? answer : refuse('STALE')
    }
    const saved = await insertRecords(tx, actor, [record], { patientId, appointmentId })
    if (!saved.ok) return saved
    await audit(tx, actor, 'prescription.issued', rxId)
    await notify(tx, 'patient', patientId)
    return answer
  })
}

export const cancel = (actor: StaffActor, input: In<typeof rules.PrescriptionMove>, ctx: Context) =>
  move(actor, input.id, 'cancel', ctx)
export const dispense = (actor: StaffActor, input: In<typeof rules.PrescriptionMove>, ctx: Context) =>
  move(actor, input.id, 'dispense', ctx)

async function move(
  actor: StaffActor,
  id: string,
  event: PrescriptionEvent,
  { now }: Context,
): Promise<Result<{ done: true }>> {
  if (!isClinical(actor)) return refuse('NOT_ALLOWED')
  return inClinic(actor.clinicId, async (tx) => {
    const found = await store.findPrescription(tx, actor, id)
    if (!found) return refuse('NOT_FOUND')
    const to = nextPrescription(found.status, event, { now, expiresAt: found.expiresAt })
    if (!to || !(await store.movePrescription(tx, actor, { id, from: found.status, to }))) return refuse('WRONG_STATE')
    await audit(tx, actor, `prescription.${to}`, id)
    return ok({ done: true as const })
  })
}

export async function readShare(id: string, { now, ip }: { now: Date; ip: string }): Promise<Result<RxAnswer>> {
  if (!isId(id)) return refuse('NOT_FOUND')
  const counted = await limit('rx', ip, { points: 120, seconds: 60 })
  if (!counted.ok) return counted
  const clinicId = await inNoClinic((tx) => store.lookupRx(tx, id))
  if (!clinicId) return refuse('NOT_FOUND')
  const found = await inClinic(clinicId, (tx) => store.findShare(tx, clinicId, id, now))
  return found ? ok(found) : refuse('NOT_FOUND')
}
