// Several visits booked at once: against a real database.
import { randomBytes, randomUUID } from 'node:crypto'
import { encode } from 'cborg'
import { beforeEach, expect, test } from 'vitest'
import type { Role, StaffActor } from '../access/rules.ts'
import { showAppointment } from '../booking/flow.ts'
import { anyone, at, sealedStub } from '../booking/testing.ts'
import type { RecordType } from '../crypto/types.ts'
import { clinicWorld } from '../payment/testing.ts'
import { testDb } from '../server/testing.ts'
import { book } from './book.ts'
import { seriesStarts } from './dates.ts'
import { sendLink, showLink } from './flow.ts'
import { bookSeries, cancelLater, check, later } from './series.ts'

const { admin } = testDb()
let world: Awaited<ReturnType<typeof clinicWorld>>
let desk: StaffActor
const now = new Date('2026-11-20T09:00:00Z')
const first = new Date('2026-11-30T09:00:00Z')

async function member(roles: Role[], clinicId = world.clinicId): Promise<StaffActor> {
  const memberId = randomUUID()
  await admin(
    `INSERT INTO member (id, clinic_id, email_index, email_sealed, display_name, roles, status)
     VALUES ($1, $2, $3, $4, 'Robin', $5, 'active')`,
    [memberId, clinicId, randomBytes(32), randomBytes(8), `{${roles.join()}}`],
  )
  return { kind: 'staff', clinicId, memberId, sessionId: '', roles }
}
beforeEach(async () => {
  world = await clinicWorld(admin)
  desk = await member(['frontdesk'])
})

type Input = Parameters<typeof bookSeries>[1]
const sealed = (patientId: string, type: RecordType) =>
  ({
    ...sealedStub(world.clinicId, patientId, type),
    header: Buffer.from(encode([...Array<number>(12).fill(0), type === 'identity' ? 'desk' : 'clinical'])).toString(
      'base64url',
    ),
  }) as never
const weekly = (count: number, start = first) => seriesStarts(start, 'Europe/Paris', { weeks: 1, count })
function input(starts: readonly Date[], change: Partial<Input> = {}): Input {
  const patientId = change.patient?.patientId ?? randomUUID()
  const reason = change.patient?.kind !== 'known'
  return {
    ...{ id: randomUUID(), serviceId: world.serviceId, memberId: world.memberId, siteId: null },
    visits: starts.map((startsAt) => ({
      ...{ id: randomUUID(), key: randomUUID(), linkSecret: randomBytes(16).toString('base64url') },
      ...{ startsAt: startsAt.toISOString(), anyway: false, records: reason ? [sealed(patientId, 'reason')] : [] },
    })),
    patient: {
      ...{ kind: 'new', patientId, email: `${patientId}@example.org`, phone: '', locale: 'en' },
      records: [sealed(patientId, 'identity')],
    },
    ...change,
  }
}
const ask = (given: Input, actor = desk) => bookSeries(actor, given, { now })
const count = (table: string, where = 'true') =>
  admin<{ count: number }>(`SELECT count(*)::int AS count FROM ${table} WHERE clinic_id = $1 AND ${where}`, [
    world.clinicId,
  ]).then(([row]) => row!.count)
const jobs = () =>
  admin<{ name: string }>(`SELECT name FROM pgboss.job WHERE data->>'clinicId' = $1 AND name LIKE 'mail.%'`, [
    world.clinicId,
  ]).then((rows) => rows.map(({ name }) => name))
const look = (starts: readonly Date[], actor = desk) =>
  check(
    actor,
    {
      ...{ serviceId: world.serviceId, memberId: world.memberId, siteId: null },
      starts: starts.map((each) => each.toISOString()),
    },
    { now },
  )
const states = async (starts: readonly Date[]) => {
  const answer = await look(starts)
  return answer.ok ? answer.value.dates.map(({ state }) => state) : answer.code
}

test('six visits are six appointments of one patient, with their money and one mail; sent again they are the same', async () => {
  const given = input(weekly(6))
  const answers = await Promise.all([ask(given), ask(given), ask(given)])
  expect(answers.map(({ ok }) => ok)).toEqual([true, true, true])
  expect(await ask(given)).toMatchObject({
    value: {
      ...{ appointmentId: given.visits[0]!.id, sent: 'mail' },
      visits: given.visits.map(({ id, startsAt }) => ({ id, startsAt })),
    },
  })
  expect([await count('appointment', `status = 'booked'`), await count('payment', `status = 'due'`)]).toEqual([6, 6])
  expect([await count('patient'), await count('record', `type = 'identity'`), await jobs()]).toEqual([
    ...[1, 1],
    ['mail.booked'],
  ])
  // Each reason is with its visit.
  expect(await count('record r', `type = 'reason'`)).toBe(6)
  const placed = await admin(`SELECT DISTINCT appointment_id FROM record WHERE clinic_id = $1 AND type = 'reason'`, [
    world.clinicId,
  ])
  expect(placed).toHaveLength(6)
})

