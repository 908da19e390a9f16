// What the desk puts in beside what is booked: against a real database.
import { randomBytes, randomUUID } from 'node:crypto'
import { encode } from 'cborg'
import { beforeEach, expect, test } from 'vitest'
import type { StaffActor } from '../access/rules.ts'
import { cancelByClinic } from '../booking/cancel.ts'
import { holdSlot } from '../booking/hold.ts'
import { moveAppointment, moveTimes } from '../booking/move.ts'
import { rescheduleAppointment } from '../booking/reschedule.ts'
import { freeLane, lanesLeft } from '../schedule/rules.ts'
import { loadSlots } from '../booking/slots.ts'
import { anyone, at, bookAs, sealedStub, testDevice } from '../booking/testing.ts'
import type { RecordType } from '../crypto/types.ts'
import { clinicWorld } from '../payment/testing.ts'
import { testDb } from '../server/testing.ts'
import { withClient } from '../../scripts/stack/postgres.ts'
import { make } from '../voucher/flow.ts'
import { dayAfter, waitingWorld } from '../waitlist/testing.ts'
import { book } from './book.ts'
import { options, place } from './flow.ts'
import { SeriesInput } from './rules.ts'
import { bookSeries, check } from './series.ts'

const { admin, urls } = testDb()
let world: Awaited<ReturnType<typeof clinicWorld>>
let desk: StaffActor
const now = new Date('2026-11-20T09:00:00Z')
const nine = '2026-11-30T09:00:00.000Z'
const secretOf = () => randomBytes(16).toString('base64url')

beforeEach(async () => {
  world = await clinicWorld(admin)
  const memberId = randomUUID()
  await admin(
    `INSERT INTO member (id, clinic_id, email_index, email_sealed, display_name, roles, status)
     VALUES ($1, $2, $3, $4, 'Robin', '{frontdesk}', 'active')`,
    [memberId, world.clinicId, randomBytes(32), randomBytes(8)],
  )
  desk = { kind: 'staff', clinicId: world.clinicId, memberId, sessionId: '', roles: ['frontdesk'] }
  await admin('DELETE FROM rate_limit')
  await allow(2)
})
const allow = (walkIns: number) =>
  admin('UPDATE weekly_hours SET walk_ins = $2 WHERE clinic_id = $1', [world.clinicId, walkIns])

const sealed = (patientId: string, type: RecordType, managing = type === 'identity' ? 'desk' : 'clinical') => ({
  ...sealedStub(world.clinicId, patientId, type),
  header: Buffer.from(encode([...Array<number>(12).fill(0), managing])).toString('base64url'),
})
type Change = Partial<Pick<Parameters<typeof book>[1], 'startsAt' | 'beside' | 'anyway' | 'voucher' | 'companion'>>
async function ask(change: Change = {}, when = now) {
  const patientId = randomUUID()
  const id = randomUUID()
  const linkSecret = secretOf()
  const answer = await book(
    desk,
    {
      ...{ id, key: randomUUID(), linkSecret, serviceId: world.serviceId, memberId: world.memberId },
      ...{ siteId: null, startsAt: nine, anyway: false, beside: true, ...change },
      patient: {
        ...{ kind: 'new', patientId, email: '', phone: '', locale: 'en' },
        records: [sealed(patientId, 'identity')] as never,
      },
    },
    { now: when },
  )
  return { id, patientId, linkSecret, answer }
}
const full = { ok: false, code: 'WALK_INS_FULL' }
const lanes = async () =>
  (
    await admin<{ lane: number }>(
      `SELECT lane FROM appointment WHERE clinic_id = $1 AND status <> 'cancelled' ORDER BY lane, starts_at`,
      [world.clinicId],
    )
  ).map(({ lane }) => lane)
const look = (startsAt = nine) =>
  place(desk, { serviceId: world.serviceId, memberId: world.memberId, startsAt }, { now })
const times = async () => {
  const found = await loadSlots(
    { clinicId: world.clinicId, serviceId: world.serviceId, from: '2026-11-30', days: 1 },
    now,
  )
  return found.ok ? found.value.slots.map((slot) => slot.startsAt) : []
}

