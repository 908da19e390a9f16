// What a calendar is told of some days, and by whom: against a real database.
import { randomBytes, randomUUID } from 'node:crypto'
import { beforeEach, expect, test } from 'vitest'
import type { Role, StaffActor } from '../access/rules.ts'
import { clinicWorld } from '../payment/testing.ts'
import { addAbsence, addClinicDays } from '../schedule/flow.ts'
import { testDb } from '../server/testing.ts'
import { loadCalendar } from './flow.ts'
import type { CalendarView } from './rules.ts'

const { admin } = testDb()
let world: Awaited<ReturnType<typeof clinicWorld>>
let desk: StaffActor
const now = new Date('2026-11-20T09:00:00Z')
const day = '2026-11-30'

beforeEach(async () => {
  world = await clinicWorld(admin)
  desk = as(world.memberId, ['frontdesk'])
})
const as = (memberId: string, roles: Role[]): StaffActor => ({
  ...{ kind: 'staff', clinicId: world.clinicId, memberId, sessionId: '', roles },
})
const load = async (input: Partial<Parameters<typeof loadCalendar>[1]> = {}, actor = desk): Promise<CalendarView> => {
  const answer = await loadCalendar(actor, { day, span: 'day', names: true, ...input }, { now })
  if (!answer.ok) throw new Error(answer.code)
  return answer.value
}
const book = (time: string, options: Parameters<typeof world.waiting>[0] = {}) =>
  world.waiting({ status: 'booked', payment: 'paid', startsAt: new Date(`${day}T${time}:00Z`), ...options })
async function colleague(name: string, { own = false } = {}) {
  const id = randomUUID()
  await admin(
    `INSERT INTO member (id, clinic_id, email_index, email_sealed, display_name, roles, status, own_patients)
     VALUES ($1, $2, $3, $4, $5, '{practitioner}', 'active', $6)`,
    [id, world.clinicId, randomBytes(32), randomBytes(8), name, own],
  )
  return id
}
const idsOf = ({ rows }: CalendarView) => rows.map(({ appointmentId }) => appointmentId)

test('a day has what stands in it, what goes on into it, and nothing that was cancelled or is held', async () => {
  const late = await book('22:45', { startsAt: new Date('2026-11-29T22:45:00Z') })
  const booked = await book('09:00')
  await book('10:00', { status: 'cancelled' })
  await book('11:00', { status: 'held' })
  await book('23:30')
  const view = await load()
  expect(idsOf(view)).toEqual([late.appointmentId, booked.appointmentId])
  expect(view).toMatchObject({ days: [day], load: [], taken: [], closed: [] })
  expect(view.practitioners).toEqual([{ memberId: world.memberId, name: 'Dr Ada' }])
  expect(view.rows[1]).toMatchObject({ sequence: 0, step: 30 })
})

test('a day of 23 hours is open for 23, and one of 25 for 25', async () => {
  const hours = async (on: string) => {
    const { open } = await load({ day: on })
    return open.reduce((sum, { from, until }) => sum + (until - from) / 3_600_000, 0)
  }
  expect(await hours('2027-03-28')).toBe(23)
  expect(await hours('2026-10-25')).toBe(25)
  expect(await hours(day)).toBe(24)
})

test('an absence and a closed day are said', async () => {
  const [startsAt, endsAt] = [`${day}T08:00:00Z`, `${day}T10:00:00Z`]
  const owner = as(world.memberId, ['admin'])
  await addAbsence(owner, { id: randomUUID(), memberId: world.memberId, startsAt, endsAt }, { now })
  await addClinicDays(owner, { id: randomUUID(), firstDay: '2026-12-01', lastDay: '2026-12-01', closed: true }, { now })
  const view = await load({ span: 'week', memberId: world.memberId })
  expect(view.days).toHaveLength(7)
  const stretch = { memberId: world.memberId, from: Date.parse(startsAt), until: Date.parse(endsAt) }
  expect([view.away, view.elsewhere]).toEqual([[stretch], []])
  expect(view.closed).toEqual(['2026-12-01'])
  expect(view.open).toHaveLength(6)
})

test('the week of everybody says how full it is, and nobody’s name', async () => {
  const other = await colleague('Dr Bea')
  await book('09:00')
  const view = await load({ span: 'week' })
  expect(view.rows).toEqual([])
  expect(view.records).toEqual([])
  expect(view.load).toEqual([
    { memberId: world.memberId, from: Date.parse(`${day}T09:00:00Z`), until: Date.parse(`${day}T09:30:00Z`) },
  ])
  expect(view.practitioners.map(({ memberId }) => memberId)).toEqual([world.memberId, other])
})

// Defence: `seen` in loadCalendar. Without it a practitioner of their own patients reads the whole clinic's day.
test('who sees their own patients alone has their own column alone', async () => {
  await book('09:00')
  const other = await colleague('Dr Bea', { own: true })
  const view = await load({}, as(other, ['practitioner']))
  expect(view.practitioners).toEqual([{ memberId: other, name: 'Dr Bea' }])
  expect(view).toMatchObject({ rows: [], taken: [], load: [] })
  const theirs = await load({ memberId: world.memberId }, as(other, ['practitioner']))
  expect(theirs).toMatchObject({ practitioners: [], rows: [], taken: [], open: [] })
  const week = await load({ span: 'week' }, as(other, ['practitioner']))
  expect(week.load).toEqual([])
})

// Defence: `loadOf`. Without it an hour taken at a site that one does not see looks free.
test('what is at a site that one does not see is taken, and no more is said of it', async () => {
  const [site, visit] = [randomUUID(), await book('09:00')]
  await admin('INSERT INTO site (id, clinic_id, name, address) VALUES ($1, $2, $3, $3)', [
    site,
    world.clinicId,
    'North',
  ])
  const other = await colleague('Dr Bea')
  await admin('INSERT INTO member_site (clinic_id, member_id, site_id) VALUES ($1, $2, $3)', [
    world.clinicId,
    other,
    site,
  ])
  const here = await book('12:00')
  await admin('UPDATE appointment SET site_id = $1 WHERE id = $2', [site, here.appointmentId])
  const view = await load({}, as(other, ['practitioner']))
  expect(idsOf(view)).toEqual([here.appointmentId])
  expect(view.taken).toEqual([
    { memberId: world.memberId, from: Date.parse(`${day}T09:00:00Z`), until: Date.parse(`${day}T09:30:00Z`) },
  ])
  expect(JSON.stringify(view)).not.toContain(visit.appointmentId)
})

test('another clinic’s calendar says nothing of this one', async () => {
  await book('09:00')
  const other = await clinicWorld(admin)
  const stranger = { ...desk, clinicId: other.clinicId, memberId: other.memberId }
  const view = await load({ memberId: world.memberId }, stranger)
  expect(view).toMatchObject({ rows: [], practitioners: [], open: [], taken: [] })
})
