// A practitioner's calendar elsewhere, read from a real server, and what patients are offered then: against a real database.
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, expect, test, vi } from 'vitest'
import type { StaffActor } from '../access/rules.ts'
import { holdSlot } from '../booking/hold.ts'
import { loadSlots } from '../booking/slots.ts'
import { anyone, at } from '../booking/testing.ts'
import { clinicWorld } from '../payment/testing.ts'
import { testDb } from '../server/testing.ts'
import { elsewhereJobs, loadBusy, readBusy, removeBusy, saveBusy } from './flow.ts'

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 })
const { admin } = testDb()
// A Friday in winter; the next Monday, 08:00 UTC is 09:00 in Paris.
const now = new Date('2026-11-20T09:00:00Z')
const monday = '2026-11-30'
const minute = 60_000
let world: Awaited<ReturnType<typeof clinicWorld>>
let actor: StaffActor
let answer: { status: number; body: string; etag?: string }
let asked = 0
const there = createServer((request, response) => {
  asked++
  if (answer.etag && request.headers['if-none-match'] === answer.etag) return void response.writeHead(304).end()
  response.writeHead(answer.status, { ...(answer.etag && { etag: answer.etag }) }).end(answer.body)
})
beforeAll(async () => {
  process.env.CALENDAR_NETWORKS = 'any'
  await new Promise<void>((done) => there.listen(0, '127.0.0.1', done))
})
afterAll(() => void there.close())

const calendar = (...times: [from: string, until: string][]) =>
  [
    'BEGIN:VCALENDAR',
    ...times.flatMap(([from, until], nth) => [
      ...[
        'BEGIN:VEVENT',
        `UID:${nth}`,
        'SUMMARY:Chemotherapy of Ada',
        `DTSTART:${from}`,
        `DTEND:${until}`,
        'END:VEVENT',
      ],
    ]),
    'END:VCALENDAR',
  ].join('\r\n')
beforeEach(async () => {
  await admin('DELETE FROM rate_limit')
  await admin('DELETE FROM pgboss.job')
  await admin('DELETE FROM busy_elsewhere')
  await admin('DELETE FROM busy_source')
  world = await clinicWorld(admin)
  const { clinicId, memberId } = world
  actor = { kind: 'staff', clinicId, memberId, sessionId: '', roles: ['practitioner'] }
  await admin('UPDATE clinic SET horizon_days = 365 WHERE id = $1', [clinicId])
  await admin('DELETE FROM weekly_hours WHERE member_id = $1', [memberId])
  await admin(
    `INSERT INTO weekly_hours (clinic_id, member_id, weekday, start_minute, end_minute) VALUES ($1, $2, 1, 540, 660)`,
    [clinicId, memberId],
  )
  answer = { status: 200, body: calendar(['20261130T083000Z', '20261130T093000Z']) }
  asked = 0
})
const url = () => `http://127.0.0.1:${(there.address() as AddressInfo).port}/secret-9f2c/mine.ics`
const save = (text = url()) => saveBusy(actor, { url: text }, { now })
async function offered(): Promise<string[]> {
  const found = await loadSlots({ clinicId: world.clinicId, serviceId: world.serviceId, from: monday, days: 1 }, now)
  if (!found.ok) throw new Error(found.code)
  return found.value.slots.map(({ startsAt }) => startsAt.slice(11, 16))
}
const usual = ['08:00', '08:30', '09:00', '09:30']

test('what is busy there is offered here to nobody, nor taken by who saw it before', async () => {
  expect(await offered()).toEqual(usual)
  expect(await save()).toMatchObject({ ok: true, value: { host: new URL(url()).host, count: 1, fault: null } })
  expect(await offered()).toEqual(['08:00', '09:30'])
  const { clinicId, serviceId, memberId } = world
  const hold = { id: randomUUID(), secret: 'x'.repeat(22), clinicId, serviceId, memberId, siteId: null }
  expect(await holdSlot(anyone, { ...hold, startsAt: `${monday}T08:30:00.000Z` }, at(now))).toEqual({
    ...{ ok: false, code: 'SLOT_GONE' },
  })
  expect(await removeBusy(actor)).toMatchObject({ ok: true, value: { host: null } })
  expect(await offered()).toEqual(usual)
})