// Defence: `takeLane` in insertBooked.
test('beside what is booked, up to as many as the hours say; without a word of the hours, none', async () => {
  expect((await ask({ beside: false })).answer).toMatchObject({ ok: true })
  expect((await ask({ beside: false })).answer).toEqual({ ok: false, code: 'SLOT_TAKEN' })
  expect(await look()).toMatchObject({ ok: true, value: { taken: true, walkIns: { most: 2, left: 2 } } })
  expect((await ask()).answer).toMatchObject({ ok: true })
  // A quarter of an hour on it still meets the one before.
  expect((await ask({ startsAt: '2026-11-30T09:15:00.000Z' })).answer).toMatchObject({ ok: true })
  expect((await ask()).answer).toEqual(full)
  expect(await look()).toMatchObject({ ok: true, value: { walkIns: { most: 2, left: 0 } } })
  expect(await lanes()).toEqual([0, 1, 2])
  expect((await ask({ startsAt: '2026-11-30T10:00:00.000Z' })).answer).toMatchObject({ ok: true })
  await allow(0)
  expect((await ask({ startsAt: '2026-11-30T12:00:00.000Z' })).answer).toEqual(full)
})

test('outside of the hours, or where nobody is there, none is put in, be it meant or not', async () => {
  await admin('UPDATE weekly_hours SET start_minute = 600, end_minute = 960 WHERE clinic_id = $1', [world.clinicId])
  const early = { startsAt: '2026-11-30T07:00:00.000Z' }
  expect((await ask(early)).answer).toEqual({ ok: false, code: 'OUTSIDE_HOURS' })
  expect((await ask({ ...early, anyway: true })).answer).toEqual(full)
})

test('where two blocks of hours touch, the one that allows fewer counts for what lies in both', async () => {
  await admin('UPDATE weekly_hours SET end_minute = 610 WHERE clinic_id = $1', [world.clinicId])
  for (let weekday = 1; weekday <= 7; weekday++)
    await admin(
      `INSERT INTO weekly_hours (clinic_id, member_id, weekday, start_minute, end_minute, walk_ins) VALUES ($1, $2, $3, 610, 1440, 1)`,
      [world.clinicId, world.memberId, weekday],
    )
  // Ten o'clock in Paris: twenty minutes of it are in the block that begins at ten past.
  expect(await look()).toMatchObject({ ok: true, value: { walkIns: { most: 1 } } })
  expect(await look('2026-11-30T08:00:00.000Z')).toMatchObject({ ok: true, value: { walkIns: { most: 2 } } })
})

// Defence: `lane = 0` in listBusy.
test('what is bookable online stays as it was, be the walk-in there first or the booking', async () => {
  const before = await times()
  expect(before).toContain(nine)
  await ask()
  await ask()
  expect(await times()).toEqual(before)
  const { clinicId, serviceId, memberId } = world
  const hold = { id: randomUUID(), secret: secretOf(), clinicId, serviceId, memberId, startsAt: nine }
  expect(await holdSlot(anyone, hold, at(now))).toMatchObject({ ok: true })
  expect(await holdSlot(anyone, { ...hold, id: randomUUID() }, at(now))).toEqual({ ok: false, code: 'SLOT_TAKEN' })
  expect(await lanes()).toEqual([0, 1, 2])
})

// Defence: the lock in takeLane. Two that would be given different lanes are kept apart by no constraint.
test('of two at once that would be one too many, in lanes of their own, one is put in', async () => {
  const on = (time: string) => ({ startsAt: `2026-11-30T${time}:00.000Z` })
  for (const time of ['09:00', '09:30']) expect((await ask(on(time))).answer).toMatchObject({ ok: true })
  await admin(`UPDATE appointment SET lane = 2 WHERE clinic_id = $1 AND starts_at = $2`, [
    ...[world.clinicId, on('09:30').startsAt],
  ])
  const waiting = async () =>
    (await admin(`SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`)).length
  const both = await withClient(urls().admin, async (client) => {
    await client.query('BEGIN')
    await client.query('SELECT pg_advisory_xact_lock(hashtextextended($1, 0))', [`walk-ins|${world.memberId}`])
    let over = false
    const asked = Promise.all([ask(on('09:00')), ask(on('09:15'))]).finally(() => (over = true))
    while (!over && (await waiting()) < 2);
    expect(over).toBe(false)
    await client.query('COMMIT')
    return asked
  })
  expect(both.map(({ answer }) => (answer.ok ? 'in' : answer.code)).sort()).toEqual(['WALK_INS_FULL', 'in'])
})

