// A practitioner's feed, and the calendar files of mails, as another program reads them.
import ICAL from 'ical.js'
import { beforeAll, expect, it } from 'vitest'
import type { StaffActor } from '../access/rules'
import { cancelByClinic } from '../booking/cancel'
import { calendarOf } from '../booking/calendar'
import { moveAppointment } from '../booking/move'
import { clinicWorld } from '../payment/testing'
import { formatTime } from '../time'
import { testDb } from '../server/testing'
import { loadFeed, makeFeed, readFeed, removeFeed } from './flow'

const { admin } = testDb()
const minute = 60_000
const now = new Date('2027-03-20T09:00:00Z')
let world: Awaited<ReturnType<typeof clinicWorld>>
let actor: StaffActor

beforeAll(async () => {
  world = await clinicWorld(admin)
  const { clinicId, memberId } = world
  actor = { kind: 'staff', clinicId, memberId, sessionId: '', roles: ['practitioner', 'frontdesk'] }
})

/** What an independent parser makes of it. */
function parsed(text: string) {
  const calendar = new ICAL.Component(ICAL.parse(text) as unknown[])
  const events = calendar.getAllSubcomponents('vevent').map((component) => {
    const event = new ICAL.Event(component)
    const value = (name: string) => String(component.getFirstPropertyValue(name) ?? '')
    return {
      uid: event.uid,
      summary: event.summary,
      sequence: event.sequence,
      start: event.startDate.toJSDate(),
      end: event.endDate.toJSDate(),
      ...{ url: value('url'), status: value('status'), stamp: value('dtstamp') },
    }
  })
  return { method: String(calendar.getFirstPropertyValue('method')), events }
}
const fileOf = (url: string) => url.slice(url.lastIndexOf('/') + 1)
async function made() {
  const answer = await makeFeed(actor, {}, { now })
  if (!answer.ok) throw new Error(answer.code)
  return fileOf(answer.value.url)
}
async function read(file: string, at = now) {
  const answer = await readFeed(file, at)
  return answer.ok ? { ...parsed(answer.value.text), ...answer.value } : answer
}

it('shows times and where they lead, through a change of the clocks, and not a word of who or what for', async () => {
  // The day before, and the day on which Paris goes on an hour: ten o'clock on the wall on both.
  const instants = ['2027-03-27T09:00:00Z', '2027-03-28T08:00:00Z']
  const visits = []
  for (const each of instants) visits.push(await world.waiting({ status: 'booked', startsAt: new Date(each) }))
  const other = await clinicWorld(admin)
  await other.waiting({ status: 'booked', startsAt: new Date(instants[0]!) })
  await world.waiting({ status: 'held', startsAt: new Date('2027-03-29T08:00:00Z') })
  const feed = await read(await made())
  if (!('events' in feed)) throw new Error(feed.code)
  expect(feed.method).toBe('PUBLISH')
  expect(feed.events.map(({ start, end }) => [start.toISOString(), (+end - +start) / minute])).toEqual(
    instants.map((each) => [new Date(each).toISOString(), 30]),
  )
  expect(feed.events.map(({ start }) => formatTime(start, 'Europe/Paris', 'en'))).toEqual(['10:00', '10:00'])
  expect(feed.events.map(({ url, summary, uid }) => [url, summary, uid])).toEqual(
    visits.map(({ appointmentId: id }) => [`http://localhost:3000/encounter/${id}`, 'Appointment', `visit-${id}`]),
  )
  for (const word of ['Fertility', 'Ada', 'example.org', '#s=', visits[0]!.secret])
    expect(feed.text).not.toContain(word)
})

it('a moved appointment is the same event with a higher sequence, a cancelled one is gone, the rest is the same bytes', async () => {
  const startsAt = new Date('2027-04-06T08:00:00Z')
  const { appointmentId } = await world.waiting({ status: 'booked', startsAt })
  const file = await made()
  const eventIn = async () => {
    const feed = await read(file)
    if (!('events' in feed)) throw new Error(feed.code)
    return { ...feed, event: feed.events.find(({ uid }) => uid === `visit-${appointmentId}`) }
  }
  const before = await eventIn()
  expect((await eventIn()).etag).toBe(before.etag)
  const to = { startsAt: '2027-04-07T12:00:00.000Z', endsAt: '2027-04-07T12:30:00.000Z' }
  const change = { id: appointmentId, sequence: 0, memberId: world.memberId, anyway: true, ...to }
  expect(await moveAppointment(actor, change, { now })).toMatchObject({ ok: true })
  const after = await eventIn()
  expect(after.etag).not.toBe(before.etag)
  expect(after.event).toMatchObject({ sequence: before.event!.sequence + 1, start: new Date(to.startsAt) })
  await cancelByClinic(actor, { id: appointmentId, startsAt: to.startsAt }, { now })
  expect((await eventIn()).event).toBeUndefined()
})

