import 'server-only'
import { type AppointmentRow, findAppointment, findPatient, lockAppointment } from '../booking/store.ts'
import { factsOf } from '../booking/mail.ts'
import { findClinic } from '../clinic/store.ts'
import { enqueue, type JobHandler } from '../server/jobs.ts'
import { log } from '../server/log.ts'
import { sendMail } from '../server/mail.ts'
import { inClinic, inNoClinic, type Tx } from '../server/tx.ts'
import { limit } from '../server/rate-limit.ts'
import { sendText, TextFailed } from '../server/sms.ts'
import { mayText } from './choice.ts'
import { reminderMail, textOf } from './mail.ts'
import {
  decideFailed,
  decideTextFailed,
  dueLead,
  type Failure,
  nextTry,
  type ReminderState,
  settingOf,
} from './rules.ts'
import * as store from './store.ts'

const day = 86_400

// Each minute: which reminders are due, a row for each, and a job that sends it (docs/decisions/024). The row is claimed in a
// transaction after the mail server has all of the mail but its last line, which alone makes it take the mail. A worker that dies
// before the claim has sent nothing, and another one sends it; one that dies after it has sent it, and nobody sends it again.

/** Makes the reminders that are due, and sees to those that did not get through. One that fails holds up no other. */
export async function remindDue(now: Date): Promise<void> {
  for (const { clinicId, appointmentId } of await inNoClinic((tx) => store.lookupDue(tx, now)))
    await inClinic(clinicId, (tx) => plan(tx, clinicId, appointmentId, now)).catch((error: unknown) =>
      log.error({ code: 'REMINDER_PLAN', appointmentId, err: error }),
    )
}

async function plan(tx: Tx, clinicId: string, appointmentId: string, now: Date): Promise<void> {
  const row = await lockAppointment(tx, appointmentId)
  if (!row) return
  const setting = settingOf(await store.findSetting(tx, clinicId))
  const due = row.status === 'booked' ? dueLead(setting, row, now) : null
  const fresh = due === null ? [] : await make(tx, row, due, now)
  for (const waiting of await store.listWaiting(tx, appointmentId)) {
    if (fresh.includes(waiting.id)) continue
    // Moved, cancelled or begun meanwhile; or a later reminder is due by now, and two at once are one too many.
    if ((due !== null && waiting.leadMinutes !== due) || !(await stands(tx, waiting, row, now)))
      await store.moveReminder(tx, waiting.id, { from: 'waiting', to: 'dropped' })
    else if (waiting.nextAt <= now) {
      await store.putOff(tx, waiting.id, nextTry(waiting.tries + 1, now))
      await send(tx, clinicId, waiting.id)
    }
  }
}

/** A row for each way, and its job. A row for the mail is there in any case: it says that the time was seen to. */
async function make(tx: Tx, row: AppointmentRow, leadMinutes: number, now: Date): Promise<string[]> {
  const { clinicId, id: appointmentId, startsAt } = row
  const made: string[] = []
  for (const channel of ['mail', 'text'] as const) {
    const wanted = await isWanted(tx, row, channel)
    if (!wanted && channel === 'text') continue
    const state = wanted ? ('waiting' as const) : ('dropped' as const)
    const at = { startsAt, leadMinutes, channel, nextAt: nextTry(0, now), madeAt: now }
    const id = await store.insertReminder(tx, { clinicId, appointmentId, ...at, state })
    if (!id || !wanted) continue
    made.push(id)
    await send(tx, clinicId, id)
  }
  return made
}

/** The queue tries no job again: the next minute does, slower each time. */
const send = (tx: Tx, clinicId: string, reminderId: string) =>
  enqueue(tx, 'reminder.send', { clinicId, reminderId }, { singletonKey: reminderId, retryLimit: 0 })