// Defence: the one transaction of bookSeries, and `lost` in insertAll.
test('a date that was taken meanwhile refuses all, says which, and leaves nothing', async () => {
  const starts = weekly(6)
  expect(await ask(input([starts[2]!, starts[4]!]))).toMatchObject({ ok: true })
  expect(await ask(input(starts))).toEqual({
    ...{ ok: false, code: 'SLOT_TAKEN', fields: { 'visits.2': 'taken', 'visits.4': 'taken' } },
  })
  expect([await count('appointment'), await count('patient'), await count('record')]).toEqual([2, 1, 3])
  expect(await ask(input(starts.filter((_, index) => index !== 2 && index !== 4)))).toMatchObject({ ok: true })
})

// Defence: the order in insertAll. In the lists' own order the two wait for each other, until the database ends one of them.
test('of series that meet, booked at once in whatever order, one wins wholly', async () => {
  const starts = weekly(8)
  const deadlocks = () =>
    admin<{ count: string }>('SELECT deadlocks AS count FROM pg_stat_database WHERE datname = current_database()').then(
      ([row]) => Number(row!.count),
    )
  const before = await deadlocks()
  for (const other of [starts.toReversed(), starts.slice(3), [...starts.slice(4), ...starts.slice(0, 4)]]) {
    const desks = await Promise.all([member(['frontdesk']), member(['frontdesk'])])
    const answers = await Promise.all([ask(input(starts), desks[0]), ask(input(other), desks[1])])
    expect(answers.filter(({ ok }) => ok)).toHaveLength(1)
    expect(answers.filter((each) => !each.ok && each.code === 'SLOT_TAKEN')).toHaveLength(1)
    const won = answers[0]!.ok ? starts : other
    expect(await count('appointment', `status = 'booked'`)).toBe(won.length)
    await admin(`UPDATE appointment SET status = 'cancelled' WHERE clinic_id = $1`, [world.clinicId])
  }
  expect(await deadlocks()).toBe(before)
})

test('each date is told by what is in its way, with the nearest free time beside the others', async () => {
  const { clinicId, memberId } = world
  const starts = weekly(7)
  const on = (index: number) => starts[index]!.toISOString()
  await ask(input([starts[1]!, weekly(9)[8]!]))
  await admin(
    'INSERT INTO clinic_day (id, clinic_id, first_day, last_day, closed) VALUES (gen_random_uuid(), $1, $2, $2, true)',
    [clinicId, on(2).slice(0, 10)],
  )
  await admin(
    'INSERT INTO absence (id, clinic_id, member_id, starts_at, ends_at) VALUES (gen_random_uuid(), $1, $2, $3, $4)',
    [...[clinicId, memberId, new Date(+starts[3]! - 3_600_000), new Date(+starts[3]! + 3_600_000)]],
  )
  await admin('INSERT INTO date_hours (clinic_id, member_id, day) VALUES ($1, $2, $3)', [
    ...[clinicId, memberId, on(4).slice(0, 10)],
  ])
  const answer = await look(starts)
  expect(answer).toMatchObject({ ok: true })
  if (!answer.ok) return
  const { dates } = answer.value
  expect(dates.map(({ state }) => state)).toEqual(['free', 'taken', 'closed', 'away', 'outside', 'free', 'free'])
  // Half an hour later or earlier is free beside what is booked; a day that is closed leaves the one before.
  const nearTaken = Date.parse(dates[1]!.near!) - +starts[1]!
  expect(Math.abs(nearTaken)).toBe(30 * 60_000)
  expect(Math.abs(Date.parse(dates[2]!.near!) - +starts[2]!)).toBeLessThan(24 * 3_600_000)
  expect(dates[3]!.near).not.toBeNull()
  expect(dates[0]!.near).toBeNull()
  const halfHours = (count: number) => new Date(+starts[1]! + count * 30 * 60_000)
  const besides = await look([starts[1]!, halfHours(-1), halfHours(1)])
  const near = besides.ok ? Date.parse(besides.value.dates[0]!.near!) : 0
  expect(Math.abs(near - +starts[1]!)).toBe(60 * 60_000)
  // What is offered can be had, all of it at once.
  const all = dates.map(({ startsAt, near }) => new Date(near ?? startsAt))
  expect(await states(all)).toEqual(Array(7).fill('free'))
  expect(await ask(input(all))).toMatchObject({ ok: true })
  expect(await states([new Date(+now - 60_000), new Date('2028-01-10T09:00:00Z')])).toEqual(['past', 'far'])
  // Of two that meet, the second is in the way of the first.
  const free = weekly(12)[11]!
  expect(await states([free, new Date(+free + 15 * 60_000)])).toEqual(['free', 'taken'])
})

