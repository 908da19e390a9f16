// Somebody is asked to come along: before the patient is told of anything, and to a visit that stands. Against a real database, with a
// real mail server.
import { createHash, randomBytes, randomUUID } from 'node:crypto'
import { encode } from 'cborg'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { Role, StaffActor } from '../access/rules.ts'
import { anyone, at, sealedStub } from '../booking/testing.ts'
import { loadCalendar } from '../calendar/flow.ts'
import { cancelByClinic } from '../booking/cancel.ts'
import { bookingJobs, holdSlot } from '../booking/hold.ts'
import { moveAppointment } from '../booking/move.ts'
import type { RecordType } from '../crypto/types.ts'
import { book } from '../desk/book.ts'
import { findMailing, listLinks, listOwn } from '../patient/store.ts'
import { clinicWorld } from '../payment/testing.ts'
import { openField } from '../server/kms.ts'
import { testDb } from '../server/testing.ts'
import { inClinic } from '../server/tx.ts'
import { codeLength, readCode, writeCode } from '../voucher/rules.ts'
import { mailServer } from '../waitlist/testing.ts'
import * as desk from './desk.ts'
import { accept, decline, open, tend } from './flow.ts'
import { companionJobs } from './mail.ts'

const { admin } = testDb()
let world: Awaited<ReturnType<typeof clinicWorld>>
let staff: StaffActor
let mails: Awaited<ReturnType<typeof mailServer>>
beforeAll(async () => {
  mails = await mailServer()
  process.env.SMTP_URL = mails.url
})
afterAll(() => mails.close())

const now = new Date('2026-11-20T09:00:00Z')
const startsAt = '2026-11-30T09:00:00.000Z'
const later = (hours: number) => new Date(now.getTime() + hours * 3_600_000)
const newSecret = () => randomBytes(16).toString('base64url')

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
  await admin('DELETE FROM rate_limit')
  await admin(`DELETE FROM pgboss.job WHERE name IN ('companion.mail', 'mail.booked', 'mail.moved', 'mail.cancelled')`)
  mails.taken.length = 0
  world = await clinicWorld(admin)
  staff = await member(['frontdesk'])
})

/** As a browser seals it: for the group that the record's type belongs to. */
function sealed(patientId: string, type: RecordType) {
  const stub = sealedStub(world.clinicId, patientId, type)
  const id = type === 'identity' ? ('desk' as const) : ('clinical' as const)
  return {
    ...stub,
    header: Buffer.from(encode([...Array<number>(12).fill(0), id])).toString('base64url'),
    grants: stub.grants.map((grant) => ({ ...grant, recipient: { ...grant.recipient, id } })),
  }
}
const person = (part: Partial<{ id: string; email: string; kind: 'interpreter' | 'companion' }> = {}) => ({
  ...{ id: randomUUID(), kind: 'interpreter' as const, name: 'Noor', language: 'Dari', locale: 'en' as const },
  ...{ email: `${randomUUID()}@agency.example`, ...part },
})
type Input = Parameters<typeof book>[1]
/** What the desk's dialog sends for a caller; by default the interpreter is asked first. */
function wanted(first = true, change: Partial<Input> = {}) {
  const patientId = randomUUID()
  const who = person()
  const input: Input = {
    ...{ id: randomUUID(), key: randomUUID(), linkSecret: newSecret(), serviceId: world.serviceId },
    ...{ memberId: world.memberId, siteId: null, startsAt, anyway: false },
    patient: {
      ...{ kind: 'new', patientId, email: `${patientId}@patient.example`, phone: '', locale: 'en' },
      records: [sealed(patientId, 'identity'), sealed(patientId, 'reason')] as never,
    },
    companion: { who, first },
    ...change,
  }
  return { input, who: change.companion?.who ?? who, patientId, appointmentId: input.id }
}
async function asked(first = true, change: Partial<Input> = {}) {
  const given = wanted(first, change)
  const answer = await book(staff, given.input, { now })
  if (!answer.ok) throw new Error(answer.code)
  return { ...given, booked: answer.value, link: await linkOf(given.who.id) }
}
async function linkOf(id: string) {
  const [row] = await admin<{ sealed: Buffer }>('SELECT link_sealed AS sealed FROM companion WHERE id = $1', [id])
  return { id, secret: await openField(row!.sealed, `companion.link|${world.clinicId}|${id}`) }
}
const visit = async (id: string) => {
  const [row] = await admin<{ status: string; state: string | null; payments: number; startsAt: Date }>(
    `SELECT a.status::text, a.starts_at AS "startsAt",
       (SELECT c.state::text FROM companion c WHERE c.appointment_id = a.id AND c.state <> 'withdrawn') AS state,
       (SELECT count(*)::int FROM payment p WHERE p.appointment_id = a.id) AS payments
     FROM appointment a WHERE a.id = $1`,
    [id],
  )
  return row!
}
const jobs = (name: string) =>
  admin<{ id: string; data: Record<string, string> }>('DELETE FROM pgboss.job WHERE name = $1 RETURNING id, data', [
    name,
  ])