async function isWanted(tx: Tx, { clinicId, patientId }: AppointmentRow, by: 'mail' | 'text'): Promise<boolean> {
  const patient = patientId ? await findPatient(tx, patientId) : null
  if (!patient || patient.remindersOffAt) return false
  if (by === 'mail') return patient.emailSealed !== null
  return (
    patient.phoneSealed !== null &&
    settingOf(await store.findSetting(tx, clinicId)).texts &&
    mayText((await findClinic(tx, clinicId))!.slug)
  )
}

/** Whether there is still something to remind of: at that time, not begun, and wanted by clinic and patient. */
const stands = async (tx: Tx, reminder: store.ReminderRow, row: AppointmentRow, now: Date): Promise<boolean> =>
  row.status === 'booked' &&
  +row.startsAt === +reminder.startsAt &&
  row.startsAt > now &&
  settingOf(await store.findSetting(tx, row.clinicId)).leads.includes(reminder.leadMinutes) &&
  (await isWanted(tx, row, reminder.channel))

/** In a transaction of its own, before the mail's last line. After it the reminder counts as sent, whatever happens. */
const claim = (clinicId: string, reminderId: string, now: Date): Promise<boolean> =>
  inClinic(clinicId, async (tx) => {
    const reminder = await store.findReminder(tx, reminderId)
    // Locked: a move or an end that comes now is told of after this reminder.
    const row = reminder && (await lockAppointment(tx, reminder.appointmentId))
    if (!row || !(await stands(tx, reminder, row, now))) return false
    return store.moveReminder(tx, reminderId, { from: 'waiting', to: 'sending', claimedAt: now })
  })

/** Numbers are typed and not confirmed: nobody is flooded, and no clinic spends the operator's money without end. */
export async function isAffordable(clinicId: string, number: string): Promise<boolean> {
  const [one, all] = [
    await limit('text', number, { points: 6, seconds: day }),
    await limit('text-clinic', clinicId, { points: 1000, seconds: day }),
  ]
  if (!one.ok || !all.ok) log.warn({ code: 'TEXT_LIMIT', clinicId })
  return one.ok && all.ok
}

export async function sendReminder(clinicId: string, reminderId: string, clock: () => Date): Promise<void> {
  const found = await inClinic(clinicId, async (tx) => {
    const reminder = await store.findReminder(tx, reminderId)
    const row = reminder?.state === 'waiting' ? await findAppointment(tx, reminder.appointmentId) : null
    return row && (await stands(tx, reminder!, row, clock())) ? { row, channel: reminder!.channel } : null
  })
  const facts = found && (await factsOf({ clinicId, appointmentId: found.row.id }))
  if (!facts) return
  const moved = (from: ReminderState, to: ReminderState) =>
    inClinic(clinicId, (tx) => store.moveReminder(tx, reminderId, { from, to }))
  let claimed = false
  const mayEnd = async () => (claimed = await claim(clinicId, reminderId, clock()))
  try {
    if (found.channel === 'text') {
      const text = await textOf(facts)
      // Not a number that a message reaches from anywhere: known only now that it is opened.
      if (!text || !(await isAffordable(clinicId, text.to))) return void (await moved('waiting', 'dropped'))
      // Nothing here has a last line: the claim comes before all of it.
      if (!(await mayEnd())) return
      await sendText(text)
    } else if (!(await sendMail({ ...(await reminderMail(facts)), messageId: `reminder-${reminderId}`, mayEnd })))
      return
  } catch (error) {
    const to = error instanceof TextFailed ? decideTextFailed(error) : decideFailed(error as Failure, claimed)
    log.warn({ code: 'REMINDER_FAILED', reminderId, outcome: to, err: error })
    if (to !== 'unsure') await moved(claimed ? 'sending' : 'waiting', to)
    return
  }
  await moved('sending', 'sent')
}

export const reminderJobs = {
  handlers: {
    'reminders.due': () => remindDue(new Date()),
    'reminder.send': ({ clinicId, reminderId }) => sendReminder(String(clinicId), String(reminderId), () => new Date()),
  } satisfies Record<string, JobHandler>,
  every: { 'reminders.due': '* * * * *' },
  // Many are due at one minute; each is claimed by its row.
  atOnce: { 'reminder.send': 8 },
}