test('of ten desks at once over the last lane, one has it', async () => {
  await ask()
  const answers = await Promise.all(Array.from({ length: 10 }, () => ask()))
  expect(answers.filter(({ answer }) => answer.ok).length).toBe(1)
  expect(answers.filter(({ answer }) => !answer.ok && answer.code === 'WALK_INS_FULL').length).toBe(9)
  expect(await lanes()).toEqual([1, 2])
})

test('whoever stands at the desk has come a moment ago; not an hour', async () => {
  const ago = (minutes: number) => new Date(+now - minutes * 60_000).toISOString()
  expect((await ask({ startsAt: ago(4) })).answer).toMatchObject({ ok: true })
  expect((await ask({ startsAt: ago(4), beside: false })).answer).toMatchObject({ fields: { startsAt: 'tooSmall' } })
  expect((await ask({ startsAt: ago(60) })).answer).toMatchObject({ fields: { startsAt: 'tooSmall' } })
})

async function move(id: string, change: { beside: boolean; startsAt?: string; sequence?: number }) {
  const startsAt = change.startsAt ?? nine
  const endsAt = new Date(Date.parse(startsAt) + 30 * 60_000).toISOString()
  const [row] = await admin<{ sequence: number }>('SELECT sequence FROM appointment WHERE id = $1', [id])
  const input = { id, sequence: row!.sequence, memberId: world.memberId, anyway: false, endsAt }
  return moveAppointment(desk, { ...input, ...change, startsAt }, { now })
}

test('a walk-in is given an ordinary time if it is free, and goes back beside others if there is room', async () => {
  const ordinary = await ask({ beside: false })
  const walkIn = await ask()
  await ask()
  expect(await move(walkIn.id, { beside: false })).toEqual({ ok: false, code: 'SLOT_TAKEN' })
  expect(await move(walkIn.id, { beside: false, startsAt: '2026-11-30T11:00:00.000Z' })).toMatchObject({ ok: true })
  expect(await lanes()).toEqual([0, 0, 2])
  expect(await times()).not.toContain('2026-11-30T11:00:00.000Z')
  expect(await move(walkIn.id, { beside: true })).toMatchObject({ ok: true })
  // Sent again it is done; and it has not counted itself.
  expect(await move(walkIn.id, { beside: true })).toMatchObject({ ok: true })
  expect(await lanes()).toEqual([0, 1, 2])
  expect(await move(ordinary.id, { beside: true })).toEqual(full)
})

// Defence: `beside: false` in rescheduleAppointment.
test('its patient moves it by the link to what is free for everybody, where it takes the time', async () => {
  const { id, linkSecret: secret, answer } = await ask()
  expect(answer).toMatchObject({ ok: true })
  const noon = '2026-11-30T12:00:00.000Z'
  expect(await times()).toContain(noon)
  const to = { id, secret, sequence: 0, startsAt: noon }
  expect(await rescheduleAppointment(anyone, to, at(now))).toMatchObject({ ok: true })
  expect(await lanes()).toEqual([0])
  expect(await times()).not.toContain(noon)
})

test('only where any hours have room for walk-ins are they asked about, and for what the desk booked', async () => {
  await admin(`UPDATE service SET payment_mode = 'free', price_minor = 0 WHERE id = $1`, [world.serviceId])
  const walkIn = await ask()
  const { appointmentId: online } = await bookAs(world, await testDevice())
  const asked = async (id: string) => {
    const { memberId } = world
    const answer = await moveTimes(desk, { id, memberId, from: '2026-11-30', days: 1 }, { now })
    return answer.ok && [answer.value.walkIn, answer.value.mayBeside]
  }
  expect([await asked(walkIn.id), await asked(online)]).toEqual([
    [true, true],
    [false, false],
  ])
  expect(await options(desk, {}, { now })).toMatchObject({ ok: true, value: { walkIns: true } })
  await allow(0)
  expect(await asked(walkIn.id)).toEqual([true, false])
  expect(await options(desk, {}, { now })).toMatchObject({ ok: true, value: { walkIns: false } })
  await admin(
    'INSERT INTO date_hours (clinic_id, member_id, day, start_minute, end_minute, walk_ins) VALUES ($1, $2, $3, 540, 600, 1)',
    [...[world.clinicId, world.memberId, '2026-12-03']],
  )
  expect(await options(desk, {}, { now })).toMatchObject({ ok: true, value: { walkIns: true } })
})

