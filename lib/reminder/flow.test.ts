// Reminders against a real database, a real mail server, and a worker's process that is killed.
import { spawn } from 'node:child_process'
import { createServer } from 'node:http'
import PostalMime from 'postal-mime'
import { SMTPServer } from 'smtp-server'
import { afterAll, beforeAll, beforeEach, expect, it, vi } from 'vitest'
import { bundle } from '../../scripts/bundle.mjs'
import type { StaffActor } from '../access/rules'
import { cancelByClinic } from '../booking/cancel'
import { moveAppointment } from '../booking/move'
import { clinicWorld, type Waiting } from '../payment/testing'
import type { Ctx } from '../server/action'
import { sealField } from '../server/kms'
import { testDb } from '../server/testing'
import { chooseByLink, loadReminders, save, stopLinks } from './choice'
import { remindDue, sendReminder } from './flow'
import { partsOf } from './text'

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 })
const { admin } = testDb()
const minute = 60_000
const taken: string[] = []
/** What the mail server does at a step: of itself nothing. */
let at: {
  rcpt?: () => Promise<void> | void
  refuse?: { command: 'rcpt' | 'mail'; code: number }
  data?: () => void
  end?: () => Promise<void> | void
  answer?: Error | null
  cut?: boolean
}
const smtp = new SMTPServer({
  authOptional: true,
  disabledCommands: ['STARTTLS', 'AUTH'],
  onMailFrom: (_, __, done) =>
    done(at.refuse?.command === 'mail' ? Object.assign(new Error('no'), { responseCode: at.refuse.code }) : undefined),
  onRcptTo: async (_, __, done) => {
    await at.rcpt?.()
    done(at.refuse?.command === 'rcpt' ? Object.assign(new Error('no'), { responseCode: at.refuse.code }) : undefined)
  },
  onData(stream, session, done) {
    at.data?.()
    const chunks: Buffer[] = []
    stream.on('data', (chunk: Buffer) => chunks.push(chunk))
    stream.on('end', async () => {
      if (!at.answer) taken.push(Buffer.concat(chunks).toString())
      await at.end?.()
      if (at.cut) for (const each of smtp.connections) each.close()
      else done(at.answer ?? undefined)
    })
  },
})
smtp.on('error', () => undefined)
let world: Awaited<ReturnType<typeof clinicWorld>>
let owner: StaffActor

// Twilio's side: what it was sent, and how it answers; none: it takes the message and says nothing.
const texts: { body: URLSearchParams; path: string; auth: string }[] = []
let twilio: { status: number | null; code?: number } = { status: 201 }
const carrier = createServer(async (request, response) => {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  const body = new URLSearchParams(Buffer.concat(chunks).toString())
  const { url = '', headers } = request
  if (twilio.status === 201 || twilio.status === null)
    texts.push({ body, path: url, auth: Buffer.from(headers.authorization!.slice(6), 'base64').toString() })
  if (twilio.status === null) return void request.socket.destroy()
  response.writeHead(twilio.status, { 'content-type': 'application/json' }).end('{}')
})

beforeAll(async () => {
  await new Promise<void>((resolve) => carrier.listen(0, '127.0.0.1', resolve))
  Object.assign(process.env, {
    TWILIO_ACCOUNT_SID: `AC${'1'.repeat(32)}`,
    TWILIO_KEY_SID: 'SKkey',
    TWILIO_KEY_SECRET: 'secret',
    SMS_FROM: '+15005550006',
    TWILIO_API_BASE: `http://127.0.0.1:${(carrier.address() as { port: number }).port}`,
  })
  await new Promise<void>((resolve) => smtp.listen(0, '127.0.0.1', resolve))
  process.env.SMTP_URL = `smtp://127.0.0.1:${(smtp.server.address() as { port: number }).port}`
})
afterAll(async () => {
  carrier.close()
  await new Promise<void>((resolve) => smtp.close(resolve))
})
beforeEach(async () => {
  await admin('DELETE FROM pgboss.job')
  await admin('DELETE FROM reminder')
  await admin('DELETE FROM rate_limit')
  await admin(`UPDATE appointment SET status = 'expired'`)
  at = {}
  twilio = { status: 201 }
  taken.length = 0
  texts.length = 0
  world = await clinicWorld(admin)
  owner = { kind: 'staff', clinicId: world.clinicId, memberId: world.memberId, sessionId: '', roles: ['admin'] }
})

