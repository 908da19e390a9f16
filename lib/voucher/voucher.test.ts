// A code that pays for one visit: once, for its service, at its clinic, until its day; and what becomes of it when nobody comes.
import { randomUUID } from 'node:crypto'
import { beforeAll, expect, it, vi } from 'vitest'
import type { StaffActor } from '../access/rules'
import { cancelAppointment, cancelByClinic } from '../booking/cancel'
import { showAppointment } from '../booking/flow'
import { mailJobs } from '../booking/mail'
import { anyone, at as ctxAt, bookAs, testDevice } from '../booking/testing'
import { complete, miss, missing } from '../encounter/flow'
import { listDay } from '../encounter/store'
import { booksOf, clinicWorld, type Waiting } from '../payment/testing'
import { testDb } from '../server/testing'
import { inClinic } from '../server/tx'
import { list, make, withdraw } from './flow'
import { codeLength, readCode, triesAnHour, writeCode } from './rules'

const mails = vi.hoisted(() => [] as { subject: string; text: string }[])
vi.mock('../server/mail.ts', () => ({ sendMail: (mail: (typeof mails)[number]) => void mails.push(mail) }))
vi.setConfig({ testTimeout: 60_000 })

const { admin } = testDb()
type World = Awaited<ReturnType<typeof clinicWorld>>
let world: World
let owner: StaffActor
const ownerOf = ({ clinicId, memberId }: World): StaffActor => ({
  ...{ kind: 'staff', clinicId, memberId, sessionId: randomUUID() },
  roles: ['admin', 'practitioner', 'frontdesk'],
})
beforeAll(async () => {
  world = await clinicWorld(admin)
  owner = ownerOf(world)
}, 60_000)

const now = () => ({ now: new Date() })
const whole = { kind: 'percent', percent: 100 } as const
let address = 0
const nextIp = () => `198.51.100.${++address}`
async function codesOf(count = 1, actor = owner, serviceId: string = world.serviceId, days = 30) {
  const made = await make(actor, { batchId: randomUUID(), serviceId, count, days }, now())
  if (!made.ok) throw new Error(made.code)
  return made.value.codes
}
const book = async (voucher: string, more: object = {}) =>
  bookAs(world, await testDevice(), { voucher, ip: nextIp(), ...more })
const policy = (fee: object) =>
  admin('UPDATE clinic SET cancellation = $2 WHERE id = $1', [
    world.clinicId,
    JSON.stringify({ freeUntilMinutes: 40_320, lateFee: fee, noShowFee: fee }),
  ])
const rowOf = async (id: string) =>
  (
    await admin<{ status: string; patient: string | null; payment: string | null; startsAt: Date; paymentId: string }>(
      `SELECT a.status, a.patient_id AS patient, p.status AS payment, p.id AS "paymentId", a.starts_at AS "startsAt"
       FROM appointment a LEFT JOIN payment p ON p.appointment_id = a.id WHERE a.id = $1`,
      [id],
    )
  )[0]!
const look = async ({ appointmentId, linkSecret }: { appointmentId: string; linkSecret: string }) => {
  const seen = await showAppointment(anyone, { id: appointmentId, secret: linkSecret }, ctxAt())
  if (!seen.ok) throw new Error(seen.code)
  return seen.value
}
const cancel = (at: { appointmentId: string; linkSecret: string }, feeMinor?: number) =>
  cancelAppointment(anyone, { id: at.appointmentId, secret: at.linkSecret, feeMinor }, ctxAt())

it('is read as people type it, and is nothing else', () => {
  const code = writeCode(new Uint8Array(codeLength).map((_, index) => index * 17))
  expect(code).toMatch(/^([0-9A-HJKMNP-TV-Z]{4}-){3}[0-9A-HJKMNP-TV-Z]{4}$/)
  const plain = code.replaceAll('-', '')
  for (const typed of [code, ` ${code.toLowerCase()} `, plain, plain.match(/../g)!.join(' ')])
    expect(readCode(typed)).toBe(plain)
  expect(readCode(plain.replaceAll('0', 'o').replaceAll('1', 'l'))).toBe(plain)
  for (const typed of ['', plain.slice(1), `${plain}A`, `${plain.slice(1)}U`, `${plain.slice(1)}é`])
    expect(readCode(typed)).toBeNull()
})

