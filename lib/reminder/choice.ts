import 'server-only'
import { timingSafeEqual } from 'node:crypto'
import type { z } from 'zod'
import type { PatientActor, PublicActor, StaffActor } from '../access/rules.ts'
import { linkedAppointment } from '../booking/link.ts'
import { type AppointmentRow, findAppointment, findPatient, lookupAppointment } from '../booking/store.ts'
import { mayUsePlatform } from '../clinic/rules.ts'
import { findClinic } from '../clinic/store.ts'
import { ok, refuse, type Result } from '../errors.ts'
import { audit } from '../server/audit.ts'
import type { Ctx } from '../server/action.ts'
import { env } from '../server/env.ts'
import { keyedHash } from '../server/kms.ts'
import { canText } from '../server/sms.ts'
import { limit } from '../server/rate-limit.ts'
import { inClinic, inNoClinic, type Tx } from '../server/tx.ts'
import * as rules from './rules.ts'
import * as store from './store.ts'

type In<S extends z.ZodType> = z.output<S>

/**
 * Whether a clinic may send text messages, which the operator pays for and answers for: where clinics are named, those; where none is, all
 * that somebody let in.
 */
export function mayText(slug: string): boolean {
  const { CLINIC_SIGNUP, SMS_CLINICS } = env()
  return canText() && mayUsePlatform(slug, CLINIC_SIGNUP, SMS_CLINICS)
}

// Who is reminded, and when: what the clinic sets, and what a patient chooses by their link or by the mail's own.

/** What the link to stop reminders carries: it opens nothing else, and lies in no table. */
async function wordOf(appointmentId: string): Promise<string> {
  return Buffer.from(await keyedHash('reminders', appointmentId))
    .subarray(0, 16)
    .toString('base64url')
}

export interface StopLinks {
  /** For people: a page with one button. Opening it changes nothing. */
  page: string
  /** For mail programs, which post there. */
  post: string
}
export async function stopLinks(appointmentId: string): Promise<StopLinks> {
  const place = `reminders/${appointmentId}/${await wordOf(appointmentId)}`
  return { page: `${env().APP_ORIGIN}/${place}`, post: `${env().APP_ORIGIN}/api/${place}` }
}

/** The appointment behind such a link. A wrong word and a wrong id are one answer. */
async function worded(id: string, word: string): Promise<AppointmentRow | null> {
  const [given, right] = [Buffer.from(word), Buffer.from(await wordOf(id))]
  if (given.length !== right.length || !timingSafeEqual(given, right)) return null
  const clinicId = await inNoClinic((tx) => lookupAppointment(tx, id))
  return clinicId ? inClinic(clinicId, (tx) => findAppointment(tx, id)) : null
}

/** What the page says, or null for a link that is none. */
export async function showChoice(id: string, word: string): Promise<{ clinic: string; on: boolean } | null> {
  const row = await worded(id, word)
  if (!row?.patientId) return null
  return inClinic(row.clinicId, async (tx) => ({
    clinic: (await findClinic(tx, row.clinicId))!.name,
    on: (await store.remindersOf(tx, row)) === true,
  }))
}

export async function chooseByWord(id: string, word: string, on: boolean, now: Date): Promise<boolean> {
  const row = await worded(id, word)
  if (!row?.patientId) return false
  await inClinic(row.clinicId, (tx) => choose(tx, row, on, now))
  return true
}

export async function chooseByLink(
  _: PublicActor,
  input: In<typeof rules.ChooseInput>,
  { now, ip }: Ctx,
): Promise<Result<{ on: boolean }>> {
  const counted = await limit('reminders', ip, { points: 30, seconds: 60 })
  if (!counted.ok) return counted
  const found = await linkedAppointment(input)
  if (!found.ok) return found
  if (!found.value.patientId) return refuse('NOT_FOUND')
  await inClinic(found.value.clinicId, (tx) => choose(tx, found.value, input.on, now))
  return ok({ on: input.on })
}

/** Of reminders alone: what tells of a booking, a move or an end is sent as before. */
async function choose(tx: Tx, { clinicId, patientId, id }: AppointmentRow, on: boolean, now: Date): Promise<void> {
  const patient = await findPatient(tx, patientId!)
  if ((patient!.remindersOffAt === null) === on) return
  const actor: PatientActor = { kind: 'patient', clinicId, patientId: patientId!, keyId: '' }
  await store.setWanted(tx, patientId!, on ? null : now)
  await audit(tx, actor, on ? 'reminders.wanted' : 'reminders.stopped', id)
}

export async function save(
  actor: StaffActor,
  input: In<typeof rules.SaveInput>,
  { now }: { now: Date },
): Promise<Result<{ leads: number[] }>> {
  return inClinic(actor.clinicId, async (tx) => {
    const before = rules.settingOf(await store.findSetting(tx, actor.clinicId))
    const { leads } = input
    const texts = input.texts && mayText((await findClinic(tx, actor.clinicId))!.slug)
    const isSame = before.leads.join() === leads.join()
    if (isSame && before.texts === texts) return ok({ leads })
    // With the same times, what is due meanwhile stays due.
    const setAt = isSame ? (before.setAt ?? new Date(0)) : now
    await store.saveSetting(tx, actor, { leads, texts, setAt })
    await audit(tx, actor, 'clinic.reminders-saved')
    return ok({ leads })
  })
}

const days = 30
export const loadReminders = (actor: StaffActor, now: Date): Promise<rules.ReminderSettings> =>
  inClinic(actor.clinicId, async (tx) => {
    const { leads, texts } = rules.settingOf(await store.findSetting(tx, actor.clinicId))
    const counts = await store.countReminders(tx, actor.clinicId, new Date(now.getTime() - days * 86_400_000))
    const may = mayText((await findClinic(tx, actor.clinicId))!.slug)
    return { leads: [...leads], texts: may ? texts : null, counts }
  })