const patientsMails = async () =>
  (
    await admin<{ n: number }>(
      `SELECT count(*)::int AS n FROM pgboss.job WHERE name LIKE 'mail.%' AND data->>'clinicId' = $1`,
      [world.clinicId],
    )
  )[0]!.n
/** What was mailed to who comes along, as the worker does it. */
async function post() {
  mails.taken.length = 0
  for (const { id, data } of (await jobs('companion.mail')).filter((each) => each.data.clinicId === world.clinicId))
    await companionJobs.handlers['companion.mail'](data, id)
  return mails.taken.map(({ to, text }) => ({
    to,
    subject: /^Subject: (.*(?:\r\n .*)*)/m.exec(text)![1]!,
    method: /METHOD:(\w+)/.exec(unfolded(text))?.[1] ?? null,
    uid: /UID:([\w-]+)/.exec(unfolded(text))?.[1] ?? null,
    sequence: Number(/SEQUENCE:(\d+)/.exec(unfolded(text))?.[1] ?? 0),
    text,
  }))
}
const unfolded = (text: string) =>
  [
    text,
    ...[...text.matchAll(/\r\n\r\n([A-Za-z0-9+/=\r\n]{80,})/g)].map(([, b64]) =>
      Buffer.from(b64!, 'base64').toString(),
    ),
  ].join('\n')
const say = (what: typeof accept, link: { id: string; secret: string }, start = startsAt, when = later(1)) =>
  what(anyone, { ...link, startsAt: start }, at(when))
const again = (appointmentId: string, change: Partial<Parameters<typeof desk.again>[1]> = {}, when = later(2)) =>
  desk.again(
    staff,
    {
      ...{ appointmentId, memberId: world.memberId, siteId: null, startsAt: '2026-12-01T09:00:00.000Z', anyway: false },
      ask: { kind: 'same' },
      ...change,
    },
    { now: when },
  )

