// A clinic with one time a day, a mail server, and people who wait: one line each in a test.
import { randomBytes, randomUUID } from 'node:crypto'
import { SMTPServer } from 'smtp-server'
import { clinicWorld } from '../payment/testing.ts'
import type { Ctx } from '../server/action.ts'
import { openField } from '../server/kms.ts'
import type { TestDb } from '../server/testing.ts'
import * as flow from './flow.ts'
import { tellOffer, waitlistJobs } from './mail.ts'
import { tendClinic } from './offers.ts'
import type { DayPart } from './rules.ts'

export const anyone = { kind: 'public' } as const
export const ctx = (now: Date, ip: string = randomUUID()) =>
  ({ now, ip, locale: 'en', requestId: '', userAgent: '', setCookie: () => undefined }) as Ctx
export const newSecret = () => randomBytes(16).toString('base64url')

export interface Mail {
  to: string
  text: string
}
/** What was mailed. `answer`: how the server answers an address, if not by taking the mail. */
export async function mailServer() {
  const taken: Mail[] = []
  const server: { answer: number | null } = { answer: null }
  const smtp = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS', 'AUTH'],
    onRcptTo: (_, __, done) =>
      done(server.answer ? Object.assign(new Error('no'), { responseCode: server.answer }) : undefined),
    onData(stream, session, done) {
      const chunks: Buffer[] = []
      stream.on('data', (chunk: Buffer) => chunks.push(chunk))
      stream.on('end', () => {
        const text = Buffer.concat(chunks).toString().replace(/=\r\n/g, '').replaceAll('=3D', '=')
        taken.push({ to: session.envelope.rcptTo[0]!.address, text })
        done()
      })
    },
  })
  smtp.on('error', () => undefined)
  await new Promise<void>((resolve) => smtp.listen(0, '127.0.0.1', resolve))
  const url = `smtp://127.0.0.1:${(smtp.server.address() as { port: number }).port}`
  return { taken, server, url, close: () => new Promise<void>((resolve) => smtp.close(resolve)) }
}

/** Days from `now`, as they are written. */
export const dayAfter = (now: Date, days: number) =>
  new Date(now.getTime() + days * 86_400_000).toISOString().slice(0, 10)

/** An hour ahead of UTC in every season. */
const zone = 'Africa/Algiers'

/** One time a day, at half past eleven there; `now` is tomorrow's noon. */
export async function waitingWorld(admin: TestDb['admin']) {
  const world = await clinicWorld(admin)
  const { clinicId, serviceId, memberId } = world
  await admin('UPDATE clinic SET time_zone = $2 WHERE id = $1', [clinicId, zone])
  await admin('UPDATE weekly_hours SET start_minute = 690, end_minute = 720 WHERE clinic_id = $1', [clinicId])
  const now = new Date(`${dayAfter(new Date(), 1)}T11:00:00Z`)
  let asked = 0

  interface Wanted {
    first?: number
    last?: number
    parts?: DayPart[]
    serviceId?: string
    timeZone?: string
    ip?: string
    at?: Date
  }
  /** Asks to be told; not confirmed. */
  async function ask(
    email: string,
    { first = 1, last = 1, at = new Date(now.getTime() - 1000 + asked++), ip, ...more }: Wanted = {},
  ) {
    const id = randomUUID()
    const answer = await flow.join(
      anyone,
      {
        ...{
          id,
          clinicId,
          serviceId,
          memberId: null,
          siteId: null,
          email,
          locale: 'en',
          timeZone: zone,
        },
        ...{ firstDay: dayAfter(now, first), lastDay: dayAfter(now, last), parts: ['morning'], ...more },
      },
      ctx(at, ip),
    )
    return { id, answer }
  }
  const linkOf = async (id: string) => {
    const [row] = await admin<{ sealed: Buffer | null }>(
      'SELECT link_sealed AS sealed FROM waitlist_entry WHERE id = $1',
      [id],
    )
    return { id, secret: row?.sealed ? await openField(row.sealed, `waitlist.link|${clinicId}|${id}`) : '' }
  }
  /** As if whatever is free had become so since they asked, or since one of them did. */
  const allIsNews = (id: string | null = null) =>
    admin(`UPDATE waitlist_entry SET free_before = '{}' WHERE clinic_id = $1 AND ($2::uuid IS NULL OR id = $2)`, [
      clinicId,
      id,
    ])
  /** Waits, in the order of the calls; for all that is free. */
  async function waits(email: string, wanted: Wanted = {}) {
    const { id, answer } = await ask(email, wanted)
    if (!answer.ok) throw new Error(answer.code)
    await allIsNews(id)
    const link = await linkOf(id)
    await flow.confirm(anyone, link, ctx(wanted.at ?? now))
    return link
  }
  const jobs = (name: string) =>
    admin<{ id: string; data: Record<string, string> }>('DELETE FROM pgboss.job WHERE name = $1 RETURNING id, data', [
      name,
    ])
  /** Does at that time what the worker does, and the jobs that come of it. */
  async function work(at: Date) {
    await tendClinic(clinicId, at)
    for (const { data } of await jobs('waitlist.tell'))
      await tellOffer(data.clinicId!, data.offerId!, () => at).catch(() => undefined)
  }
  async function greet() {
    for (const { id, data } of await jobs('waitlist.hello')) await waitlistJobs.handlers['waitlist.hello'](data, id)
  }
  /** The offers that were made, in order: to whom, the day's distance, and what became of them. */
  const offers = async () => {
    const rows = await admin<{ entry: string; startsAt: Date; outcome: string | null; told: boolean }>(
      `SELECT o.entry_id AS entry, a.starts_at AS "startsAt", o.outcome::text, o.told_at IS NOT NULL AS told
       FROM waitlist_offer o JOIN appointment a ON a.id = o.appointment_id WHERE o.clinic_id = $1 ORDER BY o.made_at, o.id`,
      [clinicId],
    )
    return rows.map(({ startsAt, ...row }) => ({ ...row, day: startsAt.toISOString().slice(0, 10) }))
  }
  const stateOf = async (id: string) =>
    (
      await admin<{ state: string }>(
        `SELECT state || coalesce(' ' || end_reason::text, '') AS state FROM waitlist_entry WHERE id = $1`,
        [id],
      )
    )[0]?.state
  return { ...world, clinicId, serviceId, memberId, now, ask, waits, allIsNews, linkOf, work, greet, offers, stateOf }
}