test('what is outside of the hours, or one too many for the day, is booked only where it is meant', async () => {
  await admin('UPDATE service SET daily_limit = 1 WHERE id = $1', [world.serviceId])
  await admin('UPDATE weekly_hours SET start_minute = 540, end_minute = 960 WHERE clinic_id = $1', [world.clinicId])
  const starts = weekly(3)
  await ask(input([starts[0]!, weekly(9)[8]!]))
  const sameDay = new Date(+starts[0]! + 3_600_000)
  const early = new Date(+starts[1]! - 4 * 3_600_000)
  expect(await states([sameDay, early, starts[2]!])).toEqual(['full', 'outside', 'free'])
  const given = input([sameDay, early, starts[2]!])
  expect(await ask(given)).toMatchObject({ fields: { 'visits.0': 'taken', 'visits.1': 'outside' } })
  const meant = { ...given, visits: given.visits.map((visit, index) => ({ ...visit, anyway: index < 2 })) }
  expect(await ask(meant)).toMatchObject({ ok: true })
})

test('at another place than the others, a date is none of the series', async () => {
  const siteId = randomUUID()
  await admin(`INSERT INTO site (id, clinic_id, name, address) VALUES ($1, $2, 'North', '')`, [siteId, world.clinicId])
  const starts = [first, new Date(+first + 24 * 3_600_000)]
  await admin('UPDATE weekly_hours SET site_id = $2 WHERE clinic_id = $1 AND weekday = 2', [world.clinicId, siteId])
  expect(await states(starts)).toEqual(['free', 'elsewhere'])
  expect(await ask(input(starts))).toMatchObject({ fields: { 'visits.1': 'elsewhere' } })
})

// Defence: isCallersWord over all records, the look at `known`, and listSeries, which asks for the patient too.
test('records that are not a caller’s, of somebody known, or a series of another patient’s are refused', async () => {
  const given = input(weekly(2))
  const { patientId } = given.patient
  const twice = given.visits.map((visit) => ({ ...visit, records: [sealed(patientId, 'identity')] }))
  expect(await ask({ ...given, visits: twice })).toMatchObject({ code: 'BAD_INPUT' })
  const notes = given.visits.map((visit) => ({ ...visit, records: [sealed(patientId, 'note')] }))
  expect(await ask({ ...given, visits: notes })).toMatchObject({ code: 'BAD_INPUT' })
  expect(await ask(given)).toMatchObject({ ok: true })
  const known = { kind: 'known' as const, patientId }
  const further = input(weekly(3, new Date('2027-01-25T09:00:00Z')), { patient: known })
  const withWords = further.visits.map((visit) => ({ ...visit, records: [sealed(patientId, 'reason')] }))
  expect(await ask({ ...further, visits: withWords })).toMatchObject({ code: 'BAD_INPUT' })
  expect(await ask(further)).toMatchObject({ ok: true, value: { patientId } })
  const stranger = input(weekly(2, new Date('2027-03-01T09:00:00Z')), { id: given.id })
  expect(await ask(stranger)).toMatchObject({ ok: true })
  const found = await later(desk, { id: given.visits[0]!.id })
  expect(found).toMatchObject({ value: { visits: given.visits.map(({ id }) => ({ id })) } })
})