describe('the interpreter is asked first', () => {
  test('the time is held, nobody tells the patient, and a yes books it as the desk would have', async () => {
    const { appointmentId, patientId, booked, link, who } = await asked()
    expect(booked).toMatchObject({ sent: null, heldUntil: later(24).toISOString() })
    expect(await visit(appointmentId)).toMatchObject({ status: 'held', state: 'invited', payments: 0 })
    expect(await patientsMails()).toBe(0)
    // Nor does what a device of theirs asks for, nor a mail about anything else, lead there.
    const told = await inClinic(world.clinicId, async (tx) => [
      await listLinks(tx, patientId, now),
      (await listOwn(tx, patientId, null)).appointments,
      await findMailing(tx, { clinicId: world.clinicId }, patientId),
    ])
    expect(told).toEqual([[], [], null])
    // Nobody else gets it, and no sweeper takes it for forgotten.
    const wish = { id: randomUUID(), secret: newSecret(), clinicId: world.clinicId, serviceId: world.serviceId }
    const taken = await holdSlot(anyone, { ...wish, memberId: world.memberId, startsAt }, at(later(23)))
    expect(taken).toMatchObject({ ok: false, code: 'SLOT_TAKEN' })

    const [mail] = await post()
    expect(mail).toMatchObject({ to: who.email, subject: 'Can you come? Appointment with Lumen Clinic', method: null })
    expect(mail!.text).toContain(`/along/${who.id}#s=${link.secret}`)
    expect(mail!.text).toContain('Dari')
    expect(mail!.text).not.toMatch(/Fertility|patient\.example|Noor/)

    expect(await say(accept, link)).toEqual({ ok: true, value: { state: 'accepted' } })
    expect(await visit(appointmentId)).toMatchObject({ status: 'booked', state: 'accepted', payments: 1 })
    expect(await patientsMails()).toBe(1)
    const [kept, ...more] = await post()
    expect(more).toEqual([])
    expect(kept).toMatchObject({
      subject: 'You are expected: appointment with Lumen Clinic',
      method: 'REQUEST',
      uid: who.id,
    })
    expect(await say(accept, link)).toEqual({ ok: true, value: { state: 'accepted' } })
    expect([await patientsMails(), await post()]).toEqual([1, []])
  })

  test('sent again it is one question; of two answers at once one counts', async () => {
    const given = wanted()
    const sent = await Promise.all([1, 2, 3].map(() => book(staff, given.input, { now })))
    expect(sent.map((each) => each.ok && each.value.heldUntil)).toEqual(Array(3).fill(later(24).toISOString()))
    const link = await linkOf(given.who.id)
    expect(await post()).toHaveLength(1)
    await Promise.all([say(accept, link), say(decline, link), say(accept, link), say(decline, link)])
    const { status, state, payments } = await visit(given.appointmentId)
    expect(['booked accepted 1', 'expired declined 0', 'booked declined 1']).toContain(`${status} ${state} ${payments}`)
  })

  // Defence: `listHeld` in loadCalendar and in loadOf. Without it the time looks free to whoever plans the day.
  test('until the answer the time is drawn as held, with a name for who may read it, else as taken', async () => {
    const look = async (actor: StaffActor, when = now) => {
      const read = await loadCalendar(actor, { day: startsAt.slice(0, 10), span: 'day', names: true }, { now: when })
      if (!read.ok) throw new Error(read.code)
      const { rows, held, taken, records } = read.value
      return { rows: rows.length, held, taken, names: records.map(({ meta }) => meta.patientId) }
    }
    const { appointmentId, patientId, link } = await asked()
    const stretch = { memberId: world.memberId, from: Date.parse(startsAt), until: Date.parse(startsAt) + 1_800_000 }
    const visit = { ...stretch, appointmentId, patientId, kind: 'interpreter' }
    expect(await look(staff)).toMatchObject({ rows: 0, held: [visit], taken: [], names: [patientId] })
    const week = { day: startsAt.slice(0, 10), span: 'week', memberId: world.memberId, names: true } as const
    expect(await loadCalendar(staff, week, { now })).toMatchObject({ value: { held: [visit] } })
    // Who works at another site learns that it is taken, and not by whom.
    const elsewhere = await member(['practitioner'])
    const site = randomUUID()
    await admin(`INSERT INTO site (id, clinic_id, name, address) VALUES ($1, $2, 'North', 'North')`, [
      site,
      world.clinicId,
    ])
    await admin('INSERT INTO member_site (clinic_id, member_id, site_id) VALUES ($1, $2, $3)', [
      ...[world.clinicId, elsewhere.memberId, site],
    ])
    expect(await look(elsewhere)).toEqual({ rows: 0, held: [], taken: [stretch], names: [] })
    // Run out, it is nobody's.
    expect(await look(staff, later(24.1))).toMatchObject({ held: [], taken: [] })
    expect(await look(elsewhere, later(24.1))).toMatchObject({ held: [], taken: [] })
    await say(decline, link)
    expect(await look(staff)).toMatchObject({ rows: 0, held: [], taken: [] })
  })

  test('a no frees the time, and the desk chooses another without typing anything', async () => {
    const { appointmentId, patientId, link } = await asked()
    await post()
    expect(await say(decline, link)).toEqual({ ok: true, value: { state: 'declined' } })
    expect(await visit(appointmentId)).toMatchObject({ status: 'expired', state: 'declined' })
    const found = await desk.list(staff, {}, { now: later(2) })
    expect(found).toMatchObject({
      value: { rows: [{ appointmentId, patientId, stands: false, companion: { state: 'declined', name: 'Noor' } }] },
    })
    // The time is anybody's; a changed mind does not take it back.
    expect(await say(accept, link)).toMatchObject({ ok: false, code: 'TOO_LATE' })
    const other = await asked(true, { companion: { who: person(), first: true } })
    expect(other.booked.heldUntil).toBeDefined()

    const next = '2026-12-01T09:00:00.000Z'
    const twice = await Promise.all([again(appointmentId), again(appointmentId)])
    expect(twice).toEqual(Array(2).fill({ ok: true, value: { until: later(26).toISOString() } }))
    expect(await visit(appointmentId)).toMatchObject({ status: 'held', state: 'invited', startsAt: new Date(next) })
    const mine = (await post()).filter(({ to }) => to !== other.who.email)
    expect(mine.map(({ subject }) => subject)).toEqual(['Moved, can you come? Appointment with Lumen Clinic'])
    // A yes is to the time that was on the page.
    expect(await say(accept, link, startsAt, later(3))).toMatchObject({ code: 'STALE' })
    expect(await say(accept, link, next, later(3))).toMatchObject({ ok: true })
    expect(await visit(appointmentId)).toMatchObject({ status: 'booked', payments: 1 })
    const [{ n }] = (await admin<{ n: number }>('SELECT count(*)::int AS n FROM record WHERE patient_id = $1', [
      patientId,
    ])) as [{ n: number }]
    expect(n).toBe(2)
  })

  test('another is asked in their place, or nobody: then it is booked', async () => {
    const [one, two] = [await asked(), await asked(true, { startsAt: '2026-11-30T11:00:00.000Z' })]
    await say(decline, one.link)
    await say(decline, two.link, '2026-11-30T11:00:00.000Z')
    await post()
    const who = person()
    expect(await again(one.appointmentId, { ask: { kind: 'other', who } })).toMatchObject({ ok: true })
    expect((await post()).map(({ to }) => to)).toEqual([who.email])
    expect(await open(anyone, one.link, at(later(3)))).toMatchObject({ value: { state: 'withdrawn', startsAt } })
    expect(await again(two.appointmentId, { ask: null, startsAt: '2026-12-02T09:00:00.000Z' })).toEqual({
      ...{ ok: true, value: { until: null } },
    })
    expect(await visit(two.appointmentId)).toMatchObject({ status: 'booked', state: null, payments: 1 })
    expect([await post(), await patientsMails()]).toEqual([[], 1])
  })

  test('who does not answer in time lapses, be it written down or not; another has the time then', async () => {
    const { appointmentId, link } = await asked()
    expect(await open(anyone, link, at(later(24.1)))).toMatchObject({
      value: { state: 'lapsed', may: { accept: false } },
    })
    expect(await say(accept, link, startsAt, later(24.1))).toMatchObject({ code: 'TOO_LATE' })
    const wish = { id: randomUUID(), secret: newSecret(), clinicId: world.clinicId, serviceId: world.serviceId }
    const taken = await holdSlot(anyone, { ...wish, memberId: world.memberId, startsAt }, at(later(24.1)))
    expect(taken).toMatchObject({ ok: true })
    expect(await visit(appointmentId)).toMatchObject({ status: 'expired', state: 'invited' })
    await tend(world.clinicId, later(24.2))
    expect(await visit(appointmentId)).toMatchObject({ status: 'expired', state: 'lapsed' })
    expect(await patientsMails()).toBe(0)
    expect(await again(appointmentId, {}, later(25))).toMatchObject({ ok: true })
    expect(await say(accept, link, '2026-12-01T09:00:00.000Z', later(26))).toMatchObject({ ok: true })
  })

  test('whoever sweeps holds first, the desk has it on its list, and lets it go', async () => {
    const { appointmentId, patientId } = await asked()
    await admin(`UPDATE appointment SET held_until = $2 WHERE id = $1`, [appointmentId, later(1)])
    await admin(`UPDATE companion SET answer_by = $2 WHERE appointment_id = $1`, [appointmentId, later(1)])
    await bookingJobs.handlers['holds.lapse']({}, '')
    expect(await desk.list(staff, {}, { now: later(25) })).toMatchObject({
      value: { rows: [{ appointmentId, companion: { state: 'lapsed' } }] },
    })
    expect(await desk.drop(staff, { appointmentId }, { now })).toMatchObject({ ok: true })
    expect(await desk.drop(staff, { appointmentId }, { now })).toMatchObject({ ok: true })
    expect(await desk.list(staff, {}, { now: later(25) })).toMatchObject({ value: { rows: [] } })
    const links = await inClinic(world.clinicId, (tx) => listLinks(tx, patientId, now))
    expect(links).toEqual([])
  })

  test('nobody is booked for what the clinic does not offer any more, nor told that it was', async () => {
    const { appointmentId, link, input } = await asked()
    await admin('UPDATE service SET active = false WHERE id = $1', [world.serviceId])
    expect(await say(accept, link)).toEqual({ ok: false, code: 'TOO_LATE' })
    expect(await visit(appointmentId)).toMatchObject({ status: 'held', payments: 0 })
    expect(await patientsMails()).toBe(0)
    // Nor is it cancelled: its patient knows of nothing.
    expect(await cancelByClinic(staff, { id: appointmentId, startsAt }, { now })).toEqual({
      ...{ ok: false, code: 'WRONG_STATE' },
    })
    await say(decline, link)
    // The desk's answer was lost meanwhile: it is not told that it is booked.
    expect(await book(staff, input, { now })).toEqual({ ok: false, code: 'STALE' })
  })

  async function voucher() {
    const voucherId = randomUUID()
    const code = writeCode(randomBytes(codeLength))
    const hash = createHash('sha256')
      .update(`voucher ${world.clinicId} ${readCode(code)}`)
      .digest()
    await admin(
      `INSERT INTO voucher (id, clinic_id, batch_id, service_id, code_hash, last_day, made_by, made_at)
       VALUES ($1, $2, $3, $4, $5, '2099-01-01', $6, now())`,
      [voucherId, world.clinicId, randomUUID(), world.serviceId, hash, world.memberId],
    )
    const usedBy = async () =>
      (await admin<{ by: string | null }>('SELECT used_by AS by FROM voucher WHERE id = $1', [voucherId]))[0]!.by
    return { voucherId, code, usedBy }
  }

  test('a voucher waits with the time, pays at the yes, and is back when the desk lets go', async () => {
    const { code, usedBy } = await voucher()
    const one = await asked(true, { voucher: code })
    expect(await usedBy()).toBe(one.appointmentId)
    await desk.drop(staff, { appointmentId: one.appointmentId }, { now })
    expect(await usedBy()).toBeNull()
    expect((await post()).map(({ subject }) => subject)).toEqual(['You are not needed: appointment with Lumen Clinic'])
    const two = await asked(true, { voucher: code })
    await say(accept, two.link)
    const [paid] = await admin<{ status: string }>('SELECT status::text FROM payment WHERE appointment_id = $1', [
      two.appointmentId,
    ])
    expect([await usedBy(), paid!.status]).toEqual([two.appointmentId, 'none'])
  })

  // Defence: lendBack and stillPays. Without them the code pays for nothing until a week after a visit that nobody was told of.
  test('a voucher is free with the time, and taken again for another unless it pays for something else by then', async () => {
    const { voucherId, code, usedBy } = await voucher()
    const one = await asked(true, { voucher: code })
    await say(decline, one.link)
    expect(await usedBy()).toBeNull()
    expect(await again(one.appointmentId)).toMatchObject({ ok: true })
    expect(await usedBy()).toBe(one.appointmentId)
    // No answer, and somebody else sweeps the hold first.
    await admin('UPDATE appointment SET held_until = $2 WHERE id = $1', [one.appointmentId, later(3)])
    await bookingJobs.handlers['holds.lapse']({}, '')
    await tend(world.clinicId, later(27))
    expect([await visit(one.appointmentId), await usedBy()]).toMatchObject([{ state: 'lapsed' }, null])

    // Meanwhile the patient uses it.
    const two = await asked(false, { voucher: code, startsAt: '2026-12-03T09:00:00.000Z' })
    expect(await usedBy()).toBe(two.appointmentId)
    expect(await again(one.appointmentId, {}, later(28))).toEqual({ ok: false, code: 'VOUCHER_GONE' })
    expect(await visit(one.appointmentId)).toMatchObject({ status: 'expired', state: 'lapsed' })
    await desk.drop(staff, { appointmentId: one.appointmentId }, { now: later(28) })
    expect(await usedBy()).toBe(two.appointmentId)

    // Withdrawn while nobody had it, it pays for nothing more.
    await cancelByClinic(staff, { id: two.appointmentId, startsAt: '2026-12-03T09:00:00.000Z' }, { now })
    const three = await asked(true, { voucher: code, startsAt: '2026-12-04T09:00:00.000Z' })
    await say(decline, three.link, '2026-12-04T09:00:00.000Z')
    await admin('UPDATE voucher SET withdrawn_at = now() WHERE id = $1', [voucherId])
    const wanted = { startsAt: '2026-12-05T09:00:00.000Z', ask: null }
    expect(await again(three.appointmentId, wanted)).toEqual({ ok: false, code: 'VOUCHER_GONE' })
    await admin('UPDATE voucher SET withdrawn_at = NULL WHERE id = $1', [voucherId])
    expect(await again(three.appointmentId, wanted)).toEqual({ ok: true, value: { until: null } })
    const [paid] = await admin<{ status: string }>('SELECT status::text FROM payment WHERE appointment_id = $1', [
      three.appointmentId,
    ])
    expect([await usedBy(), paid!.status]).toEqual([three.appointmentId, 'none'])
  })

  test('what is too soon to wait for is refused, and nothing is left of it', async () => {
    const given = wanted(true, { startsAt: '2026-11-20T11:00:00.000Z' })
    expect(await book(staff, given.input, { now })).toMatchObject({ ok: false, code: 'TOO_LATE' })
    expect(await admin('SELECT FROM appointment WHERE id = $1', [given.appointmentId])).toEqual([])
  })
})

