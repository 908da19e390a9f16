// Whoever wants to keep a clinic's times from its patients, fill its list, or learn from it who waits.
import { solveChallenge } from 'altcha-lib'
import { deriveKey } from 'altcha-lib/algorithms/web/pbkdf2'
import { randomBytes, randomUUID } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import type { StaffActor } from '../access/rules'
import { setWork } from '../booking/flood'
import { hold, inClinic } from '../server/tx'
import { testDb } from '../server/testing'
import * as desk from './desk'
import * as flow from './flow'
import { makePlan } from './plan'
import { listDue } from './store'
import { overBy } from './rules'
import { anyone, ctx, dayAfter, mailServer, waitingWorld } from './testing'

vi.setConfig({ testTimeout: 120_000, hookTimeout: 60_000 })
const { admin } = testDb()
const minutes = (count: number, from: Date) => new Date(from.getTime() + count * 60_000)
const days = (count: number, from: Date) => minutes(count * 24 * 60, from)

let mails: Awaited<ReturnType<typeof mailServer>>
let world: Awaited<ReturnType<typeof waitingWorld>>
let owner: StaffActor
beforeAll(async () => {
  mails = await mailServer()
  Object.assign(process.env, {
    ...{ SMTP_URL: mails.url, SMS_FROM: '+15005550006', TWILIO_API_BASE: 'http://127.0.0.1:9' },
    ...{ TWILIO_ACCOUNT_SID: `AC${'1'.repeat(32)}`, TWILIO_KEY_SID: 'SKkey', TWILIO_KEY_SECRET: 'secret' },
  })
})
afterAll(() => mails.close())
beforeEach(async () => {
  await admin('DELETE FROM pgboss.job')
  await admin('DELETE FROM rate_limit')
  mails.taken.length = 0
  mails.server.answer = null
  world = await waitingWorld(admin)
  owner = { kind: 'staff', clinicId: world.clinicId, memberId: world.memberId, sessionId: '', roles: ['admin'] }
})

const offered = async (link: { id: string; secret: string }, at: Date) => {
  const view = await flow.open(anyone, link, ctx(at))
  return view.ok ? view.value.offer : null
}
const decline = async (link: { id: string; secret: string }, at: Date) =>
  flow.decline(anyone, { ...link, appointmentId: (await offered(link, at))!.appointmentId }, ctx(at))
const openFor = async () => (await world.offers()).filter(({ outcome }) => outcome === null).map(({ entry }) => entry)
const allDay = () =>
  admin('UPDATE weekly_hours SET start_minute = 0, end_minute = 1440 WHERE clinic_id = $1', [world.clinicId])
/** Rows as many people would leave them: no more of each than the rules look at. */
const crowd = (count: number, state: 'asked' | 'waiting', madeAt: Date) =>
  admin(
    `INSERT INTO waitlist_entry (id, clinic_id, service_id, first_day, last_day, parts, time_zone, locale, channel, contact_index,
       contact_sealed, link_hash, link_sealed, state, made_at, next_at)
     SELECT gen_random_uuid(), $1, $2, $3, $3, '{evening}', 'UTC', 'en', 'mail', decode(md5(i::text), 'hex'), '\\x00', '\\x00', '\\x00',
       $4::waitlist_state, $5, $5 FROM generate_series(1, $6) AS i`,
    [world.clinicId, world.serviceId, dayAfter(world.now, 20), state, madeAt, count],
  )