it('is given back when it is cancelled in time or by the clinic, and kept by a fee of the whole price alone', async () => {
  const until = async () => (await admin<{ day: string }>(`SELECT max(last_day)::text AS day FROM voucher`))[0]!.day
  // Of half the price nothing is kept.
  await policy({ kind: 'percent', percent: 50 })
  const [code] = await codesOf(1, owner, world.serviceId, 40)
  const first = await book(code!)
  expect(await look(first)).toMatchObject({ ending: { feeMinor: 0 }, cancelling: { lateMinor: 0 } })
  expect(await cancel(first)).toMatchObject({ ok: true })
  expect(await look(first)).toMatchObject({ status: 'cancelled', voucher: { is: 'back', lastDay: await until() } })
  mails.length = 0
  await mailJobs.handlers['mail.cancelled']({ clinicId: world.clinicId, appointmentId: first.appointmentId }, 'job')
  expect(mails[0]!.text).toContain('its code can be used for another booking')

  await policy(whole)
  const second = await book(code!)
  // What the clinic decides afterwards touches nothing that was booked.
  await policy({ kind: 'none' })
  const { ending } = await look(second)
  expect(ending).toMatchObject({ feeMinor: 4500, isVoucher: true })
  expect(await cancel(second)).toEqual({ ok: false, code: 'STALE' })
  const day = await until()
  const { startsAt } = await rowOf(second.appointmentId)
  const ask = { id: second.appointmentId, startsAt: startsAt.toISOString() }
  expect(await cancelByClinic(owner, ask, now())).toMatchObject({ ok: true })
  expect(await look(second)).toMatchObject({ voucher: { is: 'back', lastDay: await until() } })
  // It was about to end, and it is not the patient's doing.
  expect((await until()) > day).toBe(true)

  await policy(whole)
  const third = await book(code!)
  expect(await cancel(third, 4500)).toMatchObject({ ok: true })
  expect(await look(third)).toMatchObject({ status: 'cancelled', voucher: { is: 'used' } })
  expect(await book(code!)).toMatchObject({ ok: false, code: 'VOUCHER_REFUSED' })

  const [missed] = await codesOf()
  const fourth = await book(missed!)
  await admin(
    `UPDATE appointment SET starts_at = starts_at - interval '60 days', ends_at = ends_at - interval '60 days',
       blocked_from = blocked_from - interval '60 days', blocked_until = blocked_until - interval '60 days' WHERE id = $1`,
    [fourth.appointmentId],
  )
  const { appointmentId } = fourth
  expect(await missing(owner, { appointmentId }, now())).toMatchObject({ value: { feeMinor: 4500, isVoucher: true } })
  expect(await miss(owner, { appointmentId, feeMinor: 4500 }, now())).toMatchObject({ ok: true })
  expect(await look(fourth)).toMatchObject({ status: 'no_show', voucher: { is: 'used' } })
  expect(await booksOf(admin, (await rowOf(appointmentId)) as unknown as Waiting)).toEqual({})
  await policy({ kind: 'none' })
})

it('codes are answered once, no two alike, and the database has none of them', async () => {
  const batchId = randomUUID()
  const ask = { batchId, serviceId: world.serviceId, count: 40, days: 30 }
  const made = await make(owner, ask, now())
  const codes = made.ok ? made.value.codes : []
  expect(new Set(codes).size).toBe(40)
  expect(await make(owner, ask, now())).toEqual({ ok: false, code: 'STALE' })
  const [kept] = await admin<{ all: string }>(`SELECT string_agg(v::text, ' ') AS all FROM voucher v`)
  for (const code of codes) for (const said of [code, readCode(code)!]) expect(kept!.all).not.toContain(said)
  expect(await withdraw(owner, { batchId }, now())).toEqual({ ok: true, value: { withdrawn: 40 } })
  expect(await withdraw(owner, { batchId }, now())).toEqual({ ok: false, code: 'WRONG_STATE' })
  expect(await book(codes[0]!)).toMatchObject({ ok: false, code: 'VOUCHER_REFUSED' })
})

it('pays for a visit: booked at once, nothing in the books, said on page, day and mail', async () => {
  const [code] = await codesOf()
  const at = await book(code!.toLowerCase())
  expect(at).toMatchObject({ ok: true, value: { status: 'booked', payment: 'none', checkoutUrl: null } })
  expect(await look(at)).toMatchObject({
    voucher: { is: 'used' },
    payable: false,
    askedMinor: 0,
    price: { minor: 4500 },
  })
  const { paymentId, startsAt } = await rowOf(at.appointmentId)
  const span = { from: new Date(+startsAt - 1), to: new Date(+startsAt + 1), seen: {} }
  const day = () => inClinic(world.clinicId, (tx) => listDay(tx, owner, span, new Date()))
  expect((await day()).map(({ paid }) => paid)).toEqual(['voucher'])
  mails.length = 0
  await mailJobs.handlers['mail.booked']({ clinicId: world.clinicId, appointmentId: at.appointmentId }, 'job')
  expect(mails[0]!.text).toContain('Your voucher pays for it.')
  expect(mails[0]!.text).not.toContain('€')
  await admin(`UPDATE appointment SET status = 'in_consult' WHERE id = $1`, [at.appointmentId])
  expect(await complete(owner, { appointmentId: at.appointmentId }, now())).toMatchObject({ ok: true })
  expect(await booksOf(admin, { paymentId } as Waiting)).toEqual({})
  expect(await admin('SELECT 1 FROM document WHERE payment_id = $1', [paymentId])).toEqual([])
  const batches = await list(owner, {}, now())
  expect(batches.ok && batches.value.batches[0]).toMatchObject({ made: 1, used: 1, withdrawn: 0 })
})

