import 'server-only'
import { randomUUID } from 'node:crypto'
import type { z } from 'zod'
import { ok, refuse, type Result } from '@/lib/errors'
import { bestLocale } from '@/lib/messages/pick'
import { translator } from '@/lib/messages/translator'
import { isAgreeable } from '@/lib/server/agreeable'
import type { Ctx } from '@/lib/server/action'
import { enqueue, type JobHandler } from '@/lib/server/jobs'
import { keyedHash, openField } from '@/lib/server/kms'
import { sendMail } from '@/lib/server/mail'
import { limit } from '@/lib/server/rate-limit'
import { inClinic, type Tx } from '@/lib/server/tx'
import { changed, closeCall, enter, later, putOutDevice } from './flow.ts'
import * as rules from './rules.ts'
import type { CallContract } from './rules.ts'
import * as store from './store.ts'
import { readDoorToken } from './ticket.ts'

type In<S extends z.ZodType> = z.output<S>
type Out<K extends keyof CallContract> = Promise<Result<CallContract[K]['out']>>

// ── a device that nobody knows ──

/** Sends six digits to the address the appointment was booked with. */
export async function sendCode(_: unknown, { door }: In<typeof rules.DoorInput>, { now }: Ctx): Out<'call/code'> {
  const at = await readDoorToken(door, now)
  if (!at || at.role !== 'patient') return refuse('SIGN_IN_FIRST')
  const entered = await enter(door, now, async (_tx, { call }) => ok(call.appointmentId))
  if (!entered.ok) return entered
  const counted = await countCode(entered.value)
  if (!counted.ok) return counted
  return enter(door, now, async (tx, { me, call, door: { clinicId } }) => {
    if (me.confirmed) return refuse('WRONG_STATE')
    return ok(await issueCode(tx, { clinicId, appointmentId: call.appointmentId, signKey: me.signKey }, now))
  })
}

/** By appointment, not by device: whoever holds the link can make devices. A link is good for long, hence the second limit. */
export async function countCode(appointmentId: string): Promise<Result<unknown>> {
  const counted = await limit('call-code', appointmentId, { points: 5, seconds: 1800 })
  return counted.ok ? limit('call-code-day', appointmentId, { points: 12, seconds: 86_400 }) : counted
}

/** A new code for this device, which ends the one before it. */
export async function issueCode(
  tx: Tx,
  at: { clinicId: string; appointmentId: string; signKey: string },
  now: Date,
): Promise<{ minutes: number }> {
  const id = randomUUID()
  const codeHash = await codeHashOf(id, await codeOf(id))
  await store.saveCode(tx, { ...at, id, codeHash, expiresAt: later(now, rules.CODE_MINUTES) })
  await enqueue(tx, 'mail.code', { clinicId: at.clinicId, codeId: id })
  return { minutes: rules.CODE_MINUTES }
}

/** Takes a code for the device that asked for it, and files its key. Refused or not, the transaction stays: the try counts. */
export async function takeCode(
  tx: Tx,
  at: { clinicId: string; appointmentId: string; patientId: string; keyId: string; signKey: string; dhKey: string },
  typed: string,
  now: Date,
): Promise<Result<true>> {
  const { clinicId, appointmentId, patientId, keyId: id, signKey, dhKey } = at
  if (!isAgreeable(dhKey)) return refuse('BAD_INPUT', { keys: 'invalid' })
  const code = await store.lockCode(tx, appointmentId, signKey)
  if (!code) return refuse('CODE_EXPIRED')
  const matches = Buffer.from(code.codeHash).equals(Buffer.from(await codeHashOf(code.id, typed)))
  const decided = rules.decideCode(code, matches, now)
  await store.countTry(tx, code.id, decided === 'ok' ? now : null)
  if (decided !== 'ok') return refuse(decided)
  const filed = await store.fileKey(tx, { id, clinicId, patientId, signKey, dhKey, state: 'confirmed' })
  return filed ? ok(true as const) : refuse('NOT_ALLOWED')
}

/** Digits that follow from the code's id under the server's key: the mail job finds them again, a dump does not. */
export async function codeOf(id: string): Promise<string> {
  const bytes = await keyedHash('call-code', id)
  return String(new DataView(bytes.buffer).getUint32(0) % 1_000_000).padStart(6, '0')
}
const codeHashOf = (id: string, code: string) => keyedHash('call-code-check', `${id} ${code}`)

export const confirm = (_: unknown, input: In<typeof rules.ConfirmInput>, { now }: Ctx): Out<'call/confirm'> =>
  enter(
    input.door,
    now,
    async (tx, { me, call, door: { clinicId } }) => {
      if (me.confirmed) return ok({ done: true as const })
      const row = await store.findAppointment(tx, call.appointmentId)
      if (!row?.patientId || !me.deviceKeyId) return refuse('NOT_FOUND')
      const { signKey, dhKey, deviceKeyId: keyId } = me
      const at = { clinicId, appointmentId: row.id, patientId: row.patientId, keyId, signKey, dhKey }
      const taken = await takeCode(tx, at, input.code, now)
      if (!taken.ok) return taken
      await store.saveParticipants(tx, { id: me.id }, { confirmed: true })
      await store.moveAppointment(tx, row, 'arrived', now)
      await changed(tx, clinicId, call.id)
      return ok({ done: true as const })
    },
    { keepRefused: true },
  )

/** The mail with the digits: nothing else that would say what for, or for whom. */
async function mailCode(clinicId: string, codeId: string, now: Date): Promise<void> {
  const found = await inClinic(clinicId, async (tx) => {
    const code = await store.findCode(tx, codeId)
    const row = code && (await store.findAppointment(tx, code.appointmentId))
    const patient = row?.patientId ? await store.findPatient(tx, row.patientId) : null
    return code && row && patient?.emailSealed ? { code, row, patient, sealed: patient.emailSealed } : null
  })
  // Overtaken by a newer code, answered already, or too late to be of use.
  if (!found || found.code.usedAt || found.code.expiresAt <= now) return
  const { row, patient, sealed } = found
  const t = translator(bestLocale(row.locale), 'call')
  const to = await openField(sealed, `patient.email|${clinicId}|${patient.id}`)
  const facts = { code: await codeOf(codeId), clinic: row.clinic.name, minutes: rules.CODE_MINUTES }
  await sendMail({ to, subject: t('mail.subject', facts), text: t('mail.text', facts), messageId: `code-${codeId}` })
}

/** For the worker. */
export const callJobs = {
  handlers: {
    'mail.code': (data) => mailCode(String(data.clinicId), String(data.codeId), new Date()),
    'call.put-out': (data) => putOutDevice(String(data.clinicId), String(data.patientId), String(data.keyId)),
    'call.close': (data) => closeCall(String(data.clinicId), String(data.callId), new Date()),
  } satisfies Record<string, JobHandler>,
}