describe('to a visit that stands', () => {
  test('booked at once, asked at once; moved, their yes counts no more; cancelled, they are told', async () => {
    const { appointmentId, link, who, booked } = await asked(false)
    expect(booked).toMatchObject({ sent: 'mail' })
    expect(await visit(appointmentId)).toMatchObject({ status: 'booked', state: 'invited', payments: 1 })
    await say(accept, link)
    const [kept] = (await post()).filter(({ method }) => method)
    expect(kept).toMatchObject({ method: 'REQUEST', uid: who.id })

    const to = '2026-12-01T10:00:00.000Z'
    const move = { id: appointmentId, sequence: 0, memberId: world.memberId, anyway: false }
    const moved = await moveAppointment(staff, { ...move, startsAt: to, endsAt: '2026-12-01T10:30:00.000Z' }, { now })
    expect(moved).toMatchObject({ ok: true })
    expect(await visit(appointmentId)).toMatchObject({ state: 'invited' })
    const [gone] = await post()
    expect(gone).toMatchObject({
      subject: 'Moved, can you come? Appointment with Lumen Clinic',
      method: 'CANCEL',
      uid: who.id,
    })
    expect(gone!.sequence).toBeGreaterThan(kept!.sequence)
    expect(await open(anyone, link, at(now))).toMatchObject({
      value: { state: 'invited', startsAt: to, movedFrom: startsAt, may: { accept: true } },
    })
    expect(await say(accept, link, startsAt)).toMatchObject({ code: 'STALE' })
    await say(accept, link, to)
    const [back] = await post()
    expect(back!.sequence).toBeGreaterThan(gone!.sequence)

    await cancelByClinic(staff, { id: appointmentId, startsAt: to }, { now })
    expect(await post()).toMatchObject([
      { subject: 'You are not needed: appointment with Lumen Clinic', method: 'CANCEL' },
    ])
    expect(await open(anyone, link, at(now))).toMatchObject({ value: { state: 'withdrawn', may: { accept: false } } })
    expect(await say(accept, link, to)).toMatchObject({ code: 'TOO_LATE' })
  })

  // Defence: `calendarAt`. Of two moves the mail of the first is overtaken, and not sent.
  test('moved twice before the mail goes out, their calendar still loses the event', async () => {
    const { appointmentId, who, link } = await asked(false)
    await say(accept, link)
    await post()
    for (const [sequence, day] of ['2026-12-01', '2026-12-02'].entries()) {
      const at = { startsAt: `${day}T10:00:00.000Z`, endsAt: `${day}T10:30:00.000Z` }
      const move = { id: appointmentId, sequence, memberId: world.memberId, anyway: false, ...at }
      expect(await moveAppointment(staff, move, { now })).toMatchObject({ ok: true })
    }
    expect(await post()).toMatchObject([{ method: 'CANCEL', uid: who.id }])
  })

  test('a changed mind is on the desk’s list while the visit stands; another is asked, one at a time', async () => {
    const { appointmentId, link } = await asked(false)
    await say(accept, link)
    const other = person({ kind: 'companion' })
    expect(await desk.add(staff, { appointmentId, who: other }, { now })).toMatchObject({ code: 'WRONG_STATE' })
    await say(decline, link)
    expect(await desk.list(staff, {}, { now })).toMatchObject({
      value: { rows: [{ appointmentId, stands: true, companion: { state: 'declined' } }] },
    })
    expect(await say(accept, link)).toMatchObject({ ok: true })
    await say(decline, link)
    await post()
    const both = await Promise.all([1, 2].map(() => desk.add(staff, { appointmentId, who: other }, { now })))
    expect(both).toEqual(Array(2).fill({ ok: true, value: { id: other.id } }))
    expect((await post()).map(({ to }) => to)).toEqual([other.email])
    expect(await say(accept, link)).toMatchObject({ code: 'TOO_LATE' })
    expect(await desk.ofVisit(staff, { appointmentId }, { now })).toMatchObject({
      value: { companion: { id: other.id, state: 'invited', kind: 'companion' } },
    })
    expect(await desk.remove(staff, { id: other.id })).toMatchObject({ ok: true })
    expect((await post()).map(({ subject }) => subject)).toEqual(['You are not needed: appointment with Lumen Clinic'])
    expect(await visit(appointmentId)).toMatchObject({ status: 'booked', state: null })
  })

  test('who was asked is forgotten a month after the visit', async () => {
    const { who } = await asked(false)
    const left = async () => (await admin('SELECT FROM companion WHERE id = $1', [who.id])).length
    await tend(world.clinicId, new Date('2026-12-29T09:00:00Z'))
    expect(await left()).toBe(1)
    await tend(world.clinicId, new Date('2026-12-31T09:00:00Z'))
    expect(await left()).toBe(0)
  })
})