// Defence: SeriesVisit has no `beside`.
test('a walk-in is one visit: what is repeated needs its own times, and no walk-in is in their way', async () => {
  const walkIn = await ask()
  const next = '2026-12-07T09:00:00.000Z'
  const where = { serviceId: world.serviceId, memberId: world.memberId, siteId: null }
  const repeat = () => {
    const visits = [nine, next].map((startsAt) => {
      const visit = {
        id: randomUUID(),
        key: randomUUID(),
        linkSecret: secretOf(),
        startsAt,
        anyway: false,
        records: [],
      }
      return SeriesInput.shape.visits.element.parse({ ...visit, beside: true })
    })
    const patient = { kind: 'known' as const, patientId: walkIn.patientId }
    return bookSeries(desk, { id: randomUUID(), ...where, visits, patient }, { now })
  }
  expect(await check(desk, { ...where, starts: [nine, next] }, { now })).toMatchObject({
    value: { dates: [{ state: 'free' }, { state: 'free' }] },
  })
  expect(await repeat()).toMatchObject({ ok: true })
  expect(await lanes()).toEqual([0, 0, 1])
  expect(await repeat()).toMatchObject({ ok: false, code: 'SLOT_TAKEN', fields: { 'visits.0': 'taken' } })
})

test('a voucher pays for a walk-in like for any visit, and one that is refused has spent none', async () => {
  const admins: StaffActor = { ...desk, roles: ['admin'] }
  const batch = { batchId: randomUUID(), serviceId: world.serviceId, count: 1, days: 30 }
  const made = await make(admins, batch, { now })
  if (!made.ok) throw new Error(made.code)
  const voucher = made.value.codes[0]!
  await allow(0)
  expect((await ask({ voucher })).answer).toEqual(full)
  await allow(1)
  const { id, answer } = await ask({ voucher })
  expect(answer).toMatchObject({ ok: true })
  expect(await admin('SELECT status::text, amount_minor AS due FROM payment WHERE appointment_id = $1', [id])).toEqual([
    { status: 'none', due: 0 },
  ])
  expect(await admin('SELECT used_by AS id FROM voucher WHERE clinic_id = $1', [world.clinicId])).toEqual([{ id }])
})

test('it counts toward a day’s limit, which stops patients and not the desk', async () => {
  await admin('UPDATE service SET daily_limit = 2 WHERE id = $1', [world.serviceId])
  await ask({ beside: false })
  expect(await times()).not.toEqual([])
  const { id } = await ask()
  expect(await times()).toEqual([])
  expect((await ask()).answer).toMatchObject({ ok: true })
  expect(await cancelByClinic(desk, { id, startsAt: nine }, { now })).toMatchObject({ ok: true })
  expect(await times()).toEqual([])
  // Its lane is another's now.
  expect((await ask()).answer).toMatchObject({ ok: true })
})

// Defence: `lane = 0` in listBusy.
test('what a walk-in leaves is offered to nobody who waits; what a booked visit leaves is, beside a walk-in too', async () => {
  const waiting = await waitingWorld(admin)
  world = waiting
  desk = { kind: 'staff', clinicId: world.clinicId, memberId: world.memberId, sessionId: '', roles: ['frontdesk'] }
  await allow(1)
  const startsAt = `${dayAfter(waiting.now, 1)}T10:30:00.000Z`
  const ordinary = await ask({ startsAt, beside: false }, waiting.now)
  const walkIn = await ask({ startsAt }, waiting.now)
  expect([ordinary.answer.ok, walkIn.answer.ok]).toEqual([true, true])
  const ada = await waiting.waits('ada@example.org')
  const cancel = ({ id }: { id: string }) => cancelByClinic(desk, { id, startsAt }, { now: waiting.now })
  expect(await cancel(walkIn)).toMatchObject({ ok: true })
  await waiting.work(waiting.now)
  expect(await waiting.offers()).toEqual([])
  expect((await ask({ startsAt }, waiting.now)).answer).toMatchObject({ ok: true })
  expect(await cancel(ordinary)).toMatchObject({ ok: true })
  await waiting.work(waiting.now)
  expect(await waiting.offers()).toMatchObject([{ entry: ada.id }])
})