test('nothing is kept of it but times, and its address only sealed', async () => {
  await save()
  const rows = await admin<{ text: string }>(
    `SELECT row_to_json(s)::text AS text FROM busy_source s UNION ALL SELECT row_to_json(b)::text FROM busy_elsewhere b
     UNION ALL SELECT row_to_json(a)::text FROM audit_entry a UNION ALL SELECT row_to_json(j)::text FROM pgboss.job j`,
  )
  const all = rows.map(({ text }) => text).join()
  for (const word of ['Chemotherapy', 'Ada', 'secret-9f2c', Buffer.from('secret-9f2c').toString('hex')])
    expect(all).not.toContain(word)
})

test('what is no calendar, or is not given out, changes nothing', async () => {
  await save()
  for (const [body, status, fault] of [
    ['<html>Sign in</html>', 200, 'no-calendar'],
    ['', 404, 'refused'],
  ] as const) {
    answer = { status, body }
    expect(await save()).toEqual({ ok: false, code: 'BAD_INPUT', fields: { url: fault } })
  }
  expect(await save('http://127.0.0.1:1/x.ics')).toMatchObject({ fields: { url: 'unreachable' } })
  expect(await offered()).toEqual(['08:00', '09:30'])
})

test('it is read again each ten minutes: what changed there holds, and what cannot be read holds as it was', async () => {
  await save()
  const { clinicId, memberId } = world
  answer.body = calendar(['20261130T080000Z', '20261130T083000Z'])
  await readBusy(clinicId, memberId, new Date(+now + 10 * minute))
  expect(await offered()).toEqual(['08:30', '09:00', '09:30'])
  answer = { status: 500, body: '' }
  await readBusy(clinicId, memberId, new Date(+now + 20 * minute))
  expect(await offered()).toEqual(['08:30', '09:00', '09:30'])
  expect(await loadBusy(actor, { now })).toMatchObject({ fault: 'refused', count: 1 })
  const [row] = await admin<{ wait: number }>(
    `SELECT extract(epoch FROM next_at - $1::timestamptz)::int / 60 AS wait FROM busy_source`,
    [new Date(+now + 20 * minute)],
  )
  expect(row!.wait).toBe(20)
  answer = { status: 200, body: calendar() }
  await readBusy(clinicId, memberId, new Date(+now + 40 * minute))
  expect(await offered()).toEqual(usual)
  expect(await loadBusy(actor, { now })).toMatchObject({ fault: null, count: 0 })
})

test('what its server calls the same is not read again for a day, and then whole: the range has gone on', async () => {
  answer.etag = '"one"'
  await save()
  const { clinicId, memberId } = world
  const readAt = async () => (await loadBusy(actor, { now })).readAt
  await readBusy(clinicId, memberId, new Date(+now + 10 * minute))
  expect(await readAt()).toBe(now.toISOString())
  const later = new Date(+now + 25 * 60 * minute)
  await readBusy(clinicId, memberId, later)
  expect(await readAt()).toBe(later.toISOString())
  expect(asked).toBe(3)
})

test('each minute those that are due get a job, once; who sees nobody any more is read no more', async () => {
  await save()
  await admin(`UPDATE busy_source SET next_at = now() - interval '1 minute'`)
  const jobs = () => admin(`SELECT 1 FROM pgboss.job WHERE name = 'busy.read'`)
  await elsewhereJobs.handlers['busy.due']()
  await elsewhereJobs.handlers['busy.due']()
  expect(await jobs()).toHaveLength(1)
  await admin(`UPDATE busy_source SET next_at = now() - interval '1 minute'`)
  await admin(`UPDATE member SET roles = '{frontdesk}' WHERE id = $1`, [world.memberId])
  await elsewhereJobs.handlers['busy.due']()
  expect(await admin('SELECT 1 FROM busy_source')).toEqual([])
  expect(await admin('SELECT 1 FROM busy_elsewhere')).toEqual([])
})

test('one member tries ten addresses an hour', async () => {
  answer = { status: 404, body: '' }
  for (let nth = 0; nth < 10; nth++) expect(await save()).toMatchObject({ code: 'BAD_INPUT' })
  expect(await save()).toEqual({ ok: false, code: 'TOO_MANY' })
})