type More = Parameters<typeof world.waiting>[0]
/** An appointment in two days at noon, booked a month ago. */
async function booked(more: More = {}): Promise<Waiting> {
  const startsAt = more?.startsAt ?? new Date(Math.ceil(Date.now() / 86_400_000 + 2) * 86_400_000 + 720 * minute)
  const visit = await world.waiting({ status: 'booked', payment: 'paid', ...more, startsAt })
  await admin(`UPDATE appointment SET timed_at = now() - interval '30 days' WHERE id = $1`, [visit.appointmentId])
  return visit
}
const soon = () => Math.ceil(Date.now() / 86_400_000 + 2) * 86_400_000
const before = ({ startsAt }: Waiting, minutes: number) => new Date(startsAt.getTime() - minutes * minute)
const rows = (visit: Waiting) =>
  admin<{ id: string; lead: number; state: string; startsAt: Date }>(
    `SELECT id, lead_minutes AS lead, state::text, starts_at AS "startsAt" FROM reminder WHERE appointment_id = $1 ORDER BY made_at`,
    [visit.appointmentId],
  )
const states = async (visit: Waiting) => (await rows(visit)).map(({ lead, state }) => `${lead} ${state}`)
/** Does at that time what the worker does each minute, and the jobs that come of it. */
async function work(now: Date): Promise<void> {
  await remindDue(now)
  const jobs = await admin<{ data: { clinicId: string; reminderId: string } }>(
    `DELETE FROM pgboss.job WHERE name = 'reminder.send' RETURNING data`,
  )
  await Promise.all(jobs.map(({ data }) => sendReminder(data.clinicId, data.reminderId, () => now)))
}
const set = (leads: number[], now: Date, texts = false) => save(owner, { leads, texts }, { now })
const ctx = (now = new Date()) => ({ now, ip: crypto.randomUUID() }) as Ctx

it('sends one mail a day before, in the patient’s words and zone, however often the worker looks', async () => {
  const startsAt = new Date(Math.ceil(Date.now() / 86_400_000 + 3) * 86_400_000 + 810 * minute)
  const visit = await booked({ startsAt, locale: 'fr', timeZone: 'Asia/Kathmandu' })
  await work(before(visit, 1441))
  expect(taken).toHaveLength(0)
  for (const minutes of [1440, 1440, 1439, 700, 1]) await work(before(visit, minutes))
  expect(await states(visit)).toEqual(['1440 sent'])
  expect(taken).toHaveLength(1)
  const mail = await PostalMime.parse(taken[0]!)
  expect(mail.subject).toMatch(/^Rappel\s: votre rendez-vous avec Lumen Clinic$/)
  const [row] = await rows(visit)
  expect(mail.messageId).toBe(`<reminder-${row!.id}@localhost>`)
  const links = await stopLinks(visit.appointmentId)
  // 13:30 UTC, at a quarter to the hour in Kathmandu; and the clinic's own time beside it.
  for (const word of ['19:15', 'Kathmandu', 'Paris', `/a/${visit.appointmentId}#s=${visit.secret}`, links.page])
    expect(mail.text).toContain(word)
  for (const word of ['Fertility', 'Ada', '45,00']) expect(taken[0]).not.toContain(word)
  const header = (key: string) => mail.headers.find((each) => each.key === key)?.value
  expect(header('list-unsubscribe')).toBe(`<${links.post}>`)
  expect(header('list-unsubscribe-post')).toBe('List-Unsubscribe=One-Click')
})

it('sends one where eight workers take the same job at once', async () => {
  const visit = await booked()
  await remindDue(before(visit, 1440))
  const [row] = await rows(visit)
  await Promise.all(Array.from({ length: 8 }, () => sendReminder(visit.clinicId, row!.id, () => before(visit, 1440))))
  // Defence: the claim in `mayEnd`. Without it all eight are taken.
  expect(taken).toHaveLength(1)
  expect(await states(visit)).toEqual(['1440 sent'])
})

it('a day before is 24 hours in the database too, whatever its zone, across a change of the clocks', async () => {
  const [database] = await admin<{ name: string }>('SELECT current_database() AS name')
  await admin(`ALTER DATABASE ${database!.name} SET timezone TO 'Europe/Paris'`)
  for (const startsAt of [new Date('2027-03-28T08:00:00Z'), new Date('2027-10-31T09:00:00Z')]) {
    const visit = await booked({ startsAt })
    const due = (now: Date) =>
      admin(`SELECT appointment_id FROM lookup_due_reminders($1, '{1440}') WHERE appointment_id = $2`, [
        ...[now, visit.appointmentId],
      ])
    // Defence: make_interval of minutes. An interval of a day follows the calendar.
    expect(await due(new Date(+before(visit, 1440) - 1))).toHaveLength(0)
    expect(await due(before(visit, 1440))).toHaveLength(1)
  }
  await admin(`ALTER DATABASE ${database!.name} RESET timezone`)
})