test('this and the later ones are cancelled at once, as they were seen, with one mail', async () => {
  const given = input(weekly(5))
  await ask(given)
  const ids = given.visits.map(({ id }) => id)
  const seen = await later(desk, { id: ids[2]! })
  expect(seen).toMatchObject({ ok: true, value: { visits: [ids[2], ids[3], ids[4]].map((id) => ({ id })) } })
  if (!seen.ok) return
  const { visits } = seen.value
  const moved = visits.map((visit, index) => (index === 1 ? { ...visit, startsAt: first.toISOString() } : visit))
  expect(await cancelLater(desk, { visits: moved }, { now })).toEqual({ ok: false, code: 'STALE' })
  expect(await count('appointment', `status = 'cancelled'`)).toBe(0)
  const answers = await Promise.all([cancelLater(desk, { visits }, { now }), cancelLater(desk, { visits }, { now })])
  expect(answers.map((each) => each.ok && each.value.cancelled).sort()).toEqual([0, 3])
  expect([await count('appointment', `status = 'cancelled'`), await count('appointment', `status = 'booked'`)]).toEqual(
    [3, 2],
  )
  expect(await jobs()).toEqual(['mail.booked', 'mail.cancelled'])
  // What begins stops all: nobody cancels half of what they asked for.
  await admin(`UPDATE appointment SET status = 'in_consult' WHERE id = $1`, [ids[1]])
  const rest = given.visits.slice(0, 2).map(({ id, startsAt }) => ({ id, startsAt }))
  expect(await cancelLater(desk, { visits: rest }, { now })).toEqual({ ok: false, code: 'WRONG_STATE' })
  expect(await count('appointment', `status = 'cancelled'`)).toBe(3)
})

// Defence: the comparison of the two series in cancelLater, and isSeen.
test('visits of two patients, of no series or of another clinic are not cancelled together', async () => {
  const [one, other] = [input(weekly(2)), input(weekly(2, new Date('2027-02-01T10:00:00Z')))]
  await ask(one)
  await ask(other)
  const of = (...visits: Input['visits']) => ({ visits: visits.map(({ id, startsAt }) => ({ id, startsAt })) })
  const mixed = of(one.visits[0]!, other.visits[1]!)
  expect(await cancelLater(desk, mixed, { now })).toEqual({ ok: false, code: 'NOT_FOUND' })
  const theirs = await member(['frontdesk'], (await clinicWorld(admin)).clinicId)
  expect(await cancelLater(theirs, of(...one.visits), { now })).toEqual({ ok: false, code: 'NOT_FOUND' })
  expect(await later(theirs, { id: one.visits[0]!.id })).toEqual({ ok: false, code: 'NOT_FOUND' })
  expect(await ask(input(weekly(2, new Date('2027-04-05T09:00:00Z'))), theirs)).toEqual({
    ok: false,
    code: 'NOT_FOUND',
  })
  expect(await count('appointment', `status = 'cancelled'`)).toBe(0)
})

test('each visit has its own link, shown until the patient has a device, and is sent again', async () => {
  const given = input(weekly(3))
  await ask(given)
  for (const { id, linkSecret } of given.visits)
    expect(await showLink(desk, { id })).toEqual({ ok: true, value: { linkSecret } })
  expect(await sendLink(desk, { id: given.visits[1]!.id }, { now })).toEqual({ ok: true, value: { sent: 'mail' } })
})

// Defence: viewOf, which says nothing of a series. The other links come to a device that proved the patient's key.
test('who holds the link of one visit learns of that one alone', async () => {
  const given = input(weekly(3))
  await ask(given)
  const [one, ...others] = given.visits
  const seen = await showAppointment(anyone, { id: one!.id, secret: one!.linkSecret }, at(now))
  expect(seen).toMatchObject({ ok: true, value: { id: one!.id } })
  for (const { id, startsAt } of [...others, { id: given.id, startsAt: others[0]!.startsAt }])
    for (const word of [id, startsAt]) expect(JSON.stringify(seen)).not.toContain(word)
})

// Defence: bookedBefore, asked by both doors.
test('after a lost answer the other way of booking tells what was booked, and books nothing more', async () => {
  const alone = ({ visits, patient, serviceId, memberId, siteId }: Input) => {
    const { records, ...visit } = visits[0]!
    const who = patient.kind === 'new' ? { ...patient, records: [...patient.records, ...records] } : patient
    return book(desk, { serviceId, memberId, siteId, ...visit, patient: who } as never, { now })
  }
  const [series, single] = [input(weekly(3)), input(weekly(3, new Date('2027-02-01T10:00:00Z')))]
  await ask(series)
  expect(await alone(series)).toMatchObject({ ok: true, value: { visits: series.visits.map(({ id }) => ({ id })) } })
  expect(await alone(single)).toMatchObject({ ok: true })
  const answer = await ask(single)
  expect(answer).toMatchObject({ ok: true, value: { appointmentId: single.visits[0]!.id } })
  expect(answer.ok && answer.value.visits).toBeUndefined()
  expect(await count('appointment')).toBe(4)
})

test('twenty-six visits are booked in one go', async () => {
  const answer = await ask(input(weekly(26)))
  expect(answer).toMatchObject({ ok: true })
  expect(await count('appointment', `status = 'booked'`)).toBe(26)
})