describe('one person', () => {
  // Defences: countMissed in `decline`, and passesOf in `confirm`.
  it('has two times kept for nothing, by whichever way and under whichever spelling, and no third for a month', async () => {
    const { now } = world
    const wanted = { last: 5 }
    const first = await world.waits('a.da+one@gmail.com', wanted)
    await world.work(now)
    expect(await decline(first, now)).toMatchObject({ ok: true })
    expect(await world.stateOf(first.id)).toBe('waiting')
    expect(await flow.leave(anyone, first, ctx(now))).toMatchObject({ ok: true })
    const second = await world.waits('ada@googlemail.com', wanted)
    expect(await world.stateOf(second.id)).toBe('waiting')
    await world.work(minutes(1, now))
    expect(await openFor()).toEqual([second.id])
    // Gone while it is kept for them: that counts too.
    expect(await flow.leave(anyone, second, ctx(minutes(2, now)))).toMatchObject({ ok: true })
    mails.taken.length = 0
    // The door says nothing of it. Only who reads the mail hears, and there is no other mail than for anybody.
    const { id, answer } = await world.ask('a.d.a+three@gmail.com', wanted)
    expect(answer).toEqual({ ok: true, value: { sent: true } })
    await world.greet()
    expect(mails.taken.map(({ to }) => to)).toEqual(['a.d.a+three@gmail.com'])
    expect(mails.taken[0]!.text).toContain(`/wait/${id}#s=`)
    const third = await world.linkOf(id)
    expect(await flow.confirm(anyone, third, ctx(now))).toEqual({ ok: true, value: { state: 'ended' } })
    expect(await world.stateOf(id)).toBe('ended missed')
    await world.work(minutes(3, now))
    expect(await openFor()).toEqual([])
    // Nobody else is held back, and neither is a caller whom the desk has heard.
    const other = await world.waits('ada@example.org', wanted)
    expect(await world.stateOf(other.id)).toBe('waiting')
    const caller = {
      ...{ id: randomUUID(), serviceId: world.serviceId, memberId: null, siteId: null, parts: ['morning' as const] },
      ...{
        firstDay: dayAfter(now, 1),
        lastDay: dayAfter(now, 1),
        email: 'ada@gmail.com',
        phone: '',
        locale: 'en' as const,
      },
    }
    expect(await desk.add(owner, caller, { now })).toEqual({ ok: true, value: { added: true } })
    expect(await desk.remove(owner, { id: caller.id }, { now })).toMatchObject({ ok: true })
    // What is kept for that month is a keyed hash and a count; then it is gone.
    const kept = `SELECT count(*)::int AS n FROM waitlist_entry WHERE clinic_id = $1 AND state = 'ended' AND contact_index IS NOT NULL`
    expect(await admin(kept, [world.clinicId])).toEqual([{ n: 2 }])
    const later = days(31, now)
    await world.work(later)
    expect(await admin(kept, [world.clinicId])).toEqual([{ n: 0 }])
    await admin('DELETE FROM rate_limit')
    const again = await world.waits('ada@gmail.com', { first: 32, last: 33, at: later })
    expect(await world.stateOf(again.id)).toBe('waiting')
  })

  // Defence: the end in `decline`. Without it the next is asked about a second time only after the next minute.
  it('who declines twice waits no longer, at once', async () => {
    const { now } = world
    const ada = await world.waits('ada@example.org', { last: 5 })
    for (let each = 0; each < 2; each++) {
      await world.work(minutes(each, now))
      expect(await decline(ada, minutes(each, now))).toMatchObject({ ok: true })
    }
    expect(await world.stateOf(ada.id)).toBe('ended missed')
    await world.work(minutes(2, now))
    expect(await openFor()).toEqual([])
  })

  // Defence: mostUntold in rules.ts. What nobody could be told of counts for nobody: a mail server of one's own can say so for ever.
  it('who can never be told is given up, and holds up those behind only once', async () => {
    const { now } = world
    const never = await world.waits('never@example.org')
    const ben = await world.waits('ben@example.org')
    mails.server.answer = 451
    await world.work(now)
    await world.work(minutes(11, now))
    // Others could be told, and still it is not theirs: a mail may get lost once.
    mails.server.answer = null
    await world.work(minutes(20, now))
    expect(await openFor()).toEqual([])
    mails.server.answer = 451
    await world.work(minutes(27, now))
    await world.work(minutes(38, now))
    mails.server.answer = null
    await world.work(minutes(39, now))
    expect(await openFor()).toEqual([ben.id])
    await admin(`UPDATE waitlist_entry SET untold = 5, last_day = $2 WHERE id = $1`, [never.id, dayAfter(now, 3)])
    mails.server.answer = 451
    await world.work(minutes(24 * 60, now))
    await world.work(minutes(24 * 60 + 11, now))
    expect(await world.stateOf(never.id)).toBe('ended unreachable')
  })
})

// Defence: inLine in offers.ts.
describe('one network', () => {
  it.each([
    ['of an old address', (house: number, one: number) => `203.0.${house}.${one}`, '198.51.100.1'],
    ['of a new one', (house: number, one: number) => `2001:db8:${house}:${one}::/64`, '2001:dc8:1:1::/64'],
  ])('%s has one time that is kept, and a provider’s few', async (_, ipOf, elsewhere) => {
    await allDay()
    const house = []
    for (let one = 1; one <= 3; one++) house.push(await world.waits(`h${one}@example.org`, { ip: ipOf(0, one) }))
    await world.work(world.now)
    expect(await openFor()).toEqual([house[0]!.id])
    for (let each = 1; each <= 6; each++) await world.waits(`p${each}@example.org`, { ip: ipOf(each, 1) })
    const other = await world.waits('other@example.org', { ip: elsewhere })
    await world.work(minutes(1, world.now))
    const open = await openFor()
    expect(open).toHaveLength(6)
    expect(open).toContain(other.id)
    // Who is next in that house is asked once nothing is kept for the first.
    expect(await flow.leave(anyone, house[0]!, ctx(minutes(2, world.now)))).toMatchObject({ ok: true })
    await world.work(minutes(2, world.now))
    expect(await openFor()).toContain(house[1]!.id)
  })
})