it('one answer for each code that cannot be used, and nothing half done', async () => {
  const [used, late, mine] = await codesOf(3)
  expect(await book(used!)).toMatchObject({ ok: true })
  const other = await clinicWorld(admin)
  const [theirs] = await codesOf(1, ownerOf(other), other.serviceId)
  const [service] = await admin<{ id: string }>(
    `INSERT INTO service (clinic_id, name, minutes, price_minor, currency, payment_mode, intake_form)
     VALUES ($1, 'Other', 30, 9000, 'eur', 'later', '[]') RETURNING id`,
    [world.clinicId],
  )
  const [elsewhere] = await codesOf(1, owner, service!.id)
  const unknown = writeCode(crypto.getRandomValues(new Uint8Array(codeLength)))
  for (const code of [used, theirs, elsewhere, unknown, 'no code']) {
    const at = await book(code!)
    expect([code, at]).toMatchObject([code, { ok: false, code: 'VOUCHER_REFUSED' }])
    expect(await rowOf(at.appointmentId)).toMatchObject({ status: 'held', patient: null, payment: null })
  }
  await admin(`UPDATE voucher SET last_day = current_date - 2 WHERE clinic_id = $1 AND used_by IS NULL`, [
    world.clinicId,
  ])
  expect(await book(late!)).toMatchObject({ ok: false, code: 'VOUCHER_REFUSED' })
  expect(await book(mine!)).toMatchObject({ ok: false, code: 'VOUCHER_REFUSED' })
  await admin(`UPDATE service SET payment_mode = 'free' WHERE id = $1`, [service!.id])
  const free = { batchId: randomUUID(), serviceId: service!.id, count: 1, days: 9 }
  expect(await make(owner, free, now())).toMatchObject({ ok: false, code: 'BAD_INPUT' })
})

it('of several at once one has it', async () => {
  const [code] = await codesOf()
  const all = await Promise.all(Array.from({ length: 6 }, () => book(code!)))
  expect(all.filter(({ ok }) => ok)).toHaveLength(1)
  expect(all.filter((each) => !each.ok && each.code === 'VOUCHER_REFUSED')).toHaveLength(5)
})

it('guesses from one address come to an end', async () => {
  const ip = nextIp()
  const factor = Number(process.env.RATE_LIMIT_FACTOR ?? 1)
  await admin('DELETE FROM rate_limit')
  let code = ''
  for (let tries = 0; tries <= triesAnHour.points * factor && code !== 'TOO_MANY' && tries < 400; tries++) {
    const at = await book('no code', { ip })
    code = at.ok ? 'ok' : at.code
  }
  expect(code).toBe('TOO_MANY')
})

// Defence: withdrawBatch takes what is in use too, and releaseVoucher lengthens none that is withdrawn.
it('withdrawn while a visit has it, it pays for no other when that visit is cancelled', async () => {
  const batchId = randomUUID()
  const made = await make(owner, { batchId, serviceId: world.serviceId, count: 1, days: 30 }, now())
  const code = made.ok ? made.value.codes[0]! : ''
  const at = await book(code)
  const dayOf = () => admin<{ day: string }>(`SELECT last_day::text AS day FROM voucher WHERE batch_id = $1`, [batchId])
  const before = await dayOf()
  expect(await withdraw(owner, { batchId }, now())).toEqual({ ok: true, value: { withdrawn: 1 } })
  expect(await look(at)).toMatchObject({ status: 'booked', voucher: { is: 'used' } })
  const { startsAt } = await rowOf(at.appointmentId)
  const ask = { id: at.appointmentId, startsAt: startsAt.toISOString() }
  expect(await cancelByClinic(owner, ask, now())).toMatchObject({ ok: true })
  expect(await dayOf()).toEqual(before)
  expect(await look(at)).toMatchObject({ voucher: { is: 'gone' } })
  expect(await book(code)).toMatchObject({ ok: false, code: 'VOUCHER_REFUSED' })
})

// Defence: `missed` in endMoney.
it('who does not come gains no day by it', async () => {
  await policy({ kind: 'none' })
  const [code] = await codesOf()
  const at = await book(code!)
  const dayOf = () =>
    admin(`SELECT v.last_day::text AS day FROM voucher v JOIN appointment a ON a.voucher_id = v.id WHERE a.id = $1`, [
      at.appointmentId,
    ])
  const before = await dayOf()
  await admin(
    `UPDATE appointment SET starts_at = starts_at - interval '70 days', ends_at = ends_at - interval '70 days',
       blocked_from = blocked_from - interval '70 days', blocked_until = blocked_until - interval '70 days' WHERE id = $1`,
    [at.appointmentId],
  )
  expect(await miss(owner, { appointmentId: at.appointmentId, feeMinor: 0 }, now())).toMatchObject({ ok: true })
  expect(await dayOf()).toEqual(before)
})