describe('attacks', () => {
  // Defence: `matches` in byLink. A wrong secret and a wrong id are one answer, and neither says that there is somebody.
  test('a guessed link opens nothing, and changes nothing', async () => {
    const { appointmentId, link } = await asked()
    for (const bad of [
      { ...link, secret: newSecret() },
      { id: randomUUID(), secret: link.secret },
    ]) {
      expect(await open(anyone, bad, at(now))).toEqual({ ok: false, code: 'NOT_FOUND' })
      expect(await say(accept, bad)).toEqual({ ok: false, code: 'NOT_FOUND' })
    }
    expect(await visit(appointmentId)).toMatchObject({ status: 'held', state: 'invited' })
  })

  test('what the link shows, and what lies in the database, names no patient; the row no interpreter either', async () => {
    const { link, who } = await asked()
    const shown = JSON.stringify(await open(anyone, link, at(now)))
    expect(shown).not.toMatch(/Fertility|patient|Dr Ada|Noor|agency/)
    const [row] = await admin<{ text: string }>('SELECT row_to_json(c)::text AS text FROM companion c WHERE id = $1', [
      who.id,
    ])
    for (const word of ['Noor', 'Dari', who.email, link.secret]) expect(row!.text).not.toContain(word)
    expect((await jobs('companion.mail')).map(({ data }) => JSON.stringify(data)).join()).not.toMatch(/Noor|agency/)
  })

  test('neither another clinic nor a colleague who does not see the visit touches it', async () => {
    const { appointmentId, who } = await asked()
    const stranger = await member(['frontdesk'], (await clinicWorld(admin)).clinicId)
    const colleague = await member(['practitioner'])
    await admin('UPDATE member SET own_patients = true WHERE id = $1', [colleague.memberId])
    for (const actor of [stranger, colleague]) {
      expect(await desk.ofVisit(actor, { appointmentId }, { now })).toEqual({ ok: false, code: 'NOT_FOUND' })
      expect(await desk.drop(actor, { appointmentId }, { now })).toEqual({ ok: false, code: 'NOT_FOUND' })
      expect(await desk.remove(actor, { id: who.id })).toEqual({ ok: false, code: 'NOT_FOUND' })
      expect(await desk.list(actor, {}, { now })).toMatchObject({ value: { rows: [] } })
    }
    expect(await visit(appointmentId)).toMatchObject({ status: 'held', state: 'invited' })
  })

  test('nobody is flooded: an address is asked twenty times a day at the most', async () => {
    const email = 'flooded@agency.example'
    const codes: string[] = []
    for (let nth = 0; nth < 21; nth++) {
      const hour = String(nth % 12).padStart(2, '0')
      const start = `2026-12-${String(2 + Math.floor(nth / 12)).padStart(2, '0')}T${hour}:00:00.000Z`
      const given = wanted(false, { startsAt: start, companion: { who: person({ email }), first: false } })
      const answer = await book(staff, given.input, { now })
      codes.push(answer.ok ? 'ok' : answer.code)
    }
    expect(codes).toEqual([...Array<string>(20).fill('ok'), 'TOO_MANY'])
  })
})