it('reminds at each time that the clinic sets, and at none', async () => {
  const visit = await booked()
  await set([2880, 120], before(visit, 5000))
  for (const minutes of [2880, 1440, 120, 119]) await work(before(visit, minutes))
  expect(await states(visit)).toEqual(['2880 sent', '120 sent'])
  const other = await booked({ startsAt: new Date(visit.startsAt.getTime() + 60 * minute) })
  await set([], before(other, 5000))
  await work(before(other, 30))
  expect(await states(other)).toEqual([])
})

it('after a day without a worker one reminder goes out, and none for what has begun', async () => {
  const visit = await booked()
  const begun = await booked({ startsAt: before(visit, 180) })
  await set([2880, 1440, 120], before(visit, 5000))
  await work(before(visit, 100))
  expect(await states(visit)).toEqual(['120 sent'])
  expect(await states(begun)).toEqual([])
  expect(taken).toHaveLength(1)
})

it('a moved appointment is reminded of its new time alone, a cancelled one of none', async () => {
  const visit = await booked()
  const now = before(visit, 1440)
  // Due, and not sent yet, when it is moved a day on: by whoever runs the day.
  await remindDue(now)
  const startsAt = new Date(visit.startsAt.getTime() + 1440 * minute)
  const place = { startsAt: startsAt.toISOString(), endsAt: new Date(startsAt.getTime() + 30 * minute).toISOString() }
  const desk: StaffActor = { ...owner, roles: ['frontdesk'] }
  const change = { id: visit.appointmentId, sequence: 0, memberId: world.memberId, anyway: true, ...place }
  expect(await moveAppointment(desk, change, { now })).toMatchObject({ ok: true })
  await work(now)
  expect(taken).toHaveLength(0)
  const moved = { ...visit, startsAt }
  await work(before(moved, 1440))
  expect((await rows(visit)).map(({ state, startsAt: of }) => [state, +of])).toEqual([
    ['dropped', +visit.startsAt],
    ['sent', +startsAt],
  ])
  expect(taken).toHaveLength(1)

  const off = await booked({ startsAt: new Date(visit.startsAt.getTime() + 120 * minute) })
  await remindDue(before(off, 1440))
  const [row] = await rows(off)
  const cancelled = await cancelByClinic(desk, { id: off.appointmentId, startsAt: off.startsAt.toISOString() }, { now })
  expect(cancelled).toMatchObject({ ok: true })
  await sendReminder(off.clinicId, row!.id, () => before(off, 1440))
  await work(before(off, 60))
  expect(await states(off)).toEqual(['1440 dropped'])
  expect(taken).toHaveLength(1)
})

it('what is booked, moved or set later than a time is not reminded for it', async () => {
  const visit = await booked()
  await admin('UPDATE appointment SET timed_at = $2 WHERE id = $1', [visit.appointmentId, before(visit, 1439)])
  await work(before(visit, 1438))
  expect(await states(visit)).toEqual([])
  const other = await booked({ startsAt: new Date(visit.startsAt.getTime() + 60 * minute) })
  await set([2880], before(other, 2000))
  await work(before(other, 1999))
  expect(await states(other)).toEqual([])
})

it('who wants none gets none, by the appointment’s link, and again when they do', async () => {
  const visit = await booked()
  const link = { id: visit.appointmentId, secret: visit.secret }
  await remindDue(before(visit, 1440))
  expect(await chooseByLink({ kind: 'public' }, { ...link, on: false }, ctx())).toEqual({
    ok: true,
    value: { on: false },
  })
  await work(before(visit, 1400))
  await work(before(visit, 1300))
  expect(taken).toHaveLength(0)
  expect(await states(visit)).toEqual(['1440 dropped'])
  const wrong = await chooseByLink({ kind: 'public' }, { ...link, secret: 'x'.repeat(22), on: true }, ctx())
  expect(wrong).toEqual({ ok: false, code: 'NOT_FOUND' })
  await chooseByLink({ kind: 'public' }, { ...link, on: true }, ctx())
  await set([120], before(visit, 1200))
  await work(before(visit, 120))
  expect(taken).toHaveLength(1)
})