// Defence: the look at the hold in moveAppointment, and the check `appointment_lane` behind it.
test('attack: what was booked online is put beside nothing, by the desk or by SQL', async () => {
  await admin(`UPDATE service SET payment_mode = 'free', price_minor = 0 WHERE id = $1`, [world.serviceId])
  const online = await bookAs(world, await testDevice())
  expect(await move(online.appointmentId, { beside: true })).toEqual({ ok: false, code: 'BOOKED_ONLINE' })
  const put = admin('UPDATE appointment SET lane = 1 WHERE id = $1', [online.appointmentId])
  await expect(put).rejects.toThrow('appointment_lane')
})

// Defence: the looks at `places` in insertTaken and at `seat` in moveIn, and the check appointment_lane_group.
test('of a group none is put in beside, nor out of it', async () => {
  const before = await ask({ startsAt: '2026-11-30T14:00:00.000Z' })
  expect(before.answer).toMatchObject({ ok: true })
  await admin(`UPDATE service SET places = 2, way = 'in_person' WHERE id = $1`, [world.serviceId])
  expect((await ask()).answer).toMatchObject({ ok: false, code: 'BAD_INPUT' })
  expect(await look()).toMatchObject({ ok: true, value: { walkIns: { most: 0, left: 0 } } })
  const member = await ask({ beside: false })
  expect(member.answer).toMatchObject({ ok: true })
  const [row] = await admin<{ endsAt: Date }>('SELECT ends_at AS "endsAt" FROM appointment WHERE id = $1', [member.id])
  const move = { id: member.id, sequence: 0, memberId: world.memberId, anyway: false, beside: true }
  expect(
    await moveAppointment(desk, { ...move, startsAt: nine, endsAt: row!.endsAt.toISOString() }, { now }),
  ).toMatchObject({ ok: false, code: 'BAD_INPUT' })
  await expect(admin('UPDATE appointment SET lane = 1 WHERE id = $1', [member.id])).rejects.toThrow(
    /appointment_lane_group/,
  )
  // Two of a group share the time that a walk-in of an earlier day of the service stands beside.
  expect((await ask({ beside: false, startsAt: '2026-11-30T14:00:00.000Z' })).answer).toMatchObject({ ok: true })
  expect((await ask({ beside: false, startsAt: '2026-11-30T14:00:00.000Z' })).answer).toMatchObject({ ok: true })
  expect(await lanes()).toEqual([0, 0, 0, 1])
})

test('attack: two in one lane, or a sixth lane, by SQL', async () => {
  await ask()
  const second = await ask()
  await expect(admin('UPDATE appointment SET lane = 1 WHERE id = $1', [second.id])).rejects.toThrow('appointment_slot')
  await expect(admin('UPDATE appointment SET lane = 6 WHERE id = $1', [second.id])).rejects.toThrow('lane')
})

test('lanes are counted at the fullest moment, and never more than there are', () => {
  const hour = { from: 0, until: 60 }
  const one = { lane: 1, from: 0, until: 30 }
  const two = { lane: 2, from: 30, until: 60 }
  expect([freeLane([], hour, 1), freeLane([one, two], hour, 1), freeLane([one, two], hour, 2)]).toEqual([1, null, 3])
  expect([lanesLeft([one, two], hour, 2), lanesLeft([one, { ...two, from: 20 }], hour, 2)]).toEqual([1, 0])
  // Capacity was made smaller since.
  expect(freeLane([{ ...one, lane: 5, until: 60 }], hour, 1)).toBeNull()
  const all = [1, 2, 3, 4, 5].map((lane) => ({ lane, from: lane * 10, until: lane * 10 + 5 }))
  expect(freeLane(all, hour, 5)).toBeNull()
})

// Defence: 'held' in listBeside.
test('a walk-in that waits for who comes along has its lane until then', async () => {
  await allow(1)
  const companion = { kind: 'interpreter', id: randomUUID(), name: 'Ida', email: 'ida@example.org', locale: 'en' }
  const first = await ask({ companion: { who: { ...companion, language: 'pl' } as never, first: true } })
  expect(first.answer).toMatchObject({ ok: true })
  expect((await ask()).answer).toEqual(full)
  expect(await look()).toMatchObject({ value: { walkIns: { most: 1, left: 0 } } })
})
