// A day that runs late, against a real database and a real mail server: who is told, how often, and by whom it may be said.
import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import type { Role, StaffActor } from '../access/rules'
import { clinicWorld } from '../payment/testing'
import { inClinic } from '../server/tx'
import { testDb } from '../server/testing'
import { mailServer } from '../waitlist/testing'
import { lateOf } from './expected'
import { lateJobs, say, tellDue } from './flow'
import { lateBy, toTell } from './rules'

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 })
const { admin } = testDb()
const minutes = (count: number, from: Date) => new Date(from.getTime() + count * 60_000)

let mails: Awaited<ReturnType<typeof mailServer>>
let world: Awaited<ReturnType<typeof clinicWorld>>
/** Tomorrow noon in Algiers, an hour ahead of UTC in every season. */
const noon = new Date(`${new Date(Date.now() + 86_400_000).toISOString().slice(0, 10)}T11:00:00Z`)
beforeAll(async () => {
  mails = await mailServer()
  process.env.SMTP_URL = mails.url
})
afterAll(() => mails.close())
beforeEach(async () => {
  await admin('DELETE FROM pgboss.job')
  await admin('DELETE FROM rate_limit')
  mails.taken.length = 0
  world = await clinicWorld(admin)
  await admin(`UPDATE clinic SET time_zone = 'Africa/Algiers' WHERE id = $1`, [world.clinicId])
})

const as = (roles: Role[], memberId: string = world.memberId): StaffActor => ({
  ...{ kind: 'staff', clinicId: world.clinicId, memberId, sessionId: '', roles },
})
const visit = (ahead: number, email: string) =>
  world.waiting({
    status: 'booked',
    payment: 'none',
    startsAt: minutes(ahead, noon),
    email,
    timeZone: 'Africa/Algiers',
  })
const late = (count: number, at = noon, actor = as(['practitioner'])) =>
  say(actor, { memberId: world.memberId, minutes: count }, { now: at })
/** Does what waits to be mailed; answers to whom and what about. */
async function post() {
  mails.taken.length = 0
  const jobs = await admin<{ id: string; data: Record<string, string> }>(
    `DELETE FROM pgboss.job WHERE name = 'mail.late' RETURNING id, data`,
  )
  for (const { id, data } of jobs) await lateJobs.handlers['mail.late'](data, id)
  return mails.taken.map(({ to, text }) => `${to} ${/^Subject: (\w+ \w+)/m.exec(text)![1]}`).sort()
}
const seen = (startsAt: Date, at: Date) =>
  inClinic(world.clinicId, (tx) =>
    lateOf(tx, { memberId: world.memberId, status: 'booked', startsAt }, 'Africa/Algiers', at),
  )