it('a mail server that is away, or says later, costs no reminder and doubles none', async () => {
  const visit = await booked()
  at.answer = Object.assign(new Error('later'), { responseCode: 451 })
  await work(before(visit, 1440))
  expect(await states(visit)).toEqual(['1440 waiting'])
  // Not before its time comes.
  await work(before(visit, 1439))
  at.answer = null
  expect(await states(visit)).toEqual(['1440 waiting'])
  await work(before(visit, 1437))
  await work(before(visit, 1300))
  expect(taken).toHaveLength(1)
  expect(await states(visit)).toEqual(['1440 sent'])
})

it('an address that the mail server refuses for good is tried once, and counted', async () => {
  const visit = await booked()
  at.answer = Object.assign(new Error('no such user'), { responseCode: 550 })
  const now = new Date(before(visit, 1440))
  await work(now)
  await work(before(visit, 1200))
  expect(await states(visit)).toEqual(['1440 refused'])
  expect((await loadReminders(owner, now)).counts).toEqual({ sent: 0, waiting: 0, refused: 1, unsure: 0 })
})

it('what the mail server has against us, and not against the address, costs no reminder', async () => {
  const visit = await booked()
  at.refuse = { command: 'mail', code: 550 }
  await work(before(visit, 1440))
  expect(await states(visit)).toEqual(['1440 waiting'])
  at.refuse = { command: 'rcpt', code: 550 }
  await work(before(visit, 1400))
  expect(await states(visit)).toEqual(['1440 refused'])
})

it('is claimed by nobody while the mail server thinks about the address: cancelled meanwhile, nothing is sent', async () => {
  const visit = await booked()
  at.rcpt = async () => {
    await new Promise((resolve) => setTimeout(resolve, 300))
    expect(await states(visit)).toEqual(['1440 waiting'])
    const actor = { ...owner, roles: ['frontdesk' as const] }
    await cancelByClinic(
      actor,
      { id: visit.appointmentId, startsAt: visit.startsAt.toISOString() },
      { now: new Date() },
    )
  }
  await work(before(visit, 1440))
  expect(taken).toHaveLength(0)
  expect((await states(visit))[0]).not.toMatch(/sen/)
})

it('a time that the clinic took back is not reminded of, though its mail was waiting', async () => {
  const visit = await booked()
  at.answer = Object.assign(new Error('later'), { responseCode: 451 })
  await work(before(visit, 1440))
  at.answer = null
  await set([], before(visit, 1430))
  await work(before(visit, 1400))
  expect(taken).toHaveLength(0)
  expect(await states(visit)).toEqual(['1440 dropped'])
})

it('a number that strangers book with again and again is texted six times a day', async () => {
  await set([1440], new Date(0), true)
  for (let nth = 0; nth < 8; nth++)
    await work(before(await reachable('+33 6 12 34 56 78', { startsAt: new Date(soon() + nth * 60 * minute) }), 1440))
  expect(texts).toHaveLength(6)
})

it('the line breaks off between the last line and the answer: not sent again, and said to be uncertain', async () => {
  const visit = await booked()
  at.cut = true
  await work(before(visit, 1440))
  at.cut = false
  for (const minutes of [1400, 1000, 10]) await work(before(visit, minutes))
  // It was taken: a second one would be one too many.
  expect(taken).toHaveLength(1)
  expect(await states(visit)).toEqual(['1440 sending'])
  expect((await loadReminders(owner, new Date())).counts).toMatchObject({ sent: 0, unsure: 1 })
})

/** The same with a number that the patient typed. */
async function reachable(phone: string, more: More = {}) {
  const visit = await booked(more)
  const [row] = await admin<{ id: string }>('SELECT patient_id AS id FROM appointment WHERE id = $1', [
    visit.appointmentId,
  ])
  const sealed = await sealField(phone, `patient.phone|${visit.clinicId}|${row!.id}`)
  await admin('UPDATE patient SET phone_sealed = $2 WHERE id = $1', [row!.id, sealed])
  return visit
}
const channels = async (visit: Waiting) =>
  (
    await admin<{ is: string }>(
      `SELECT channel || ' ' || state AS is FROM reminder WHERE appointment_id = $1 ORDER BY channel`,
      [visit.appointmentId],
    )
  ).map((row) => row.is)