it('an address is shown once, ends with the next one, by hand and with the member', async () => {
  const first = await made()
  const [row] = await admin<{ text: string }>(`SELECT row_to_json(f)::text AS text FROM calendar_feed f`)
  expect(row!.text).not.toContain(first.slice(0, 20))
  const second = await made()
  expect(await read(first)).toEqual({ ok: false, code: 'NOT_FOUND' })
  expect(await read(second)).toHaveProperty('events')
  expect(await loadFeed(actor)).toEqual({ madeAt: now.toISOString() })
  for (const wrong of ['', 'x.ics', `${'A'.repeat(43)}.ics`, second.slice(0, -4)])
    expect(await read(wrong)).toEqual({ ok: false, code: 'NOT_FOUND' })
  for (const out of [`status = 'removed'`, `roles = '{frontdesk}'`]) {
    await admin(`UPDATE member SET ${out} WHERE id = $1`, [world.memberId])
    expect(await read(second)).toEqual({ ok: false, code: 'NOT_FOUND' })
    await admin(`UPDATE member SET status = 'active', roles = '{practitioner}' WHERE id = $1`, [world.memberId])
  }
  expect(await read(second)).toHaveProperty('events')
  await removeFeed(actor)
  expect(await read(second)).toEqual({ ok: false, code: 'NOT_FOUND' })
  expect(await loadFeed(actor)).toEqual({ madeAt: null })
})

it('is not read without end', async () => {
  const file = await made()
  const answers = []
  for (let each = 0; each < 31; each++) answers.push(await readFeed(file, now))
  expect(answers.at(-2)).toMatchObject({ ok: true })
  expect(answers.at(-1)).toMatchObject({ ok: false, code: 'TOO_MANY' })
})

it('the calendar files of mails: one event, asked for, changed and taken back, as another program reads them', () => {
  const base = { id: crypto.randomUUID(), createdAt: now, cancelledAt: null, status: 'booked' as const }
  const mail = { from: 'Curtain <no-reply@curtain.test>', to: 'pat@example.org' }
  const facts = {
    clinic: 'Lumen; "Clinic", \\ of Paris',
    locale: 'en' as const,
    place: null,
    link: 'https://c.test/a/1#s=x',
    mail,
  }
  const at = (start: string) => ({ startsAt: new Date(start), endsAt: new Date(Date.parse(start) + 30 * minute) })
  const booked = parsed(calendarOf({ ...facts, row: { ...base, ...at('2027-10-30T08:00:00Z'), sequence: 0 } }))
  const moved = parsed(calendarOf({ ...facts, row: { ...base, ...at('2027-10-31T09:00:00Z'), sequence: 1 } }))
  const gone = { ...base, ...at('2027-10-31T09:00:00Z'), sequence: 2, status: 'cancelled' as const, cancelledAt: now }
  const cancelled = parsed(calendarOf({ ...facts, row: gone }))
  expect([booked, moved, cancelled].map(({ method }) => method)).toEqual(['REQUEST', 'REQUEST', 'CANCEL'])
  const events = [booked, moved, cancelled].map(({ events: [event] }) => event!)
  expect(new Set(events.map(({ uid }) => uid)).size).toBe(1)
  expect(events.map(({ sequence }) => sequence)).toEqual([0, 1, 2])
  expect(events.map(({ status }) => status)).toEqual(['CONFIRMED', 'CONFIRMED', 'CANCELLED'])
  expect(events.map(({ start }) => start.toISOString())).toEqual([
    '2027-10-30T08:00:00.000Z',
    '2027-10-31T09:00:00.000Z',
    '2027-10-31T09:00:00.000Z',
  ])
  // Marks that the format uses itself come through.
  expect(events[0]!.summary).toBe('Appointment with Lumen; "Clinic", \\ of Paris')
  expect(events[0]!.url).toBe('https://c.test/a/1#s=x')
})
