// The waiting list against a real database and a real mail server, with a worker that dies at each of its writes.
import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import type { StaffActor } from '../access/rules'
import { cancelByClinic } from '../booking/cancel'
import { holdSlot, renewHold } from '../booking/hold'
import { loadSlots } from '../booking/slots'
import { inClinic } from '../server/tx'
import { testDb } from '../server/testing'
import * as desk from './desk'
import * as flow from './flow'
import { anyone, ctx, dayAfter, mailServer, newSecret, waitingWorld } from './testing'
import { findEntry } from './store'

vi.setConfig({ testTimeout: 120_000, hookTimeout: 60_000 })
const { admin } = testDb()
const minutes = (count: number, from: Date) => new Date(from.getTime() + count * 60_000)

let mails: Awaited<ReturnType<typeof mailServer>>
let world: Awaited<ReturnType<typeof waitingWorld>>
let owner: StaffActor
beforeAll(async () => {
  mails = await mailServer()
  process.env.SMTP_URL = mails.url
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

const told = (email: string) =>
  mails.taken.filter(({ to, text }) => to === email && text.includes('It is kept for you until'))
const freeDays = async (at: Date) => {
  const { clinicId, serviceId, now } = world
  const found = await loadSlots({ clinicId, serviceId, from: dayAfter(now, 0), days: 10 }, at)
  return found.ok ? found.value.slots.map(({ startsAt }) => startsAt.slice(0, 10)) : []
}
const slotOf = (days: number) => {
  const day = dayAfter(world.now, days)
  return { startsAt: `${day}T10:30:00.000Z`, memberId: world.memberId, siteId: null }
}
const offered = async (link: { id: string; secret: string }, at: Date) => {
  const view = await flow.open(anyone, link, ctx(at))
  return view.ok ? view.value.offer : null
}

describe('who asks', () => {
  it('waits only once the link in the mail says so, and is in once', async () => {
    const { now } = world
    const { id, answer } = await world.ask('pat@example.org')
    expect(answer).toEqual({ ok: true, value: { sent: true } })
    await world.work(now)
    expect(await world.offers()).toEqual([])
    await world.greet()
    expect(mails.taken).toHaveLength(1)
    const link = await world.linkOf(id)
    expect(mails.taken[0]!.text).toContain(`/wait/${id}#s=${link.secret}`)
    for (const word of ['Fertility', 'Ada']) expect(mails.taken[0]!.text).not.toContain(word)
    // Whoever does not know the secret confirms nothing.
    expect(await flow.confirm(anyone, { ...link, secret: newSecret() }, ctx(now))).toEqual({
      ok: false,
      code: 'NOT_FOUND',
    })
    expect(await world.stateOf(id)).toBe('asked')
    for (let each = 0; each < 2; each++)
      expect(await flow.confirm(anyone, link, ctx(now))).toEqual({ ok: true, value: { state: 'waiting' } })
    // Asked for again, by anybody: the same answer, no second row, nothing changed, and a mail that says so.
    const again = await world.ask('PAT@example.org '.trim().toLowerCase(), { first: 5, last: 9 })
    expect(again.answer).toEqual(answer)
    await world.greet()
    expect(mails.taken[1]!.text).toContain('already')
    const rows = await admin('SELECT id, first_day::text AS day FROM waitlist_entry WHERE clinic_id = $1', [
      world.clinicId,
    ])
    expect(rows).toEqual([{ id, day: dayAfter(now, 1) }])
  })

  it('is forgotten, address and all, after a day without an answer', async () => {
    const { id } = await world.ask('pat@example.org', { last: 9 })
    await world.work(minutes(24 * 60, world.now))
    expect(await world.stateOf(id)).toBe('ended unconfirmed')
    const sealed = `SELECT contact_sealed, contact_index, link_sealed FROM waitlist_entry WHERE id = $1`
    expect(await admin(sealed, [id])).toEqual([{ contact_sealed: null, contact_index: null, link_sealed: null }])
    await world.work(minutes(32 * 24 * 60, world.now))
    expect(await world.stateOf(id)).toBeUndefined()
  })

  // Defences: joinsAnHour, asksADay and mostEntries in rules.ts, counted in `join`.
  it('cannot flood a clinic from one network, nor an address from many, nor hold a place for many services', async () => {
    const codes = async (asks: Promise<{ answer: { ok: boolean; code?: string } }>[]) =>
      (await Promise.all(asks)).map(({ answer }) => (answer.ok ? 'ok' : answer.code)).sort()
    const network = Array.from({ length: 7 }, (_, each) => world.ask(`n${each}@example.org`, { ip: '203.0.113.9' }))
    expect(await codes(network)).toEqual(['TOO_MANY', 'TOO_MANY', ...Array<string>(5).fill('ok')])
    const address = Array.from({ length: 5 }, () => world.ask('victim@example.org'))
    // Who asks for an address once too often is not told so: it would say that somebody asked before.
    expect(await codes(address)).toEqual(Array<string>(5).fill('ok'))
    await world.greet()
    expect(mails.taken.filter(({ to }) => to === 'victim@example.org').length).toBeLessThanOrEqual(3)
  })
})

describe('a time that becomes free', () => {
  const booked = async (days: number) => {
    const slot = slotOf(days)
    const visit = await world.waiting({ status: 'booked', payment: 'none', startsAt: new Date(slot.startsAt) })
    return {
      ...visit,
      cancel: () => cancelByClinic(owner, { id: visit.appointmentId, startsAt: slot.startsAt }, { now: world.now }),
    }
  }

  it('is offered to the first in order, is shown to nobody else, and goes on to the next', async () => {
    const { now, clinicId, serviceId } = world
    const visit = await booked(1)
    const [ada, ben] = [await world.waits('ada@example.org'), await world.waits('ben@example.org')]
    await world.work(now)
    expect(await world.offers()).toEqual([])
    await visit.cancel()
    // The next minute need not be waited for.
    expect(
      await admin(`SELECT 1 AS n FROM pgboss.job WHERE name = 'waitlist.freed' AND data->>'clinicId' = $1`, [clinicId]),
    ).toHaveLength(1)
    expect(await freeDays(now)).toContain(dayAfter(now, 1))
    await world.work(now)
    await world.work(now)
    expect(await world.offers()).toMatchObject([{ entry: ada.id, outcome: null, told: true }])
    expect([told('ada@example.org').length, told('ben@example.org').length]).toEqual([1, 0])
    expect(told('ada@example.org')[0]!.text).toContain('12:30')
    expect(await freeDays(now)).not.toContain(dayAfter(now, 1))
    const wanted = { id: randomUUID(), secret: newSecret(), clinicId, serviceId, ...slotOf(1) }
    expect(await holdSlot(anyone, wanted, ctx(now))).toEqual({ ok: false, code: 'SLOT_TAKEN' })
    expect(await offered(ben, now)).toBeNull()
    // Let pass: not sooner than was said, and then the next.
    await world.work(minutes(30, now))
    expect(await world.offers()).toHaveLength(1)
    await world.work(minutes(31, now))
    expect(await world.offers()).toMatchObject([
      { entry: ada.id, outcome: 'missed' },
      { entry: ben.id, outcome: null, told: true },
    ])
    // Nobody is left: the time is everybody's, and the first is not asked about it again.
    await world.work(minutes(62, now))
    expect(await world.offers()).toHaveLength(2)
    expect(await freeDays(minutes(62, now))).toContain(dayAfter(now, 1))
    expect([await world.stateOf(ada.id), await world.stateOf(ben.id)]).toEqual(['waiting', 'waiting'])
  })

  it('is a hold of the browser that took it by the link, wherever it is taken last, and no longer for that', async () => {
    const { now } = world
    const ada = await world.waits('ada@example.org')
    await world.work(now)
    const offer = (await offered(ada, now))!
    const take = (holdSecret: string, at: Date, link = ada) =>
      flow.take(anyone, { ...link, appointmentId: offer.appointmentId, holdSecret }, ctx(at))
    const [here, there] = [newSecret(), newSecret()]
    expect(await take(here, now, { ...ada, secret: newSecret() })).toEqual({ ok: false, code: 'NOT_FOUND' })
    const ref = (secret: string) => ({ id: offer.appointmentId, secret })
    expect(await renewHold(anyone, ref(here), ctx(now))).toEqual({ ok: false, code: 'NOT_FOUND' })
    expect(await take(here, minutes(25, now))).toMatchObject({
      ok: true,
      value: { heldUntil: minutes(35, now).toISOString() },
    })
    expect(await renewHold(anyone, ref(here), ctx(minutes(34, now)))).toMatchObject({ ok: true })
    const elsewhere = await take(there, minutes(40, now))
    expect(elsewhere).toMatchObject({ ok: true })
    expect(await renewHold(anyone, ref(here), ctx(minutes(41, now)))).toEqual({ ok: false, code: 'NOT_FOUND' })
    // Defence: `heldSince` is set once, in `take`. Half an hour after the first, whoever takes it.
    for (let at = 41; at < 60; at += 5) {
      await take(at % 2 ? here : there, minutes(at, now))
      await renewHold(anyone, ref(at % 2 ? here : there), ctx(minutes(at, now)))
    }
    expect(await take(here, minutes(56, now))).toEqual({ ok: false, code: 'HOLD_EXPIRED' })
  })

  it('that is booked ends the waiting, and forgets the address', async () => {
    const ada = await world.waits('ada@example.org')
    await world.work(world.now)
    const offer = (await offered(ada, world.now))!
    await admin(`UPDATE appointment SET status = 'booked', held_until = NULL WHERE id = $1`, [offer.appointmentId])
    await world.work(minutes(1, world.now))
    expect(await world.stateOf(ada.id)).toBe('ended booked')
    expect(await flow.open(anyone, ada, ctx(world.now))).toMatchObject({
      ok: true,
      value: { state: 'ended', offer: null },
    })
  })

  it('goes to the next at once where it is declined, where who has it leaves, and where the desk removes them', async () => {
    const { now } = world
    const all = []
    for (const name of ['a', 'b', 'c', 'd']) all.push(await world.waits(`${name}@example.org`))
    const [a, b, c, d] = all as [(typeof all)[0], (typeof all)[0], (typeof all)[0], (typeof all)[0]]
    await world.work(now)
    const appointmentId = (await offered(a, now))!.appointmentId
    expect(await flow.decline(anyone, { ...b, appointmentId }, ctx(now))).toEqual({ ok: false, code: 'HOLD_EXPIRED' })
    expect(await flow.decline(anyone, { ...a, appointmentId }, ctx(now))).toMatchObject({ ok: true })
    await world.work(minutes(1, now))
    expect(await flow.leave(anyone, b, ctx(now))).toMatchObject({ ok: true })
    await world.work(minutes(2, now))
    expect(await desk.remove(owner, { id: c.id }, { now })).toMatchObject({ ok: true })
    expect(await desk.remove(owner, { id: c.id }, { now })).toMatchObject({ ok: true })
    await world.work(minutes(3, now))
    expect((await world.offers()).map(({ entry, outcome }) => [entry, outcome])).toEqual([
      [a.id, 'declined'],
      [b.id, 'withdrawn'],
      [c.id, 'withdrawn'],
      [d.id, null],
    ])
    expect(await Promise.all([a, b, c, d].map(({ id }) => world.stateOf(id)))).toEqual([
      'waiting',
      'ended left',
      'ended removed',
      'waiting',
    ])
  })

  // Defence: mostMissed in rules.ts. Without it one address keeps one time of the clinic for good.
  it('is kept twice for whoever lets it pass, and not a third time; and one at a time for an address', async () => {
    const { now } = world
    const other = randomUUID()
    await admin(
      `INSERT INTO service (id, clinic_id, name, minutes, price_minor, currency, payment_mode, intake_form)
       VALUES ($1, $2, 'Other', 30, 0, 'eur', 'free', '[]')`,
      [other, world.clinicId],
    )
    await admin('INSERT INTO service_practitioner (clinic_id, service_id, member_id) VALUES ($1, $2, $3)', [
      world.clinicId,
      other,
      world.memberId,
    ])
    const ada = await world.waits('ada@example.org', { last: 9 })
    const second = await world.waits('ada@example.org', { last: 9, serviceId: other })
    const shown = []
    for (let at = 0; at < 400; at += 31) {
      await world.work(minutes(at, now))
      const open = (await world.offers()).filter(({ outcome }) => outcome === null)
      shown.push(open.length)
    }
    expect(Math.max(...shown)).toBe(1)
    expect(shown.at(-1)).toBe(0)
    expect([await world.stateOf(ada.id), await world.stateOf(second.id)]).toEqual(['ended missed', 'ended missed'])
    expect(told('ada@example.org')).toHaveLength(4)
  })

  it('is offered to no more than twenty at once: what else a day brings stays for everybody', async () => {
    await admin('UPDATE weekly_hours SET start_minute = 0, end_minute = 720 WHERE clinic_id = $1', [world.clinicId])
    for (let each = 0; each < 22; each++) {
      await admin('DELETE FROM rate_limit')
      await world.waits(`p${each}@example.org`)
    }
    await world.work(world.now)
    expect(await world.offers()).toHaveLength(20)
    expect((await freeDays(world.now)).filter((day) => day === dayAfter(world.now, 1)).length).toBeGreaterThan(0)
  })

  it('is not told of at night', async () => {
    const night = new Date(`${dayAfter(world.now, 0)}T22:00:00Z`)
    const ada = await world.waits('ada@example.org', { first: 2, last: 2, at: night })
    await world.work(night)
    expect(await offered(ada, night)).toBeNull()
    const morning = new Date(`${dayAfter(world.now, 1)}T07:00:00Z`)
    await world.work(morning)
    expect(told('ada@example.org')).toHaveLength(1)
  })

  it('counts for nobody who was not told, and is tried again; an address that takes no mail waits no longer', async () => {
    const { now } = world
    const ada = await world.waits('ada@example.org')
    mails.server.answer = 451
    await world.work(now)
    expect(await world.offers()).toMatchObject([{ told: false, outcome: null }])
    // Not held any longer than that, though nobody could be told.
    await world.work(minutes(11, now))
    expect(await world.offers()).toMatchObject([{ told: false, outcome: 'untold' }])
    expect(await freeDays(minutes(12, now))).toContain(dayAfter(now, 1))
    mails.server.answer = null
    await world.work(minutes(27, now))
    expect(told('ada@example.org')).toHaveLength(1)
    await world.work(minutes(58, now))
    expect((await world.offers()).map(({ outcome }) => outcome)).toEqual(['untold', 'missed'])
    expect(await world.stateOf(ada.id)).toBe('waiting')
    const gone = await world.waits('gone@example.org')
    mails.server.answer = 550
    await world.work(minutes(60, now))
    expect(await world.stateOf(gone.id)).toBe('ended unreachable')
    expect(await freeDays(minutes(60, now))).toContain(dayAfter(now, 1))
  })
})

describe('a worker that dies', () => {
  const tables = ['appointment', 'waitlist_entry', 'waitlist_offer', 'pgboss.job']
  beforeAll(async () => {
    await admin('CREATE SEQUENCE death')
    await admin('CREATE TABLE dies_at (k bigint)')
    await admin(`CREATE FUNCTION die() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public AS $$ BEGIN
      IF nextval('death') >= (SELECT k FROM dies_at) THEN RAISE EXCEPTION 'dead'; END IF; RETURN NULL; END $$`)
    for (const table of tables)
      await admin(
        `CREATE TRIGGER dies AFTER INSERT OR UPDATE OR DELETE ON ${table} FOR EACH STATEMENT EXECUTE FUNCTION die()`,
      )
  })
  afterAll(async () => {
    for (const table of tables) await admin(`DROP TRIGGER dies ON ${table}`)
  })
  /** From its k-th write on nothing of it is done any more, as with a lost connection. False when it got to its end. */
  async function dying(k: number, run: () => Promise<unknown>): Promise<boolean> {
    await admin(`SELECT setval('death', 1)`)
    await admin('INSERT INTO dies_at VALUES ($1)', [k + 1])
    await run().catch(() => undefined)
    await admin('DELETE FROM dies_at')
    const [last] = await admin<{ n: string }>('SELECT last_value AS n FROM death')
    return Number(last!.n) > k
  }
  /** What must hold at every moment. */
  async function sound(at: Date) {
    const rows = await admin<{ offer: string | null; outcome: string | null }>(
      `SELECT o.id AS offer, o.outcome::text FROM appointment a LEFT JOIN waitlist_offer o ON o.appointment_id = a.id
       WHERE a.clinic_id = $1 AND a.hold_hash IS NULL AND a.status = 'held' AND a.held_until >= $2`,
      [world.clinicId, at],
    )
    // No time is held that is nobody's, and one at the most is.
    expect(rows.every(({ offer, outcome }) => offer !== null && outcome === null)).toBe(true)
    expect(rows.length).toBeLessThanOrEqual(1)
  }

  // Defence: offer, hold and job in one transaction in `offerNext`; outcomes read off the hold, in `settle`. With the hold placed
  // in a transaction before, a death between the two leaves a time that is held and offered to nobody.
  it('leaves no time held for good and nobody passed over, at whichever write', async () => {
    let deaths = 0
    for (const phase of ['offering', 'passing on']) {
      for (let k = 1; ; k++) {
        world = await waitingWorld(admin)
        const { now } = world
        const [ada, ben] = [await world.waits('ada@example.org'), await world.waits('ben@example.org')]
        await admin('DELETE FROM rate_limit')
        mails.taken.length = 0
        let at = now
        if (phase === 'passing on') {
          await world.work(now)
          at = minutes(31, now)
        }
        const died = await dying(k, () => world.work(at))
        if (died) deaths += 1
        await sound(at)
        // Another worker, again and again, until everybody has been told and has let it pass.
        const end = minutes(128, now)
        for (; at < end; at = minutes(16, at)) {
          await world.work(at)
          await sound(at)
        }
        const what = `${phase}, write ${k}`
        expect(told('ada@example.org').length, what).toBeGreaterThanOrEqual(1)
        expect(told('ben@example.org').length, what).toBeGreaterThanOrEqual(1)
        const made = (await world.offers()).filter((offer) => offer.outcome === 'missed')
        expect(
          made.map(({ entry }) => entry),
          what,
        ).toEqual([ada.id, ben.id])
        expect(await freeDays(end), what).toContain(dayAfter(now, 1))
        if (!died) break
      }
    }
    expect(deaths).toBeGreaterThan(8)
  }, 300_000)
})

describe('the desk', () => {
  it('adds a caller once, sees who waits and since when, and nobody else’s', async () => {
    const { now, clinicId, serviceId } = world
    const caller = {
      ...{
        id: randomUUID(),
        serviceId,
        memberId: null,
        siteId: null,
        firstDay: dayAfter(now, 1),
        lastDay: dayAfter(now, 3),
      },
      ...{ parts: ['morning' as const], email: 'caller@example.org', phone: '', locale: 'en' as const },
    }
    for (let each = 0; each < 2; each++)
      expect(await desk.add(owner, caller, { now })).toEqual({ ok: true, value: { added: true } })
    expect(await desk.add(owner, { ...caller, id: randomUUID() }, { now })).toEqual({
      ok: true,
      value: { added: false },
    })
    await world.greet()
    expect(mails.taken).toHaveLength(1)
    const listed = await desk.list(owner, {}, { now })
    expect(listed).toMatchObject({
      ok: true,
      value: {
        rows: [
          { id: caller.id, contact: 'caller@example.org', since: now.toISOString(), state: 'waiting', offered: null },
        ],
      },
    })
    // A number is no way to be told where no text messages are sent.
    const phone = { ...caller, id: randomUUID(), email: '', phone: '+33612345678' }
    expect(await desk.add(owner, phone, { now })).toEqual({
      ok: false,
      code: 'BAD_INPUT',
      fields: { email: 'required' },
    })
    const other = await waitingWorld(admin)
    const stranger = { ...owner, clinicId: other.clinicId, memberId: other.memberId }
    expect(await desk.remove(stranger, { id: caller.id }, { now })).toEqual({ ok: false, code: 'NOT_FOUND' })
    expect(await inClinic(clinicId, (tx) => findEntry(tx, caller.id))).toMatchObject({ state: 'waiting' })
    expect(await desk.save(owner, { minutes: 120 })).toEqual({ ok: true, value: { minutes: 120 } })
    await world.allIsNews()
    await world.work(now)
    expect((await offered(await world.linkOf(caller.id), now))!.heldUntil).toBe(minutes(120, now).toISOString())
  })
})