it.each(['en', 'fr'] as const)(
  'texts whoever gave a number, where the clinic wants it, in few words (%s)',
  async (locale) => {
    const startsAt = new Date('2027-08-05T12:00:00Z')
    const silent = await reachable('+33 6 12 34 56 78', { startsAt })
    await work(before(silent, 1440))
    expect(texts).toEqual([])
    const visit = await reachable('+33 6 12 34 56 78', { startsAt: new Date(+startsAt + 60 * minute), locale })
    await set([1440], before(visit, 5000), true)
    for (const minutes of [1440, 1439, 1000]) await work(before(visit, minutes))
    expect(await channels(visit)).toEqual(['mail sent', 'text sent'])
    expect(texts).toHaveLength(1)
    const { body, path, auth } = texts[0]!
    expect(path).toBe(`/2010-04-01/Accounts/AC${'1'.repeat(32)}/Messages.json`)
    expect(auth).toBe('SKkey:secret')
    expect(Object.fromEntries(body)).toMatchObject({ To: '+33612345678', From: '+15005550006' })
    const text = body.get('Body')!
    expect(text).toContain((await stopLinks(visit.appointmentId)).page)
    for (const word of ['15:00', 'Lumen Clinic']) expect(text).toContain(word)
    for (const word of ['Fertility', 'Ada', `/a/${visit.appointmentId}`, visit.secret]) expect(text).not.toContain(word)
    expect(partsOf(text)).toBeLessThanOrEqual(2)
  },
)

it('sends one text where workers race for it, and none to a number without its country', async () => {
  const visit = await reachable('+33612345678')
  await set([1440], before(visit, 5000), true)
  await remindDue(before(visit, 1440))
  const ids = (await rows(visit)).map(({ id }) => id)
  const all = Array.from({ length: 6 }, () => ids).flat()
  await Promise.all(all.map((id) => sendReminder(visit.clinicId, id, () => before(visit, 1440))))
  expect([texts.length, taken.length]).toEqual([1, 1])
  const other = await reachable('06 12 34 56 78', { startsAt: new Date(+visit.startsAt + 60 * minute) })
  await work(before(other, 1440))
  expect(await channels(other)).toEqual(['mail sent', 'text dropped'])
})

it.each([
  ['a number that is refused', { status: 400 }, 'refused', 0],
  ['too many at once', { status: 429 }, 'sent', 1],
  ['a fault of theirs', { status: 500 }, 'sending', 0],
  ['no answer at all', { status: null }, 'sending', 1],
] as const)('of a text, %s is never sent twice', async (_, answer, end, sent) => {
  const visit = await reachable('+33612345678')
  await set([1440], before(visit, 5000), true)
  twilio = { ...answer }
  await work(before(visit, 1440))
  twilio = { status: 201 }
  for (const minutes of [1437, 1400, 900]) await work(before(visit, minutes))
  expect(await channels(visit)).toEqual(['mail sent', `text ${end}`])
  expect(texts).toHaveLength(sent)
})

/** The worker as it runs in production, until it is killed. */
async function worker() {
  const child = spawn(process.execPath, [await bundle('lib/worker.ts')], { env: process.env, stdio: 'ignore' })
  const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  return { kill: () => (child.kill('SIGKILL'), gone), gone }
}

it.each([
  ['when the address was given', 'rcpt', 'waiting'],
  ['when the mail began', 'data', 'waiting'],
  ['when the mail was taken, before it knew', 'end', 'sending'],
] as const)('a worker killed %s: the mail arrives once', async (_, step, left) => {
  const visit = await booked({ startsAt: new Date(Math.floor(Date.now() / minute) * minute + 600 * minute) })
  // Nothing is due by the clock that the worker itself reads but this one job.
  await remindDue(before(visit, 1440))
  await admin(`UPDATE reminder SET next_at = now() + interval '1 hour'`)
  const first = await worker()
  at = { [step]: () => first.kill() }
  await first.gone
  at = {}
  expect(await states(visit)).toEqual([`1440 ${left}`])
  expect(taken).toHaveLength(left === 'sending' ? 1 : 0)
  await admin(`DELETE FROM pgboss.job`)
  await admin(`UPDATE reminder SET next_at = now() WHERE state = 'waiting'`)
  await remindDue(new Date())
  const second = await worker()
  if (left === 'waiting') await vi.waitFor(async () => expect(await states(visit)).toEqual(['1440 sent']), 30_000)
  else {
    // What it left is nobody's job: another reminder goes out, and this one does not.
    const other = await booked({ startsAt: new Date(visit.startsAt.getTime() + 60 * minute) })
    await remindDue(new Date())
    await vi.waitFor(async () => expect(await states(other)).toEqual(['1440 sent']), 30_000)
    expect(await states(visit)).toEqual(['1440 sending'])
    const ids = await Promise.all(taken.map(async (mail) => (await PostalMime.parse(mail)).messageId))
    expect(new Set(ids).size).toBe(2)
  }
  await second.kill()
  expect(taken).toHaveLength(left === 'sending' ? 2 : 1)
})