// Defence: the clinic's zone in `offerNext`. Who asks says what zone they like.
it('no zone that somebody states makes it day at the clinic', async () => {
  const night = new Date(`${dayAfter(world.now, 0)}T22:00:00Z`)
  const wanted = { first: 1, last: 4, at: night, parts: ['morning', 'afternoon', 'evening'] as never }
  const far = await world.waits('far@example.org', { ...wanted, timeZone: 'Pacific/Auckland' })
  await world.work(night)
  expect(await offered(far, night)).toBeNull()
  const morning = new Date(`${dayAfter(world.now, 1)}T07:00:00Z`)
  await world.work(morning)
  expect(await offered(far, morning)).not.toBeNull()
})

describe('a flood', () => {
  // Defences: isFlooded() and countAt() in `join`.
  it('of people costs each of them work, and only then', async () => {
    const { now, clinicId } = world
    for (let each = 0; each < 20; each++) expect((await world.ask(`f${each}@example.org`)).answer.ok).toBe(true)
    expect((await world.ask('next@example.org')).answer).toEqual({ ok: false, code: 'WORK_FIRST' })
    // Whether an address waits already changes nothing.
    expect((await world.ask('f1@example.org')).answer).toEqual({ ok: false, code: 'WORK_FIRST' })
    const id = randomUUID()
    const work = await setWork(anyone, { id }, ctx(new Date()))
    if (!work.ok) throw new Error(work.code)
    const done = { work: work.value, solution: (await solveChallenge({ challenge: work.value, deriveKey }))! }
    const input = {
      ...{
        clinicId,
        serviceId: world.serviceId,
        memberId: null,
        siteId: null,
        email: 'next@example.org',
        locale: 'en' as const,
      },
      ...{ firstDay: dayAfter(now, 1), lastDay: dayAfter(now, 1), parts: ['morning' as const], timeZone: 'UTC', done },
    }
    expect(await flow.join(anyone, { ...input, id: randomUUID() }, ctx(now))).toEqual({ ok: false, code: 'WORK_FIRST' })
    expect(await flow.join(anyone, { ...input, id }, ctx(now))).toEqual({ ok: true, value: { sent: true } })
    expect(await world.stateOf(id)).toBe('asked')
  })

  // Defence: makeRoom in flow.ts.
  it('of addresses that nobody confirms makes room for who comes an hour later, and ends there', async () => {
    const { now } = world
    await crowd(200, 'asked', minutes(-30, now))
    expect((await world.ask('late@example.org')).answer).toEqual({ ok: false, code: 'LIST_FULL' })
    expect((await world.ask('late@example.org', { at: minutes(31, now) })).answer.ok).toBe(true)
    const left = `SELECT count(*)::int AS n FROM waitlist_entry WHERE clinic_id = $1 AND state <> 'ended'`
    expect(await admin(left, [world.clinicId])).toEqual([{ n: 1 }])
  })

  it('of those who do confirm fills the list, and whether an address is on it changes nothing', async () => {
    const { now } = world
    await world.waits('on@example.org')
    await crowd(499, 'waiting', now)
    const on = await world.ask('on@example.org')
    expect(on.answer).toEqual({ ok: false, code: 'LIST_FULL' })
    expect((await world.ask('off@example.org')).answer).toEqual(on.answer)
    // So many are no work where there is nothing to see to: none is looked at one by one.
    expect(await inClinic(world.clinicId, (tx) => listDue(tx, world.clinicId, overBy(now)))).toEqual([])
    // And nobody who books or opens a link waits for the search. Defence: makePlan takes no lock.
    await inClinic(world.clinicId, async (tx) => {
      await hold(tx, `waitlist|${world.clinicId}`, 'write')
      expect((await makePlan(world.clinicId, now))!.clinic.id).toBe(world.clinicId)
    })
  })
})

