import 'server-only'
import type { StaffActor } from '../access/rules.ts'
import type { Tx } from '../server/tx.ts'
import { defaultLeads, type ReminderCounts, type ReminderState, type Setting, settingOf } from './rules.ts'

export type ReminderRow = Awaited<ReturnType<Tx['reminder']['findMany']>>[number]

/** Null for a clinic that has chosen nothing: see `settingOf`. */
export const findSetting = (tx: Tx, clinicId: string): Promise<Setting | null> =>
  tx.reminderSetting.findUnique({ where: { clinicId }, select: { leads: true, setAt: true, texts: true } })

export async function saveSetting(
  tx: Tx,
  { clinicId }: StaffActor,
  change: { leads: number[]; texts: boolean; setAt: Date },
): Promise<void> {
  await tx.reminderSetting.upsert({ where: { clinicId }, create: { clinicId, ...change }, update: change })
}

/** Appointments for which a reminder is to be made, or tried again. Runs before a clinic is known. */
export async function lookupDue(tx: Tx, now: Date): Promise<{ clinicId: string; appointmentId: string }[]> {
  return tx.$queryRaw`SELECT clinic_id AS "clinicId", appointment_id AS "appointmentId"
    FROM lookup_due_reminders(${now}, ${[...defaultLeads]}::int[])`
}

export type NewReminder = Pick<
  ReminderRow,
  'clinicId' | 'appointmentId' | 'startsAt' | 'leadMinutes' | 'channel' | 'nextAt' | 'madeAt'
> & { state: 'waiting' | 'dropped' }

/** Its id; null when it was made before: no appointment is reminded twice for one time before it. */
export async function insertReminder(tx: Tx, row: NewReminder): Promise<string | null> {
  const [made] = await tx.reminder.createManyAndReturn({ data: [row], skipDuplicates: true, select: { id: true } })
  return made?.id ?? null
}

export const listWaiting = (tx: Tx, appointmentId: string): Promise<ReminderRow[]> =>
  tx.reminder.findMany({ where: { appointmentId, state: 'waiting' }, orderBy: { leadMinutes: 'asc' } })

export const findReminder = (tx: Tx, id: string): Promise<ReminderRow | null> =>
  tx.reminder.findFirst({ where: { id } })

export async function putOff(tx: Tx, id: string, nextAt: Date): Promise<void> {
  await tx.reminder.updateMany({ where: { id, state: 'waiting' }, data: { nextAt, tries: { increment: 1 } } })
}

/** False when it stands elsewhere by now: of two workers one claims it. */
export async function moveReminder(
  tx: Tx,
  id: string,
  { from, to, claimedAt }: { from: ReminderState; to: ReminderState; claimedAt?: Date },
): Promise<boolean> {
  const { count } = await tx.reminder.updateMany({ where: { id, state: from }, data: { state: to, claimedAt } })
  return count === 1
}

export async function countReminders(tx: Tx, clinicId: string, since: Date): Promise<ReminderCounts> {
  const rows = await tx.reminder.groupBy({ by: ['state'], where: { clinicId, madeAt: { gte: since } }, _count: true })
  const of = (state: ReminderState) => rows.find((row) => row.state === state)?._count ?? 0
  return { sent: of('sent'), waiting: of('waiting'), refused: of('refused'), unsure: of('sending') }
}

export async function setWanted(tx: Tx, patientId: string, offAt: Date | null): Promise<void> {
  await tx.patient.updateMany({ where: { id: patientId }, data: { remindersOffAt: offAt } })
}

/** Whether an appointment's patient wants reminders; null where the clinic sends none. */
export async function remindersOf(
  tx: Tx,
  { clinicId, patientId }: { clinicId: string; patientId: string | null },
): Promise<boolean | null> {
  const { leads } = settingOf(await findSetting(tx, clinicId))
  const patient = patientId ? await tx.patient.findFirst({ where: { id: patientId } }) : null
  return leads.length > 0 && patient ? patient.remindersOffAt === null : null
}
