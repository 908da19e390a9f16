import 'server-only'
import type { z } from 'zod'
import { runsDay, runsVisits, type StaffActor } from '../access/rules.ts'
import { partOf } from '../access/part.ts'
import { factsOf } from '../booking/mail.ts'
import { isSeen } from '../booking/store.ts'
import { findClinic, listPractitioners } from '../clinic/store.ts'
import { ok, refuse, type Result } from '../errors.ts'
import { translator } from '../messages/translator.ts'
import { startOfDay } from '../schedule/wall-clock.ts'
import { audit } from '../server/audit.ts'
import { enqueue, type JobHandler } from '../server/jobs.ts'
import { log } from '../server/log.ts'
import { sendMail } from '../server/mail.ts'
import { notify } from '../server/notify.ts'
import { limit } from '../server/rate-limit.ts'
import { hold, inClinic, inNoClinic, type Tx } from '../server/tx.ts'
import { addDays, dayIn, formatTime, zoneCity } from '../time.ts'
import * as rules from './rules.ts'
import * as store from './store.ts'

const day = 86_400_000

/** A practitioner's own day, or, for whoever runs days, that of one whose visits they see. */
async function mayRun(tx: Tx, actor: StaffActor, memberId: string, today: readonly { id: string }[]): Promise<boolean> {
  if (memberId === actor.memberId) return true
  if (!runsDay(actor)) return false
  const seen = runsVisits(actor, await partOf(tx, actor))
  if (!Object.keys(seen).length) return true
  for (const { id } of today) if (await isSeen(tx, id, seen)) return true
  return false
}

const boundsOf = (local: string, zone: string) => ({
  from: startOfDay(local, zone),
  until: startOfDay(addDays(local, 1), zone),
})

/** Says by how much the rest of a practitioner's day is late: once, however often it is sent. It ends by 0, and with the day. */
export const say = (
  actor: StaffActor,
  { memberId, minutes }: z.output<typeof rules.LateInput>,
  { now }: { now: Date },
): Promise<Result<{ minutes: number }>> =>
  inClinic(actor.clinicId, async (tx) => {
    const { clinicId } = actor
    const counted = await limit('late', actor.memberId, rules.saysAnHour)
    if (!counted.ok) return counted
    await hold(tx, `late|${memberId}`, 'write')
    if (!(await listPractitioners(tx)).some(({ id }) => id === memberId)) return refuse('NOT_FOUND')
    const zone = (await findClinic(tx, clinicId))!.timeZone
    const local = dayIn(zone, now)
    const visits = await store.listComing(tx, memberId, boundsOf(local, zone))
    if (!(await mayRun(tx, actor, memberId, visits))) return refuse('NOT_ALLOWED')
    if ((await store.findLate(tx, memberId, local)) === minutes) return ok({ minutes })
    await store.saveLate(tx, { clinicId, memberId, day: local }, minutes, now)
    await audit(tx, actor, minutes ? 'late.said' : 'late.ended', memberId)
    await notify(tx, 'staff', clinicId)
    for (const visit of visits) {
      await notify(tx, 'patient', visit.patientId!)
      if (visit.call) await notify(tx, 'call', visit.call.id)
      await tell(tx, visit, minutes, now)
    }
    return ok({ minutes })
  })

type Visit = Awaited<ReturnType<typeof store.listComing>>[number]

/** Once for each thing that there is to tell: whoever says it twice, and the minute's job beside them, find that it was told. */
async function tell(tx: Tx, visit: Visit, minutes: number, now: Date): Promise<void> {
  const { clinicId, id: appointmentId } = visit
  const last = await store.lastTold(tx, visit)
  if (!last && rules.lateBy(visit, minutes, now) === 0) return
  const told = rules.toTell(minutes, last)
  // When it was to begin has passed, by the old word and the new: nobody is on the way.
  const latest = rules.expectedAt(visit.startsAt, Math.max(last?.minutes ?? 0, minutes))
  if (told === null || latest <= now) return
  const times = (last?.times ?? 0) + 1
  await store.saveTold(tx, visit, { minutes: told, times, madeAt: now })
  const key = `${appointmentId}.${visit.startsAt.getTime()}.${times}`
  await enqueue(tx, 'mail.late', { clinicId, appointmentId, times }, { singletonKey: key })
}

/** One order for all who hold several. */
const byMember = (a: { memberId: string }, b: { memberId: string }) => (a.memberId < b.memberId ? -1 : 1)

/** Whoever comes within reach only now is told as those were who were near when it was said. */
export async function tellDue(now: Date): Promise<void> {
  for (const clinicId of await inNoClinic((tx) => store.lookupRunningLate(tx, new Date(now.getTime() - day))))
    await inClinic(clinicId, async (tx) => {
      const zone = (await findClinic(tx, clinicId))!.timeZone
      const local = dayIn(zone, now)
      for (const { memberId } of (await store.listLate(tx, clinicId, local)).sort(byMember)) {
        await hold(tx, `late|${memberId}`, 'write')
        const minutes = await store.findLate(tx, memberId, local)
        for (const visit of await store.listComing(tx, memberId, boundsOf(local, zone)))
          await tell(tx, visit, minutes, now)
      }
    }).catch((error: unknown) => log.error({ code: 'LATE_TELL', clinicId, err: error }))
}

/** Neutral, and of now: told otherwise meanwhile, the mail of that says so. */
const mailLate: JobHandler = async (data) => {
  const clinicId = String(data.clinicId)
  const facts = await factsOf(data)
  if (!facts) return
  const { row, locale, clinic, link, to } = facts
  const told = await inClinic(clinicId, (tx) => store.lastTold(tx, row))
  if (!told || told.times !== data.times) return
  const { minutes, times } = told
  const isOver = row.status !== 'booked' && row.status !== 'arrived'
  // Sent late itself: nobody is on the way any more. Whoever is on time again may have been told any delay.
  if (isOver || rules.expectedAt(row.startsAt, minutes || rules.longestMinutes) <= new Date()) return
  const t = translator(locale, 'mail')
  const time = formatTime(rules.expectedAt(row.startsAt, minutes), row.timeZone, locale)
  await sendMail({
    to,
    subject: t(minutes ? 'lateSubject' : 'onTimeSubject', { clinic: clinic.name }),
    text: [
      t('hello'),
      t(minutes ? 'late' : 'onTime', { clinic: clinic.name, minutes }),
      t('lateAt', { time, zone: zoneCity(row.timeZone) }),
      `${t('open')}\n${link}`,
      clinic.phone ? `${clinic.name}\n${clinic.phone}` : clinic.name,
    ].join('\n\n'),
    messageId: `late-${row.id}-${row.startsAt.getTime()}-${times}`,
  })
}

export const lateJobs = {
  handlers: { 'late.due': () => tellDue(new Date()), 'mail.late': mailLate } satisfies Record<string, JobHandler>,
  every: { 'late.due': '* * * * *' },
  atOnce: { 'mail.late': 4 },
}