describe('who sees the patient', () => {
  const second = async () => {
    const id = randomUUID()
    const { clinicId, serviceId } = world
    await admin(
      `INSERT INTO member (id, clinic_id, email_index, email_sealed, display_name, roles, status)
       VALUES ($1, $2, $3, $4, 'Dr Bea', '{practitioner}', 'active')`,
      [id, clinicId, randomBytes(32), randomBytes(8)],
    )
    await admin('INSERT INTO service_practitioner (clinic_id, service_id, member_id) VALUES ($1, $2, $3)', [
      ...[clinicId, serviceId, id],
    ])
    await admin(
      `INSERT INTO weekly_hours (clinic_id, member_id, weekday, start_minute, end_minute)
       SELECT $1, $2, weekday, 690, 720 FROM generate_series(1, 7) AS weekday`,
      [clinicId, id],
    )
    return id
  }
  /** With whom the time is that is kept, for each that was offered. */
  const withWhom = async () =>
    (
      await admin<{ id: string }>(
        `SELECT a.member_id AS id FROM waitlist_offer o JOIN appointment a ON a.id = o.appointment_id
         WHERE o.clinic_id = $1 ORDER BY o.made_at, o.id`,
        [world.clinicId],
      )
    ).map(({ id }) => id)

  // Defence: placeHold asks askedFor, as every hold does.
  it('in turn, is whoever has fewest: what was offered counts too', async () => {
    const ids = [world.memberId, await second()].sort()
    await admin(`UPDATE service SET assignment = 'turn' WHERE id = $1`, [world.serviceId])
    // The first by id has one in that week; so it is the other's turn, though both are free.
    const at = new Date(`${dayAfter(world.now, 1)}T07:00:00Z`)
    const { appointmentId } = await world.waiting({ status: 'booked', payment: 'none', startsAt: at })
    await admin('UPDATE appointment SET member_id = $2 WHERE id = $1', [appointmentId, ids[0]])
    const ada = await world.waits('ada@example.org')
    await world.work(world.now)
    expect(await withWhom()).toEqual([ids[1]])
    // Declined, it is not offered to them once more with the other.
    expect(await decline(ada, world.now)).toMatchObject({ ok: true })
    await world.work(minutes(1, world.now))
    expect(await openFor()).toEqual([])
  })

  it('is not chosen on the list either where the service says who it is; but by the desk', async () => {
    const other = await second()
    await admin(`UPDATE service SET assignment = 'first' WHERE id = $1`, [world.serviceId])
    const { now, clinicId, serviceId } = world
    const wish = {
      ...{
        id: randomUUID(),
        serviceId,
        memberId: other,
        siteId: null,
        email: 'ada@example.org',
        locale: 'en' as const,
      },
      ...{ firstDay: dayAfter(now, 1), lastDay: dayAfter(now, 1), parts: ['morning' as const] },
    }
    const asked = await flow.join(anyone, { ...wish, clinicId, timeZone: 'Europe/Paris' }, ctx(now))
    expect(asked).toEqual({ ok: false, code: 'NOT_FOUND' })
    expect(await desk.add(owner, { ...wish, phone: '' }, { now })).toMatchObject({ ok: true })
    await world.allIsNews()
    await world.work(now)
    expect(await withWhom()).toEqual([other])
  })
})

// Defences: sendsTexts in entry.ts, and a limit of its own in mail.ts.
it('no number is written to where the clinic sends no text messages, and nothing of what reminders may cost is spent', async () => {
  const { now, serviceId, clinicId } = world
  const caller = {
    ...{
      id: randomUUID(),
      serviceId,
      memberId: null,
      siteId: null,
      parts: ['morning' as const],
      locale: 'en' as const,
    },
    ...{ firstDay: dayAfter(now, 1), lastDay: dayAfter(now, 1), email: '', phone: '+33612345678' },
  }
  const refused = { ok: false, code: 'BAD_INPUT', fields: { email: 'required' } }
  expect(await desk.add(owner, caller, { now })).toEqual(refused)
  await admin('INSERT INTO reminder_setting (clinic_id, leads, texts, set_at) VALUES ($1, $2, true, now())', [
    clinicId,
    [1440],
  ])
  expect(await desk.add(owner, caller, { now })).toMatchObject({ ok: true })
  await world.greet()
  await world.work(now)
  const spent = () => admin<{ key: string }>(`SELECT key FROM rate_limit WHERE key LIKE '%text%'`)
  const names = (await spent()).map(({ key }) => key.split(':')[0])
  expect([...new Set(names)].sort()).toEqual(['wait-text', 'wait-text-clinic'])
  // Turned off since: nothing is sent, and nothing is counted.
  await admin('UPDATE reminder_setting SET texts = false WHERE clinic_id = $1', [clinicId])
  await admin('DELETE FROM rate_limit')
  await world.work(minutes(40, now))
  await world.work(minutes(80, now))
  expect(await spent()).toEqual([])
})