describe('a day that runs late', () => {
  it('is told to who comes soon, once, and to who comes later when it is their turn', async () => {
    await visit(30, 'soon@example.org')
    await visit(180, 'later@example.org')
    for (let each = 0; each < 2; each++) expect(await late(20)).toEqual({ ok: true, value: { minutes: 20 } })
    expect(await post()).toEqual(['soon@example.org Running late'])
    const [mail] = mails.taken
    expect(mail!.text).toContain('12:50')
    for (const word of ['Fertility', 'Ada']) expect(mail!.text).not.toContain(word)
    await tellDue(minutes(1, noon))
    expect(await post()).toEqual([])
    await tellDue(minutes(61, noon))
    expect(await post()).toEqual(['later@example.org Running late'])
    expect(await seen(minutes(180, noon), minutes(61, noon))).toBe(20)
    expect(await seen(minutes(180, noon), noon)).toBe(0)
    // It ends with the day.
    expect(await seen(minutes(24 * 60, noon), minutes(24 * 60 - 30, noon))).toBe(0)
  })

  // Defence: toTell in rules.ts. Who was told to come later, and hears nothing more, comes too late.
  it('is told again when it is otherwise: later, sooner, and on time after all', async () => {
    await visit(30, 'pat@example.org')
    await late(10)
    expect(await post()).toEqual(['pat@example.org Running late'])
    await late(30)
    await late(20, minutes(1, noon))
    // What is no longer so is not mailed.
    expect(await post()).toEqual(['pat@example.org Running late'])
    expect(mails.taken[0]!.text).toContain('12:50')
    await late(5, minutes(2, noon))
    expect(await post()).toEqual(['pat@example.org On time'])
    expect(mails.taken[0]!.text).toContain('12:30')
    expect(await late(0, minutes(3, noon))).toEqual({ ok: true, value: { minutes: 0 } })
    expect(await post()).toEqual([])
    expect(await seen(minutes(30, noon), noon)).toBe(0)
    expect(await admin('SELECT 1 AS n FROM running_late WHERE clinic_id = $1', [world.clinicId])).toEqual([])
  })

  // Defences: `latest` in `tell`, and `lateBy`.
  it('is told to nobody whose time is over, whether it was late or is on time again', async () => {
    await visit(10, 'was@example.org')
    await late(20)
    expect(await post()).toEqual(['was@example.org Running late'])
    await visit(-30, 'inside@example.org')
    await late(10, minutes(40, noon))
    await late(0, minutes(41, noon))
    expect(await post()).toEqual([])
  })

  // Defences: the two conditions of `isOver` in `mailLate`.
  it('is mailed however late the mail server was, but not of a visit that is cancelled, or whose time has passed', async () => {
    vi.useFakeTimers({ toFake: ['Date'] })
    try {
      await visit(10, 'pat@example.org')
      await late(30)
      await post()
      vi.setSystemTime(minutes(25, noon))
      await late(0, minutes(25, noon))
      expect(await post()).toEqual(['pat@example.org On time'])
      const { appointmentId } = await visit(60, 'gone@example.org')
      await visit(90, 'slow@example.org')
      await late(20, minutes(26, noon))
      await admin(`UPDATE appointment SET status = 'cancelled' WHERE id = $1`, [appointmentId])
      vi.setSystemTime(minutes(111, noon))
      expect(await post()).toEqual([])
    } finally {
      vi.useRealTimers()
    }
  })

  it('under ten minutes is on the page, and in no mail; and nobody is written to without end', async () => {
    await visit(30, 'pat@example.org')
    await late(5)
    expect(await post()).toEqual([])
    expect(await seen(minutes(30, noon), noon)).toBe(5)
    let sent = 0
    for (let each = 0; each < 14; each++) {
      await late(each % 2 ? 10 : 20 + each)
      sent += (await post()).length
    }
    expect(sent).toBeGreaterThan(3)
    expect(sent).toBeLessThanOrEqual(8)
    expect(await late(61, noon)).toMatchObject({ ok: true })
    await admin('DELETE FROM rate_limit')
    for (let each = 0; each < 30; each++) await late(each + 100)
    expect(await late(99)).toEqual({ ok: false, code: 'TOO_MANY' })
  })
})

describe('who says it', () => {
  it('is the practitioner, or the desk of whom it sees; no other practitioner, and no other clinic', async () => {
    await visit(30, 'pat@example.org')
    const other = randomUUID()
    expect(await late(20, noon, as(['practitioner'], other))).toEqual({ ok: false, code: 'NOT_ALLOWED' })
    expect(await post()).toEqual([])
    expect(await late(20, noon, as(['frontdesk'], other))).toMatchObject({ ok: true })
    const stranger = await clinicWorld(admin)
    const theirs = { ...as(['admin'], stranger.memberId), clinicId: stranger.clinicId }
    expect(await late(40, noon, theirs)).toEqual({ ok: false, code: 'NOT_FOUND' })
    expect(await seen(minutes(30, noon), noon)).toBe(20)
  })
})

it.each([
  ['nothing new', 20, { minutes: 20, times: 1 }, null],
  ['ten at first', 10, null, 10],
  ['nine at first', 9, null, null],
  ['nine after twenty', 9, { minutes: 20, times: 1 }, 0],
  ['later, for the fourth time', 40, { minutes: 30, times: 3 }, 40],
  ['later, for the fifth', 50, { minutes: 40, times: 4 }, null],
  ['sooner, for the fifth', 30, { minutes: 40, times: 4 }, 30],
  ['sooner, for the ninth', 10, { minutes: 40, times: 8 }, null],
])('tells %s', (_, now, last, told) => {
  expect(toTell(now, last)).toBe(told)
})

it.each([
  ['booked, within two hours', 'booked', 120, 20],
  ['booked, further ahead', 'booked', 121, 0],
  ['there already', 'arrived', -10, 20],
  ['in the room, where nobody wrote down that it began', 'arrived', -20, 0],
  ['begun', 'in_consult', -10, 0],
  ['cancelled', 'cancelled', 30, 0],
] as const)('a visit %s is late by what was said', (_, status, ahead, by) => {
  expect(lateBy({ status, startsAt: minutes(ahead, noon) }, 20, noon)).toBe(by)
})
